"""Going on by itself after a decision: when the frames have settled, or have taken too long."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer, Signal

if TYPE_CHECKING:
    from collections.abc import Callable

SETTLE_MS = 1200
"""How long to wait for the frames to settle."""
LINGER_MS = 350
"""How long the settled frames are shown before going on."""


class GoingOn(QObject):
    """Tells when to leave a seam that was decided, unless somebody stays.

    Parameters
    ----------
    parent : QObject
        Its end is the end of the waiting.
    """

    due = Signal(int)
    """This seam is to be left now."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._seam: int | None = None
        self._wait = timer(self, SETTLE_MS, self.go)

    @property
    def is_leaving(self) -> bool:
        """Whether a seam is about to be left."""
        return self._seam is not None

    def leave(self, seam: int) -> None:
        """Leave a seam soon."""
        self._seam = seam
        self._wait.start(SETTLE_MS)

    def settled(self) -> None:
        """Hear that the frames have their new places."""
        if self.is_leaving:
            self._wait.start(LINGER_MS)

    def stay(self) -> None:
        """Leave nothing: the person does something else."""
        self._seam = None
        self._wait.stop()

    def go(self) -> None:
        """Leave the seam now."""
        seam = self._seam
        self.stay()
        if seam is not None:
            self.due.emit(seam)


def timer(parent: QObject, interval: int, then: Callable[[], None]) -> QTimer:
    """Make a timer that calls something once, `interval` ms after it was started last."""
    made = QTimer(parent)
    made.setInterval(interval)
    made.setSingleShot(True)
    made.timeout.connect(then)
    return made
