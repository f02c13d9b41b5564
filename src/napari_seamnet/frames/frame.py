"""A frame: one 2-D picture of the microscope, whose pixels are read when they are needed.

The noun and its colour-to-grey formula are here. How a file is decoded is in `tiff.py` and
`picture.py`, how one is opened in `open.py`. No pixel is scaled, converted or resampled, except
in `Frame.grey`, which is for estimating shifts and never for the mosaic.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from dask.base import tokenize

from ..geometry import Box
from .errors import FrameError, UnsupportedFrameError
from .lazy import lazy_array

if TYPE_CHECKING:
    from pathlib import Path

    import dask.array as da

LUMA = (0.299, 0.587, 0.114)
"""Weights of red, green and blue in grey: the luma of Recommendation ITU-R BT.601-7, 2.5.1."""


class Source(Protocol):
    """Where a frame's pixels come from; made by `open.py`, one class per kind of source."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(H, W), or (H, W, 3) or (H, W, 4)."""
        ...

    @property
    def dtype(self) -> np.dtype:
        """Of the pixels, in this machine's byte order."""
        ...

    @property
    def token(self) -> str:
        """Equal only for equal pixels, as far as can be told without reading them all."""
        ...

    def read(self, box: Box, step: int) -> np.ndarray:
        """Every `step`-th pixel of a box that lies within the picture; safe from any thread."""
        ...


@dataclass(frozen=True, eq=False)
class Frame:
    """Acts like an immutable picture; its pixels are read on use, only those asked for.

    Made by `open_frame` and `as_frame`. A frame holds no open file, can be used from several
    threads at once, and can be sent to another process.

    Parameters
    ----------
    source : Source
        Where the pixels come from.
    name : str
        File name, or what the frame was called.
    path : Path or None
        File that it was read from, if any.
    """

    source: Source
    name: str
    path: Path | None = None

    def __post_init__(self) -> None:
        shape, dtype = self.source.shape, self.source.dtype
        if len(shape) not in (2, 3) or (len(shape) == 3 and shape[2] not in (3, 4)):
            raise UnsupportedFrameError(
                f"{self.name} has the shape {shape}, but a frame is one plane, (H, W), (H, W, 3) "
                "or (H, W, 4); choose one, such as stack[0] of an array"
            )
        if 0 in shape:
            raise UnsupportedFrameError(
                f"{self.name} holds no pixel (shape {shape}); leave it out"
            )
        if dtype.kind not in "uif" or dtype.itemsize > 8:
            raise UnsupportedFrameError(
                f"{self.name} holds {dtype} values, but a frame holds real "
                f"numbers; {_remedy(dtype)}"
            )

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W) in px, without channels."""
        return int(self.source.shape[0]), int(self.source.shape[1])

    @property
    def channels(self) -> int:
        """0 for grey, 3 for RGB, 4 for RGBA."""
        return int(self.source.shape[2]) if len(self.source.shape) == 3 else 0

    @property
    def dtype(self) -> np.dtype:
        """Dtype of the pixels, in this machine's byte order."""
        return self.source.dtype

    @property
    def token(self) -> str:
        """A name for the pixels: equal only where the pixels are."""
        return self.source.token

    @property
    def box(self) -> Box:
        """The whole frame, in its own pixels."""
        return Box.of_shape(self.shape)

    def read(self, box: Box | None = None, step: int = 1) -> np.ndarray:
        """Read source pixels, untouched.

        Parameters
        ----------
        box : Box, optional
            Part to read, in the frame's own pixels; all of it by default.
        step : int, default 1
            Only every `step`-th row and column of the box, starting with its first.

        Returns
        -------
        (h, w) or (h, w, C) array
            Read-only; copy it to write.

        Raises
        ------
        FrameError
            If the box reaches beyond the frame, or the file turns out to be damaged or gone.
        """
        box = self.box if box is None else box
        if box.meet(self.box) != box:
            raise FrameError(
                f"a box of {box.height} x {box.width} px at (y {box.y}, x {box.x}) reaches beyond "
                f"{self.name}, {self.shape[0]} x {self.shape[1]} px; cut it with Box.meet"
            )
        if step < 1:
            raise FrameError(f"{self.name}: a step is at least 1 px, not {step}")
        # Without this, a view of the caller's own array, or of the cache, could be written to.
        pixels = self.source.read(box, step).view()
        pixels.flags.writeable = False
        return pixels

    def grey(self, box: Box | None = None) -> np.ndarray:
        """Read pixels for estimating a shift: as they are, or turned grey if coloured.

        Parameters
        ----------
        box : Box, optional
            Part to read, in the frame's own pixels; all of it by default.

        Returns
        -------
        (h, w) array
            Of a grey frame, what `read` gives. Of a coloured one, its luma
            ``0.299 R + 0.587 G + 0.114 B`` in the same dtype (integers rounded, so that white
            stays the dtype's white); alpha is ignored.

        Raises
        ------
        FrameError
            As `read`.

        Notes
        -----
        Source: Recommendation ITU-R BT.601-7, section 2.5.1.
        """
        pixels = self.read(box)
        if not self.channels:
            return pixels
        # float32 holds every 16-bit value exactly; wider ones need the double.
        wide = np.float32 if pixels.dtype.itemsize <= 2 else np.float64
        luma = pixels[..., :3].astype(wide) @ np.asarray(LUMA, wide)
        if pixels.dtype.kind in "ui":
            luma = np.clip(np.rint(luma), *_exact_limits(pixels.dtype))
        return luma.astype(pixels.dtype)

    def dask(self, chunks: int | tuple[int, int] = 1024) -> da.Array:
        """Give the source pixels as a lazy array.

        Parameters
        ----------
        chunks : int or (int, int), default 1024
            Height and width of the chunks, in px.

        Returns
        -------
        dask array
            (H, W) or (H, W, C), named after the pixels, so that equal frames are cached once.
        """
        name = f"frame-{tokenize(self.token, chunks)}"
        return lazy_array(self.read, self.source.shape, self.dtype, name, chunks)


def _exact_limits(dtype: np.dtype) -> tuple[float, float]:
    """Limits of an integer dtype that a double can hold without stepping over them."""
    limits = np.iinfo(dtype)
    high = float(limits.max)
    return float(limits.min), high if int(high) <= limits.max else float(np.nextafter(high, 0))


def _remedy(dtype: np.dtype) -> str:
    if dtype.kind == "c":
        return "take its magnitude with numpy.abs"
    if dtype.kind == "b":
        return "convert it with array.astype('uint8') * 255"
    return "convert it to uint8, uint16 or float32"
