"""What a few changed seams do to a solution, at once: a first answer while the solver works.

All choices that were made stay made; only positions are fitted anew. What the change means for
how probable everything is, and what else deserves a look now, is the solver's to say.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ..geometry import Offset
from ..seams.seam import pairs_of
from ..shifts.estimate import Status
from .by_peaks import NEXT_TO_NOTHING
from .clusters import tie_by_hand
from .least_squares import fit_positions
from .rounding import rounded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..shifts import Estimate
    from .solution import Solution, SolvedSeam

STILL = 1e-3
"""px: what moves by less has not moved."""
LEAST = 0.05
"""A seam that was used counts at least so much, however doubtful."""


def resettle(solution: Solution, estimates: Sequence[Estimate]) -> Solution:
    """Let the frames settle after some seams have changed.

    Parameters
    ----------
    solution : Solution
        As it was before.
    estimates : sequence of Estimate
        What counts for each seam now: decided, excluded, or estimated anew.

    Returns
    -------
    Solution
        With new positions and residuals; verdicts only of the seams that changed. Where nothing
        changed, the one that was given.
    """
    estimates = tuple(estimates)
    changed = [
        k
        for k, (one, two) in enumerate(zip(solution.estimates, estimates, strict=True))
        if one is not two and one != two
    ]
    if not changed:
        return solution
    touched = set(changed)
    verdicts = list(solution.verdicts)
    hand = tie_by_hand(len(solution.layout), solution.seams, estimates)
    for k in changed:
        verdicts[k] = _verdict(estimates[k], verdicts[k], is_broken=k in hand.broken)
    used = [k for k, verdict in enumerate(verdicts) if verdict.used and verdict.shift is not None]
    pairs = pairs_of(solution.seams)
    offsets = [tuple(solution.seams[k].nominal + verdicts[k].shift) for k in used]  # type: ignore[operator]
    weights = np.array([max(verdicts[k].probability, LEAST) for k in used])
    before = np.array([frame.position for frame in solution.frames])
    fit = fit_positions(
        pairs[used],
        np.array(offsets, float).reshape(-1, 2),
        weights,
        before,
        np.full(len(before), NEXT_TO_NOTHING),
        hand.ties,
        wants_spread=False,
    )
    wholes = rounded(fit.positions, hand.ties, pairs)
    # Thousands of equal nouns made anew would cost more than all the algebra.
    stays = np.abs(fit.positions - before).max(axis=1) < STILL
    frames = tuple(
        frame
        if still and frame.whole == whole
        else replace(frame, position=(float(y), float(x)), whole=whole)
        for frame, still, (y, x), whole in zip(
            solution.frames, stays, fit.positions, wholes, strict=True
        )
    )
    for k, seam in enumerate(solution.seams):
        shift = verdicts[k].shift
        if shift is None or (stays[seam.first] and stays[seam.second] and k not in touched):
            continue
        (y0, x0), (y1, x1) = (fit.positions[frame].tolist() for frame in seam.pair)
        residual = Offset(y1 - y0, x1 - x0) - seam.nominal + -shift
        verdicts[k] = replace(verdicts[k], residual=residual)
    return replace(solution, estimates=estimates, frames=frames, verdicts=tuple(verdicts))


def _verdict(estimate: Estimate, before: SolvedSeam, *, is_broken: bool) -> SolvedSeam:
    """What is said of a seam that changed, until the solver has looked at it."""
    if estimate.status is Status.HAND:
        reason = "contradicts other decisions by hand around a loop" if is_broken else ""
        return replace(
            before, shift=estimate.shift, probability=1.0, status=Status.HAND, reason=reason,
            used=not is_broken, needs_look=is_broken,
        )  # fmt: skip
    if estimate.status is Status.UNDETERMINED:
        return replace(
            before, shift=None, residual=None, status=Status.UNDETERMINED,
            reason=estimate.reason, used=False, needs_look=False,
        )  # fmt: skip
    sure = estimate.status is Status.CERTAIN
    return replace(
        before, shift=estimate.shift, probability=estimate.confidence, status=estimate.status,
        reason=estimate.reason, used=True, needs_look=not sure,
    )  # fmt: skip
