"""Frames from arrays: numpy, dask, and whatever else is sliced like them (zarr, h5py, xarray).

Files are not read here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import numpy as np
from dask.base import tokenize

from .errors import UnsupportedFrameError

if TYPE_CHECKING:
    from ..geometry import Box


@dataclass(frozen=True, eq=False)
class ArraySource:
    """Pixels of an array, which is neither copied nor computed before they are asked for.

    Parameters
    ----------
    array : array-like
        Has ``shape``, ``dtype`` and slices; leading axes of length 1 and a last channel axis of
        length 1 count for nothing.
    name : str
        For messages.
    """

    array: Any
    name: str

    def __post_init__(self) -> None:
        for attribute in ("shape", "dtype", "__getitem__"):
            if not hasattr(self.array, attribute):
                raise UnsupportedFrameError(
                    f"{self.name} is a {type(self.array).__name__}, not a picture; give a path, "
                    "or a numpy or dask array of shape (H, W), (H, W, 3) or (H, W, 4)"
                )

    @cached_property
    def _leading(self) -> int:
        """How many leading axes of length 1 to drop."""
        shape = tuple(self.array.shape)
        n = 0
        # (1, W, 3) is one row of colour, but (1, H, W) is one plane of a stack.
        while len(shape) - n > 2 and shape[n] == 1 and shape[n + 2 :] not in ((3,), (4,)):
            n += 1
        return n

    @cached_property
    def _drop_last(self) -> bool:
        shape = tuple(self.array.shape)[self._leading :]
        return len(shape) == 3 and shape[2] == 1

    # Kept, for a mosaic of a thousand frames asks for shapes and dtypes a million times.
    @cached_property
    def shape(self) -> tuple[int, ...]:
        """(H, W) or (H, W, C); whatever else the array has, for the frame to refuse."""
        shape = tuple(int(n) for n in self.array.shape)[self._leading :]
        return shape[:2] if self._drop_last else shape

    @cached_property
    def dtype(self) -> np.dtype:
        """Of the array, in native byte order."""
        return np.dtype(self.array.dtype).newbyteorder("=")

    @cached_property
    def token(self) -> str:
        """Hash of a numpy array's pixels, or of a dask array's graph; else one of its own."""
        if isinstance(self.array, np.ndarray) or hasattr(self.array, "__dask_tokenize__"):
            return str(tokenize(self.array))
        # Of anything else dask would hash a pickle, so all of its pixels, or its open file.
        return uuid4().hex

    def read(self, box: Box, step: int) -> np.ndarray:
        """See `frame.Source`; a view of a numpy array, which stays in its memory or file."""
        rows, columns = box.slices
        index: tuple[Any, ...] = (0,) * self._leading
        index += (slice(rows.start, rows.stop, step), slice(columns.start, columns.stop, step))
        if self._drop_last:
            index += (0,)
        return np.asarray(self.array[index], self.dtype)
