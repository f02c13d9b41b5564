"""From placements to a picture: the mosaic, drawn lazily, exported whole."""

from .errors import MosaicError
from .mosaic import Mosaic
from .placement import Placement
from .render import Ownership

__all__ = ["Mosaic", "MosaicError", "Ownership", "Placement"]
