"""A glance at a long seam: the network looks at a few places, and only if need be at all of it.

Which places are the most telling is found here; whether a glance is enough, in `inference.py`.
"""

from __future__ import annotations

import numpy as np

PLACES = 3
"""So many places, so that a warped or damaged part cannot speak for the whole seam."""
SHARE = 0.12
"""Part of the seam that all places together cover."""
LEAST_LENGTH = 96
"""px along the seam of a place: shorter ones lose too much to the search range."""
LEAST_PIXELS = 60_000
"""Smaller seams are looked at in full: there is little to gain."""


def places(
    first: np.ndarray, second: np.ndarray, origin: tuple[int, int], max_shift: int
) -> list[tuple[np.ndarray, np.ndarray, tuple[int, int]]]:
    """Cut the most telling places out of a seam, one from each third of it.

    Parameters
    ----------
    first, second : (H, W) float32 array
        Two crops; sizes may differ.
    origin : (y, x)
        Where second's pixel (0, 0) lies in first at shift (0, 0).
    max_shift : int
        Search range R, in px: so much more is cut out of the first crop, where it is there.

    Returns
    -------
    list of (first, second, origin)
        Crops of equal sizes; empty where the seam is too small, or the crops do not overlap well
        enough for equal places.
    """
    axis = int(np.argmax(second.shape))
    along = second.shape[axis]
    length = max(LEAST_LENGTH, 2 * max_shift, round(SHARE * along / PLACES))
    if second.size < LEAST_PIXELS or PLACES * length > along // 2:
        return []
    energy = _detail(second, axis)
    starts = np.arange(along - length + 1)
    summed = np.concatenate([[0.0], np.cumsum(energy)])
    told = summed[length:] - summed[: along - length + 1]
    # Only where the first crop has pixels for every shift.
    room = first.shape[axis]
    fits = (starts + origin[axis] - max_shift >= 0) & (
        starts + origin[axis] + length + max_shift <= room
    )
    found = []
    for k in range(PLACES):
        low, high = along * k // PLACES, along * (k + 1) // PLACES
        here = fits & (starts >= low) & (starts + length <= high)
        if not here.any():
            return []
        start = int(np.argmax(np.where(here, told, -1)))
        found.append(_cut(first, second, origin, max_shift, axis, start, length))
    return found


def _detail(crop: np.ndarray, axis: int) -> np.ndarray:
    """How much detail there is at each place along the seam.

    Smoothed before, or noise, which is everywhere, would count as detail.
    """
    other = 1 - axis
    n = 4
    height, width = (length // n * n for length in crop.shape)
    small = crop[:height, :width].reshape(height // n, n, width // n, n).mean((1, 3))
    across = np.abs(np.diff(small, axis=other)).mean(axis=other)
    down = np.abs(np.diff(small, axis=axis)).mean(axis=other)
    # Both directions are needed: the smaller one limits what a place can tell.
    m = min(len(across), len(down))
    both = np.minimum(across[:m], down[:m])
    both = np.minimum(both, np.percentile(both, 90))  # a bright speck is not worth ten places
    return np.interp(np.arange(crop.shape[axis]), n * np.arange(m) + n / 2, both)


def _cut(
    first: np.ndarray,
    second: np.ndarray,
    origin: tuple[int, int],
    max_shift: int,
    axis: int,
    start: int,
    length: int,
) -> tuple[np.ndarray, np.ndarray, tuple[int, int]]:
    low = start + origin[axis] - max_shift
    one = [slice(None), slice(None)]
    two = [slice(None), slice(None)]
    one[axis] = slice(low, low + length + 2 * max_shift)
    two[axis] = slice(start, start + length)
    at = list(origin)
    at[axis] = max_shift
    return first[tuple(one)], second[tuple(two)], (at[0], at[1])
