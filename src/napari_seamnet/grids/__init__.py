"""Every seam of a layout: estimated in parallel, journalled, and watched as frames arrive."""

from .errors import ClusterError, GridError, JournalError, OverlapUnknownError, SeamError
from .estimate import estimate_seams
from .journal import Journal
from .overlap import MeasuredSeam, OverlapEstimate, estimate_overlap
from .watch import watch_folder
from .wide import Coarse, coarse_offsets, wide_shift

__all__ = [
    "ClusterError",
    "Coarse",
    "GridError",
    "Journal",
    "JournalError",
    "MeasuredSeam",
    "OverlapEstimate",
    "OverlapUnknownError",
    "SeamError",
    "coarse_offsets",
    "estimate_overlap",
    "estimate_seams",
    "watch_folder",
    "wide_shift",
]
