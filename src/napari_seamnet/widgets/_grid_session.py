"""A person's work on a grid: the project with its history, which seam is looked at, what changed.

Nothing here knows Qt or napari, and nothing heavy is computed: layouts, estimates and solved
projects come in, and whoever listens is told. Every step that a person can undo goes through
`GridSession.record`; one that does not breaks undo.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from psygnal import Signal

from ..projects import History, Project

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ..as_text import Opened
    from ..geometry import Shift
    from ..layouts import Layout
    from ..shifts import Estimate, Status
    from ..solve import Solution
    from ..stitching import StitchSettings


class GridSession:
    """One grid, from its layout to its last decision.

    Attributes
    ----------
    path : Path or None
        The project's file, once it has one.
    """

    laid_out = Signal()
    """Another layout: other frames, or the same elsewhere. Everything is to be drawn anew."""
    changed = Signal()
    """The present project is another one: after every step, undo, redo, and every solve."""
    estimated = Signal(int)
    """A seam (by its index) has been estimated; many may come a second."""
    selected = Signal(object)
    """The seam that is looked at: its index, or None."""

    def __init__(self) -> None:
        self._history: History[Project] | None = None
        self._seam: int | None = None
        self._solution: Solution | None = None
        self.path: Path | None = None
        self._opened: WeakKeyDictionary[Layout, Opened] = WeakKeyDictionary()

    # -- what is the case ---------------------------------------------------------------------

    @property
    def project(self) -> Project | None:
        """The present project; None before a layout is opened."""
        return None if self._history is None else self._history.present

    @property
    def solution(self) -> Solution | None:
        """The present positions and verdicts; the last ones while new ones are being found."""
        return self._solution

    @property
    def is_solved(self) -> bool:
        """Whether `solution` is that of the present project."""
        return self.project is not None and self.project.solved is not None

    @property
    def seam(self) -> int | None:
        """Index of the seam that is looked at."""
        return self._seam

    @property
    def queue(self) -> tuple[int, ...]:
        """The seams that deserve a look, the most doubtful first."""
        return () if self._solution is None else self._solution.to_look_at

    @property
    def opened(self) -> Opened | None:
        """How the present layout was opened, if that was remembered; also after undo and redo."""
        return None if self.project is None else self._opened.get(self.project.layout)

    def remember(self, layout: Layout, opened: Opened) -> None:
        """Remember how a layout was opened, so that what was done can be put into words."""
        self._opened[layout] = opened

    def status(self, seam: int) -> Status | None:
        """What is known of a seam: after the solve if there was one, else by itself."""
        project = self.project
        if project is None:
            return None
        if self._solution is not None and seam < len(self._solution.verdicts):
            return self._solution.verdicts[seam].status
        estimate = project.estimates[seam]
        return None if estimate is None else estimate.status

    # -- steps --------------------------------------------------------------------------------

    def open(self, project: Project, path: Path | None = None) -> None:
        """Begin with a project, whose history begins here."""
        self._history = History(project)
        self.path = path
        self._solution = project.solution() if project.solved is not None else None
        self._seam = None
        self.laid_out.emit()
        self.changed.emit()

    def lay_out(self, layout: Layout, settings: StitchSettings | None = None) -> None:
        """Begin with a layout of which nothing is known yet; can be undone if there was one."""
        fresh = Project.of_layout(layout, settings)
        if self._history is None:
            self.open(fresh)
            return
        self._solution = None
        self._seam = None
        self.record(fresh, "new layout")

    def record(self, project: Project, what: str) -> None:
        """Take a step that can be undone."""
        if self._history is None:
            self.open(project)
            return
        before = self._history.present
        self._history = self._history.do(project, what)
        self._arrive(before)

    def take_estimate(self, seam: int, estimate: Estimate) -> None:
        """Take what was found about one seam; no step of a person's, so none to undo."""
        self._replace(self._present.with_estimates({seam: estimate}))
        self.estimated.emit(seam)

    def take_estimates(self, estimates: Mapping[int, Estimate]) -> None:
        """Take what was found about several seams."""
        self._replace(self._present.with_estimates(estimates))
        self.changed.emit()

    def take_solved(self, project: Project) -> None:
        """Take the present project with its positions, as `Project.solve` gives it.

        One that was solved from another state than the present is thrown away.
        """
        present = self.project
        if present is None or project.solved is None:
            return
        if not _same_question(project, present):
            return
        self._replace(project)
        self._solution = project.solution()
        self.changed.emit()

    def forget_solution(self) -> None:
        """Have no positions any more, as when seams are estimated anew: each counts by itself."""
        if self._solution is not None:
            self._solution = None
            self._replace(replace(self._present, solved=None))
            self.changed.emit()

    def decide(self, seam: int, shift: Shift, note: str = "") -> None:
        """Decide a seam by hand: its shift, relative to the nominal offset."""
        pair = self._present.seams[seam].pair
        self.record(self._present.with_decision(*pair, shift, note=note), "decision")

    def exclude(self, seam: int) -> None:
        """Use nothing of what a seam says."""
        self.record(self._present.with_excluded(*self._present.seams[seam].pair), "exclusion")

    def take_back(self, seam: int) -> None:
        """Forget what a person decided about a seam."""
        pair = self._present.seams[seam].pair
        self.record(self._present.without_decision(*pair), "decision taken back")

    def set_settings(self, settings: StitchSettings) -> None:
        """Change settings; what depends on them is to be computed anew."""
        if settings != self._present.settings:
            self.record(self._present.with_settings(settings), "settings")

    # -- history ------------------------------------------------------------------------------

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to undo."""
        return self._history is not None and self._history.can_undo

    @property
    def can_redo(self) -> bool:
        """Whether there is a step to do again."""
        return self._history is not None and self._history.can_redo

    def undo(self) -> None:
        """Go back by one step, if there is one."""
        if self._history is not None and self._history.can_undo:
            before = self._history.present
            self._history = self._history.undo()
            self._arrive(before)

    def redo(self) -> None:
        """Do the step again that was undone last, if there is one."""
        if self._history is not None and self._history.can_redo:
            before = self._history.present
            self._history = self._history.redo()
            self._arrive(before)

    # -- looking ------------------------------------------------------------------------------

    def select(self, seam: int | None) -> None:
        """Look at a seam."""
        if seam != self._seam:
            self._seam = seam
            self.selected.emit(seam)

    def step(self, by: int) -> None:
        """Look at the next (1) or the previous (-1) seam of the queue; it goes round."""
        queue = self.queue
        if not queue:
            self.select(None)
        elif self._seam in queue:
            self.select(queue[(queue.index(self._seam) + by) % len(queue)])
        else:
            self.select(queue[0 if by > 0 else -1])

    # -- inside -------------------------------------------------------------------------------

    @property
    def _present(self) -> Project:
        if self._history is None:
            raise ValueError("there is no grid yet; open a folder, a layout file or a project")
        return self._history.present

    def _replace(self, project: Project) -> None:
        if self._history is not None:
            self._history = self._history.replaced(project)

    def _arrive(self, before: Project) -> None:
        """Tell what has changed, after a step or back."""
        present = self._present
        if present.solved is not None:
            self._solution = present.solution()
        if present.layout is not before.layout:
            if present.solved is None:
                self._solution = None
            self._seam = None
            self.laid_out.emit()
        self.changed.emit()


def _same_question(solved: Project, present: Project) -> bool:
    """Whether a solved project answers the present one."""
    return (
        solved.layout is present.layout
        and solved.settings == present.settings
        and solved.decisions == present.decisions
        and solved.excluded == present.excluded
        and solved.estimates == present.estimates
    )
