"""Small pieces that all sections are built of, so that they look and behave alike.

Buttons, boxes and combos here take no focus from a click: after it, the arrow keys still move the
frame and not the choice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QSpinBox,
    QWidget,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtpy.QtGui import QKeyEvent

FARTHEST = 99_999
"""Largest shift or overlap that a box takes, in px."""
ENDING = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape)
"""Keys that end the typing of a number."""


def button(
    text: str, tip: str, clicked: Callable[[], object], *, primary: bool = False
) -> QPushButton:
    """Make a button; the primary one of a section is bold."""
    made = QPushButton(text)
    made.setToolTip(tip)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    made.setMinimumWidth(made.fontMetrics().horizontalAdvance(text) + 14)
    made.clicked.connect(lambda: clicked())
    if primary:
        font = made.font()
        font.setBold(True)
        made.setFont(font)
        made.setMinimumHeight(30)
    return made


class NumberBox(QSpinBox):
    """A box that keeps Enter and Escape to itself: Enter ends the typing, Escape drops it.

    Qt hands both on to the window, and there they would accept or reset the pair.
    """

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Take a key."""
        line = self.lineEdit()
        if event is not None and event.key() == Qt.Key.Key_Escape and line is not None:
            line.setText(self.prefix() + self.textFromValue(self.value()) + self.suffix())
            self.clearFocus()
        else:
            super().keyPressEvent(event)
        if event is not None and event.key() in ENDING:
            event.accept()
            if line is not None:
                line.deselect()


def pixels(
    low: int,
    high: int,
    value: int,
    tip: str,
    changed: Callable[[int], object],
    *,
    unit: str = " px",
) -> QSpinBox:
    """Make a box for a whole number of pixels, which speaks when a number is complete."""
    made = NumberBox()
    made.setRange(low, high)
    made.setValue(value)
    made.setSuffix(unit)
    made.setToolTip(tip)
    made.setKeyboardTracking(False)
    made.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
    made.setAlignment(Qt.AlignmentFlag.AlignRight)
    # Room for a hundred thousand, for numbers of three digits, would burst a dock of 320 px.
    made.setFixedWidth(106)
    made.valueChanged.connect(changed)
    made.editingFinished.connect(made.clearFocus)  # the keys belong to the frame again
    return made


class Combo(QComboBox):
    """A combo that tells when its list is about to open: time to bring it up to date."""

    opening = Signal()

    def showPopup(self) -> None:
        """Open the list."""
        self.opening.emit()
        super().showPopup()


def combo(tip: str) -> Combo:
    """Make a combo that never widens the dock, however long its entries are."""
    made = Combo()
    made.setToolTip(tip)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    made.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    made.setMinimumContentsLength(4)
    made.setMinimumWidth(64)
    made.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    return made


def label(text: str = "", tip: str = "", *, wraps: bool = False, faint: bool = False) -> QLabel:
    """Make a label; a faint one is smaller."""
    made = QLabel(text)
    made.setToolTip(tip)
    made.setWordWrap(wraps)
    if faint:
        font = made.font()
        font.setPointSizeF(max(7.0, font.pointSizeF() - 1))
        made.setFont(font)
    return made


def row(*pieces: QWidget | str | int | None) -> QHBoxLayout:
    """Lay pieces out in a row: widgets, words, and None for the room between; int is a stretch."""
    made = QHBoxLayout()
    made.setContentsMargins(0, 0, 0, 0)
    made.setSpacing(5)
    for piece in pieces:
        if piece is None:
            made.addStretch(1)
        elif isinstance(piece, str):
            made.addWidget(QLabel(piece))
        elif isinstance(piece, int):
            made.setStretch(made.count() - 1, piece)
        else:
            made.addWidget(piece)
    return made


def rule() -> QFrame:
    """Make the line between two sections."""
    made = QFrame()
    made.setFrameShape(QFrame.Shape.HLine)
    made.setFixedHeight(1)
    made.setStyleSheet("background-color: rgba(128, 128, 128, 90); border: none;")
    return made
