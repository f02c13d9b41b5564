"""While seams are estimated: where the frames would lie by what is known so far, now and then.

Least squares on the seams that are sure by themselves, for the eye only: the session hears
nothing of it, and the solver has the last word.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer, Signal

from ..shifts import Status
from ..shifts.estimate import undetermined
from ..solve import Solver, solve
from ._work import Work

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from ..layouts import Layout
    from ..shifts.estimate import Progress
    from ._grid_session import GridSession

EVERY_MS = 1500
SURE = (Status.CERTAIN, Status.HAND)
Places = tuple[tuple[int, int], ...]


class RunPreview(QObject):
    """Lets the frames settle while a run is under way.

    Parameters
    ----------
    session : GridSession
        Whose estimates are looked at.
    is_estimating : callable
        Whether seams are being estimated now.
    parent : QObject
        Its end stops it.
    """

    placed = Signal(object, object)
    """A layout, and where its frames would lie: (y, x) in whole px, a pair each."""

    def __init__(
        self, session: GridSession, is_estimating: Callable[[], bool], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._is_estimating = is_estimating
        self._known = 0
        self.work = Work(self)
        self._timer = QTimer(self)
        self._timer.setInterval(EVERY_MS)
        self._timer.timeout.connect(self.look)

    def follow(self) -> None:
        """Begin, or stop, as the run does."""
        if self._is_estimating():
            self._timer.start()
        else:
            self._timer.stop()
            self._known = 0
            self.work.cancel()

    def look(self) -> None:
        """Place the frames by what is known, if more is known than the last time."""
        project = self._session.project
        if project is None or self.work.is_busy or self._session.solution is not None:
            return
        sure = [e is not None and e.status in SURE for e in project.decided()]
        if sum(sure) == self._known:
            return
        self._known = sum(sure)
        estimates = [
            e if counts else undetermined("", "")
            for e, counts in zip(project.decided(), sure, strict=True)
        ]
        layout, seams = project.layout, project.seams

        def job(progress: Progress) -> Generator[str, None, Places]:
            yield "placing"
            solution = solve(layout, seams, estimates, solver=Solver.LEAST_SQUARES)
            return tuple(frame.whole for frame in solution.frames)

        self.work.start(job, lambda places: self._on_placed(layout, places), lambda why: None)

    def _on_placed(self, layout: Layout, places: Places | None) -> None:
        if places is not None:
            self.placed.emit(layout, places)
