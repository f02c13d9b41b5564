"""The list "Your weights": make default, rename, export, delete.

What happens to files is `user_weights.py`'s business.
"""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QSignalBlocker, Qt, QTimer, Signal
from qtpy.QtWidgets import QFileDialog, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from .. import user_weights
from ..nets.cards import WeightsError
from ..saving import SavingError
from ..user_weights import DEFAULT_METHOD, UserWeights, UserWeightsError
from ._controls import button, label, row

if TYPE_CHECKING:
    from collections.abc import Callable

EXPECTED = (UserWeightsError, WeightsError, SavingError, OSError)
"""What can go wrong with files of weights; the message is one sentence."""
WEIGHTS = "Weights (*.safetensors)"
DELETE, SURE = "Delete", "Really?"
SURE_MS = 4000
"""How long the second click of Delete is waited for."""
HEIGHT = 92
NAME = Qt.ItemDataRole.UserRole


class YourWeights(QWidget):
    """The person's own weights, and the bundled ones for the default."""

    changed = Signal()
    """Names or the default are others than before."""
    said = Signal(str)
    """One sentence for the person."""

    def __init__(self) -> None:
        super().__init__()
        self.list = QListWidget()
        self.list.setFixedHeight(HEIGHT)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.setToolTip("Weights that are methods, and what they reached; * is the default")
        self.make_default = button(
            "Make default", "Use these where no method is chosen", self._make_default
        )
        self.rename = button(
            "Rename", "Type another name, then Enter (or double-click the name)", self._edit
        )
        self.export = button(
            "Export...", "Copy the weights and their card to a file", self._ask_where_to
        )
        self.delete = button(
            DELETE, "Delete the file of these weights; asks once more", self._delete
        )
        self._sure = QTimer(self)
        self._sure.setSingleShot(True)
        self._sure.setInterval(SURE_MS)
        self._sure.timeout.connect(self._not_sure)
        self._later = ""
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(lambda: self.refill(self._later))
        self.list.itemSelectionChanged.connect(self._on_selection)
        self.list.itemChanged.connect(self._on_edited)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(5)
        layout.addWidget(label("Your weights"))
        layout.addWidget(self.list)
        layout.addLayout(row(self.make_default, 3, self.rename, 2, self.export, 2, self.delete, 2))
        self.refill()

    @property
    def chosen(self) -> str:
        """The selected name; empty without one."""
        item = self.list.currentItem()
        return item.data(NAME) if item is not None and item.isSelected() else ""

    def refill(self, choose: str = "") -> None:
        """List what there is now."""
        choose = choose or self.chosen
        default = user_weights.default_method()
        with QSignalBlocker(self.list):
            self.list.clear()
            self._add("SeamNet, bundled", DEFAULT_METHOD, default, editable=False)
            for found in user_weights.list_weights():
                item = self._add(found.name, found.name, default, editable=not found.broken)
                item.setToolTip(_tip(found))
            for k in range(self.list.count()):
                if (item_there := self.list.item(k)) and item_there.data(NAME) == choose:
                    self.list.setCurrentItem(item_there)
        self._on_selection()

    def _add(self, words: str, name: str, default: str, *, editable: bool) -> QListWidgetItem:
        item = QListWidgetItem(f"{words}  *  default" if name == default else words)
        item.setData(NAME, name)
        if editable:
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
        self.list.addItem(item)
        return item

    def _on_selection(self) -> None:
        self._not_sure()
        name = self.chosen
        own = bool(name) and name != DEFAULT_METHOD
        item = self.list.currentItem()
        usable = own and item is not None and bool(item.flags() & Qt.ItemFlag.ItemIsEditable)
        is_default = name == user_weights.default_method()
        self.make_default.setEnabled(bool(name) and not is_default and (usable or not own))
        self.rename.setEnabled(usable)
        self.export.setEnabled(usable)
        self.delete.setEnabled(own)

    def _make_default(self) -> None:
        name = self.chosen
        self._try(lambda: user_weights.set_default(None if name == DEFAULT_METHOD else name))

    def _edit(self) -> None:
        item = self.list.currentItem()
        if item is not None:
            with QSignalBlocker(self.list):
                item.setText(item.data(NAME))  # without the mark of the default
            self.list.editItem(item)

    def _on_edited(self, item: QListWidgetItem) -> None:
        old, new = item.data(NAME), item.text().removesuffix("  *  default").strip()
        if new and new != old:
            self._try(lambda: user_weights.rename(old, new), choose=new)
        else:
            self.refill()

    def _ask_where_to(self) -> None:
        start = str(Path.home() / f"{self.chosen}.safetensors")
        path, _ = QFileDialog.getSaveFileName(self, "Export weights", start, WEIGHTS)
        if path:
            self._try(lambda: user_weights.export(self.chosen, as_weights(path)))

    def _delete(self) -> None:
        if self.delete.text() == DELETE:
            self.delete.setText(SURE)
            self._sure.start()
            return
        name = self.chosen
        self._try(lambda: user_weights.delete(name))

    def _not_sure(self) -> None:
        self._sure.stop()
        self.delete.setText(DELETE)

    def _try(self, act: Callable[[], Any], choose: str = "") -> None:
        try:
            act()
        except EXPECTED as error:
            self.said.emit(str(error))
        else:
            self.said.emit("")
            self.changed.emit()
        # Not now: the list may be in the middle of ending an edit.
        self._later = choose
        self._soon.start()


def as_weights(path: str) -> Path:
    """A path with the ending of weights."""
    return Path(path if path.endswith(".safetensors") else f"{path}.safetensors")


def _tip(found: UserWeights) -> str:
    if found.broken:
        return f"cannot be used: {found.broken}"
    metrics = found.card.get("metrics")
    said = f"<b>{escape(found.name)}</b>: {escape(str(found.card.get('network', '')))}"
    if isinstance(metrics, dict) and isinstance(metrics.get("mean_max"), float):
        said += f"; on its validation data, mean max error {metrics['mean_max']:.2f} px"
    return f"{said}<br>{escape(str(found.path))}"
