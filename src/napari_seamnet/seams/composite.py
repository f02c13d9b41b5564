"""Pictures of an overlap that show whether it is aligned: composite, difference, checker.

Only pictures for people are made here, as (H, W, 3) uint8, so that one image layer can show any
of them. No method measures on them, and no pixel of a frame is changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from .overlap import Overlap, shared_pixels

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..geometry import Shift

LOW, HIGH = 0.5, 99.5
"""Percentiles of a crop that are shown black and white."""
STRONGEST = 2.5
"""Largest gamma, or its inverse, that balances two crops: beyond it they show different things."""
SAMPLE = 40_000
"""Pixels that are enough to know a percentile by: a live view has no time for more."""


class View(StrEnum):
    """What to show of an overlap; the last two, in turns, make a blink.

    Votes are no view of two crops alone: a network tells it (`deciding.py`).
    """

    COMPOSITE = "composite"
    DIFFERENCE = "difference"
    CHECKER = "checker"
    VOTES = "votes"
    FIRST = "first"
    SECOND = "second"


def composite(
    first: np.ndarray, second: np.ndarray, low: float = LOW, high: float = HIGH
) -> np.ndarray:
    """Lay two crops on each other: aligned is grey, misaligned has red and green fringes.

    Parameters
    ----------
    first, second : (H, W) array
        The pixels that lie on each other (see `shared_pixels`), of any real dtype.
    low, high : float
        Percentiles of each crop that become 0 and 255. Each crop has its own, and the second gets
        the gamma that makes its median as bright as the first's, so that a difference in
        brightness does not look like a misalignment.

    Returns
    -------
    (H, W, 3) uint8 array
        Red is the first, green the second, blue half their sum. A pixel that is not finite is
        black in its own colour; a crop without contrast is mid-grey.

    Raises
    ------
    ValueError
        If the shapes differ, or are not 2-D.

    Notes
    -----
    Source: thesis, RGB composite.

    Examples
    --------
    >>> import numpy as np
    >>> composite(np.uint8([[0, 9]]), np.uint8([[7, 5]]), 0, 100).tolist()
    [[[0, 255, 127], [255, 0, 127]]]
    """
    return _mixed(*_stretched_pair(first, second, low, high))


def difference(
    first: np.ndarray, second: np.ndarray, low: float = LOW, high: float = HIGH
) -> np.ndarray:
    """Show how far two crops differ: aligned is black, but for the noise.

    Parameters
    ----------
    first, second, low, high
        As for `composite`; the difference is taken after the stretch.

    Returns
    -------
    (H, W, 3) uint8 array
        ``|first - second|``, in grey.

    Raises
    ------
    ValueError
        If the shapes differ, or are not 2-D.
    """
    return _differing(*_stretched_pair(first, second, low, high))


def checker(
    first: np.ndarray,
    second: np.ndarray,
    size: int = 16,
    low: float = LOW,
    high: float = HIGH,
) -> np.ndarray:
    """Show two crops in turns, field by field: aligned, lines run on from field to field.

    Parameters
    ----------
    first, second, low, high
        As for `composite`.
    size : int, default 16
        Side of a field, in px; the top left one is the first crop's.

    Returns
    -------
    (H, W, 3) uint8 array
        Grey.

    Raises
    ------
    ValueError
        If the shapes differ or are not 2-D, or a field has no pixel.
    """
    if size < 1:
        raise ValueError(f"a checker's field is at least 1 px wide, not {size}")
    return _checked(*_stretched_pair(first, second, low, high), size=size)


def view(
    overlap: Overlap, shift: Shift | tuple[float, float], kind: View | str = View.COMPOSITE
) -> tuple[np.ndarray, tuple[int, int]]:
    """Show the pixels that two crops share at a shift, and say where the picture lies.

    Parameters
    ----------
    overlap : Overlap
        The two crops, with or without margin.
    shift : Shift or (dy, dx)
        In px; rounded to whole pixels.
    kind : View or str, default "composite"
        What to show; any but "votes".

    Returns
    -------
    picture : (H, W, 3) uint8 array
        Of the shared pixels; of size 0 where nothing is shared.
    position : (y, x)
        Where the picture's pixel (0, 0) lies in the first crop.

    Raises
    ------
    ValueError
        If there is no such view, or votes are asked for.

    Notes
    -----
    Contrast comes from the nominal overlap, not from the pixels shared at this shift: while
    somebody moves a frame, the picture must not flicker. Nor from the margins: they show
    different things, and a composite stretched by those has a cast of red or green.
    """
    if View(kind) is View.VOTES:
        raise ValueError("two crops alone have no votes: a network tells them, see deciding.py")
    dy, dx = (int(np.floor(value + 0.5)) for value in shift)
    pixels = shared_pixels(overlap, dy, dx)
    nominal = overlap.nominal()
    tones = _tones(nominal.first, nominal.second, LOW, HIGH)
    first, second = (_stretch(shared, tone) for shared, tone in zip(pixels, tones, strict=True))
    position = max(0, overlap.origin[0] + dy), max(0, overlap.origin[1] + dx)
    return _PICTURES[View(kind)](first, second), position


@dataclass(frozen=True)
class _Tone:
    """How a crop's values become grey: what is black, what is white, and how fast between."""

    black: float
    white: float
    gamma: float = 1.0


def _stretched_pair(
    first: np.ndarray, second: np.ndarray, low: float, high: float
) -> tuple[np.ndarray, np.ndarray]:
    """Stretch each crop to 0..255 by its own percentiles, to the same median."""
    if first.ndim != 2 or first.shape != second.shape:
        raise ValueError(
            f"crops of {first.shape} and {second.shape} px do not lie on each other; "
            "take them from shared_pixels"
        )
    tones = _tones(first, second, low, high)
    return _stretch(first, tones[0]), _stretch(second, tones[1])


def _tones(first: np.ndarray, second: np.ndarray, low: float, high: float) -> tuple[_Tone, _Tone]:
    """Tones that make two crops of the same thing look the same.

    Two exposures differ by more than gain and level: shading and blur move the middle against
    the tails. On a neighbour pair of stitch2d the median lies at 0.32 of the one crop's range and
    at 0.46 of the other's, which tints the whole composite; one gamma brings all quartiles to
    within 0.03 of each other.
    """
    (one, middle), (other, moved) = _limits(first, low, high), _limits(second, low, high)
    if not (0 < middle < 1 and 0 < moved < 1):
        return one, other
    gamma = float(np.log(middle) / np.log(moved))
    return one, _Tone(other.black, other.white, min(max(gamma, 1 / STRONGEST), STRONGEST))


def _limits(crop: np.ndarray, low: float, high: float) -> tuple[_Tone, float]:
    """Percentiles of a crop's finite pixels, from a regular sample; the median between them.

    The median is 0 for black and 1 for white; without pixels, or contrast, all are 0.
    """
    step = max(1, round((crop.size / SAMPLE) ** 0.5))
    sample = crop[::step, ::step].astype(float)
    sample = sample[np.isfinite(sample)]
    if not sample.size:
        return _Tone(0.0, 0.0), 0.0
    black, median, white = np.percentile(sample, (low, 50, high))
    if black == white:  # a few bright dots on an even ground: better their contrast than none
        black, white = sample.min(), sample.max()
    middle = (median - black) / (white - black) if white > black else 0.0
    return _Tone(float(black), float(white)), float(middle)


def _stretch(crop: np.ndarray, tone: _Tone) -> np.ndarray:
    """Bring a crop to uint8, black to 0 and white to 255."""
    if np.issubdtype(crop.dtype, np.integer) and crop.dtype.itemsize <= 2:
        # A table of every value there can be: three times as fast as arithmetic on the pixels.
        info = np.iinfo(crop.dtype)
        table = _scaled(np.arange(info.min, info.max + 1, dtype=np.float32), tone)
        grey: np.ndarray = table[crop.astype(np.intp) - info.min] if info.min else table[crop]
        return grey
    enough = np.float32 if crop.dtype in (bool, np.float16, np.float32) else float
    return _scaled(crop.astype(enough), tone)


def _scaled(values: np.ndarray, tone: _Tone) -> np.ndarray:
    """Scale floats to uint8; what is not finite becomes 0, what has no contrast 128."""
    if not tone.white > tone.black:
        return np.where(np.isfinite(values), 128, 0).astype(np.uint8)
    scaled = np.clip((values - tone.black) * (1.0 / (tone.white - tone.black)), 0, 1)
    if tone.gamma != 1:
        scaled = scaled**tone.gamma
    return np.where(np.isfinite(values), 255 * scaled + 0.5, 0).astype(np.uint8)


def _mixed(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    picture = np.empty((*first.shape, 3), np.uint8)
    picture[..., 0] = first
    picture[..., 1] = second
    # a & b + (a ^ b) / 2 is half the sum, without leaving uint8
    picture[..., 2] = (first & second) + ((first ^ second) >> 1)
    return picture


def _differing(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return _grey(np.maximum(first, second) - np.minimum(first, second))


def _checked(first: np.ndarray, second: np.ndarray, size: int = 16) -> np.ndarray:
    rows, columns = (np.arange(n) // size for n in first.shape)
    odd = (rows[:, None] + columns[None, :]) % 2 == 1
    return _grey(np.where(odd, second, first))


def _grey(values: np.ndarray) -> np.ndarray:
    return np.repeat(values[..., None], 3, axis=-1)


_PICTURES: dict[View, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    View.COMPOSITE: _mixed,
    View.DIFFERENCE: _differing,
    View.CHECKER: _checked,
    View.FIRST: lambda first, second: _grey(first),
    View.SECOND: lambda first, second: _grey(second),
}
