"""The section of tiles: what to make, how that would look, and the button that makes it.

It decides nothing: what its buttons do is in `tiles.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QCheckBox, QGridLayout, QVBoxLayout, QWidget

from ..learning.tiles import TilePlan
from ._controls import button, combo, label, pixels, row
from ._tiles_busy import Busy
from ._tiles_draft import size_in_words
from ._tiles_pictures import ShiftHistogram, TilePictures
from ._tiles_theme import GOOD

if TYPE_CHECKING:
    from pathlib import Path

    from ._tiles_draft import Draft
    from ._tiles_theme import Colours

USUAL = TilePlan()
KINDS = {
    False: "a folder",
    True: "a compact file",
}
MOST = 10_000_000


class MakeSection(QWidget):
    """Settings, a look ahead, and Generate."""

    changed = Signal()
    """The plan is another."""
    redrawn = Signal()
    """Other tiles are to be shown."""
    augmented = Signal()
    """Whether to show augmentation is another."""
    wanted = Signal()
    cancelled = Signal()
    trained = Signal()
    """The tiles just made are to be trained on."""

    def __init__(self) -> None:
        super().__init__()
        self.side = pixels(4, 1000, USUAL.size, "Side of the squares", self._on_change)
        self.reach = pixels(
            1,
            50,
            USUAL.reach,
            "Shifts are all (dy, dx) within this, each way on each axis",
            self._on_change,
        )
        self.reach.setPrefix("±")
        count = USUAL.count or MOST
        self.number = pixels(1, MOST, count, "Tiles in all", self._on_change, unit="")
        self.validation = pixels(
            0,
            99,
            round(100 * USUAL.validation),
            "Share of the seed pairs that are kept for validation; no pair is on both sides",
            self._on_change,
            unit=" %",
        )
        self.seed = pixels(
            0, MOST, USUAL.seed, "Equal seeds give equal tiles", self._on_change, unit=""
        )
        self.even = QCheckBox("sieve evenly")
        self.even.setToolTip(
            "As many tiles of each largest shift max(|x|, |y|), not of each shift; otherwise "
            "large shifts are many, and small ones few"
        )
        self.even.toggled.connect(self._on_change)
        self.estimate = label(wraps=True)
        self.pictures = TilePictures()
        self.augment = QCheckBox("show augmentation")
        self.augment.setToolTip(
            "How training may vary these tiles on the fly: mirrored, brighter, noisier, damaged; "
            "nothing of it is stored"
        )
        self.augment.toggled.connect(lambda on: self.augmented.emit())
        self.draw = button("New draw", "Show six other tiles", self.redrawn.emit)
        self.histogram = ShiftHistogram()
        self.kind = combo(
            "A folder of PNG pictures can be looked at; a compact file trains at full speed"
        )
        for compact, words in KINDS.items():
            self.kind.addItem(words, compact)
        self.kind.currentIndexChanged.connect(lambda: self._show_estimate())
        self.start = button(
            "Generate tiles...",
            "Choose where, and cut the tiles in the background; a stopped run can be continued",
            self.wanted.emit,
            primary=True,
        )
        self.done = label(wraps=True)
        self.done.setStyleSheet(f"color: {GOOD}")
        self.done.hide()
        self.train = button("Train on these", "Take the tiles over into Train", self.trained.emit)
        self.train.hide()
        self.message = label(wraps=True)
        self.message.setStyleSheet("color: #c8700a")
        self.message.hide()
        buttons = QWidget()
        buttons.setLayout(row(self.start, 3, "as", self.kind, 2))
        self.busy = Busy(buttons, "Stop; the same place and settings go on from there later")
        self.busy.cancelled.connect(self.cancelled)
        self._draft: Draft | None = None
        self._left_out = 0
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(5)
        settings = QGridLayout()
        settings.setSpacing(0)  # the words have room around them, and the dock has little
        settings.setVerticalSpacing(5)
        settings.setColumnStretch(2, 1)
        boxes = (
            ("Size", self.side, "range", self.reach),
            ("Count", self.number, "seed", self.seed),
        )
        for number, (words, box, more, other) in enumerate(boxes):
            for column, piece in enumerate((label(words), box, None, label(more), other)):
                if piece is not None:
                    settings.addWidget(piece, number, column)
        layout.addLayout(settings)
        layout.addLayout(row("Validation", self.validation, None, self.even))
        layout.addWidget(self.estimate)
        layout.addWidget(self.pictures)
        layout.addLayout(row(self.augment, None, self.draw))
        layout.addWidget(self.histogram)
        layout.addWidget(self.busy)
        layout.addWidget(self.message)
        layout.addWidget(self.done)
        layout.addLayout(row(self.train, None))
        self.show_draft(None)

    @property
    def plan(self) -> TilePlan:
        """What is wanted.

        Raises
        ------
        TileError
            If the numbers do not go together.
        """
        return TilePlan(
            self.side.value(),
            self.reach.value(),
            self.number.value(),
            self.validation.value() / 100,
            self.seed.value(),
            self.even.isChecked(),
        )

    @property
    def compact(self) -> bool:
        """Whether one file is wanted, not a folder."""
        return bool(self.kind.currentData())

    def show_draft(self, draft: Draft | None, left_out: int = 0) -> None:
        """Show what the plan would make; None where it would make nothing.

        Parameters
        ----------
        draft : Draft or None
            The look ahead.
        left_out : int
            Pairs that are broken.
        """
        self._draft, self._left_out = draft, left_out
        for piece in (self.pictures, self.augment, self.draw, self.histogram):
            piece.setVisible(draft is not None)
        self.pictures.show_tiles(draft.pictures if draft else ())
        self.histogram.show_draft(draft)
        self.start.setEnabled(draft is not None)
        self._show_estimate()

    def show_trouble(self, text: str) -> None:
        """Say why the plan would make nothing."""
        self.show_draft(None)
        # What the commands call an option is a box here.
        for option, words in (("--size", "a size of"), ("--range", "range")):
            text = text.replace(option, words)
        self.estimate.setText(text[:1].upper() + text[1:])

    def show_colours(self, colours: Colours) -> None:
        """Take the colours of a theme."""
        self.histogram.show_colours(colours)

    def say(self, text: str) -> None:
        """Show one sentence; an empty one takes the last back."""
        self.message.setText(text[:1].upper() + text[1:])
        self.message.setVisible(bool(text))

    def say_done(self, text: str, path: Path | None = None) -> None:
        """Show what was made; an empty text takes it back."""
        self.done.setText(text)
        self.done.setToolTip(str(path or ""))
        self.done.setVisible(bool(text))
        self.train.setVisible(path is not None)

    def _on_change(self, *_: object) -> None:
        self.changed.emit()

    def _show_estimate(self) -> None:
        draft = self._draft
        if draft is None:
            self.estimate.setText("")
            return
        size = (
            size_in_words(draft.compact)
            if self.compact
            else (f"about {size_in_words(draft.folder)}")
        )
        held = f" and {draft.validation:,} of {_pairs(draft.held)} for validation"
        text = (
            f"{draft.train:,} tiles of {_pairs(draft.pairs - draft.held)} for training"
            f"{held if draft.held else ''}; {size} on disk."
        )
        if not draft.held and self.validation.value():
            text += " None for validation: that takes a second pair of frames."
        if self._left_out:
            verb = "is" if self._left_out == 1 else "are"
            text += f" {_pairs(self._left_out, 'broken ')} {verb} left out."
        self.estimate.setText(text)


def _pairs(n: int, kind: str = "") -> str:
    return f"{n} {kind}pair{'s' * (n != 1)}"
