"""Where in a seed pair squares can be cut, and the cutting.

A hand-aligned pair's offset o is the truth: pixel q of the second frame shows what pixel q + o of
the first shows. A tile with the shift d has its first square at p in the first frame and its
second at p + d - o in the second, so beyond the overlap each square sees what its own frame really
shows there. Nothing is padded: where a frame has no pixel, no square is cut. Which of the possible
places are taken is decided in `tiles.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..geometry import Box, Offset, overlap_boxes

if TYPE_CHECKING:
    from ..frames import Frame

BLACK, WHITE = 0.1, 99.9
"""Percentiles of the overlap that become 0 and 255 where frames have more than 8 bits."""


@dataclass(frozen=True, eq=False)
class Places:
    """For each of n shifts, where the first square's top-left pixel may be.

    Parameters
    ----------
    low, high : (n, 2) int array
        Least and largest (y, x), both possible, in the pixels of the frame that the first square
        is cut from. ``high < low`` on an axis: there is no place.
    swapped : (n,) bool array
        Whether the first square is cut from the second frame, and the second from the first.
    """

    low: np.ndarray
    high: np.ndarray
    swapped: np.ndarray

    @property
    def exist(self) -> np.ndarray:
        """(n,) bool array: for which shifts there is any place."""
        return np.all(self.low <= self.high, axis=1)


def places(
    first_shape: tuple[int, int],
    second_shape: tuple[int, int],
    offset: tuple[int, int],
    shifts: np.ndarray,
    size: int | tuple[int, int],
) -> Places:
    """Find where squares can be cut so that both lie within their frames.

    In an overlap hardly wider than a square, the squares can only be moved apart outwards, so
    that one half of the shifts has no place; but it has one if the frames swap their parts.

    Parameters
    ----------
    first_shape, second_shape : (H, W)
        Of the two frames, in px.
    offset : (dy, dx)
        True offset of the second frame, in whole px.
    shifts : (n, 2) int array
        The tiles' (dy, dx).
    size : int or (H, W)
        Side of the squares, or height and width of windows, in px.

    Returns
    -------
    Places
        With swapped parts only where it cannot be without.

    Examples
    --------
    >>> found = places((400, 400), (400, 400), (0, 250), np.array([[0, 10], [0, -10]]), 150)
    >>> found.low.tolist(), found.high.tolist(), found.swapped.tolist()
    ([[0, 240], [0, 0]], [[250, 250], [250, 10]], [False, True])
    """
    n1, n2, o = (np.asarray(numbers) for numbers in (first_shape, second_shape, offset))
    straight = _range(n1, n2, o, shifts, np.asarray(size))
    turned = _range(n2, n1, -o, shifts, np.asarray(size))
    is_straight, is_turned = (np.all(low <= high, axis=1) for low, high in (straight, turned))
    swapped = ~is_straight & is_turned
    low, high = (
        np.where(swapped[:, None], after, before)
        for before, after in zip(straight, turned, strict=True)
    )
    return Places(low, high, swapped)


def _range(
    n1: np.ndarray, n2: np.ndarray, o: np.ndarray, d: np.ndarray, size: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    # 0 <= p <= n1 - size in the one frame, and 0 <= p + d - o <= n2 - size in the other.
    return np.maximum(0, o - d), np.minimum(n1, n2 + o - d) - size


@dataclass(frozen=True, eq=False)
class Strips:
    """The parts of two frames that tiles are cut from, in 8 bits, and where they lie.

    Parameters
    ----------
    first, second : (H, W) uint8 array
        Overlap and what lies around it.
    first_corner, second_corner : (y, x)
        Their top-left pixels, in the pixels of their frames.
    offset : (dy, dx)
        True offset of the second frame, in whole px.
    """

    first: np.ndarray
    second: np.ndarray
    first_corner: tuple[int, int]
    second_corner: tuple[int, int]
    offset: tuple[int, int]

    @classmethod
    def read(cls, first: Frame, second: Frame, offset: tuple[int, int], reach: int) -> Strips:
        """Read the overlap of two frames and `reach` px around it, and bring it to 8 bits.

        Coloured frames are turned grey (`Frame.grey`). 8-bit values stay as they are. All others
        are scaled so that the 0.1 % and 99.9 % percentiles of the overlap become 0 and 255: those
        of both frames' pixels together where they are of one dtype, so that a difference in
        brightness stays one; those of each frame where not. What is not finite becomes black.

        Raises
        ------
        FrameError
            If a frame is damaged or gone.
        """
        dy, dx = offset
        boxes = overlap_boxes(first.shape, second.shape, Offset(dy, dx), margin=reach)
        shared = overlap_boxes(first.shape, second.shape, Offset(dy, dx))
        crops = [frame.grey(box) for frame, box in zip((first, second), boxes, strict=True)]
        inner = [
            crop[within.moved(-box.y, -box.x).slices]
            for crop, within, box in zip(crops, shared, boxes, strict=True)
        ]
        if first.dtype == second.dtype:
            limits = [_limits(*inner)] * 2
        else:
            limits = [_limits(crop) for crop in inner]
        one, two = (_to_bytes(crop, *ends) for crop, ends in zip(crops, limits, strict=True))
        corners = [(box.y, box.x) for box in boxes]
        return cls(one, two, corners[0], corners[1], offset)

    def cut(
        self,
        y: int,
        x: int,
        dy: int,
        dx: int,
        size: int | tuple[int, int],
        swapped: bool = False,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Cut the two squares of a tile, or two windows of a seam.

        Parameters
        ----------
        y, x : int
            Top-left pixel of the first square, in its frame's pixels; see `places`.
        dy, dx : int
            The tile's shift: ``first[y + dy, x + dx]`` will show what ``second[y, x]`` shows.
        size : int or (H, W)
            Side, or height and width, in px.
        swapped : bool, default False
            Whether the first square is cut from the second frame.

        Returns
        -------
        first, second : (H, W) uint8 array
            Views.
        """
        sign = -1 if swapped else 1
        other_y, other_x = y + dy - sign * self.offset[0], x + dx - sign * self.offset[1]
        if swapped:
            return (
                _square(self.second, self.second_corner, y, x, size),
                _square(self.first, self.first_corner, other_y, other_x, size),
            )
        return (
            _square(self.first, self.first_corner, y, x, size),
            _square(self.second, self.second_corner, other_y, other_x, size),
        )


def _square(
    strip: np.ndarray, corner: tuple[int, int], y: int, x: int, size: int | tuple[int, int]
) -> np.ndarray:
    box = Box.of_shape((size, size) if isinstance(size, int) else size, (y, x))
    box = box.moved(-corner[0], -corner[1])
    # A negative index would quietly count from the other end.
    if box.meet(Box.of_shape(strip.shape)) != box:
        raise ValueError(
            f"{box.height} x {box.width} px at (y {y}, x {x}) reach beyond what was read; take a "
            "place from places()"
        )
    return strip[box.slices]


def _limits(*crops: np.ndarray) -> tuple[float, float]:
    if crops[0].dtype == np.uint8:
        return 0.0, 255.0
    values = np.concatenate([crop[np.isfinite(crop)] for crop in crops])
    if values.size == 0:
        return 0.0, 0.0
    low, high = np.percentile(values.astype(np.float64), [BLACK, WHITE])
    return float(low), float(high)


def _to_bytes(crop: np.ndarray, low: float, high: float) -> np.ndarray:
    if crop.dtype == np.uint8:
        return crop
    values = np.where(np.isfinite(crop), crop, low).astype(np.float64)
    if high <= low:  # no contrast
        return np.zeros(crop.shape, np.uint8)
    return np.rint(np.clip((values - low) * (255 / (high - low)), 0, 255)).astype(np.uint8)
