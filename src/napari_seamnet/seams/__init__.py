"""What two neighbours share: overlap, squares, composite, similarity."""

from .composite import View, checker, composite, difference, view
from .overlap import Overlap, shared_pixels
from .similarity import similarity
from .squares import cut_squares

__all__ = [
    "Overlap",
    "View",
    "checker",
    "composite",
    "cut_squares",
    "difference",
    "shared_pixels",
    "similarity",
    "view",
]
