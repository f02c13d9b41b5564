"""How far a run over the seams is: progress, Pause and Cancel; and seams counted by status."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QGridLayout, QProgressBar, QStackedLayout, QVBoxLayout, QWidget

from ..shifts import Status
from ._controls import button, label, row
from ._status import WORDS, StatusSign
from ._tiles_busy import SURE, time_left

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qtpy.QtWidgets import QLabel

PAUSE, GO_ON = "Pause", "Resume"
SHOWN = (
    Status.CERTAIN, Status.DOUBTFUL, Status.AMBIGUOUS, Status.UNDETERMINED, Status.HAND,
)  # fmt: skip
IN_A_ROW = 2


class RunProgress(QWidget):
    """Shows buttons, and in their place how far a run is, with Pause and Cancel.

    Parameters
    ----------
    idle : QWidget
        The buttons.
    """

    paused = Signal()
    resumed = Signal()
    cancelled = Signal()

    def __init__(self, idle: QWidget) -> None:
        super().__init__()
        self._is_paused = False
        self._from: tuple[float, int] | None = None
        self.doing = label()
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setMinimumWidth(80)
        self.bar.setFixedHeight(8)
        self.pause = button(PAUSE, "", self._on_pause)
        self.pause.setMinimumWidth(74)  # for both of its words
        self.cancel = button(
            "Cancel", "Stop; finished seams are kept, and the button goes on with the rest",
            self.cancelled.emit,
        )  # fmt: skip
        working = QWidget()
        what = QVBoxLayout(working)
        what.setContentsMargins(0, 0, 0, 0)
        what.setSpacing(3)
        what.addWidget(self.doing)
        what.addLayout(row(self.bar, 1, self.pause, self.cancel))
        self._stack = QStackedLayout(self)
        self._stack.addWidget(idle)
        self._stack.addWidget(working)
        self.show_run(is_busy=False, is_paused=False)

    @property
    def is_busy(self) -> bool:
        """Whether progress is shown."""
        return self._stack.currentIndex() == 1

    def show_run(self, *, is_busy: bool, is_paused: bool) -> None:
        """Show progress or buttons, and what Pause does."""
        if is_busy != self.is_busy or is_paused != self._is_paused:
            self._from = None  # a pause is no time that seams take
        self._is_paused = is_paused
        self._stack.setCurrentIndex(int(is_busy))
        self.pause.setText(GO_ON if is_paused else PAUSE)
        self.pause.setToolTip(
            "Go on"
            if is_paused
            else "Leave the computer to others for a while; seams in work are finished first"
        )

    def show_progress(self, done: int, total: int, what: str) -> None:
        """Show how far the run is; a total of 0 means that nobody knows."""
        self.bar.setRange(0, total)
        self.bar.setValue(done)
        if total == 0:
            self._from = None
            self.doing.setText(what)
            return
        if self._is_paused:
            self.doing.setText(f"{done:,} / {total:,}   paused")
            return
        now = time.monotonic()
        if self._from is None:
            # What was there already, as in a journal, took no time.
            self._from = now, done
        started, first = self._from
        left = ""
        if done > first and now - started > SURE:
            left = "   " + time_left((total - done) * (now - started) / (done - first))
        self.doing.setText(f"{done:,} / {total:,}{left}")
        self.doing.setToolTip(what)

    def _on_pause(self) -> None:
        (self.resumed if self._is_paused else self.paused).emit()


class StatusCounts(QWidget):
    """The sign of each status, with how many seams have it."""

    def __init__(self) -> None:
        super().__init__()
        self._labels: dict[Status, QLabel] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(3)
        grid.setVerticalSpacing(1)
        for k, status in enumerate(SHOWN):
            sign = StatusSign()
            sign.show_status(status)
            said = self._labels[status] = label()
            line, place = divmod(k, IN_A_ROW)
            grid.addWidget(sign, line, 2 * place)
            grid.addWidget(said, line, 2 * place + 1)
            grid.setColumnStretch(2 * place + 1, 1)
        self.to_do = label()
        self.to_do.setToolTip("Seams that are still to be estimated")
        grid.addWidget(self.to_do, 2, 3)
        self.show_counts({})

    def show_counts(self, counts: Mapping[Status | None, int]) -> None:
        """Show how many seams have which status; None for those that are to be estimated.

        Parameters
        ----------
        counts : mapping of (Status or None) to int
            Empty to show nothing.
        """
        for status, said in self._labels.items():
            said.setText(f"{counts.get(status, 0):,} {WORDS[status]}")
        left = counts.get(None, 0)
        self.to_do.setText(f"{left:,} to do" if left else "")
        self.setVisible(bool(counts) and left < sum(counts.values()))
