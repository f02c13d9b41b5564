"""Finding positions anew after each change, in the background; the newest change wins.

How positions are found is `solve/`'s business, and what is shown of them everybody's who listens
to the session.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakSet

from qtpy.QtCore import QObject, Signal

from ._work import Work

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from ..layouts import Layout
    from ..projects import Project
    from ..shifts.estimate import Progress
    from ._grid_session import GridSession


class Solving(QObject):
    """Keeps the positions of a session up to date.

    Parameters
    ----------
    session : GridSession
        Asked for its project after each change, and handed the solved one.
    is_estimating : callable
        Whether seams are being estimated now: then there is nothing to solve yet.
    parent : QObject
        Its end stops the work.
    """

    said = Signal(str)
    """One sentence on what is wrong; empty takes the last back."""
    turned = Signal()
    """It began, or it is over."""

    def __init__(
        self, session: GridSession, is_estimating: Callable[[], bool], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._is_estimating = is_estimating
        self._solving: Project | None = None
        self._incomplete: WeakSet[Layout] = WeakSet()
        self.work = Work(self)
        self.work.ended.connect(self.turned)
        session.changed.connect(self.look)

    @property
    def is_busy(self) -> bool:
        """Whether positions are being found."""
        return self.work.is_busy

    def solve_incomplete(self) -> None:
        """Place the frames though seams are still to be estimated; those count as blank."""
        project = self._session.project
        if project is not None:
            self._incomplete.add(project.layout)
            self.look()

    def is_incomplete(self, layout: Layout) -> bool:
        """Whether a layout is solved though seams of it are still to be estimated."""
        return layout in self._incomplete

    def wait_for_all(self) -> None:
        """Solve the present layout only when all its seams are estimated again."""
        project = self._session.project
        if project is not None:
            self._incomplete.discard(project.layout)

    def look(self) -> None:
        """Solve the present project, unless it is solved or not ready for it."""
        project = self._session.project
        if project is None or project.solved is not None or not self._is_ready(project):
            self._solving = None
            self.work.cancel()
            return
        if project is self._solving:
            return
        self._solving = project

        def job(progress: Progress) -> Generator[str, None, Project]:
            yield "finding positions"
            return project.solve(progress)

        self.work.start(job, self._on_solved, self._on_failed)
        self.said.emit("")
        self.turned.emit()

    # -- inside -------------------------------------------------------------------------------

    def _is_ready(self, project: Project) -> bool:
        if self._is_estimating() or not project.seams:
            return False
        return not project.unfinished or project.layout in self._incomplete

    def _on_solved(self, project: Project | None) -> None:
        if project is not None:
            self._session.take_solved(project)
        # It stays noted: one that cannot be solved is not tried again until something changes.

    def _on_failed(self, why: str) -> None:
        self.said.emit(f"no positions were found: {why}")
