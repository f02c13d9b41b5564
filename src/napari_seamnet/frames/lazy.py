"""A dask array of anything that can be read box by box.

Frames and mosaics both become dask arrays here. What a box shows is theirs to know.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..geometry import Box

if TYPE_CHECKING:
    from collections.abc import Callable

    import dask.array as da

    _Index = slice | int | list[int] | np.ndarray


@dataclass(frozen=True, eq=False)
class _BoxReader:
    """Looks like an array to dask; an index becomes one read of the box around it."""

    read: Callable[[Box], np.ndarray]
    shape: tuple[int, ...]
    dtype: np.dtype

    @property
    def ndim(self) -> int:
        return len(self.shape)

    def __getitem__(self, key: _Index | tuple[_Index, ...]) -> np.ndarray:
        key = key if isinstance(key, tuple) else (key,)
        rows = key[0] if key else slice(None)
        columns = key[1] if len(key) > 1 else slice(None)
        y, rows_within = _span(rows, self.shape[0])
        x, columns_within = _span(columns, self.shape[1])
        block = self.read(Box(y.start, x.start, len(y), len(x)))
        # One axis after the other, as dask means it; numpy would pair two lists up.
        return block[rows_within][..., columns_within, *self._channels(key)]

    def _channels(self, key: tuple[_Index, ...]) -> tuple[_Index, ...]:
        return (*key[2:], *(slice(None),) * (len(self.shape) - 2 - len(key[2:])))


def _span(index: _Index, length: int) -> tuple[range, _Index]:
    """Split an index into the contiguous range around it and an index into that range."""
    wanted = np.arange(length)[index]
    if wanted.size == 0:
        return range(0), slice(0, 0)
    low, high = int(wanted.min()), int(wanted.max())
    if wanted.ndim == 0:
        return range(low, high + 1), 0
    if not isinstance(index, slice):
        return range(low, high + 1), wanted - low
    step = int(wanted[1] - wanted[0]) if len(wanted) > 1 else 1
    # Both directions are cut from what they begin with, so that views stay views.
    return range(low, high + 1), slice(None, None, step)


def lazy_array(
    read: Callable[[Box], np.ndarray],
    shape: tuple[int, ...],
    dtype: np.dtype,
    name: str,
    chunks: int | tuple[int, int] = 1024,
) -> da.Array:
    """Make a dask array whose chunks are read when they are computed.

    Parameters
    ----------
    read : callable
        ``read(box)`` gives the (h, w) or (h, w, C) pixels of a box, the array's (0, 0) being the
        box coordinates' origin. Must be safe from several threads, and picklable if the array is
        to be computed in other processes.
    shape : (H, W) or (H, W, C)
        Shape of the whole.
    dtype : dtype
        Of what `read` gives.
    name : str
        Dask name: equal only for equal content, since dask and napari remember chunks by it.
    chunks : int or (int, int), default 1024
        Height and width of the chunks, in px; channels are never split.

    Returns
    -------
    dask array
        Slicing it before computing reads the slice only, not whole chunks.

    Raises
    ------
    ValueError
        If a chunk would hold no pixel.
    """
    across = (chunks, chunks) if isinstance(chunks, int) else tuple(chunks)
    if 0 in across:
        raise ValueError(f"a chunk is at least 1 px high and wide, not {across}")
    import dask.array as da  # not before: that takes half a second, for a command for nothing

    dtype = np.dtype(dtype)
    return da.from_array(
        _BoxReader(read, shape, dtype),
        chunks=(*across, *shape[2:]),
        name=name,
        lock=False,
        # Lists may come down to the reader too; refusing them (`fancy=False`) keeps dask 2026.8
        # from passing slices down, and each slice would read whole chunks.
        fancy=True,
        meta=np.empty((0,) * len(shape), dtype),
    )
