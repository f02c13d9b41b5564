"""Where frames lie: read, guessed, drawn and written."""

from .errors import LayoutError
from .layout import Layout, Site

__all__ = ["Layout", "LayoutError", "Site"]
