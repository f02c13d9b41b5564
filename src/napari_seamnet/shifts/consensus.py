"""Consensus of the squares of a seam, as in the source: every square answers, the mean is trimmed.

How squares are cut is in `seams/squares.py`. That squares' evidence can be added before anybody
answers is SeamNet's way, and is in `seamnet.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from ..geometry import Shift
from ..seams import Overlap, cut_squares
from .estimate import Estimate, Status, undetermined
from .posterior import judge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .estimate import Method, Progress

TRIMMED = 3
"""Lowest, and highest, values that are dropped on each axis."""
LEAST_SPREAD = 0.3
"""Least standard deviation of a square's answer, in px: that of rounding to whole pixels."""


def trimmed_count(n: int) -> int:
    """How many of n values are dropped at each end.

    The source drops 3, and never has fewer than 7 squares. With fewer, as many are dropped as
    leave one or two: then the trimmed mean is the median.

    Examples
    --------
    >>> [trimmed_count(n) for n in (1, 2, 3, 4, 5, 6, 7, 11)]
    [0, 0, 1, 1, 2, 2, 3, 3]
    """
    return min(TRIMMED, (n - 1) // 2)


def trimmed_mean(shifts: Sequence[Shift]) -> Shift:
    """Average shifts without the most extreme ones, on each axis by itself.

    Parameters
    ----------
    shifts : sequence of Shift
        The answers of a seam's squares, in any order.

    Returns
    -------
    Shift
        The dy are sorted, the `trimmed_count` lowest and highest dropped, the rest averaged; the
        dx likewise. So the two parts may come from different squares.

    Raises
    ------
    ValueError
        If there is no shift.

    Notes
    -----
    Source: thesis, consensus of a pair.

    Examples
    --------
    >>> trimmed_mean([Shift(2.0, 0.0), Shift(-90.0, 1.0), Shift(3.0, 50.0)])
    Shift(dy=2.0, dx=1.0)
    """
    if not shifts:
        raise ValueError("the trimmed mean of 0 shifts is not defined; give at least 1")
    k = trimmed_count(len(shifts))
    kept = np.sort([tuple(shift) for shift in shifts], axis=0)[k : len(shifts) - k]
    dy, dx = kept.mean(axis=0)
    return Shift(float(dy), float(dx))


def square_estimates(
    overlap: Overlap, method: Method, *, max_shift: int = 15, progress: Progress | None = None
) -> list[Estimate]:
    """Let a method estimate every square of a seam by itself.

    Parameters
    ----------
    overlap : Overlap
        The seam; of crops with a margin, only the nominal overlap is cut.
    method : Method
        What estimates.
    max_shift : int, default 15
        Search range, in px each way.
    progress : callable, optional
        Called before each square, and at the end; may raise `Cancelled`.

    Returns
    -------
    list of Estimate
        In the order of the seam's long side.
    """
    crops = overlap.nominal()
    squares = list(zip(cut_squares(crops.first), cut_squares(crops.second), strict=True))
    estimates = []
    for i, (first, second) in enumerate(squares):
        if progress is not None:
            progress(i, len(squares), f"{method.name}: square {i + 1} of {len(squares)}")
        estimates.append(method.estimate(Overlap(first, second), max_shift=max_shift))
    if progress is not None:
        progress(len(squares), len(squares), method.name)
    return estimates


def agree(estimates: Sequence[Estimate], method: str) -> Estimate:
    """Make one estimate of the squares' estimates, by the trimmed mean.

    Parameters
    ----------
    estimates : sequence of Estimate
        Of a seam's squares; those that are ``undetermined`` have no say.
    method : str
        Name for the estimate.

    Returns
    -------
    Estimate
        Without map or alternatives: squares that disagree are outvoted, not remembered. Of fewer
        than three squares the confidence is the least of their own. Of more it is the probability
        that both means are within 1 px, by the t-test for trimmed means with winsorised variance,
        times the part of the squares' answers that lie within 2 px of the mean.

    Notes
    -----
    K. K. Yuen, "The two-sample trimmed t for unequal population variances", Biometrika 61, 165
    (1974), doi:10.1093/biomet/61.1.165, for the variance of a trimmed mean. It knows of chance
    only: that all squares of a regular structure err alike it cannot see, hence the vote.
    """
    answers = [e for e in estimates if e.status is not Status.UNDETERMINED]
    if not answers:
        return undetermined(method, f"none of {len(estimates)} squares could tell")
    shifts = [answer.shift for answer in answers]
    mean, n = trimmed_mean(shifts), len(shifts)
    if n < 3:
        confidence = min(answer.confidence for answer in answers)
        confidence *= all(shift.distance(mean) <= 1 for shift in shifts)
    else:
        k = trimmed_count(n)
        ordered = np.sort([tuple(shift) for shift in shifts], axis=0)
        winsorised = np.clip(ordered, ordered[k], ordered[n - 1 - k])
        spread = np.maximum(winsorised.std(axis=0, ddof=1), LEAST_SPREAD)
        kept = n - 2 * k
        error = spread * np.sqrt((n - 1) / (kept * max(kept - 1, 1)))
        within = 1 - 2 * special.stdtr(max(kept - 1, 1), -1 / error)  # Student's t
        vote = np.mean([shift.distance(mean) <= 2 for shift in shifts])
        confidence = float(within.prod() * vote)
    status, reason = judge(confidence, ())
    return Estimate(mean, status, confidence, (), None, method, reason, answers[0].device)


class TrimmedMethod:
    """The source's way for any method: it answers for each square, and the mean is trimmed.

    Parameters
    ----------
    method : Method
        What estimates the squares.
    """

    wants_margin = False

    def __init__(self, method: Method) -> None:
        self.method = method
        self.name = f"{method.name}-squares"

    def estimate(
        self, overlap: Overlap, *, max_shift: int = 15, progress: Progress | None = None
    ) -> Estimate:
        """Estimate the shift of a seam within ±`max_shift` px on each axis."""
        squares = square_estimates(overlap, self.method, max_shift=max_shift, progress=progress)
        return agree(squares, self.name)


def trimmed(method: Method) -> TrimmedMethod:
    """Wrap a method, so that it estimates by squares and trimmed mean.

    Examples
    --------
    >>> from napari_seamnet.shifts import get_method
    >>> trimmed(get_method("search")).name
    'search-squares'
    """
    return TrimmedMethod(method)
