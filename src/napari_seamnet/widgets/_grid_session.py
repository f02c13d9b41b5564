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

from ..projects import History, Project, ProjectError
from ..projects.decision import logged_in
from ..projects.grow import growth as growth_of
from ..shifts import Status
from ..solve.resettle import resettle
from ._grid_found import Found

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ..as_text import Opened
    from ..geometry import Shift
    from ..layouts import Layout
    from ..projects.grow import Growth
    from ..shifts import Estimate
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
    grown = Signal(object)
    """Frames have come, as `Growth` says; `laid_out` and `changed` follow."""
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
        # A step back leads to a state that knows nothing of what was found since.
        self._found = Found()

    # -- what is the case ---------------------------------------------------------------------

    @property
    def project(self) -> Project | None:
        """The present project; None before a layout is opened."""
        return None if self._history is None else self._history.present

    @property
    def history(self) -> History[Project] | None:
        """The present project with what can be undone and done again."""
        return self._history

    @property
    def solution(self) -> Solution | None:
        """The present positions and verdicts; a first answer while the solver finds them anew."""
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
        """The seams that deserve a look, the most doubtful first; none that was just decided."""
        project, solution = self.project, self._solution
        if project is None or solution is None or len(solution.verdicts) != len(project.seams):
            return ()
        decided = {decision.pair: decision.shift for decision in project.decisions}

        def is_settled(seam: int) -> bool:
            pair, verdict = project.seams[seam].pair, solution.verdicts[seam]
            # Positions may still be those of before the decision.
            is_known = verdict.status is Status.HAND and verdict.shift == decided.get(pair)
            return pair in project.excluded or (pair in decided and not is_known)

        return tuple(seam for seam in solution.to_look_at if not is_settled(seam))

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

    def open(
        self,
        project: Project,
        path: Path | None = None,
        history: History[Project] | None = None,
    ) -> None:
        """Begin with a project, whose history begins here, or goes on.

        Parameters
        ----------
        project : Project
            What is the case.
        path : Path, optional
            Its file.
        history : History, optional
            Of an equal project, such as that of the same file earlier in this sitting: its own
            present one takes the project's place.
        """
        self._history = History(project) if history is None else history
        project = self._history.present
        self._found.note(project, dict(enumerate(project.estimates)))
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
        self._found.note(self._present, {seam: estimate})
        self._replace(self._present.with_estimates({seam: estimate}))
        self.estimated.emit(seam)

    def take_estimates(self, estimates: Mapping[int, Estimate]) -> None:
        """Take what was found about several seams."""
        self._found.note(self._present, estimates)
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

    def grow(self, arrived: Layout, opened: Opened | None = None) -> Growth | None:
        """Take in frames that have come; no step of a person's, and every step can be undone.

        All states before and after the present one grow alike, as far as they are of the same
        frames: to undo a decision takes no frame away, and nothing that was decided is lost.

        Parameters
        ----------
        arrived : Layout
            Of all files that there are by now.
        opened : Opened, optional
            How it was opened; without, frames must lie as they did.

        Returns
        -------
        Growth or None
            None if nothing has come.

        Raises
        ------
        ProjectError
            If `arrived` does not go with the grid: see `growth`.
        """
        history, present = self._history, self._present
        if history is None:
            return None
        # Of each layout that there was, and the seams that it had.
        growths = {
            id(present.layout): (
                self._growth(present.layout, arrived, opened is not None),
                present.seams,
            )
        }
        growth = growths[id(present.layout)][0]
        if growth is None:
            return None

        def grow(project: Project) -> Project:
            layout = project.layout
            if id(layout) not in growths:
                try:
                    one = self._growth(layout, arrived, False)
                except ProjectError:  # a grid of other frames, which a person undid or began with
                    one = None
                growths[id(layout)] = one, project.seams
            one, _ = growths[id(layout)]
            return project if one is None else one.of(project)

        self._history = history.mapped(grow)
        for one, seams in growths.values():
            if one is not None:
                self._found.grow(one, seams)
                self._remember_grown(one, opened)
        self._solution = None
        seam = self._seam
        self._seam = None if seam is None else growth.seam_now(present.seams[seam])
        self.grown.emit(growth)
        self.laid_out.emit()
        if self._seam != seam:
            self.selected.emit(self._seam)
        self.changed.emit()
        return growth

    def decide(self, seam: int, shift: Shift, note: str = "") -> None:
        """Decide a seam by hand: its shift, relative to the nominal offset."""
        pair = self._present.seams[seam].pair
        decided = self._present.with_decision(*pair, shift, who=logged_in(), note=note)
        self.record(decided, "decision")

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
            known = self._found.filled(self._present.with_settings(settings))
            self.record(known, "settings")

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
            self._replace(self._found.filled(self._present))
            self._arrive(before)

    def redo(self) -> None:
        """Do the step again that was undone last, if there is one."""
        if self._history is not None and self._history.can_redo:
            before = self._history.present
            self._history = self._history.redo()
            self._replace(self._found.filled(self._present))
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

    def _growth(self, layout: Layout, arrived: Layout, elsewhere: bool) -> Growth | None:
        opened = self._opened.get(layout)
        left_out = () if opened is None else opened.left_out
        return growth_of(layout, arrived, left_out, elsewhere=elsewhere)

    def _remember_grown(self, growth: Growth, opened: Opened | None) -> None:
        was = self._opened.get(growth.before, opened)
        if was is not None:
            source = was.source if opened is None else opened.source
            self.remember(growth.layout, replace(was, source=source))

    def _replace(self, project: Project) -> None:
        if self._history is not None:
            self._history = self._history.replaced(project)

    def _arrive(self, before: Project) -> None:
        """Tell what has changed, after a step or back."""
        present = self._present
        if present.solved is not None:
            self._solution = present.solution()
        elif self._solution is not None and present.layout is before.layout:
            # A first answer at once; the solver's follows.
            self._solution = resettle(self._solution, present.decided())
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
