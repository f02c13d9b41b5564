"""Progress, time left and Cancel where the buttons were."""

from __future__ import annotations

import time

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QProgressBar, QStackedLayout, QVBoxLayout, QWidget

from ._controls import button, label, row

SURE = 1.0
"""Seconds after which a rate is worth telling."""


def time_left(seconds: float) -> str:
    """Put a time into words: "0:40 left", "1:05:00 left".

    Parameters
    ----------
    seconds : float
        At least 0.

    Examples
    --------
    >>> time_left(40.2), time_left(3900)
    ('0:41 left', '1:05:00 left')
    """
    minutes, rest = divmod(-int(-seconds // 1), 60)
    hours, minutes = divmod(minutes, 60)
    clock = f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
    return f"{clock} left"


class Busy(QWidget):
    """Shows buttons, and progress in their place while work is done.

    Parameters
    ----------
    idle : QWidget
        The buttons.
    tip : str
        What Cancel does.
    """

    cancelled = Signal()

    def __init__(self, idle: QWidget, tip: str) -> None:
        super().__init__()
        self.doing = label()
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setMinimumWidth(80)
        self.bar.setFixedHeight(8)
        self.cancel = button("Cancel", tip, self.cancelled.emit)
        self.cancel.setMinimumHeight(30)
        working = QWidget()
        what = QVBoxLayout()
        what.setContentsMargins(0, 0, 0, 0)
        what.setSpacing(3)
        what.addWidget(self.doing)
        what.addWidget(self.bar)
        line = row(self.cancel)
        line.insertLayout(0, what, 1)
        working.setLayout(line)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(idle)
        self._stack.addWidget(working)
        self._from: tuple[float, int] | None = None

    @property
    def is_busy(self) -> bool:
        """Whether progress is shown."""
        return self._stack.currentIndex() == 1

    def show_progress(self, done: int, total: int, what: str) -> None:
        """Show how far the work is; a total of 0 means that nobody knows."""
        self._stack.setCurrentIndex(1)
        self.bar.setRange(0, total)
        self.bar.setValue(done)
        if total == 0:
            self._from = None
            self.doing.setText(what)
            return
        now = time.monotonic()
        if self._from is None:
            # A run that is continued starts somewhere: what was there already took no time.
            self._from = now, done
        started, first = self._from
        left = ""
        if done > first and now - started > SURE:
            left = "   " + time_left((total - done) * (now - started) / (done - first))
        self.doing.setText(f"{done:,} / {total:,}{left}")
        self.doing.setToolTip(what)

    def show_ready(self) -> None:
        """Show the buttons again."""
        self._from = None
        self._stack.setCurrentIndex(0)
