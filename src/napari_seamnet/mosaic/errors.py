"""What can be wrong with a mosaic."""

from __future__ import annotations


class MosaicError(ValueError):
    """Frames cannot be put together, drawn or saved as asked; the message says what to change."""
