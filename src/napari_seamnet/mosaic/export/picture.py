"""What is exported: a picture that can be read box by box, and its pyramid.

The formats are in `ome_zarr.py` and `ome_tiff.py`; drawing it in parallel is in `drawing.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

import numpy as np

from ..errors import MosaicError
from ..ownership import NOBODY, Ownership, owners
from ..render import owners_at

if TYPE_CHECKING:
    from collections.abc import Callable

    import dask.array as da

    from ...geometry import Box
    from ..mosaic import Mosaic

SMALLEST = 512
"""Levels are added until both sides are at most this, in px: a level that fits any screen."""


@dataclass(frozen=True, eq=False)
class Picture:
    """Acts like an array that is read box by box, from several threads at once.

    Parameters
    ----------
    read : callable
        ``read(box)`` gives the (h, w) or (h, w, C) pixels of a box.
    shape : (H, W) or (H, W, C)
        Of the whole; C is 3 (RGB) or 4 (RGBA).
    dtype : dtype
        Of the pixels.
    fill : number
        What is shown where there is nothing.
    shown : callable, optional
        ``shown(step)`` tells of every `step`-th row and column whether there is anything; None if
        that is not known.
    """

    read: Callable[[Box], np.ndarray]
    shape: tuple[int, ...]
    dtype: np.dtype
    fill: float = 0
    shown: Callable[[int], np.ndarray] | None = None

    @classmethod
    def of_mosaic(cls, mosaic: Mosaic, ownership: Ownership | str, fill: float = 0) -> Picture:
        """What `Mosaic.array` shows."""
        ownership = Ownership.named(ownership)

        def shown(step: int) -> np.ndarray:
            return owners(mosaic.table, mosaic.bounds, ownership, step) != NOBODY

        read = mosaic.reader(ownership, fill)
        return cls(read, mosaic.shape, mosaic.dtype, fill, shown)

    @classmethod
    def of_owners(cls, mosaic: Mosaic, ownership: Ownership | str) -> Picture:
        """Which frame each pixel is taken from: 1 + its index, 0 where there is none.

        `Mosaic.provenance` counts from 0 on, but in files 0 is the background: of OME-NGFF's
        labels, and of every viewer's colours.
        """
        ownership = Ownership.named(ownership)
        dtype = np.dtype(np.uint16 if len(mosaic) < 2**16 else np.uint32)

        def read(box: Box) -> np.ndarray:
            return (owners_at(mosaic.table, mosaic.origin, ownership, 1, box) + 1).astype(dtype)

        return cls(read, mosaic.bounds.shape, dtype)

    @classmethod
    def of_array(cls, array: da.Array | np.ndarray) -> Picture:
        """What a lazy array shows."""
        return cls(
            lambda box: np.asarray(array[box.slices]),
            tuple(int(n) for n in array.shape),
            np.dtype(array.dtype),
        )

    @property
    def channels(self) -> int:
        """0 for grey, 3 for RGB, 4 for RGBA."""
        return self.shape[2] if len(self.shape) == 3 else 0

    @property
    def pixel_bytes(self) -> int:
        """Bytes of one pixel, all its channels together."""
        return self.dtype.itemsize * max(1, self.channels)

    def level_shapes(self) -> list[tuple[int, ...]]:
        """Shapes of all levels, the whole picture first."""
        shapes = [self.shape]
        while max(shapes[-1][:2]) > SMALLEST:
            height, width, *channels = shapes[-1]
            shapes.append((-(-height // 2), -(-width // 2), *channels))
        return shapes


def n_pixels(shapes: list[tuple[int, ...]]) -> int:
    """Count the pixels of all levels."""
    return sum(shape[0] * shape[1] for shape in shapes)


def checked_pixel_size(
    pixel_size: float | tuple[float, float] | None,
) -> tuple[float, float] | None:
    """Side of a pixel as (y, x), in µm, or None if it is not known.

    Raises
    ------
    MosaicError
        If a pixel cannot be of that size.
    """
    if pixel_size is None:
        return None
    y, x = (float(side) for side in np.broadcast_to(np.asarray(pixel_size), 2))
    if not (isfinite(y) and isfinite(x) and y > 0 and x > 0):
        raise MosaicError(f"a pixel cannot be {y} x {x} µm; give its side as a positive number")
    return y, x
