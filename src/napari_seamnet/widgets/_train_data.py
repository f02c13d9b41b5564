"""The data that a training learns from: hand alignments, and folders and files of tiles."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QFileDialog, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from ._controls import button, label, row

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from qtpy.QtGui import QResizeEvent


class TrainData(QWidget):
    """A line for each file or folder, and buttons to add some."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.hand: Path | None = None
        self.tiles: list[Path] = []
        self.add_hand = button(
            "hand alignments...",
            "A file of pairs aligned by hand (.jsonl), as Align pair and Training set write it. "
            "Two in five pairs are held out, to compare old and new weights on.",
            self._ask_for_hand,
        )
        self.add_folder = button(
            "tile folder...",
            "A folder of labelled tiles, as Training set makes it; several may be added",
            self._ask_for_folder,
        )
        self.add_file = button(
            "tile file...",
            "A compact file of labelled tiles (.safetensors); several may be added",
            self._ask_for_file,
        )
        for piece in (self.add_hand, self.add_folder, self.add_file):
            piece.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.lines = QVBoxLayout()
        self.lines.setContentsMargins(0, 0, 0, 0)
        self.lines.setSpacing(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(label("Data to learn from"))
        layout.addLayout(self.lines)
        layout.addLayout(row(self.add_hand, 4, self.add_folder, 3, self.add_file, 3))

    def show_data(self, hand: Path | None, tiles: Sequence[Path]) -> None:
        """Take other data instead."""
        self.hand, self.tiles = hand, list(tiles)
        self._show()

    def take_hand(self, path: Path) -> None:
        """Take a file of hand alignments, instead of the one before."""
        self.show_data(path, self.tiles)

    def take_tiles(self, path: Path) -> None:
        """Add a folder or file of tiles."""
        if path not in self.tiles:
            self.show_data(self.hand, [*self.tiles, path])

    def _show(self) -> None:
        while (item := self.lines.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        if self.hand is not None:
            line = _Line("hand alignments", self.hand, lambda: self.show_data(None, self.tiles))
            self.lines.addWidget(line)
        for path in self.tiles:
            self.lines.addWidget(_Line("tiles", path, partial(self._drop_tiles, path)))
        self.changed.emit()

    def _drop_tiles(self, path: Path) -> None:
        self.show_data(self.hand, [other for other in self.tiles if other != path])

    def _ask_for_hand(self) -> None:
        name, _ = QFileDialog.getOpenFileName(
            self, "Hand alignments", "", "Hand alignments (*.jsonl)"
        )
        if name:
            self.take_hand(Path(name))

    def _ask_for_folder(self) -> None:
        if name := QFileDialog.getExistingDirectory(self, "Folder of tiles"):
            self.take_tiles(Path(name))

    def _ask_for_file(self) -> None:
        names, _ = QFileDialog.getOpenFileNames(
            self, "Compact files of tiles", "", "Tiles (*.safetensors)"
        )
        for name in names:
            self.take_tiles(Path(name))


class _Line(QWidget):
    """What a path is, its name, as much of it as there is room for, and a cross."""

    def __init__(self, what: str, path: Path, dropped: Callable[[], object]) -> None:
        super().__init__()
        self._path = path
        self.name = label(tip=str(path))
        self.name.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.drop = QToolButton()
        self.drop.setText("×")
        self.drop.setToolTip("Leave it out; the file stays")
        self.drop.setAutoRaise(True)
        self.drop.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.drop.clicked.connect(lambda: dropped())
        self.setLayout(row(label(f"{what}:", faint=True), self.name, 1, self.drop))

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Shorten the path in its middle."""
        super().resizeEvent(event)
        where = f"{self._path.parent.name}/{self._path.name}"
        middle = Qt.TextElideMode.ElideMiddle
        metrics = self.name.fontMetrics()
        self.name.setText(metrics.elidedText(where, middle, max(40, self.name.width())))
