"""The dock of Stitch grid: four steps below each other, the state above them, keys below.

It decides nothing: what its buttons do is in `grid.py`.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QPoint, Qt, QTimer, Signal
from qtpy.QtWidgets import QFrame, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from ._controls import button, label, row, rule
from ._grid_fold import Step

if TYPE_CHECKING:
    from collections.abc import Sequence

NARROWEST = 320
TITLES = (
    ("1 Lay out", "Which frames there are, and where each lies"),
    ("2 Stitch", "How the seams between neighbours are estimated"),
    ("3 Review", "The seams that deserve a look, and single frames"),
    ("4 Finish", "Look at the mosaic, and write it"),
)


class GridDock(QWidget):
    """The sections in their steps.

    Parameters
    ----------
    lay_out, run : QWidget
        Steps 1 and 2.
    review : sequence of QWidget
        Step 3.
    finish : QWidget
        Step 4.
    """

    undone = Signal()
    redone = Signal()

    def __init__(
        self, lay_out: QWidget, run: QWidget, review: Sequence[QWidget], finish: QWidget
    ) -> None:
        super().__init__()
        held = [lay_out], [run], list(review), [finish]
        self.steps = [
            Step(title, tip, sections) for (title, tip), sections in zip(TITLES, held, strict=True)
        ]
        self.to_steps = [
            button(
                title, f"Go to step {title}: {tip[:1].lower()}{tip[1:]}", partial(self.go_to, k)
            )
            for k, (title, tip) in enumerate(TITLES)
        ]
        for piece in self.to_steps:
            piece.setMinimumWidth(0)
        self.state = label(wraps=True)
        font = self.state.font()
        font.setBold(True)
        self.state.setFont(font)
        self.undo = button("undo", "Take the last step back, whatever it was (Ctrl+Z)", self._undo)
        self.redo = button("redo", "Do it again (Ctrl+Shift+Z)", self._redo)
        self.legend = label(wraps=True, faint=True)
        inside = QWidget()
        steps = QVBoxLayout(inside)
        steps.setContentsMargins(7, 2, 7, 6)
        steps.setSpacing(6)
        for k, step in enumerate(self.steps):
            if k:
                steps.addWidget(rule())
            steps.addWidget(step)
        steps.addStretch(1)
        self._scroll = QScrollArea()
        self._scroll.setWidget(inside)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # it would eat the arrow keys
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        for part in (row(*self.to_steps), row(self.state, 1, self.undo, self.redo)):
            part.setContentsMargins(7, 3, 7, 0)
            part.setSpacing(4)
            layout.addLayout(part)
        layout.addWidget(rule())
        layout.addWidget(self._scroll, 1)
        foot = row(self.legend, 1)
        foot.setContentsMargins(7, 0, 7, 4)
        layout.addLayout(foot)
        self.setMinimumWidth(NARROWEST)
        # Or napari puts a stretch below it.
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        self.show_legend("")
        self.show_history(can_undo=False, can_redo=False)

    def go_to(self, k: int) -> None:
        """Unfold a step, counted from 0, and scroll to it."""
        self.steps[k].unfold()
        QTimer.singleShot(0, partial(self._scroll_to, k))  # its place is known once laid out

    def show_section(self, section: QWidget) -> None:
        """Unfold a section's step, and scroll to the section, unless its top is in sight."""
        for step in self.steps:
            if step.isAncestorOf(section):
                step.unfold()
        QTimer.singleShot(0, partial(self._scroll_to_section, section))

    def show_state(self, text: str) -> None:
        """Say where the grid stands."""
        self.state.setText(text)

    def show_history(self, *, can_undo: bool, can_redo: bool) -> None:
        """Show whether there is something to undo, and to do again."""
        self.undo.setEnabled(can_undo)
        self.redo.setEnabled(can_redo)

    def show_legend(self, text: str) -> None:
        """List the keys that work now."""
        self.legend.setText(text)
        self.legend.setVisible(bool(text))

    def _scroll_to(self, k: int) -> None:
        bar = self._scroll.verticalScrollBar()
        if bar is not None:
            bar.setValue(self.steps[k].y())

    def _scroll_to_section(self, section: QWidget) -> None:
        bar, inside, seen = (
            self._scroll.verticalScrollBar(),
            self._scroll.widget(),
            self._scroll.viewport(),
        )
        if bar is None or inside is None or seen is None or not section.isVisible():
            return
        top = section.mapTo(inside, QPoint(0, 0)).y()
        if not bar.value() <= top <= bar.value() + seen.height() // 4:
            bar.setValue(top)

    def _undo(self) -> None:
        self.undone.emit()

    def _redo(self) -> None:
        self.redone.emit()
