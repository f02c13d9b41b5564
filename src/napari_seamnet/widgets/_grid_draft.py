"""The shift that a person is about to decide on: where it begins, and how they got where it is.

Nothing is decided here, and nothing knows Qt or napari: a draft becomes a decision by
`GridSession.decide`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..geometry import Offset, Shift
from ..projects import History
from ..shifts import Status
from ._state import PairState

if TYPE_CHECKING:
    from ._grid_session import GridSession
    from ._state import Point

NEAR = 1.0
"""px: two shifts no farther apart than this are the same fit."""


@dataclass(frozen=True)
class Draft:
    """A shift of one seam, and the steps that led to it; every step gives a new draft.

    Parameters
    ----------
    seam : int
        Index of the seam.
    steps : History of Shift
        Shifts relative to the seam's nominal offset, in px.
    """

    seam: int
    steps: History[Shift]

    @classmethod
    def of(cls, session: GridSession, seam: int) -> Draft:
        """Begin where the seam's frames lie now."""
        return cls(seam, History(shift_now(session, seam)))

    @property
    def shift(self) -> Shift:
        """Where the second frame is held, relative to its nominal offset."""
        return self.steps.present

    @property
    def is_moved(self) -> bool:
        """Whether a person has moved it away from where it began."""
        return self.steps.can_undo and self.shift != self.steps.past[0][0]

    def nudged(self, dy: int, dx: int) -> Draft:
        """Move by whole pixels, on whole pixels: fractions are for methods."""
        y, x = self.shift.whole()
        return self.moved(Shift(y + dy, x + dx), "nudge")

    def moved(self, shift: Shift, what: str) -> Draft:
        """Move to a shift."""
        if shift == self.shift:
            return self
        return replace(self, steps=self.steps.do(shift, what))

    def undone(self) -> Draft:
        """Take the last step back, if there is one."""
        return replace(self, steps=self.steps.undo()) if self.steps.can_undo else self

    def redone(self) -> Draft:
        """Take the step again that was taken back last, if there is one."""
        return replace(self, steps=self.steps.redo()) if self.steps.can_redo else self

    def begun(self) -> Draft:
        """Go back to where it began, as a step."""
        return self.moved(self.steps.past[0][0], "reset") if self.steps.can_undo else self


def shift_now(session: GridSession, seam: int) -> Shift:
    """Where a seam's frames lie now, as a shift: decided, measured if that is it, or placed.

    The measured shift, which has a fraction, stands for the whole pixels that it rounds to: to
    confirm what is seen then keeps the fraction.
    """
    project = session.project
    if project is None:
        return Shift(0.0, 0.0)
    decision = project.decision(*project.seams[seam].pair)
    if decision is not None:
        return decision.shift
    estimate = project.estimates[seam]
    measured = None
    if estimate is not None and estimate.status is not Status.UNDETERMINED:
        measured = estimate.shift
    placed = placed_shift(session, seam)
    if placed is None:
        return measured or Shift(0.0, 0.0)
    verdict = session.solution.verdicts[seam] if session.solution is not None else None
    for shift in (measured, verdict.shift if verdict is not None else None):
        if shift is not None and shift.whole() == placed.whole():
            return shift
    return placed


def placed_shift(session: GridSession, seam: int) -> Shift | None:
    """Where the solve puts a seam's frames, in whole px; None before there is one."""
    project, solution = session.project, session.solution
    if project is None or solution is None or len(solution.frames) != len(project.layout):
        return None
    which = project.seams[seam]
    (y0, x0), (y1, x1) = (solution.frames[frame].whole for frame in which.pair)
    return Offset(y1 - y0, x1 - x0) - which.nominal


def favoured(session: GridSession, seam: int) -> int | None:
    """Which fit the solve puts a seam's frames at: 0 the method's own answer; None if no fit."""
    project = session.project
    estimate = project.estimates[seam] if project is not None else None
    placed = placed_shift(session, seam)
    if placed is None or estimate is None or estimate.status is Status.UNDETERMINED:
        return None
    fits = [estimate.shift, *(other.shift for other in estimate.alternatives)]
    nearest = min(range(len(fits)), key=lambda n: fits[n].distance(placed))
    return nearest if fits[nearest].distance(placed) <= NEAR else None


def pair_state(session: GridSession, draft: Draft, first_at: Point) -> PairState | None:
    """A draft as *Align pair* would hold it: so that the same picture shows both.

    Parameters
    ----------
    session : GridSession
        With a project.
    draft : Draft
        Of one of its seams.
    first_at : (y, x)
        Where the seam's first frame is shown, in px.
    """
    project = session.project
    if project is None or draft.seam >= len(project.seams):
        return None
    seam = project.seams[draft.seam]
    dy, dx = (seam.nominal + draft.shift).whole()
    return PairState(
        (project.layout[seam.first].frame, project.layout[seam.second].frame),
        first_at,
        (first_at[0] + dy, first_at[1] + dx),
        seam.nominal,
        estimate=project.estimates[draft.seam],
        by_hand=draft.is_moved or project.decision(*seam.pair) is not None,
    )


def frame_at(session: GridSession, frame: int) -> Point:
    """Where a frame lies now, (y, x) in px: as solved, or where the layout has it."""
    project, solution = session.project, session.solution
    if solution is not None and frame < len(solution.frames):
        y, x = solution.frames[frame].whole
        return float(y), float(x)
    if project is None:
        return 0.0, 0.0
    y, x = project.layout[frame].whole
    return float(y), float(x)
