"""Parts of the dock that fold away: the four steps, and what is seldom needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QToolButton, QVBoxLayout, QWidget

if TYPE_CHECKING:
    from collections.abc import Iterable


class Fold(QToolButton):
    """A switch that shows and hides a widget.

    Parameters
    ----------
    words, tip : str
        Beside the arrow, and under the mouse.
    what : QWidget
        Shown and hidden; it has its own place in the dock.
    is_open : bool
        Whether it begins shown.
    """

    def __init__(self, words: str, tip: str, what: QWidget, *, is_open: bool = False) -> None:
        super().__init__()
        self._what = what
        self.setText(words)
        self.setToolTip(tip)
        self.setCheckable(True)
        self.setAutoRaise(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.toggled.connect(self._on_toggled)
        self.setChecked(is_open)
        self._on_toggled(is_open)

    def _on_toggled(self, is_open: bool) -> None:
        self.setArrowType(Qt.ArrowType.DownArrow if is_open else Qt.ArrowType.RightArrow)
        self._what.setVisible(is_open)


class Step(QWidget):
    """One step of the work: a heading that folds, and its sections below each other.

    Parameters
    ----------
    title, tip : str
        "1 Lay out", and what is done there.
    sections : iterable of QWidget
        Top to bottom.
    """

    opened = Signal()
    """It was unfolded by hand."""

    def __init__(self, title: str, tip: str, sections: Iterable[QWidget]) -> None:
        super().__init__()
        inside = QWidget()
        held = QVBoxLayout(inside)
        held.setContentsMargins(2, 0, 0, 0)
        held.setSpacing(6)
        for section in sections:
            held.addWidget(section)
        self.heading = Fold(title, tip, inside, is_open=True)
        font = self.heading.font()
        font.setBold(True)
        self.heading.setFont(font)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.heading)
        layout.addWidget(inside)
        self.heading.clicked.connect(lambda is_open: self.opened.emit() if is_open else None)

    @property
    def is_open(self) -> bool:
        """Whether its sections are shown."""
        return self.heading.isChecked()

    def unfold(self, is_open: bool = True) -> None:
        """Show its sections, or hide them."""
        self.heading.setChecked(is_open)
