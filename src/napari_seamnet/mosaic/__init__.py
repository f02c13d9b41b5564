"""From placements to a picture: the mosaic, drawn lazily, exported whole."""

from .errors import MosaicError
from .from_solution import mosaic_of
from .mosaic import Mosaic
from .ownership import Ownership
from .placement import Placement

__all__ = ["Mosaic", "MosaicError", "Ownership", "Placement", "mosaic_of"]
