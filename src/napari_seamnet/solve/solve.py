"""Solve a grid: estimates in, positions and verdicts out. The one call that all others use."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ..shifts.estimate import Status
from .agreement import find_agreement
from .by_belief import place_by_belief
from .by_peaks import place_by_peaks, place_one_by_one
from .loops import confirmed_seams, find_loops, measured, smallest_errors
from .placed import settled
from .solution import Solution, Solver
from .stage_model import LEAST_SEAMS, fit_stage
from .verdicts import judge_frames, judge_seams

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..layouts import Layout
    from ..seams.seam import Seam
    from ..shifts import Estimate
    from ..shifts.estimate import Progress


class SolveError(ValueError):
    """A grid cannot be solved as asked; the message says what to change."""


def solve(
    layout: Layout,
    seams: Sequence[Seam],
    estimates: Sequence[Estimate],
    *,
    solver: Solver | str = Solver.BELIEF,
    stage_error: float | None = None,
    feature_size: float | None = None,
    progress: Progress | None = None,
) -> Solution:
    """Find the position of every frame, and what can be said for it.

    Parameters
    ----------
    layout : Layout
        Where the frames are expected.
    seams : sequence of Seam
        From `find_seams`.
    estimates : sequence of Estimate
        One a seam, relative to its nominal offset; a hand decision has the status ``hand``.
    solver : Solver or str, default "belief"
        "belief", "least-squares", "rows" or "columns".
    stage_error : float, optional
        How far the stage may put a frame off its place, in px each way; half the search range by
        default.
    feature_size : float, optional
        Size of the smallest feature, in px: what may be off by more than half of it is flagged.
    progress : callable, optional
        Called as ``progress(done, total, what)``; may raise `Cancelled`.

    Returns
    -------
    Solution
        Positions, probabilities, runner-ups, statuses, reasons, loops and the stage model.

    Raises
    ------
    SolveError
        If there are not as many estimates as seams, or a size is not positive.
    """
    began = time.perf_counter()
    seams, estimates = tuple(seams), tuple(estimates)
    if len(seams) != len(estimates):
        raise SolveError(
            f"there are {len(seams)} seams but {len(estimates)} estimates; give one a seam"
        )
    for name, value in (("stage error", stage_error), ("feature size", feature_size)):
        if value is not None and not value > 0:
            raise SolveError(f"a {name} is a positive number of px, not {value}")
    try:
        solver = Solver(solver)
    except ValueError:
        raise SolveError(
            f"there is no solver {str(solver)!r}; choose one of {', '.join(Solver)}"
        ) from None

    def report(done: int, total: int) -> None:
        if progress is not None:
            progress(done, total, "solving")

    shifts = measured(estimates)
    loops = find_loops(seams, shifts)
    confirmed = confirmed_seams(loops, estimates)
    certain = [k for k, e in enumerate(estimates) if e.status in (Status.CERTAIN, Status.HAND)]
    trusted = sorted(confirmed) if len(confirmed) >= LEAST_SEAMS else certain
    stage = fit_stage(layout, seams, shifts, trusted)
    report(0, 1)
    if solver is Solver.BELIEF:
        placed = place_by_belief(layout, seams, estimates, confirmed, stage, stage_error, report)
    elif solver is Solver.LEAST_SQUARES:
        placed = place_by_peaks(layout, seams, estimates)
    else:
        placed = place_one_by_one(layout, seams, estimates, solver is Solver.ROWS)
    placed = settled(placed)
    errors = smallest_errors(loops, len(seams))
    agreement = find_agreement(seams, estimates, placed, loops)
    verdicts = judge_seams(seams, estimates, placed, agreement, errors, feature_size, stage_error)
    frames = judge_frames(layout, placed, seams, verdicts, agreement, feature_size)
    report(1, 1)
    return Solution(
        layout,
        seams,
        estimates,
        tuple(frames),
        tuple(verdicts),
        loops,
        stage,
        solver,
        feature_size,
        time.perf_counter() - began,
    )
