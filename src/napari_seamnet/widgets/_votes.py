"""What decided the pair that is looked at, found in the background and kept until it is another.

What the picture shows is computed in `deciding.py`; where it is drawn is `_preview.py`'s business.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal

from ..deciding import Decided, what_decided
from ._work import Work

if TYPE_CHECKING:
    from collections.abc import Generator

    from ..frames import Frame
    from ..geometry import Offset
    from ..shifts import Estimate
    from ..shifts.estimate import Progress
    from ._state import PairState


class Votes(QObject):
    """One pair's answer at a time.

    Parameters
    ----------
    parent : QObject
        Its end cancels the work.
    """

    found = Signal()
    """What was asked for last is there."""
    said = Signal(str)
    """Why there will be nothing."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._work = Work(self)
        self._of: tuple[Frame, Frame, Offset, Estimate] | None = None
        self._decided: Decided | None = None

    def of(self, state: PairState) -> Decided | None:
        """What decided a pair; None until it is found, which this call begins."""
        if state.pair is None or state.estimate is None:
            self.forget()
            self.said.emit("align the pair first: then something has decided")
            return None
        asked = *state.pair, state.nominal, state.estimate
        if asked == self._of:
            return self._decided
        self._of, self._decided = asked, None

        def job(report: Progress) -> Generator[str, None, Decided]:
            yield "asking each place"
            return what_decided(*asked)

        self._work.start(job, self._take, self.said.emit)
        return None

    def forget(self) -> None:
        """Stop, and keep nothing."""
        self._work.cancel()
        self._of = self._decided = None

    def _take(self, decided: Decided) -> None:
        self._decided = decided
        self.found.emit()
