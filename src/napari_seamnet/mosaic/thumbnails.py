"""Frames for the screen: far views from memory, and, if wanted, of equal brightness.

For looking only. What is exported is drawn from the frames themselves, never from these.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ..frames import FrameError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..frames import Frame
    from ..frames.frame import Source
    from ..geometry import Box

ROOM = 256 * 2**20
"""Bytes that all thumbnails together may take."""
LEAST_STEP = 2
"""A nearer view is read from the file: single pixels are to be judged there."""


class Thumbnails:
    """Every few pixels of many frames, in memory, and the frames as they are to be shown.

    Acts like a sequence of frames, one for each given, that can be put into a mosaic: what is
    read of them with a large step comes from memory (black until it has been loaded), all else
    from the file. Frames that have been asked for keep showing what is loaded later.

    Parameters
    ----------
    frames : sequence of Frame
        At least one.
    room : int
        Bytes that all thumbnails together may take, at most.
    like : Thumbnails, optional
        Others, whose pixels are taken over where frames are the same.
    """

    def __init__(
        self, frames: Sequence[Frame], room: int = ROOM, like: Thumbnails | None = None
    ) -> None:
        self._frames = tuple(frames)
        total = sum(math.prod(f.source.shape) * f.dtype.itemsize for f in self._frames)
        self.step = LEAST_STEP
        while total / self.step**2 > room:
            self.step *= 2
        self._small: list[np.ndarray | None] = [None] * len(self._frames)
        if like is not None and like.step == self.step:
            known = {f.token: small for f, small in zip(like.frames, like._small, strict=True)}
            self._small = [known.get(frame.token) for frame in self._frames]
        self._shown = self._wrapped(None)

    def __len__(self) -> int:
        return len(self._frames)

    @property
    def frames(self) -> tuple[Frame, ...]:
        """The frames as they are."""
        return self._frames

    @property
    def n_loaded(self) -> int:
        """How many thumbnails there are."""
        return sum(small is not None for small in self._small)

    def small(self, index: int) -> np.ndarray | None:
        """A frame's every `step`-th pixel, once it is loaded."""
        return self._small[index]

    def load(self, index: int) -> None:
        """Read a frame's thumbnail; safe from any thread.

        Raises
        ------
        FrameError
            If the file turns out to be damaged or gone.
        """
        if self._small[index] is None:
            # A copy: a view of a whole decoded picture would keep that in memory.
            self._small[index] = np.array(self._frames[index].read(step=self.step))

    def shown(self, gains: Sequence[float] | None = None) -> tuple[Frame, ...]:
        """Give all frames as they are to be shown.

        Parameters
        ----------
        gains : sequence of float, optional
            What to multiply each frame's pixels by; see `levelling.gains_of`.
        """
        return self._shown if gains is None else self._wrapped(gains)

    def limits(self, low: float = 0.3, high: float = 99.7) -> tuple[float, float] | None:
        """Percentiles of all that is loaded, to be black and white; None before anything is."""
        there = [small for small in self._small if small is not None]
        if not there:
            return None
        # A thousand pixels of each frame tell as much as all.
        some = [small.reshape(-1)[:: max(1, small.size // 1000)] for small in there]
        values = np.concatenate(some)
        values = values[np.isfinite(values)]
        if not values.size:
            return None
        a, b = (float(value) for value in np.percentile(values, (low, high)))
        return (a, b) if b > a else (a, a + 1)

    def _wrapped(self, gains: Sequence[float] | None) -> tuple[Frame, ...]:
        return tuple(
            replace(
                frame,
                source=_Shown(
                    frame.source,
                    self._small,
                    index,
                    self.step,
                    1.0 if gains is None else gains[index],
                ),
            )
            for index, frame in enumerate(self._frames)
        )


@dataclass(frozen=True, eq=False)
class _Shown:
    """Where a shown frame's pixels come from."""

    source: Source
    small: list[np.ndarray | None]
    index: int
    step: int
    gain: float

    @property
    def shape(self) -> tuple[int, ...]:
        return self.source.shape

    @property
    def dtype(self) -> np.dtype:
        return self.source.dtype

    @property
    def token(self) -> str:
        return f"shown-{self.source.token}-{self.gain:g}"

    def read(self, box: Box, step: int) -> np.ndarray:
        """Every `step`-th pixel; a far view may be off by less than one of its own pixels.

        Black where nothing can be read: whoever looks at a mosaic must be able to move on. That
        a file is damaged or gone is told when its thumbnail is loaded.
        """
        shape = -(-box.height // step), -(-box.width // step)
        black = np.zeros((*shape, *self.source.shape[2:]), self.dtype)
        if step < self.step or step % self.step:
            try:
                return self._levelled(self.source.read(box, step))
            except (FrameError, OSError):
                return black
        small = self.small[self.index]
        if small is None:
            return black
        n = step // self.step
        y, x = box.y // self.step, box.x // self.step
        return self._levelled(small[y::n, x::n][: shape[0], : shape[1]])

    def _levelled(self, pixels: np.ndarray) -> np.ndarray:
        if self.gain == 1:
            return pixels
        levelled = pixels * np.float64(self.gain)
        if self.dtype.kind in "ui":
            limits = np.iinfo(self.dtype)
            levelled = np.clip(np.rint(levelled), limits.min, limits.max)
        if self.source.shape[2:] == (4,):
            levelled[..., 3] = pixels[..., 3]  # opacity is no brightness
        return levelled.astype(self.dtype)
