"""Odds that estimates of some kinds turned out to have, where a map says too much of them.

Measured on simulated seams that nothing else is measured on; the last thing that is asked of an
estimate.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..seams import shared_pixels
from .estimate import Estimate, Status
from .posterior import CERTAIN, judge

if TYPE_CHECKING:
    from ..seams import Overlap

DOUBTED = 0.67
"""What the odds of a doubtful estimate count: those whose evidence is weak are right less often
than the map says. The most likely value on the seams of `benchmarks/cells.py --seed 71000001`; see
J. Platt, Advances in Large Margin Classifiers, 1999."""
NARROW, BY_WIDTH = 60, 0.75
"""px across, under which the odds of what seems certain count less, and the power of the share by
which they do: a part that is dark, was moved or is gone may be most of what two frames share.
Of seams that seemed certain 0.3 % were wrong from 80 px on, 0.8 % of 40, 1.5 % of 20 px
(`benchmarks/cells.py --seams 12 --seed 71000001`), and more of longer ones (`--length 1600`)."""


def sobered(found: Estimate) -> Estimate:
    """A doubtful estimate, as its map says it, with the odds that such ones have."""
    confidence = _with_odds_times(DOUBTED, found.confidence)
    status, reason = judge(confidence, found.alternatives)
    return replace(found, confidence=confidence, status=status, reason=reason)


def by_width(found: Estimate, overlap: Overlap) -> Estimate:
    """Ask how wide the overlap is that a certain estimate rests on.

    Parameters
    ----------
    found : Estimate
        Certain.
    overlap : Overlap
        The two crops, with their margins.

    Returns
    -------
    Estimate
        The same if the frames share `NARROW` px across at its shift; else less confident, and
        doubtful where that is too little.
    """
    width = min(shared_pixels(overlap, *found.shift.whole())[0].shape)
    if width >= NARROW:
        return found
    confidence = _with_odds_times((width / NARROW) ** BY_WIDTH, found.confidence)
    if confidence >= CERTAIN:
        return replace(found, confidence=confidence)
    reason = f"the frames share only {width} px across: {confidence:.1%} within 1 px"
    return replace(found, status=Status.DOUBTFUL, confidence=confidence, reason=reason)


def _with_odds_times(factor: float, confidence: float) -> float:
    odds = factor * confidence
    return odds / (odds + (1 - confidence))  # never over 1, even rounded
