"""Estimating the seams of a session's layout: in the background, paused, cancelled, resumed.

How a seam is estimated is the engine's business. What is found is handed to the session a few
times a second, in the main thread; the journal has it by then.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, QTimer, Signal

from ..nets.preload import preload_libraries
from ..shifts.registry import runs_on_device
from ..stitching import StitchSettings, Workers, estimate, level
from ._grid_kept import journal_of
from ._work import Work

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from ..layouts import Layout
    from ..shifts import Estimate
    from ..shifts.estimate import Progress
    from ._grid_found import Way
    from ._grid_session import GridSession

HAND_ON_MS = 80
"""Seams that were finished within this are handed on together."""
MANY = 6
"""So many at once, as from a journal, are one change of the grid."""
MANY_MS = 400


class Estimating(QObject):
    """Runs over the seams that are still to be estimated.

    Parameters
    ----------
    session : GridSession
        Where the layout comes from, and estimates go to.
    parent : QObject
        Its end stops the work.
    """

    said = Signal(str)
    """One sentence on what is wrong; empty takes the last back."""
    turned = Signal()
    """It began, was paused, went on, or is over."""
    progressed = Signal(int, int, str)
    """Seams that are done of this run, all of it (0 where it is not known), and what is done."""
    ended = Signal()
    """A run is over, one way or another."""

    def __init__(self, session: GridSession, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._go = threading.Event()
        self._go.set()
        self._run: _Run | None = None
        self._levelled: Layout | None = None
        self.work = Work(self)
        self.work.progressed.connect(self.progressed)
        self.work.ended.connect(self._on_over)
        self._hand_on_soon = QTimer(self)
        self._hand_on_soon.setSingleShot(True)
        self._hand_on_soon.timeout.connect(self._hand_on)
        session.changed.connect(self._follow)

    @property
    def is_busy(self) -> bool:
        """Whether a run is under way, paused or not."""
        return self.work.is_busy

    @property
    def is_paused(self) -> bool:
        """Whether a run waits for the person."""
        return self.is_busy and not self._go.is_set()

    def start(self, settings: StitchSettings, workers: Workers) -> None:
        """Estimate the seams of the present layout that have no estimate by these settings."""
        project = self._session.project
        if project is None:
            return
        self.said.emit("")
        self._session.set_settings(settings)
        project = self._session.project
        if project is None:
            return
        if project.unfinished:
            # Else a seam would show what became of it in another run.
            self._session.forget_solution()
        fresh = all(estimate is None for estimate in project.estimates)
        if settings.wide is not None and fresh and project.layout is not self._levelled:
            self._level(project.layout, settings, workers)
        else:
            self._estimate(settings, workers)

    def pause(self) -> None:
        """Let the workers finish what they are at, and begin nothing."""
        self._go.clear()
        self.turned.emit()

    def resume(self) -> None:
        """Go on after a pause."""
        self._go.set()
        self.turned.emit()

    def cancel(self) -> None:
        """Stop; what is finished is kept."""
        self._hand_on()
        self.work.cancel()

    # -- the work -----------------------------------------------------------------------------

    def _level(self, layout: Layout, settings: StitchSettings, workers: Workers) -> None:
        def job(progress: Progress) -> Generator[str, None, Layout]:
            yield "a coarse look at the pictures"
            return level(layout, settings, progress=self._pausing(progress))

        def done(levelled: Layout | None) -> None:
            now = self._session.project
            if levelled is None or now is None or now.layout is not layout:
                return
            self._levelled = levelled
            if (opened := self._session.opened) is not None:
                self._session.remember(levelled, opened)
            self._session.lay_out(levelled, settings)
            self._estimate(settings, workers)

        self._begin(_Run(layout, settings.way, ()), job, done)

    def _estimate(self, settings: StitchSettings, workers: Workers) -> None:
        project = self._session.project
        if project is None or not project.unfinished:
            self.turned.emit()
            self.ended.emit()
            return
        run = _Run(project.layout, settings.way, project.unfinished)
        seams = [project.seams[k] for k in run.seams]

        def job(progress: Progress) -> Generator[str, None, tuple[Estimate, ...]]:
            if runs_on_device(settings.method):
                yield "loading the network"
                preload_libraries()
            yield "reading the frames"
            journal = journal_of(project)
            return estimate(
                run.layout,
                seams,
                settings,
                workers=workers,
                journal=journal,
                progress=self._pausing(progress),
                on_result=run.take,
            )

        self._begin(run, job, lambda found: None)

    def _begin(
        self,
        run: _Run,
        job: Callable[[Progress], Generator[str, None, object]],
        done: Callable[[Any], None],
    ) -> None:
        self.work.cancel()
        self._go.set()
        self._run = run
        self.work.start(job, done, self.said.emit)
        if run.seams:
            self._hand_on_soon.start(HAND_ON_MS)
        self.turned.emit()

    def _pausing(self, progress: Progress) -> Progress:
        def report(done: int, total: int, what: str) -> None:
            progress(done, total, what)
            while not self._go.wait(0.1):
                progress(done, total, "paused")  # raises, if it was cancelled meanwhile

        return report

    # -- in the main thread -------------------------------------------------------------------

    def _hand_on(self) -> None:
        """Give the session what was found since the last time."""
        run = self._run
        if run is None:
            return
        found = run.given()
        if found and self._is_still_asked(run):
            if len(found) > MANY:
                self._session.take_estimates(found)
            else:
                for index, one in found.items():
                    self._session.take_estimate(index, one)
        if self.is_busy and self._run is run:
            self._hand_on_soon.start(MANY_MS if len(found) > MANY else HAND_ON_MS)

    def _on_over(self) -> None:
        self._hand_on_soon.stop()
        self._hand_on()
        self._run = None
        self._go.set()
        self.turned.emit()
        self.ended.emit()

    def _is_still_asked(self, run: _Run) -> bool:
        project = self._session.project
        return (
            project is not None
            and project.layout is run.layout
            and project.settings.way == run.way
        )

    def _follow(self) -> None:
        """Stop where nobody asks any more."""
        run = self._run
        if run is not None and run.seams and not self._is_still_asked(run):
            self.cancel()
            self.said.emit(
                "The grid was changed, so the run was stopped; what is finished is kept."
            )


class _Run:
    """Which seams are estimated, and what was found and not handed on yet."""

    def __init__(self, layout: Layout, way: Way, seams: Sequence[int]) -> None:
        self.layout = layout
        self.way = way
        self.seams = tuple(seams)
        self._given: deque[tuple[int, Estimate]] = deque()

    def take(self, number: int, found: Estimate) -> None:
        """Take what was found; in the thread of the work."""
        self._given.append((self.seams[number], found))

    def given(self) -> dict[int, Estimate]:
        """Hand on what was taken, once; in the main thread."""
        found = {}
        while self._given:
            index, one = self._given.popleft()
            found[index] = one
        return found
