"""Where frames lie: read, guessed, drawn and written."""

from . import mist, ome, table, tile_configuration
from .errors import LayoutError
from .layout import Layout, Site
from .names import NamePattern
from .open import open_layout

__all__ = [
    "Layout",
    "LayoutError",
    "NamePattern",
    "Site",
    "mist",
    "ome",
    "open_layout",
    "table",
    "tile_configuration",
]
