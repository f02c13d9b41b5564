"""Lines of uneven brightness: what a scanner's flickering source or detector leaves in a frame.

Every line of a frame is a little brighter or darker than it should be, in another way in every
frame. Averaged over a line that is far above the noise of its pixels, and drowns what both frames
show. A seam is freed of it before it is looked at; files are never touched.
"""

from __future__ import annotations

import numpy as np
from scipy import fft

from ..seams import Overlap

STRONG = 10.0
"""Variance of lines, in that which their pixels' noise alone would give their means."""
COMMON = 0.5
"""Correlation of the two crops' lines from which on they are of what both show."""
WHITE = -0.3
"""Correlation of a line's step with the next one's: -0.5 where lines are independent, higher where
neighbouring lines are alike, as in what frames show."""
OUTLIER = 4.0
"""Standard deviations; edges that run along lines, and knocked ones, are no flicker."""
LEAST_LINES = 32
EVERY = 8
"""Of so many lines one is looked at for the pixels' noise."""


def without_flicker(overlap: Overlap, max_shift: int) -> Overlap:
    """Level the lines of a seam where they flicker.

    Parameters
    ----------
    overlap : Overlap
        Two crops, finite.
    max_shift : int
        Search range, in px each way: what both crops show may lie so far apart.

    Returns
    -------
    Overlap
        The same one where nothing flickers. Else all lines, along the axis in question, of both
        crops have the crop's mean.

    Notes
    -----
    Three things must come together: the lines' means differ by much more than the noise of their
    pixels explains, neighbouring lines have nothing in common, nor have the two crops.
    """
    for axis in (0, 1):
        if _flickers(overlap, axis, max_shift):
            first, second = (_levelled(crop, axis) for crop in (overlap.first, overlap.second))
            overlap = Overlap(first, second, overlap.origin)
    return overlap


def _levelled(crop: np.ndarray, axis: int) -> np.ndarray:
    level: np.ndarray = crop - crop.mean(1 - axis, keepdims=True) + crop.mean()
    return level


def _flickers(overlap: Overlap, axis: int, max_shift: int) -> bool:
    crops = overlap.first, overlap.second
    if min(crop.shape[axis] for crop in crops) < LEAST_LINES:
        return False
    first, second = (_steps(crop, axis) for crop in crops)
    common = _in_common(first, second, overlap.origin[axis], max_shift)
    if common >= COMMON:
        return False
    return any(
        _are_white(steps) and 0 < (1 + STRONG) * _noise(crop, axis) < (1 - common) * steps.var()
        for steps, crop in zip((first, second), crops, strict=True)
    )


def _steps(crop: np.ndarray, axis: int) -> np.ndarray:
    """From the mean of each line to that of the next one, less their median; outliers clipped."""
    steps = np.diff(crop.mean(1 - axis))
    steps -= np.median(steps)
    limit = OUTLIER * 1.48 * float(np.median(np.abs(steps)))
    clipped: np.ndarray = np.clip(steps, -limit, limit)
    return clipped


def _are_white(steps: np.ndarray) -> bool:
    """Whether neighbouring lines have nothing to do with each other."""
    return float(steps[1:] @ steps[:-1]) < WHITE * float(steps @ steps)


def _noise(crop: np.ndarray, axis: int) -> float:
    """Variance that such a step has if pixels' noise is all that there is; 0 if there is none."""
    few = slice(0, crop.shape[axis] - 1, EVERY), slice(1, None, EVERY)
    one, next_one = (crop[lines] if axis == 0 else crop[:, lines] for lines in few)
    return float(np.median((next_one - one).var(1 - axis))) / crop.shape[1 - axis]


def _in_common(first: np.ndarray, second: np.ndarray, origin: int, max_shift: int) -> float:
    """Largest correlation of the two crops' steps at any shift of the range, 0..1."""
    power = float(np.sqrt((first @ first) * (second @ second)))
    if power == 0:
        return 0.0
    n = fft.next_fast_len(len(first) + len(second), real=True)
    product = fft.rfft(first, n) * fft.rfft(second, n).conj()
    lags = np.arange(-max_shift, max_shift + 1) + origin
    return float(np.abs(fft.irfft(product, n)[lags % n]).max()) / power
