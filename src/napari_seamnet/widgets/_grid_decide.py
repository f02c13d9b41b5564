"""Buttons and boxes to decide on the seam that is looked at.

What they do is in `_grid_reviewing.py`.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import QVBoxLayout, QWidget

from ._controls import FARTHEST, button, pixels, row
from ._grid_rows import Which

if TYPE_CHECKING:
    from ._grid_draft import Draft
    from ._grid_rows import SeamRow

DECIDED = (Which.HAND, Which.EXCLUDED)
TAKE_BACK = "Forget what was decided: what was found by itself counts again (Del)"


class DecideControls(QWidget):
    """The shift in boxes, Confirm, Exclude, Take back, previous and next."""

    moved = Signal(int, int)
    """dy, dx wanted, whole px."""
    confirmed = Signal()
    excluded = Signal()
    taken_back = Signal()
    snapped = Signal()
    restored = Signal()
    stepped = Signal(int)
    flown = Signal()

    def __init__(self) -> None:
        super().__init__()
        tip = "Shift of the second frame from its nominal place, "
        far = FARTHEST
        self.dy = pixels(-far, far, 0, tip + "downwards, in px (arrows)", self._on_box, unit="")
        self.dx = pixels(-far, far, 0, tip + "to the right, in px (arrows)", self._on_box, unit="")
        for box in (self.dy, self.dx):
            box.setFixedWidth(72)
        self.snap = button(
            "snap", "Move to the best fit within a few px of here (S)", self.snapped.emit
        )
        self.reset = button("reset", "Back to where the frames lie (Esc)", self.restored.emit)
        self.confirm = button(
            "Confirm",
            "Decide for what is shown; nothing overrules it (Enter)",
            self.confirmed.emit,
            primary=True,
        )
        self.exclude = button("Exclude", "", self.excluded.emit)
        self.back = button("Take back", TAKE_BACK, self.taken_back.emit)
        self.previous = button(
            "previous", "The seam above in the list (P)", partial(self.stepped.emit, -1)
        )
        self.next = button("next", "The seam below in the list (N)", partial(self.stepped.emit, 1))
        self.fly = button("fly to", "Show the seam from near (F)", self.flown.emit)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(5)
        layout.addLayout(row("dy", self.dy, "dx", self.dx, "px", None))
        layout.addLayout(row(self.confirm, 2, self.exclude, 1, self.back, 1))
        layout.addLayout(
            row(self.previous, 1, self.next, 1, self.fly, 1, self.snap, 1, self.reset, 1)
        )
        self.show_seam(None, None, is_listed=False)

    def show_seam(self, seam: SeamRow | None, draft: Draft | None, *, is_listed: bool) -> None:
        """Show where the second frame is held, and what can be done.

        Parameters
        ----------
        seam : SeamRow or None
            The one that is looked at.
        draft : Draft or None
            Its shift.
        is_listed : bool
            Whether there is any seam in the list.
        """
        is_there = seam is not None and draft is not None
        dy, dx = draft.shift.whole() if draft is not None else (0, 0)
        with QSignalBlocker(self.dy), QSignalBlocker(self.dx):
            self.dy.setValue(dy)
            self.dx.setValue(dx)
        for control in (self.dy, self.dx, self.snap, self.confirm, self.exclude, self.fly):
            control.setEnabled(is_there)
        self.reset.setEnabled(draft is not None and draft.is_moved)
        is_excluded = seam is not None and seam.excluded
        is_decided = seam is not None and seam.which in DECIDED
        self.back.setEnabled(is_decided)
        self.exclude.setText("Use again" if is_excluded else "Exclude")
        self.exclude.setToolTip(
            "Use the seam again (X)"
            if is_excluded
            else "Use nothing of what this seam says: the frames are held by others (X)"
        )
        self.previous.setEnabled(is_listed)
        self.next.setEnabled(is_listed)

    def _on_box(self, value: int) -> None:
        self.moved.emit(self.dy.value(), self.dx.value())
