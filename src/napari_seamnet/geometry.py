"""Positions, offsets, shifts and boxes, and the one statement of their conventions.

Only arithmetic on where things lie is here; no pixel is read, cut or compared.

Conventions, for code, files and widgets alike:

- Arrays are ``(y, x)``, row-major, y down. Every pair of numbers is ``(y, x)`` too.
- The *position* of a frame is its top-left pixel in the mosaic, in source pixels.
- The *offset* of a pair is the second frame's position minus the first's; the *nominal offset*
  is the one expected from the layout, always whole pixels.
- ``shift = (dy, dx) = true offset - nominal offset``: what must be added to the second frame's
  nominal position. With the nominal overlaps cut out, ``first[y + dy, x + dx]`` shows what
  ``second[y, x]`` shows.
- Pixels are only ever placed at whole positions. Fractions live in estimates; `Offset.whole`
  rounds them, once, last, halves away from minus infinity.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from numbers import Integral
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class OverlapError(ValueError):
    """Two frames share no such overlap; the message says which number to change."""


class Side(StrEnum):
    """Where the second frame lies, seen from the first."""

    RIGHT = "right"
    BELOW = "below"
    LEFT = "left"
    ABOVE = "above"

    @classmethod
    def _missing_(cls, value: object) -> Side:
        raise ValueError(f"there is no side {value!r}; choose one of {', '.join(cls)}")

    @property
    def is_horizontal(self) -> bool:
        """Whether the two frames lie beside each other, so that the seam runs down the frame."""
        return self in (Side.RIGHT, Side.LEFT)


@dataclass(frozen=True)
class Offset:
    """Second position minus first position, ``(dy, dx)`` in source pixels."""

    dy: float
    dx: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.dy) and math.isfinite(self.dx)):
            raise ValueError(f"an offset must be finite, but is ({self.dy}, {self.dx})")

    def __iter__(self) -> Iterator[float]:
        return iter((self.dy, self.dx))

    def __add__(self, shift: Shift) -> Offset:
        return Offset(self.dy + shift.dy, self.dx + shift.dx)

    def __sub__(self, nominal: Offset) -> Shift:
        return Shift(self.dy - nominal.dy, self.dx - nominal.dx)

    def whole(self) -> tuple[int, int]:
        """Round to whole pixels, halves upwards, so that equal fractions round alike."""
        return math.floor(self.dy + 0.5), math.floor(self.dx + 0.5)


@dataclass(frozen=True)
class Shift:
    """True offset minus nominal offset, ``(dy, dx)`` in source pixels; see the module's text."""

    dy: float
    dx: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.dy) and math.isfinite(self.dx)):
            raise ValueError(f"a shift must be finite, but is ({self.dy}, {self.dx})")

    def __iter__(self) -> Iterator[float]:
        return iter((self.dy, self.dx))

    def __add__(self, other: Shift) -> Shift:
        return Shift(self.dy + other.dy, self.dx + other.dx)

    def __neg__(self) -> Shift:
        return Shift(-self.dy, -self.dx)

    def whole(self) -> tuple[int, int]:
        """Round to whole pixels, halves upwards, as `Offset.whole` does."""
        return math.floor(self.dy + 0.5), math.floor(self.dx + 0.5)

    def distance(self, other: Shift) -> float:
        """Return the larger of the axes' differences, in px: "within 1 px" means this is <= 1."""
        return max(abs(self.dy - other.dy), abs(self.dx - other.dx))


@dataclass(frozen=True)
class Box:
    """A rectangle of whole pixels: top-left corner and size, in some frame or in the mosaic."""

    y: int
    x: int
    height: int
    width: int

    def __post_init__(self) -> None:
        if self.height < 0 or self.width < 0:
            raise ValueError(f"a box cannot be {self.height} x {self.width} px")

    @classmethod
    def of_shape(cls, shape: tuple[int, ...], at: tuple[int, int] = (0, 0)) -> Box:
        """The box that an array of this shape fills, its top-left pixel at `at`."""
        return cls(at[0], at[1], shape[0], shape[1])

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width) in px."""
        return self.height, self.width

    @property
    def is_empty(self) -> bool:
        """Whether the box holds no pixel."""
        return self.height == 0 or self.width == 0

    @property
    def slices(self) -> tuple[slice, slice]:
        """The box as an index into an array whose pixel (0, 0) is the coordinates' origin."""
        return slice(self.y, self.y + self.height), slice(self.x, self.x + self.width)

    @property
    def centre(self) -> tuple[float, float]:
        """The box's middle, (y, x), on the grid where a pixel's middle is its index."""
        return self.y + (self.height - 1) / 2, self.x + (self.width - 1) / 2

    def moved(self, dy: int, dx: int) -> Box:
        """The same box, elsewhere."""
        return Box(self.y + dy, self.x + dx, self.height, self.width)

    def grown(self, margin: int) -> Box:
        """The box with `margin` px more on each side."""
        return Box(
            self.y - margin, self.x - margin, self.height + 2 * margin, self.width + 2 * margin
        )

    def meet(self, other: Box) -> Box:
        """The pixels in both boxes; empty, but never negative, where they do not touch."""
        y, x = max(self.y, other.y), max(self.x, other.x)
        bottom = min(self.y + self.height, other.y + other.height)
        right = min(self.x + self.width, other.x + other.width)
        return Box(y, x, max(0, bottom - y), max(0, right - x))

    def hull(self, other: Box) -> Box:
        """The smallest box around both."""
        y, x = min(self.y, other.y), min(self.x, other.x)
        bottom = max(self.y + self.height, other.y + other.height)
        right = max(self.x + self.width, other.x + other.width)
        return Box(y, x, bottom - y, right - x)


def nominal_offset(
    first_shape: tuple[int, ...], second_shape: tuple[int, ...], side: Side | str, overlap: int
) -> Offset:
    """Where the second frame is expected, from its side and the nominal overlap.

    Parameters
    ----------
    first_shape, second_shape : tuple of int
        Shapes of the two frames, (H, W) first, in px.
    side : Side or str
        Where the second frame lies, seen from the first.
    overlap : int
        Width of the shared strip, in px, across the seam.

    Returns
    -------
    Offset
        Whole pixels; the frames' top edges (left edges, for a vertical pair) are level.

    Raises
    ------
    OverlapError
        If the overlap is no whole number, not at least 1 px, or wider than one of the frames.
    """
    side = Side(side)
    axis = 1 if side.is_horizontal else 0
    across = ("height", "width")[axis]
    smaller = min(first_shape[axis], second_shape[axis])
    if not isinstance(overlap, Integral) or not 1 <= overlap <= smaller:
        raise OverlapError(
            f"an overlap of {overlap} px does not fit frames of {across} {first_shape[axis]} and "
            f"{second_shape[axis]} px; give a whole number from 1 to {smaller} px"
        )
    if side is Side.RIGHT:
        return Offset(0, first_shape[1] - overlap)
    if side is Side.LEFT:
        return Offset(0, overlap - second_shape[1])
    if side is Side.BELOW:
        return Offset(first_shape[0] - overlap, 0)
    return Offset(overlap - second_shape[0], 0)


def overlap_boxes(
    first_shape: tuple[int, ...],
    second_shape: tuple[int, ...],
    offset: Offset,
    margin: int = 0,
) -> tuple[Box, Box]:
    """The two crops of a seam, each in its own frame's pixels.

    Parameters
    ----------
    first_shape, second_shape : tuple of int
        Shapes of the two frames, (H, W) first.
    offset : Offset
        Offset of the second frame; rounded to whole pixels.
    margin : int, default 0
        Pixels beyond the overlap to take along where the frame has them. 0 gives the nominal
        overlaps, which are of equal size.

    Returns
    -------
    first_box, second_box : Box
        `first_box` in the first frame's pixels, `second_box` in the second's.

    Raises
    ------
    OverlapError
        If the frames do not overlap at this offset.
    """
    dy, dx = offset.whole()
    first = Box.of_shape(first_shape)
    second = Box.of_shape(second_shape, at=(dy, dx))
    shared = first.meet(second)
    if shared.is_empty:
        raise OverlapError(
            f"frames of {first.height} x {first.width} and {second.height} x {second.width} px do "
            f"not overlap at the offset (dy {dy}, dx {dx}); give a smaller offset"
        )
    wide = shared.grown(margin)
    return first.meet(wide), second.meet(wide).moved(-dy, -dx)


def guess_side(
    first: tuple[float, float], second: tuple[float, float], shape: tuple[int, int]
) -> tuple[Side, int]:
    """Tell side and overlap from where two frames lie.

    Parameters
    ----------
    first, second : (y, x)
        Positions of the two frames, in px.
    shape : (H, W)
        Size of the first frame, in px (of the second, where it lies left or above).

    Returns
    -------
    side : Side
        The axis along which the frames lie further apart, relative to the frame's size, decides.
    overlap : int
        Width of the shared strip, in px; at most 0 where the frames do not touch.
    """
    dy, dx = second[0] - first[0], second[1] - first[1]
    if abs(dx) / shape[1] >= abs(dy) / shape[0]:
        return (Side.RIGHT if dx >= 0 else Side.LEFT), round(shape[1] - abs(dx))
    return (Side.BELOW if dy >= 0 else Side.ABOVE), round(shape[0] - abs(dy))
