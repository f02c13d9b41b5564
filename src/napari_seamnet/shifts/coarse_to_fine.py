"""A wide search, coarse to fine: first reduced crops tell about where, then full ones exactly.

At full size a wide range is not only slow: at far shifts few pixels are shared, and among very
many shifts something always fits by chance. How two crops are compared is in
`nets/inference.py`; where whole grids err far, `grids/wide.py` looks first.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from .posterior import to_probability
from .reduced import reduce

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..nets.inference import Comparison

    Compare = Callable[[np.ndarray, np.ndarray, tuple[int, int], int], Comparison]

WIDE = 40
"""px; a search farther than this is wide."""
COARSE = 20
"""Range, in reduced pixels, of the first look."""
LEAST_SIDE = 12
"""Reduced pixels that a crop must keep on each axis."""
LEAST_SHARE = 0.003
"""Probability of a coarse place from which on it is looked at in full."""
MOST_PLACES = 4
MOST_LOOKS = 1 + MOST_PLACES
"""The coarse one, and one a place."""
FAR = 160
"""px; ranges up to which a look at all shifts is worth its time where several places are
promising: of what repeats they are few of many, and each costs as much. Farther, it is slower, and
no more often right (`benchmarks/ranges.py`)."""
FAINT = 1e-9
"""Probability of all shifts of a coarse pixel, at least."""
WORTH, DOUBT = 0.5, 1e-3
"""What the coarse look's log-probabilities count beside a look everywhere, which sees the same
pixels; and the share of its probability that any shift may have. Of 0, 0.25, 0.5 and 1 the best on
other seeds than the benchmarks'."""


def reduction(shapes: list[tuple[int, ...]], max_shift: int) -> int:
    """By how much crops are reduced for a first look; 1 for not at all."""
    wanted = int(np.ceil(max_shift / COARSE))
    return max(1, min(wanted, min(min(shape) for shape in shapes) // LEAST_SIDE))


def places(coarse: np.ndarray) -> list[tuple[int, int, float]]:
    """Where to look closer: indices in a map of probabilities, and the share around each."""
    left = coarse.copy()
    found: list[tuple[int, int, float]] = []
    while len(found) < MOST_PLACES:
        y, x = (int(i) for i in np.unravel_index(int(np.argmax(left)), left.shape))
        around = (slice(max(0, y - 1), y + 2), slice(max(0, x - 1), x + 2))
        share = float(left[around].sum())
        if found and share < LEAST_SHARE:
            break
        found.append((y, x, share))
        left[around] = 0
    return found


def compare_wide(
    compare: Compare,
    first: np.ndarray,
    second: np.ndarray,
    origin: tuple[int, int],
    max_shift: int,
) -> tuple[Comparison | None, np.ndarray]:
    """Compare two crops at the promising shifts of a wide range.

    Parameters
    ----------
    compare : callable
        Compares two crops within a range that is not wide.
    first, second : (H, W) float32 array
        Two crops; sizes may differ.
    origin : (y, x)
        Where second's pixel (0, 0) lies in first at shift (0, 0).
    max_shift : int
        Search range R, in px each way.

    Returns
    -------
    seen : Comparison or None
        Its logits are log-probabilities: of a coarse place, times those within it. Its `fine` is
        known where it was looked closer, and has its least value elsewhere; the rest is that of
        the most probable place. None where several places are promising, and the range is not too
        far for a look everywhere.
    coarse : (2R+1, 2R+1) float64 array
        What the coarse look adds to the logits of a look everywhere.
    """
    by = reduction([first.shape, second.shape], max_shift)
    reach = int(np.ceil(max_shift / by))
    near = np.array([o // by for o in origin])
    rest = np.array(origin) - by * near  # what a whole number of reduced pixels leaves
    coarse = compare(reduce(first, by), reduce(second, by), (int(near[0]), int(near[1])), reach)
    probability = to_probability(coarse.logits)
    n = 2 * max_shift + 1
    steps = np.arange(-max_shift, max_shift + 1)
    cells = [np.clip(np.rint((steps + r) / by).astype(int) + reach, 0, 2 * reach) for r in rest]
    everywhere = probability[np.ix_(*cells)]
    beside = WORTH * np.log(np.maximum(everywhere, DOUBT / probability.size))
    promising = places(probability)
    if len(promising) > 1 and max_shift <= FAR:
        return None, beside
    spread = np.maximum(everywhere, FAINT) / by**2
    closer = np.zeros((n, n))
    fine = np.full((n, n), np.nan)
    looks = []
    window = max(8, 2 * by)
    for y, x, share in promising:
        middle = by * (np.array([y, x]) - reach) - rest
        middle = np.clip(middle, -max_shift, max_shift)
        found = compare(
            first, second, (int(origin[0] + middle[0]), int(origin[1] + middle[1])), window
        )
        inside, of = _meet(middle, window, max_shift)
        spread[inside] = np.minimum(spread[inside], FAINT / by**2)
        closer[inside] += share * to_probability(found.logits)[of]
        fine[inside] = np.fmax(fine[inside], found.fine[of])
        looks.append(found)
    total = spread + closer
    fine = np.where(np.isnan(fine), np.nanmin(fine), fine)
    return replace(looks[0], logits=np.log(total / total.sum()), fine=fine), beside


def _meet(
    middle: np.ndarray, window: int, max_shift: int
) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Where a window of a range lies in the whole, and the part of it that is inside."""
    whole, part = [], []
    for at in middle:
        low, high = max(-max_shift, at - window), min(max_shift, at + window)
        whole.append(slice(low + max_shift, high + max_shift + 1))
        part.append(slice(low - at + window, high - at + window + 1))
    return (whole[0], whole[1]), (part[0], part[1])
