"""Moving one frame by hand: boxes for how far, and keys that work while the pad has the focus.

What a move means for the frame's seams is in `projects/holding.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import QFrame, QVBoxLayout, QWidget

from ._controls import FARTHEST, button, label, pixels, row

if TYPE_CHECKING:
    from qtpy.QtGui import QFocusEvent, QKeyEvent

    from ._settings import Remembered

ARROWS = {
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
}
IDLE = "Click here, or press Tab, and move it by the arrow keys"


class MovePad(QFrame):
    """A place for the focus: its arrow keys move a frame and nothing else in napari.

    Parameters
    ----------
    remembered : Remembered
        Tells the coarse step.
    """

    nudged = Signal(int, int)
    """dy, dx to add, in px."""
    confirmed = Signal()
    dropped = Signal()

    def __init__(self, remembered: Remembered) -> None:
        super().__init__()
        self._remembered = remembered
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.words = label(IDLE, wraps=True, faint=True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 3, 6, 3)
        layout.addWidget(self.words)
        self.setToolTip("Its keys work only while this has the focus; Esc gives it back")
        self._show_focus(False)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Take arrows, Enter and Escape; others go where they always go."""
        if event is None:
            return
        key = Qt.Key(event.key())
        if key in ARROWS:
            shifted = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
            step = self._remembered.coarse_step if shifted else 1
            self.nudged.emit(*(step * one for one in ARROWS[key]))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.confirmed.emit()
        elif key == Qt.Key.Key_Escape:
            self.dropped.emit()
            self.clearFocus()
        else:
            super().keyPressEvent(event)
            return
        event.accept()

    def focusInEvent(self, event: QFocusEvent | None) -> None:
        """Say which keys work now."""
        super().focusInEvent(event)
        self._show_focus(True)

    def focusOutEvent(self, event: QFocusEvent | None) -> None:
        """Say how to get here."""
        super().focusOutEvent(event)
        self._show_focus(False)

    def _show_focus(self, here: bool) -> None:
        coarse = self._remembered.coarse_step
        keys = f"arrows 1 px · Shift+arrows {coarse} px · Enter keep · Esc put back"
        self.words.setText(keys if here else IDLE)
        line = "#4a9be8" if here else "rgba(128, 128, 128, 120)"
        self.setStyleSheet(f"MovePad {{ border: 1px solid {line}; border-radius: 3px }}")


class MoveControls(QWidget):
    """How far a frame is to be moved from where it lies, and whether it is kept there.

    Parameters
    ----------
    remembered : Remembered
        Tells the coarse step.
    """

    moved = Signal(int, int)
    """dy, dx from where it lies, in px."""
    confirmed = Signal()
    dropped = Signal()

    def __init__(self, remembered: Remembered) -> None:
        super().__init__()
        tip = "How far to move the frame from where it lies, "
        self.dy = pixels(-FARTHEST, FARTHEST, 0, tip + "downwards, in px", self._on_box, unit="")
        self.dx = pixels(
            -FARTHEST, FARTHEST, 0, tip + "to the right, in px", self._on_box, unit=""
        )
        for box in (self.dy, self.dx):
            box.setFixedWidth(72)
        self.keep = button(
            "Keep it there",
            "Decide all seams of the frame for this place (Enter); can be undone",
            self.confirmed.emit,
        )
        self.drop = button("put back", "Back to where it lies (Esc)", self.dropped.emit)
        self.pad = MovePad(remembered)
        self.pad.nudged.connect(self._on_nudge)
        self.pad.confirmed.connect(self.confirmed)
        self.pad.dropped.connect(self.dropped)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(row("dy", self.dy, "dx", self.dx, "px", None))
        layout.addWidget(self.pad)
        layout.addLayout(row(self.keep, 2, self.drop, 1))

    def show_draft(self, draft: tuple[int, int], why_not: str = "") -> None:
        """Show how far it is moved; say why it cannot be, if so."""
        with QSignalBlocker(self.dy), QSignalBlocker(self.dx):
            self.dy.setValue(draft[0])
            self.dx.setValue(draft[1])
        for control in (self.dy, self.dx, self.pad):
            control.setEnabled(not why_not)
        self.keep.setEnabled(not why_not and any(draft))
        self.drop.setEnabled(any(draft))
        self.keep.setToolTip(
            why_not or "Decide all seams of the frame for this place (Enter); can be undone"
        )

    def _on_box(self, value: int) -> None:
        self.moved.emit(self.dy.value(), self.dx.value())

    def _on_nudge(self, dy: int, dx: int) -> None:
        self.moved.emit(self.dy.value() + dy, self.dx.value() + dx)
