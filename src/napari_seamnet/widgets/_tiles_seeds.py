"""The section of seed pairs: the file, the filter, the list, and what can be done with a pair.

It decides nothing: what its buttons do is in `tiles.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QItemSelectionModel, QSize, Qt, Signal
from qtpy.QtGui import QAction, QKeySequence
from qtpy.QtWidgets import (
    QAbstractItemView,
    QLineEdit,
    QListView,
    QMenu,
    QVBoxLayout,
    QWidget,
)

from ..learning.hand import Decided
from ._controls import button, combo, label, row
from ._tiles_busy import Busy
from ._tiles_list import BROKEN, PAIR, SeedDelegate, SeedFilter, SeedModel

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ..learning.diversity import Traits
    from ..learning.hand import HandAlignment
    from ._tiles_look import Seen
    from ._tiles_theme import Colours

CHOICES = {
    "": "all",
    Decided.HAND: "by hand",
    Decided.CONFIRMED: "confirmed",
    Decided.TRUTH: "known offset",
    BROKEN: "broken",
}
SOURCES = {
    "pair": (
        "From Align pair",
        "Align two frames and press Record as hand alignment there",
    ),
    "table": (
        "From CSV or pairs file...",
        "Pairs with known offsets: for or from align --pairs, or a file of measured offsets",
    ),
    "seams": (
        "From a grid's corrections...",
        "The seams of a stitched grid that were corrected by hand, as stitch --seams writes them",
    ),
    "merge": (
        "Merge with other hand alignment files...",
        "Take over what other files hold; of the same pair the latest word counts",
    ),
    "folder": (
        "Import folder...",
        "A folder that was exported, here or elsewhere; its frames stay in it",
    ),
}
EMPTY = (
    "No seed pair yet. Align two frames in Align pair and press Record as hand alignment there, "
    "or add pairs whose offsets are known."
)
NO_MATCH = "No pair passes the filter."
HEIGHT = 250


class SeedSection(QWidget):
    """The seed pairs of one file."""

    choosing = Signal()
    """Another file is wanted."""
    opened = Signal(object)
    """A `HandAlignment` is to be opened in Align pair."""
    deleted = Signal(list)
    """Ids of the pairs to delete."""
    undone = Signal()
    noted = Signal(str, str)
    """Id and note."""
    adding = Signal(str)
    """A key of `SOURCES`."""
    exporting = Signal()
    cancelled = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._in_order: list[HandAlignment] = []
        self.count = label()
        self.file = button("...", "Choose another file of hand alignments", self.choosing.emit)
        self.who = combo("Show only the pairs that were decided on like this")
        for key, words in CHOICES.items():
            self.who.addItem(words, str(key))
        self.text = QLineEdit()
        self.text.setPlaceholderText("name or note")
        self.text.setToolTip("Show only the pairs whose name or note holds this")
        self.text.setClearButtonEnabled(True)
        self.model = SeedModel(self)
        self.filter = SeedFilter(self)
        self.filter.setSourceModel(self.model)
        self.delegate = SeedDelegate(self)
        self.list = QListView()
        self.list.setModel(self.filter)
        self.list.setItemDelegate(self.delegate)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.list.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setUniformItemSizes(True)
        self.list.setFixedHeight(HEIGHT)
        self.empty = label(EMPTY, wraps=True)
        self.open = button(
            "Open",
            "Open the pair in Align pair, to look at it or correct it (Enter, or a double-click)",
            self._open,
        )
        self.note = button("Note", "Write the pair's note in the list (F2)", self.edit_note)
        self.delete = button("Delete", "Delete the chosen pairs (Del)", self._delete)
        self.undo = button("Undo", "Bring back what was deleted last", self.undone.emit)
        self.missing = label(wraps=True, faint=True)
        self.add = button("Add pairs", "Take seed pairs from elsewhere", lambda: None)
        menu = QMenu(self.add)
        menu.setToolTipsVisible(True)
        for key, (words, tip) in SOURCES.items():
            action = menu.addAction(words, lambda key=key: self.adding.emit(key))
            if action is not None:
                action.setToolTip(tip)
        self.add.setMenu(menu)
        self.add.setMinimumWidth(self.add.minimumWidth() + 16)
        self.export = button(
            "Export folder...",
            "Copy the pairs and their frames into a folder that can be moved to another machine",
            self.exporting.emit,
        )
        self.message = label(wraps=True)
        self.message.setStyleSheet("color: #c8700a")
        self.message.hide()
        buttons = QWidget()
        buttons.setLayout(row(self.add, 1, self.export, 1))
        self.busy = Busy(
            buttons,
            "Stop; pairs are added all together or not at all, and an export can be continued",
        )
        self.busy.cancelled.connect(self.cancelled)
        self._lay_out()
        self._add_actions()
        self.who.currentIndexChanged.connect(self._filter)
        self.text.textChanged.connect(self._filter)
        self.model.noted.connect(self.noted)
        self.list.doubleClicked.connect(self._open)
        selection = self.list.selectionModel()
        if selection is not None:
            selection.selectionChanged.connect(self._show_enabled)
        self.show_undo(False)

    @property
    def alignments(self) -> list[HandAlignment]:
        """All pairs of the file, in the order in which they were recorded."""
        return list(self._in_order)

    @property
    def usable(self) -> list[HandAlignment]:
        """Those against which nothing is known."""
        broken = {pair.alignment.id for pair in self.model.pairs if pair.broken}
        return [one for one in self._in_order if one.id not in broken]

    @property
    def traits(self) -> list[Traits]:
        """What was measured on the pairs so far."""
        seen = (pair.seen for pair in self.model.pairs)
        return [one.traits for one in seen if one and one.traits]

    @property
    def chosen(self) -> list[HandAlignment]:
        """The pairs that are selected in the list."""
        return [index.data(PAIR).alignment for index in self.list.selectedIndexes()]

    def show_file(self, path: Path, alignments: Sequence[HandAlignment]) -> None:
        """Show a file and what it holds; the choice in the list stays."""
        chosen = {one.id for one in self.chosen}
        self._in_order = list(alignments)
        n = len(alignments)
        self.count.setText(f"{n} hand alignment{'s' * (n != 1)} in <b>{path.name}</b>")
        self.count.setToolTip(str(path))
        self.model.show(alignments)
        self.choose(chosen)
        self._show_empty()
        self._show_enabled()

    def choose(self, ids: set[str]) -> None:
        """Select these pairs in the list."""
        selection = self.list.selectionModel()
        for number in range(self.filter.rowCount()):
            index = self.filter.index(number, 0)
            if selection is not None and index.data(PAIR).alignment.id in ids:
                selection.select(index, QItemSelectionModel.SelectionFlag.Select)

    def show_seen(self, alignment: HandAlignment, seen: Seen) -> None:
        """Show what was seen of a pair."""
        self.model.show_seen(alignment, seen)

    def show_missing(self, sentences: Sequence[str]) -> None:
        """Show what the set lacks."""
        self.missing.setText(f"What is missing: {'; '.join(sentences)}." if sentences else "")
        self.missing.setVisible(bool(sentences))

    def show_undo(self, can_undo: bool) -> None:
        """Show whether a deletion can be undone."""
        self.undo.setEnabled(can_undo)

    def show_colours(self, colours: Colours) -> None:
        """Take the colours of a theme."""
        self.delegate.colours = colours
        viewport = self.list.viewport()
        if viewport is not None:
            viewport.update()

    def say(self, text: str) -> None:
        """Show one sentence; an empty one takes the last back."""
        self.message.setText(text[:1].upper() + text[1:])
        self.message.setVisible(bool(text))

    def edit_note(self) -> None:
        """Open the note of the first chosen pair for writing."""
        indexes = self.list.selectedIndexes()
        if indexes:
            self.list.scrollTo(indexes[0])
            self.list.edit(indexes[0])

    def sizeHint(self) -> QSize:
        """Wide enough for a name and its shift."""
        return QSize(360, HEIGHT + 190)

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(5)
        layout.addLayout(row(self.count, 1, self.file))
        layout.addLayout(row("Show", self.who, 1, self.text, 1))
        layout.addWidget(self.list)
        layout.addWidget(self.empty)
        layout.addLayout(row(self.open, 1, self.note, 1, self.delete, 1, self.undo, 1))
        layout.addWidget(self.missing)
        layout.addWidget(self.busy)
        layout.addWidget(self.message)

    def _add_actions(self) -> None:
        for words, done, keys in (
            ("Open in Align pair", self._open, ["Return", "Enter"]),
            ("Write the note", self.edit_note, []),
            ("Delete", self._delete, ["Del"]),
        ):
            action = QAction(words, self.list)
            action.triggered.connect(lambda checked=False, done=done: done())
            action.setShortcuts([QKeySequence(key) for key in keys])
            action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
            self.list.addAction(action)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)

    def _open(self, *_: object) -> None:
        if self.chosen:
            self.opened.emit(self.chosen[0])

    def _delete(self) -> None:
        if self.chosen:
            self.deleted.emit([one.id for one in self.chosen])

    def _filter(self, *_: object) -> None:
        self.filter.choose(self.who.currentData(), self.text.text())
        self._show_empty()
        self._show_enabled()

    def refilter(self) -> None:
        """Filter again: what is broken may be known only now."""
        if self.who.currentData() == BROKEN:
            self._filter()

    def _show_empty(self) -> None:
        shown = self.filter.rowCount() > 0
        self.list.setVisible(shown)
        self.empty.setText(NO_MATCH if self._in_order else EMPTY)
        self.empty.setVisible(not shown)

    def _show_enabled(self, *_: object) -> None:
        n = len(self.list.selectedIndexes())
        self.open.setEnabled(n == 1)
        self.note.setEnabled(n == 1)
        self.delete.setEnabled(n > 0)
        self.export.setEnabled(bool(self._in_order))
