"""The controls of the review below each other: list, seam, decision, again, training set.

It decides nothing; what its controls do is in `_grid_review.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from ..seams.composite import View
from ._controls import button, combo, label, row
from ._grid_again import AgainControls
from ._grid_decide import DecideControls
from ._grid_rows import Which, counts
from ._grid_seam_panel import SeamPanel
from ._grid_table import SeamTable
from ._tiles_theme import GOOD, TROUBLE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ._grid_rows import SeamRow

VIEWS = {
    View.COMPOSITE: "composite",
    View.DIFFERENCE: "difference",
    View.CHECKER: "checker",
    View.VOTES: "votes",
}
EMPTY = "Lay out a grid and stitch it: the seams that deserve a look are listed here."
SEND = "Send decisions to the training set"


class ReviewDock(QWidget):
    """Everything of step 3 that is seen beside the viewer."""

    chosen = Signal(object)
    """Which seams to list: a `Which`."""
    viewed = Signal(object)
    """How to show the seam: a `View`."""
    sending = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.headline = label(wraps=True)
        self.which = combo("Which seams are listed")
        for which in Which:
            self.which.addItem(which.value, which)
        self.which.activated.connect(lambda: self.chosen.emit(self.which.currentData()))
        self.table = SeamTable()
        self.panel = SeamPanel()
        self.shows = combo(
            "How the seam is shown in the viewer. Composite: red is the first frame, green the "
            "second, aligned is grey. Hold B to see them in turns. Votes: places that "
            "speak for the shift that was found are blue, those for the best other one orange."
        )
        for kind, words in VIEWS.items():
            self.shows.addItem(words, kind)
        self.shows.activated.connect(lambda: self.viewed.emit(self.shows.currentData()))
        self.decide = DecideControls()
        self.again = AgainControls()
        self.send = button(SEND, "", self.sending.emit)
        self.message = label(wraps=True)
        self.seam = QWidget()
        """What is there only while a seam is looked at."""
        inside = QVBoxLayout(self.seam)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(6)
        inside.addWidget(self.panel)
        inside.addLayout(row("Show as", self.shows, 1))
        self.goes_on = QCheckBox("go on by itself")
        self.goes_on.setToolTip(
            "After a decision, look at the next seam that deserves it, once frames have settled"
        )
        self.goes_on.setChecked(True)
        self.goes_on.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.listing = QWidget()
        self.listing.setLayout(row("List", self.which, 1, self.goes_on))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self.headline)
        layout.addWidget(self.listing)
        for piece in (
            self.table,
            self.seam,
            self.decide,
            self.again,
            self.message,
            self.send,
        ):
            layout.addWidget(piece)
        layout.addStretch(1)
        self.say("")

    def show_rows(self, rows: Sequence[SeamRow], *, is_solved: bool, is_settling: bool) -> None:
        """List the seams, and say how many deserve a look.

        Parameters
        ----------
        rows : sequence of SeamRow
            Of all seams.
        is_solved : bool
            Whether there are positions at all.
        is_settling : bool
            Whether they are being found anew.
        """
        found = counts(rows)
        self.headline.setText(_headline(found, is_solved=is_solved, is_settling=is_settling))
        for k in range(self.which.count()):
            which = self.which.itemData(k)
            self.which.setItemText(k, f"{which.value} ({found[which]:,})")
        self.table.show_rows(rows)
        for piece in (self.listing, self.table, self.decide, self.again, self.send):
            piece.setVisible(bool(rows))

    def show_which(self, which: Which) -> None:
        """List other seams than before."""
        with QSignalBlocker(self.which):
            self.which.setCurrentIndex(self.which.findData(which))
        self.table.show_rows(self.table.seams.all_rows, which)

    def show_send(self, n: int, file: Path) -> None:
        """Say how many decisions there are to send, and where to."""
        self.send.setText(f"{SEND} ({n})" if n else SEND)
        self.send.setEnabled(n > 0)
        self.send.setToolTip(
            f"Record every decision by hand as a hand alignment in {file}, which networks learn "
            "from; what is there already is not recorded twice"
            if n
            else "Nothing is decided by hand yet"
        )

    def say(self, text: str) -> None:
        """Show one sentence on what a person should know; an empty one takes the last back."""
        self.message.setStyleSheet(f"color: {TROUBLE}")
        self._say(text)

    def tell(self, text: str) -> None:
        """Show one sentence on what came of something."""
        self.message.setStyleSheet(f"color: {GOOD}")
        self._say(text)

    def _say(self, text: str) -> None:
        self.message.setText(text[:1].upper() + text[1:])
        self.message.setVisible(bool(text))

    def unsay(self, text: str) -> None:
        """Take a sentence back, if it is still there."""
        if self.message.text() == text[:1].upper() + text[1:]:
            self.say("")


def _headline(found: dict[Which, int], *, is_solved: bool, is_settling: bool) -> str:
    n, decided = found[Which.LOOK], found[Which.HAND]
    if not found[Which.ALL]:
        return EMPTY
    if not is_solved and not n:
        return "No positions yet"
    said = f"{n:,} seam{'s' * (n != 1)} {'deserve' if n != 1 else 'deserves'} a look"
    if not is_solved:
        return f"{said}, each by itself"
    if not n:
        said = "No seam is in doubt"
    if decided:
        said += f", {decided:,} decided"
    if found[Which.EXCLUDED]:
        said += f", {found[Which.EXCLUDED]:,} excluded"
    return said + (" ..." if is_settling else "")
