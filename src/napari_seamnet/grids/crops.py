"""The crops of many seams, read ahead: each frame once, however many seams it has.

Reading is here. In which order seams come is decided in `order.py`; crops wait in memory until
their seam does, so an order that keeps a frame's seams together keeps little waiting.
"""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING, cast

import numpy as np

from ..seams import Overlap
from ..seams.overlap import crop_boxes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..frames import Frame
    from ..geometry import Box
    from ..layouts import Layout
    from ..seams.seam import Seam


class CropReader:
    """Cuts the overlaps of a layout's seams; safe from several threads.

    When a frame is wanted for the first time, the crops of all its seams are cut at once, so that
    a format that can only be decoded whole is decoded once. Each crop is given once, then
    forgotten.

    Parameters
    ----------
    layout : Layout
        The frames.
    seams : iterable of Seam
        All that will be asked for.
    margin : int
        See `Overlap.cut`.
    """

    def __init__(self, layout: Layout, seams: Iterable[Seam], margin: int) -> None:
        self._margin = margin
        boxes: dict[int, Counter[Box]] = {}
        for seam in seams:
            first, second = (layout[frame].frame.shape for frame in seam.pair)
            both = crop_boxes(first, second, seam.nominal, margin)
            for frame, box in zip(seam.pair, both, strict=True):
                boxes.setdefault(frame, Counter())[box] += 1
        self._frames = {
            index: _KeptCrops(layout[index].frame, wanted) for index, wanted in boxes.items()
        }

    @property
    def n_bytes(self) -> int:
        """Bytes of the crops that wait now."""
        return sum(frame.n_bytes for frame in self._frames.values())

    def cut(self, seam: Seam) -> Overlap:
        """Give the overlap of a seam.

        Raises
        ------
        FrameError
            If one of the files cannot be read.
        """
        first, second = (cast("Frame", self._frames[index]) for index in seam.pair)
        return Overlap.cut(first, second, seam.nominal, self._margin)

    def skip(self, seam: Seam) -> None:
        """Say that a seam's overlap is not wanted after all."""
        first, second = (self._frames[index].shape for index in seam.pair)
        both = crop_boxes(first, second, seam.nominal, self._margin)
        for index, box in zip(seam.pair, both, strict=True):
            self._frames[index].give(box)


class _KeptCrops:
    """Looks like a frame to `Overlap.cut`; the crops it gives were cut together."""

    def __init__(self, frame: Frame, wanted: Counter[Box]) -> None:
        self.shape = frame.shape
        self._frame = frame
        self._wanted = wanted
        self._kept: dict[Box, np.ndarray] = {}
        self._lock = threading.Lock()

    @property
    def n_bytes(self) -> int:
        return sum(crop.nbytes for crop in list(self._kept.values()))

    def grey(self, box: Box) -> np.ndarray:
        with self._lock:
            if box not in self._kept:
                self._read()
            crop = self._kept.get(box)
        self.give(box)
        # Not among them: frames corner on corner are cut without the margin.
        return self._cut(box) if crop is None else crop

    def give(self, box: Box) -> None:
        """Count one crop as given."""
        with self._lock:
            self._wanted[box] -= 1
            if self._wanted[box] <= 0:
                self._kept.pop(box, None)

    def _read(self) -> None:
        for box, n in self._wanted.items():
            if n > 0 and box not in self._kept:
                self._kept[box] = self._cut(box)

    def _cut(self, box: Box) -> np.ndarray:
        crop = self._frame.grey(box)
        if self._frame.path is None or crop.base is None:
            return crop  # a view of the caller's own array keeps nothing that is not kept anyway
        # Frames give views, mostly of a crop made for us; but one of a whole decoded picture would
        # keep all of it in memory.
        own = isinstance(crop.base, np.ndarray) and crop.base.nbytes <= 2 * crop.nbytes
        return crop if own else crop.copy()
