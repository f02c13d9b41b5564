"""Estimating one seam again: wider, by another method, or only around where it is held.

Which method, how far, and the work in the background. What becomes of the answer is decided in
`_grid_review.py`.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QSignalBlocker, Signal
from qtpy.QtWidgets import QProgressBar, QSizePolicy, QStackedLayout, QVBoxLayout, QWidget

from ..geometry import Offset
from ..pairs import align_pair
from ..shifts import get_method, method_names
from ..shifts.registry import runs_on_device
from ._align import TITLES
from ._aligning import NETWORK, SNAP_METHOD, SNAP_REACH
from ._controls import button, combo, label, pixels, row
from ._work import Work

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from ..geometry import Shift
    from ..projects import Project
    from ..shifts import Estimate
    from ..shifts.estimate import Progress
    from ._grid_session import GridSession

WIDER = 2
"""How many times as far as the first search the second looks, unless somebody says otherwise."""
FARTHEST = 500
"""px: beyond it a map over shifts takes minutes."""
SAME = "same method"


class AgainControls(QWidget):
    """Method, range, the button; progress and Cancel while it works."""

    wanted = Signal()
    cancelled = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._suggested = 0
        self.method = combo("How the shift of this one seam is found")
        self.method.opening.connect(self.list_methods)
        self.max_shift = pixels(
            1,
            FARTHEST,
            30,
            "How far this one seam is searched, each way from its nominal place",
            self._on_range,
        )
        self.max_shift.setPrefix("±")
        self.max_shift.setFixedWidth(90)
        self.start = button(
            "Re-estimate",
            "Estimate this seam again, by this method and within this range (R); can be undone",
            self.wanted.emit,
        )
        self.doing = label()
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setFixedHeight(8)
        self.cancel = button("Cancel", "Stop; nothing is changed", self.cancelled.emit)
        ready, working = QWidget(), QWidget()
        ready.setLayout(row(self.start, self.method, 1, self.max_shift))
        what = QVBoxLayout()
        what.setContentsMargins(0, 0, 0, 0)
        what.setSpacing(2)
        what.addWidget(self.doing)
        what.addWidget(self.progress)
        line = row(self.cancel)
        line.insertLayout(0, what, 1)
        working.setLayout(line)
        self._stack = QStackedLayout(self)
        self._stack.setContentsMargins(0, 0, 0, 0)
        self._stack.addWidget(ready)
        self._stack.addWidget(working)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.list_methods()

    def list_methods(self) -> None:
        """List the methods there are now; the chosen one stays chosen, if it is still there."""
        chosen = self.method.currentData() or ""
        with QSignalBlocker(self.method):
            self.method.clear()
            self.method.addItem(SAME, "")
            for name in method_names():
                self.method.addItem(TITLES.get(name, name), name)
            self.method.setCurrentIndex(max(0, self.method.findData(chosen)))

    def suggest(self, project: Project | None) -> None:
        """Suggest to look wider than the grid was searched, until somebody says otherwise."""
        if project is None or project.settings.max_shift == self._suggested:
            return
        self._suggested = project.settings.max_shift
        with QSignalBlocker(self.max_shift):
            self.max_shift.setValue(min(FARTHEST, WIDER * self._suggested))

    def chosen(self, project: Project, seam: int) -> tuple[str, int]:
        """Name of the method, and the range in px.

        A range beyond what the two frames share at all is cut down to that.
        """
        name = self.method.currentData() or project.settings.method
        return str(name), min(self.max_shift.value(), reach(project, seam))

    def show_ready(self, *, is_possible: bool = True) -> None:
        """Show the button again."""
        self._stack.setCurrentIndex(0)
        self.start.setEnabled(is_possible)

    def show_progress(self, done: int, total: int, what: str) -> None:
        """Show how far the work is; a total of 0 means that nobody knows."""
        self._stack.setCurrentIndex(1)
        self.progress.setRange(0, total)
        self.progress.setValue(done)
        self.doing.setText(what)

    @property
    def is_busy(self) -> bool:
        """Whether progress is shown where the button was."""
        return self._stack.currentIndex() == 1

    def _on_range(self, value: int) -> None:
        """Nothing follows from a number but what the button will do."""


def reach(project: Project, seam: int) -> int:
    """How far a seam can be searched: its frames must share something at the nominal place."""
    which = project.seams[seam]
    first, second = (project.layout[frame].frame.shape for frame in which.pair)
    return max(1, min(*first, *second) - 1)


class Again(QObject):
    """Estimates seams of a session again, one at a time, in the background.

    Parameters
    ----------
    session : GridSession
        Where the frames come from.
    device : callable
        Tells where a network runs.
    parent : QObject
        Its end stops the work.
    """

    estimated = Signal(int, object)
    """A seam's index, and its new `Estimate`."""
    snapped = Signal(int, object, object)
    """A seam's index, the `Offset` around which was searched, and the `Estimate`."""
    said = Signal(str)
    """One sentence for the person; empty takes the last one back."""

    def __init__(self, session: GridSession, device: Callable[[], str], parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._device = device
        self.work = Work(self)

    def estimate(self, seam: int, name: str, max_shift: int) -> None:
        """Estimate a seam around its nominal place."""
        project = self._session.project
        if project is not None:
            self._start(seam, project.seams[seam].nominal, name, max_shift, self.estimated.emit)

    def snap(self, seam: int, shift: Shift) -> None:
        """Search the neighbourhood of where the second frame is held."""
        project = self._session.project
        if project is not None:
            here = Offset(*(project.seams[seam].nominal + shift).whole())
            self._start(
                seam,
                here,
                SNAP_METHOD,
                SNAP_REACH,
                lambda seam, estimate: self.snapped.emit(seam, here, estimate),
            )

    def _start(
        self,
        seam: int,
        around: Offset,
        name: str,
        max_shift: int,
        done: Callable[[int, Estimate], None],
    ) -> None:
        project, device = self._session.project, self._device()
        if project is None or self.work.is_busy:
            return
        layout, which = project.layout, project.seams[seam]
        frames = layout[which.first].frame, layout[which.second].frame

        def job(progress: Progress) -> Generator[str, None, Estimate]:
            title = TITLES.get(name, name)
            if runs_on_device(name) and NETWORK not in sys.modules:
                yield f"loading {title}"
            method = get_method(name, device=device)
            yield f"{title}, within ±{max_shift} px"
            return align_pair(
                *frames, offset=around, method=method, max_shift=max_shift, progress=progress
            )

        def on_done(estimate: Estimate | None) -> None:
            now = self._session.project
            if estimate is None:
                return
            if now is None or now.layout is not layout:
                self.said.emit("The grid was changed meanwhile: the answer was dropped.")
                return
            done(seam, estimate)

        self.said.emit("")
        self.work.start(job, on_done, self.said.emit)
