"""Pictures: a frame, and how one is opened."""

from .errors import (
    FrameError,
    FrameNotFoundError,
    PageError,
    UnreadableFrameError,
    UnsupportedFrameError,
)
from .frame import Frame
from .lazy import lazy_array
from .open import as_frame, is_untouched, open_frame

__all__ = [
    "Frame",
    "FrameError",
    "FrameNotFoundError",
    "PageError",
    "UnreadableFrameError",
    "UnsupportedFrameError",
    "as_frame",
    "is_untouched",
    "lazy_array",
    "open_frame",
]
