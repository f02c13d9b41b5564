"""What a method's answers come to: the source's metrics, and how far to trust its confidence.

Only counting is here. Answers come from `evaluate.py`; tables of what was counted are made in
`summary_table.py`, pictures in `evaluation_plots.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..shifts import Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .evaluate import Answer

CLAIMS = ((0.0, 0.3), (0.3, 0.6), (0.6, 0.9), (0.9, 0.99), (0.99, 1.0))
"""Bins of confidence; each holds its lower end, the last both."""
NORMAL_95 = 1.959964
"""The normal distribution's 97.5th percentile, for intervals of 95 %."""


@dataclass(frozen=True)
class Bin:
    """The answers whose confidence lies between two values.

    Parameters
    ----------
    low, high : float
        The bin, as probabilities 0..1.
    n, right : int
        Answers in it, and of these those within 1 px of the truth.
    claimed : float
        Mean confidence in it; NaN if it is empty.
    """

    low: float
    high: float
    n: int
    right: int
    claimed: float

    @property
    def share(self) -> float:
        """Share (0..1) of right answers; NaN if the bin is empty."""
        return self.right / self.n if self.n else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of the share."""
        return wilson(self.right, self.n)


@dataclass(frozen=True)
class Summary:
    """What one method's answers come to, over a set or a part of it.

    Parameters
    ----------
    method : str
        The method.
    group : str or None
        The part's group; None for all groups together.
    noise : float or None
        The part's noise; None for all together.
    n, failed : int
        Seams, and of these those at which the method ended in an error.
    mean_max, mean_dy, mean_dx : float
        The source's metrics: means of max(abs(dy), abs(dx)), abs(dy) and abs(dx) of the error, in
        px. ``undetermined`` counts as the shift (0, 0).
    rounded_max, rounded_dy, rounded_dx : float
        The same of the shifts in whole pixels.
    right_1, right_2 : int
        Answers within 1 and 2 px on the worse axis.
    undetermined, certain, silent : int
        Answers of status ``undetermined`` and ``certain``; of the latter, those that are wrong by
        more than 1 px: silent errors.
    flagged, flagged_right : int
        Answers that ask for a person, and of these those that were right after all.
    bins : tuple of Bin
        Reliability of the confidence.
    seconds : float
        Median time for a seam; NaN if the method failed at all of them.
    """

    method: str
    group: str | None
    noise: float | None
    n: int
    failed: int
    mean_max: float
    mean_dy: float
    mean_dx: float
    rounded_max: float
    rounded_dy: float
    rounded_dx: float
    right_1: int
    right_2: int
    undetermined: int
    certain: int
    silent: int
    flagged: int
    flagged_right: int
    bins: tuple[Bin, ...]
    seconds: float

    @property
    def within_1(self) -> float:
        """Share (0..1) of the seams within 1 px."""
        return self.right_1 / self.n

    @property
    def within_2(self) -> float:
        """Share (0..1) of the seams within 2 px."""
        return self.right_2 / self.n

    @property
    def share_undetermined(self) -> float:
        """Share (0..1) of the seams that the method could not tell."""
        return self.undetermined / self.n

    @property
    def calibration_error(self) -> float:
        """Expected calibration error (0..1): how far claim and truth differ, over the bins."""
        apart = sum(b.n * abs(b.share - b.claimed) for b in self.bins if b.n)
        return apart / self.n


def wilson(k: int, n: int) -> tuple[float, float]:
    """Interval that holds a share with 95 % confidence, after k of n.

    Notes
    -----
    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", Journal
    of the American Statistical Association 22, 209 (1927), doi:10.1080/01621459.1927.10502953.

    Examples
    --------
    >>> [round(end, 3) for end in wilson(27, 30)]
    [0.744, 0.965]
    >>> wilson(0, 0)
    (0.0, 1.0)
    """
    if n == 0:
        return 0.0, 1.0
    share, z2 = k / n, NORMAL_95**2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = math.sqrt(share * (1 - share) / n + z2 / (4 * n * n)) * NORMAL_95 / (1 + z2 / n)
    return max(0.0, middle - half), min(1.0, middle + half)


def summarise(answers: Sequence[Answer], by: Iterable[str] = ()) -> list[Summary]:
    """Count what answers come to, method by method.

    Parameters
    ----------
    answers : sequence of Answer
        Of any number of methods.
    by : iterable of {"group", "noise"}
        Count these parts of the set each by itself; by default all together.

    Returns
    -------
    list of Summary
        Part by part, and in each the methods, in the order in which they first come up.

    Raises
    ------
    ValueError
        If `by` names anything else.
    """
    by = tuple(by)
    if unknown := set(by) - {"group", "noise"}:
        raise ValueError(f"answers are told apart by group and noise, not by {sorted(unknown)}")
    parts: dict[tuple[str | None, float | None], dict[str, list[Answer]]] = {}
    for answer in answers:
        key = (
            answer.group if "group" in by else None,
            answer.noise if "noise" in by else None,
        )
        parts.setdefault(key, {}).setdefault(answer.method, []).append(answer)
    return [
        _summary(method, group, noise, own)
        for (group, noise), methods in parts.items()
        for method, own in methods.items()
    ]


def _summary(
    method: str, group: str | None, noise: float | None, answers: Sequence[Answer]
) -> Summary:
    truth = np.array([tuple(answer.truth) for answer in answers])
    exact = np.abs(np.array([tuple(answer.shift) for answer in answers]) - truth)
    whole = np.abs(np.array([tuple(answer.rounded) for answer in answers]) - truth)
    # The errors as Answer has them: a sum of squares in another order might differ at 1 px sharp.
    errors = np.array([answer.error for answer in answers])
    flagged = [answer for answer in answers if answer.status.needs_person]
    timed = [answer.seconds for answer in answers if not answer.failed]
    return Summary(
        method,
        group,
        noise,
        n=len(answers),
        failed=sum(answer.failed for answer in answers),
        mean_max=float(errors.mean()),
        mean_dy=float(exact[:, 0].mean()),
        mean_dx=float(exact[:, 1].mean()),
        rounded_max=float(whole.max(axis=1).mean()),
        rounded_dy=float(whole[:, 0].mean()),
        rounded_dx=float(whole[:, 1].mean()),
        right_1=sum(answer.is_right for answer in answers),
        right_2=int((errors <= 2).sum()),
        undetermined=sum(answer.status is Status.UNDETERMINED for answer in answers),
        certain=sum(answer.status is Status.CERTAIN for answer in answers),
        silent=sum(answer.is_silent for answer in answers),
        flagged=len(flagged),
        flagged_right=sum(answer.is_right for answer in flagged),
        bins=tuple(_bin(low, high, answers) for low, high in CLAIMS),
        seconds=float(np.median(timed)) if timed else math.nan,
    )


def _bin(low: float, high: float, answers: Sequence[Answer]) -> Bin:
    last = high == CLAIMS[-1][1]
    own = [a for a in answers if low <= a.confidence and (a.confidence < high or last)]
    claimed = float(np.mean([a.confidence for a in own])) if own else math.nan
    return Bin(low, high, len(own), sum(a.is_right for a in own), claimed)
