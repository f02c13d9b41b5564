"""What is known of one frame, as widgets: facts line by line, and its seams, each to be clicked.

The words are in `_grid_frame_words.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QGridLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from ._controls import label, row
from ._grid_frame_words import facts, heading, ties
from ._status import WORDS, StatusSign

if TYPE_CHECKING:
    from ._grid_frame_words import Tie
    from ._grid_session import GridSession


class SeamRow(QWidget):
    """One seam of the frame: its sign, the side it is on, its words; a click selects it."""

    clicked = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.tie: Tie | None = None
        self.sign = StatusSign()
        self.neighbour = QPushButton()
        self.neighbour.setFlat(True)
        self.neighbour.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.neighbour.setStyleSheet("text-align: left; padding: 1px 3px")
        self.neighbour.setFixedWidth(56)
        self.neighbour.clicked.connect(self._on_click)
        self.words = label(wraps=True, faint=True)
        self.setLayout(row(self.sign, self.neighbour, self.words, 1))

    def show_tie(self, tie: Tie, is_selected: bool) -> None:
        """Show a seam."""
        self.tie = tie
        self.sign.show_status(tie.status)
        self.neighbour.setText(str(tie.side))
        self.neighbour.setToolTip(f"Look at the seam with {tie.neighbour}")
        self.words.setToolTip(f"{tie.neighbour}: {tie.reason}" if tie.reason else tie.neighbour)
        font = self.neighbour.font()
        font.setBold(is_selected)
        self.neighbour.setFont(font)
        self.words.setText(tie.words)
        self.show()

    def _on_click(self) -> None:
        if self.tie is not None:
            self.clicked.emit(self.tie.seam)


class FrameFacts(QWidget):
    """Name, status, positions and seams of a frame."""

    chosen = Signal(int)
    """A seam, by its index, is to be looked at."""

    def __init__(self) -> None:
        super().__init__()
        self.name = label()
        font = self.name.font()
        font.setBold(True)
        self.name.setFont(font)
        self.name.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.sign = StatusSign()
        self.status = label(wraps=True)
        self.lines: list[tuple[QLabel, QLabel]] = []
        self.rows: list[SeamRow] = []
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setVerticalSpacing(1)
        self._grid.setColumnStretch(1, 1)
        self._seams = QVBoxLayout()
        self._seams.setSpacing(0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.name)
        layout.addLayout(row(self.sign, self.status, 1))
        layout.addLayout(self._grid)
        layout.addLayout(self._seams)

    @property
    def texts(self) -> dict[str, str]:
        """The facts shown, by their names."""
        return {name.text(): value.text() for name, value in self.lines if not value.isHidden()}

    def show_frame(self, session: GridSession, index: int) -> None:
        """Show a frame of the session's project."""
        project, solution = session.project, session.solution
        if project is None:
            return
        solved = None
        if solution is not None and solution.layout is project.layout:
            solved = solution.frames[index]
        self.name.setText(heading(project, index))
        path = project.layout[index].frame.path
        self.name.setToolTip(str(path or ""))
        status = None if solved is None else solved.status
        self.sign.show_status(status)
        self.sign.setVisible(status is not None)
        self.status.setText(_status(session, index))
        self.status.setVisible(bool(self.status.text()))
        self._show_lines(facts(project, index, solved))
        self._show_ties(ties(session, index), session.seam)

    def _show_lines(self, found: list[tuple[str, str]]) -> None:
        while len(self.lines) < len(found):
            pair = label(faint=True), label(wraps=True)
            for column, piece in enumerate(pair):
                piece.setAlignment(Qt.AlignmentFlag.AlignTop)
                self._grid.addWidget(piece, len(self.lines), column)
            self.lines.append(pair)
        for k, pair in enumerate(self.lines):
            for piece, text in zip(pair, found[k] if k < len(found) else ("", ""), strict=True):
                piece.setText(text)
                piece.setVisible(k < len(found))

    def _show_ties(self, found: list[Tie], selected: int | None) -> None:
        while len(self.rows) < len(found):
            made = SeamRow()
            made.clicked.connect(self.chosen)
            self._seams.addWidget(made)
            self.rows.append(made)
        for k, one in enumerate(self.rows):
            if k < len(found):
                one.show_tie(found[k], found[k].seam == selected)
            else:
                one.hide()


def _status(session: GridSession, index: int) -> str:
    project, solution = session.project, session.solution
    words = []
    if project is not None and index in project.locked:
        words.append("locked")
    if project is not None and solution is not None and solution.layout is project.layout:
        solved = solution.frames[index]
        words.append(WORDS[solved.status] + (f": {solved.reason}" if solved.reason else ""))
    return ", ".join(words)
