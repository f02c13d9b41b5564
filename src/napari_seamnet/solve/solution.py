"""What a solve gives: a position for every frame, a verdict on every seam.

Nouns only; how they come about is in the files beside this one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

from ..geometry import Offset, Shift
from ..shifts.estimate import Status

if TYPE_CHECKING:
    from ..layouts import Layout
    from ..seams.seam import Seam
    from ..shifts import Estimate


NO_SHIFT = Shift(0.0, 0.0)


class Solver(StrEnum):
    """How positions are found from the seams."""

    BELIEF = "belief"
    """Belief propagation on the seams' whole maps, then least squares for the fractions."""
    LEAST_SQUARES = "least-squares"
    """Least squares on the seams' best shifts, weighted by their confidence."""
    ROWS = "rows"
    """The source's sequential mosaic, row by row: each frame by one seam to a placed neighbour."""
    COLUMNS = "columns"
    """The same, column by column."""


@dataclass(frozen=True)
class SolvedFrame:
    """Where a frame lies.

    Parameters
    ----------
    position : (y, x)
        Of its top-left pixel, in px, with a fraction.
    whole : (y, x)
        The same in whole px: rounded once, last. This is where the mosaic shows it.
    probability : float
        That it lies within 1 px of its true place, seen from its part's anchor (0..1).
    uncertainty : float
        Standard deviation of the position, in px, on the worse axis.
    runner_up : (y, x) or None
        The next best position, in px, if there is another at all.
    runner_up_probability : float
        Its probability (0..1).
    part : int
        Which connected part of the grid it belongs to; 0 is the largest. Parts hang together by
        the stage only.
    status : Status
        How far the position can be trusted.
    reason : str
        In words, why the status is not ``certain``; empty if it is.
    """

    position: tuple[float, float]
    whole: tuple[int, int]
    probability: float
    uncertainty: float
    runner_up: tuple[float, float] | None = None
    runner_up_probability: float = 0.0
    part: int = 0
    status: Status = Status.CERTAIN
    reason: str = ""


@dataclass(frozen=True)
class SolvedSeam:
    """What became of a seam.

    Parameters
    ----------
    shift : Shift or None
        Measured shift relative to the seam's nominal offset, sub-pixel: of the estimate's modes
        the one that was chosen. None if nothing was measured.
    residual : Shift or None
        Placed minus measured offset, in px; None if nothing was measured.
    probability : float
        That the two frames, as placed, fit to within 1 px (0..1).
    status : Status
        After the solve.
    reason : str
        In words, why the status is not ``certain``, or why it was not used.
    used : bool
        Whether the positions rest on it.
    needs_look : bool
        Whether a person should look at it. A blank seam between two frames that others hold in
        place need not be looked at, though it is ``undetermined``.
    loop_error : float or None
        The smallest closure error of the 2x2 loops that it is part of, in px, from measured
        shifts alone; None if it is in no loop.
    """

    shift: Shift | None
    residual: Shift | None
    probability: float
    status: Status
    reason: str = ""
    used: bool = True
    needs_look: bool = False
    loop_error: float | None = None


@dataclass(frozen=True)
class Loop:
    """Four frames around a corner, and whether the shifts around it cancel.

    Parameters
    ----------
    frames : tuple of four int
        Indices, clockwise from the top left: 0-1 and 3-2 are beside each other.
    seams : tuple of four int
        Indices of the seams between 0-1, 1-2, 3-2 and 0-3.
    error : Shift or None
        Sum of the measured offsets around it, in px; None if one was not measured.
    """

    frames: tuple[int, int, int, int]
    seams: tuple[int, int, int, int]
    error: Shift | None

    @property
    def size(self) -> float | None:
        """The larger of the error's axes, in px."""
        return None if self.error is None else max(abs(self.error.dy), abs(self.error.dx))


@dataclass(frozen=True)
class StageModel:
    """What the stage does besides what the layout says, from the certain seams.

    Parameters
    ----------
    horizontal, vertical : Shift
        Systematic shift of the seams between frames beside and below each other, in px.
    by_row, by_col : tuple of (int, Shift)
        What horizontal seams of a row, vertical seams of a column add to that, in px.
    scatter : (dy, dx)
        Standard deviation of what remains of a seam's shift, in px, robust.
    n_seams : int
        Seams that it was fitted to; 0 means that the layout stands as it is.
    """

    horizontal: Shift = NO_SHIFT
    vertical: Shift = NO_SHIFT
    by_row: tuple[tuple[int, Shift], ...] = ()
    by_col: tuple[tuple[int, Shift], ...] = ()
    scatter: tuple[float, float] = (0.0, 0.0)
    n_seams: int = 0


@dataclass(frozen=True, eq=False)
class Solution:
    """Positions of all frames and verdicts on all seams.

    Parameters
    ----------
    layout : Layout
        What was solved.
    seams : tuple of Seam
        The seams of the layout.
    estimates : tuple of Estimate
        What was found about each, or a person's decision (status ``hand``).
    frames : tuple of SolvedFrame
        One a frame of the layout, in its order.
    verdicts : tuple of SolvedSeam
        One a seam, in the order of `seams`.
    loops : tuple of Loop
        Every 2x2 of frames whose four seams there are.
    stage : StageModel
        What the stage does besides.
    solver : Solver
        How it was found.
    feature_size : float or None
        In px: a residual or an uncertainty beyond half of it is flagged.
    seconds : float
        Time that it took.
    """

    layout: Layout
    seams: tuple[Seam, ...]
    estimates: tuple[Estimate, ...]
    frames: tuple[SolvedFrame, ...]
    verdicts: tuple[SolvedSeam, ...]
    loops: tuple[Loop, ...] = ()
    stage: StageModel = StageModel()
    solver: Solver = Solver.BELIEF
    feature_size: float | None = None
    seconds: float = 0.0

    @cached_property
    def to_look_at(self) -> tuple[int, ...]:
        """Indices of the seams that a person should look at, the most doubtful first."""
        doubted = [k for k, verdict in enumerate(self.verdicts) if verdict.needs_look]
        return tuple(sorted(doubted, key=lambda k: (self.verdicts[k].probability, k)))

    @property
    def n_parts(self) -> int:
        """How many connected parts there are."""
        return 1 + max(frame.part for frame in self.frames)

    def offset(self, seam: int) -> Offset:
        """Offset of a seam's frames as they were placed, with fractions, in px."""
        one, two = self.seams[seam].pair
        (y0, x0), (y1, x1) = self.frames[one].position, self.frames[two].position
        return Offset(y1 - y0, x1 - x0)

    def counts(self) -> dict[Status, int]:
        """How many seams have each status, those that there are."""
        statuses = [verdict.status for verdict in self.verdicts]
        return {status: statuses.count(status) for status in Status if status in statuses}
