"""Align overlapping microscope frames, know how sure that is, and never touch a pixel.

The public names are resolved on first use: importing the package loads neither torch, Qt nor
napari.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .frames import Frame as Frame
    from .frames import open_frame as open_frame
    from .geometry import Offset as Offset
    from .geometry import Shift as Shift
    from .geometry import Side as Side
    from .layouts import Layout as Layout
    from .layouts import open_layout as open_layout
    from .mosaic import Mosaic as Mosaic
    from .pairs import align_pair as align_pair
    from .shifts import Estimate as Estimate
    from .shifts import Status as Status
    from .solve import Solution as Solution
    from .stitching import StitchSettings as StitchSettings
    from .stitching import stitch as stitch

_HOMES = {
    "Layout": ".layouts",
    "Solution": ".solve",
    "StitchSettings": ".stitching",
    "Estimate": ".shifts",
    "Frame": ".frames",
    "Mosaic": ".mosaic",
    "Offset": ".geometry",
    "Shift": ".geometry",
    "Side": ".geometry",
    "Status": ".shifts",
    "align_pair": ".pairs",
    "open_frame": ".frames",
    "open_layout": ".layouts",
    "stitch": ".stitching",
}

__all__ = sorted(_HOMES)
__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    if name in _HOMES:
        value = getattr(import_module(_HOMES[name], __name__), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
