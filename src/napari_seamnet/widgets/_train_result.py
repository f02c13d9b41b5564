"""The end of a training: old against new in a table, and the three things that can be done.

Without held-out pairs, the table is that of the validation data, before and after. What a button
does is decided in `train.py`.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QLineEdit, QStackedLayout, QVBoxLayout, QWidget

from ..shifts import Status
from ._controls import button, label, row
from ._status import COLOURS
from ._train_state import Row

if TYPE_CHECKING:
    from ._train_state import Comparison, TrainState

MARK = "\N{CHECK MARK}"


class ResultOfTraining(QWidget):
    """Table, verdict, and the buttons; hidden while there is nothing to decide."""

    used = Signal(str)
    """Take the new weights as the default, under this name."""
    kept = Signal()
    saved = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.about = label(wraps=True)
        self.table = label()
        self.table.setTextFormat(Qt.TextFormat.RichText)
        self.table.setToolTip(f"{MARK} and bold: the better value")
        self.verdict = label(wraps=True)
        font = self.verdict.font()
        font.setBold(True)
        self.verdict.setFont(font)
        self.use = button(
            "Use the new weights",
            "Keep them under a name of your choice, and use them by default from now on",
            self._ask_for_name,
            primary=True,
        )
        self.keep = button(
            "Keep the present ones", "Change nothing; the new weights are not used", self.kept.emit
        )
        self.save = button(
            "Save as...", "Write the new weights and their card to a file", self.saved.emit
        )
        self.name = QLineEdit()
        self.name.setToolTip(
            "Name of the method that the new weights become: letters, digits, dots, dashes, "
            "underscores"
        )
        self.name.returnPressed.connect(self._on_name)
        self.take = button("Use", "Keep them under this name, as the default", self._on_name)
        self.back = button("Back", "Decide later", self._ask_no_more)
        deciding, naming = QWidget(), QWidget()
        both = QVBoxLayout(deciding)
        both.setContentsMargins(0, 0, 0, 0)
        both.setSpacing(5)
        both.addWidget(self.use)
        both.addLayout(row(self.keep, 1, self.save, 1))
        lines = QVBoxLayout(naming)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(5)
        lines.addLayout(row("Name", self.name, 1))
        lines.addLayout(row(None, self.take, self.back))
        self._stack = QStackedLayout()
        self._stack.addWidget(deciding)
        self._stack.addWidget(naming)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(5)
        for piece in (self.about, self.table, self.verdict):
            layout.addWidget(piece)
        layout.addLayout(self._stack)
        self.hide()

    def show_state(self, state: TrainState, name: str) -> None:
        """Show what came out.

        Parameters
        ----------
        state : TrainState
            Of a training that is done.
        name : str
            Proposed for the new weights.
        """
        found = state.comparison
        self.about.setText(_about(found))
        self.table.setText(_html(_rows(state), _name_of_old(found)))
        self.verdict.setText(found.verdict() if found is not None else _verdict_alone(state))
        is_wise = found is None or found.is_better
        for choice, is_primary in ((self.use, is_wise), (self.keep, not is_wise)):
            font = choice.font()
            font.setBold(is_primary)
            choice.setFont(font)
        self.name.setText(name)
        self._ask_no_more()
        self.show()

    def _ask_for_name(self) -> None:
        self._stack.setCurrentIndex(1)
        self.name.setFocus()
        self.name.selectAll()

    def _ask_no_more(self) -> None:
        self._stack.setCurrentIndex(0)

    def _on_name(self) -> None:
        self.used.emit(self.name.text().strip())


def _about(found: Comparison | None) -> str:
    if found is None:
        return "On the validation data"
    pairs = f"{found.pairs} held-out hand alignment{'s' * (found.pairs != 1)}"
    draws = found.new["n"] // max(1, found.pairs)
    return f"On {pairs}, each tried from {draws} nominal places"


def _name_of_old(found: Comparison | None) -> str:
    if found is None:
        return "before"
    name = str(found.old["method"]).removesuffix(" (in use)")
    return "bundled" if name == "seamnet" else name


def _rows(state: TrainState) -> list[Row]:
    if state.comparison is not None:
        return state.comparison.rows()
    best = state.best
    if best is None or not state.course:
        return []
    first = state.course[0]
    pairs = (first.mean_max, best.mean_max), (first.within_1, best.within_1)
    better = [("", "new", "old")[(a > b) - (a < b)] for a, b in pairs]
    better[1] = {"new": "old", "old": "new"}.get(better[1], "")
    return [
        Row("mean max error", f"{first.mean_max:.2f} px", f"{best.mean_max:.2f} px", better[0]),
        Row("within 1 px", f"{first.within_1:.0%}", f"{best.within_1:.0%}", better[1]),
    ]


def _verdict_alone(state: TrainState) -> str:
    best = state.best
    after = f"The best weights are those after epoch {best.number}. " if best is not None else ""
    return (
        f"{after}No hand alignments were held out, so nothing says whether they are better than "
        "the present ones on your own pairs."
    )


def _html(rows: list[Row], old: str) -> str:
    if not rows:
        return ""
    lines = [f"<tr><td></td>{_cell(escape(old))}{_cell('new')}</tr>"]
    lines += [
        f"<tr><td>{row.what}</td>{_cell(row.old, row.better == 'old')}"
        f"{_cell(row.new, row.better == 'new')}</tr>"
        for row in rows
    ]
    return f'<table width="100%" cellpadding="2">{"".join(lines)}</table>'


def _cell(text: str, is_better: bool = False) -> str:
    text = text.replace("%", "&nbsp;%")
    if is_better:
        text = f'<b><span style="color: {COLOURS[Status.CERTAIN]}">{MARK} {text}</span></b>'
    return f'<td align="right">{text}</td>'
