"""What a person does to the seam that is looked at: move it, take a fit, decide, undo.

Nothing here knows Qt or napari. A shift that is not confirmed lives here, as a `Draft`, and
nowhere else; whatever is decided goes to the session at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from psygnal import Signal

from ..shifts import Status
from ._aligning import SNAP_REACH
from ._grid_draft import Draft
from ._grid_rows import changed_seams

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..geometry import Offset
    from ..shifts import Estimate
    from ._grid_session import GridSession

MOST_FITS = 9
"""Fits that have a digit."""


class Reviewing:
    """The present seam of a session, and the shift at which it is held.

    Parameters
    ----------
    session : GridSession
        The grid.
    """

    held = Signal()
    """The second frame is held elsewhere; nothing is decided."""
    deciding = Signal(int)
    """A seam is about to be decided or excluded."""
    found = Signal(int)
    """An undo or redo was about another seam than the present one."""
    said = Signal(str)
    told = Signal(str)
    """One sentence on what came of something."""
    """One sentence for the person."""

    def __init__(self, session: GridSession) -> None:
        self._session = session
        self.draft: Draft | None = None

    @property
    def estimate(self) -> Estimate | None:
        """What was found about the present seam by itself."""
        project, seam = self._session.project, self._session.seam
        return None if project is None or seam is None else project.estimates[seam]

    @property
    def fits(self) -> int:
        """How many other fits the present seam has, those that have a digit."""
        return 0 if self.estimate is None else len(self.estimate.alternatives[:MOST_FITS])

    @property
    def can_undo(self) -> bool:
        """Whether there is a nudge or a step to undo."""
        return self._session.can_undo or (self.draft is not None and self.draft.steps.can_undo)

    @property
    def can_redo(self) -> bool:
        """Whether there is a nudge or a step to do again."""
        return self._session.can_redo or (self.draft is not None and self.draft.steps.can_redo)

    @property
    def is_excluded(self) -> bool:
        """Whether the present seam is excluded."""
        project, seam = self._session.project, self._session.seam
        return project is not None and seam is not None and self._pair in project.excluded

    @property
    def is_decided(self) -> bool:
        """Whether the present seam is decided by hand."""
        project, seam = self._session.project, self._session.seam
        if project is None or seam is None:
            return False
        return project.decision(*project.seams[seam].pair) is not None

    def follow(self) -> None:
        """Take up the session's seam and state; a draft that was moved stays what it is."""
        seam, draft = self._session.seam, self.draft
        if seam is None:
            self.draft = None
        elif draft is None or draft.seam != seam or not draft.is_moved:
            self.draft = Draft.of(self._session, seam)

    # -- moving -------------------------------------------------------------------------------

    def nudge(self, dy: int, dx: int) -> None:
        """Move the second frame by whole px."""
        if self.draft is not None:
            self._hold(self.draft.nudged(dy, dx))

    def move_to(self, dy: int, dx: int) -> None:
        """Move the second frame to a whole-pixel shift."""
        if self.draft is not None:
            y, x = self.draft.shift.whole()
            self._hold(self.draft.nudged(dy - y, dx - x))

    def take(self, number: int) -> None:
        """Move the second frame to another fit, by its number; 0 is the method's own answer."""
        estimate, draft = self.estimate, self.draft
        if estimate is None or draft is None or estimate.status is Status.UNDETERMINED:
            return
        fits = [estimate.shift, *(fit.shift for fit in estimate.alternatives[:MOST_FITS])]
        if 0 <= number < len(fits):
            self._hold(draft.moved(fits[number], f"fit {number}"))

    def take_snap(self, seam: int, here: Offset, estimate: Estimate) -> None:
        """Move to what was found around an offset, if the second frame is still held there.

        Parameters
        ----------
        seam : int
            Which seam was looked at.
        here : Offset
            Around which offset of its frames.
        estimate : Estimate
            Relative to that.
        """
        project, draft = self._session.project, self.draft
        if project is None or draft is None or draft.seam != seam:
            return
        nominal = project.seams[seam].nominal
        if (nominal + draft.shift).whole() != here.whole():
            return
        if estimate.status is Status.UNDETERMINED:
            self.said.emit(f"No best fit within ±{SNAP_REACH} px of here; move nearer.")
        else:
            self._hold(draft.moved(here + estimate.shift - nominal, "snap"))

    def reset(self) -> None:
        """Put the second frame back to where it lies."""
        if self.draft is not None:
            self._hold(self.draft.begun())

    # -- deciding -----------------------------------------------------------------------------

    def confirm(self) -> None:
        """Decide for where the second frame is held."""
        draft = self.draft
        if draft is None:
            return
        self.deciding.emit(draft.seam)
        if draft.is_moved or not self.is_decided:
            self.draft = None  # what is decided is no draft any more
            self._session.decide(draft.seam, draft.shift)

    def exclude(self) -> None:
        """Use nothing of what the present seam says; or use it again."""
        seam = self._session.seam
        if seam is None:
            return
        self.draft = None
        if self.is_excluded:
            self._session.take_back(seam)
        else:
            self.deciding.emit(seam)
            self._session.exclude(seam)

    def take_back(self) -> None:
        """Forget what was decided about the present seam."""
        seam = self._session.seam
        if seam is not None and (self.is_decided or self.is_excluded):
            self.draft = None
            self._session.take_back(seam)

    def take_estimate(self, seam: int, estimate: Estimate) -> None:
        """Put another estimate in the place of what was found about a seam; can be undone."""
        project = self._session.project
        if project is None:
            return
        self._session.record(project.with_estimates({seam: estimate}), "another estimate")
        dy, dx = estimate.shift.whole()
        said = f"Estimated again: {estimate.status}"
        if estimate.status is not Status.UNDETERMINED:
            said += f", ({dy:+d}, {dx:+d}) px"
        self.told.emit(f"{said}.")

    # -- history ------------------------------------------------------------------------------

    def undo(self) -> None:
        """Take the last nudge back; if there is none, the last step of the whole work."""
        if self.draft is not None and self.draft.steps.can_undo:
            self._hold(self.draft.undone())
        else:
            self._travel(self._session.undo)

    def redo(self) -> None:
        """Do again what was undone last."""
        if self.draft is not None and self.draft.steps.can_redo:
            self._hold(self.draft.redone())
        else:
            self._travel(self._session.redo)

    def _travel(self, how: Callable[[], None]) -> None:
        """Undo or redo, and find the seam that it was about."""
        before = self._session.project
        self.draft = None
        how()
        self.follow()
        seams = changed_seams(before, self._session.project)
        if len(seams) == 1 and seams[0] != self._session.seam:
            self.found.emit(seams[0])

    def _hold(self, draft: Draft) -> None:
        if draft is not self.draft:
            self.draft = draft
            self.held.emit()

    @property
    def _pair(self) -> tuple[int, int] | None:
        project, seam = self._session.project, self._session.seam
        return None if project is None or seam is None else project.seams[seam].pair
