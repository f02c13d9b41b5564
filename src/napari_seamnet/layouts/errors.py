"""What can be wrong with a layout."""

from __future__ import annotations


class LayoutError(ValueError):
    """Frames cannot be laid out so; the message names the file and the way out."""
