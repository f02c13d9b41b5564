"""What to train: network, data, recipe, details. A person's choices become a `TrainPlan`.

The list of data is in `_train_data.py`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import QCheckBox, QFileDialog, QToolButton, QVBoxLayout, QWidget

from ..nets.build import THESIS_NETWORKS, has_weights
from ..user_weights import list_weights
from ._align import DEVICES
from ._controls import combo, label, pixels, row
from ._train_data import TrainData
from ._train_plan import (
    BUNDLED,
    FINE_TUNE,
    NOTHING,
    SOURCE,
    TrainPlan,
    recipe_numbers,
    remembered_pace,
)

if TYPE_CHECKING:
    from qtpy.QtGui import QShowEvent
    from qtpy.QtWidgets import QComboBox

_ASK = "ask"
"""The recipe that is a file still to be chosen."""
MOST = 10_000
"""Most epochs or seed that a box takes."""


class TrainChoices(QWidget):
    """The boxes above the button that starts a training."""

    changed = Signal()
    """The plan is another one."""

    def __init__(self) -> None:
        super().__init__()
        self.network = combo(
            "What to train, and which weights it starts from. SeamNet from the bundled weights "
            "needs the least data."
        )
        self.network.opening.connect(self.list_networks)
        self.data = TrainData()
        self.simulates = QCheckBox("add simulated pairs")
        self.simulates.setToolTip(
            "Some of the batches are drawn by the simulator, so that the network keeps what it "
            "can do on other pictures"
        )
        self.simulates.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        share = "Share of the batches that the simulator draws; the others are of the data above"
        self.share = pixels(1, 100, 20, share, self._on_change, unit=" %")
        self.recipe = combo("All other numbers of the training: rates, batches, augmentation")
        self.details = QToolButton()
        self.details.setText("details")
        self.details.setToolTip("Show epochs, seed and device")
        self.details.setCheckable(True)
        self.details.setAutoRaise(True)
        self.details.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.details.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.epochs = pixels(
            1, MOST, 6, "How often all of the data is seen", self._on_change, unit=""
        )
        self.seed = pixels(
            0, MOST, 1, "Decides order and augmentation: the same seed gives the same weights",
            self._on_change, unit="",
        )  # fmt: skip
        self.device = combo("Where to train; auto takes a GPU where there is one")
        for name, words in DEVICES.items():
            self.device.addItem(words, name)
        self.hint = label(wraps=True, faint=True)
        self._more = QWidget()
        self._more.hide()
        self._lay_out()
        self.list_networks()
        self._fill_recipes()
        self.network.activated.connect(self._on_network)
        self.recipe.activated.connect(self._on_recipe)
        self.data.changed.connect(self._on_change)
        self.simulates.toggled.connect(self._on_change)
        self.device.activated.connect(self._on_change)
        self.details.toggled.connect(self._on_details)
        self._on_details(False)
        self._on_network()

    @property
    def plan(self) -> TrainPlan:
        """What has been chosen. The source's networks get no hand alignments: see the hint."""
        network, start = self.network.currentData()
        return TrainPlan(
            network,
            start,
            self.recipe.currentData(),
            self.epochs.value(),
            self.seed.value(),
            self.data.hand if network == "seamnet" else None,
            tuple(self.data.tiles),
            self.share.value() / 100 if self.simulates.isChecked() else 0.0,
            self.device.currentData(),
        )

    def show_plan(self, plan: TrainPlan) -> None:
        """Choose what a plan says."""
        self.list_networks()
        choose(self.network, (plan.network, plan.start))
        if find(self.recipe, plan.recipe) < 0:
            self._add_recipe(plan.recipe)
        choose(self.recipe, plan.recipe)
        choose(self.device, plan.device)
        boxes = self.epochs, self.seed, self.share, self.simulates
        blockers = [QSignalBlocker(box) for box in boxes]
        self.epochs.setValue(plan.epochs)
        self.seed.setValue(plan.seed)
        self.simulates.setChecked(plan.simulated > 0)
        if plan.simulated:
            self.share.setValue(round(100 * plan.simulated))
        del blockers
        self.data.show_data(plan.hand, plan.tiles)

    def list_networks(self) -> None:
        """List networks and weights as they are now; the chosen one stays chosen."""
        entries = [("SeamNet, from the bundled weights", ("seamnet", BUNDLED))]
        for found in list_weights():
            if not found.broken:
                network = found.card["network"]
                title = "SeamNet" if network == "seamnet" else network
                entries.append((f"{title}, from your {found.name!r}", (network, found.name)))
        entries.append(("SeamNet, from nothing", ("seamnet", NOTHING)))
        for name in THESIS_NETWORKS:
            if has_weights(name):
                entries.append(
                    (f"{name} (the source's), from the bundled weights", (name, BUNDLED))
                )
            entries.append((f"{name} (the source's), from nothing", (name, NOTHING)))
        chosen = self.network.currentData()
        with QSignalBlocker(self.network):
            self.network.clear()
            for words, what in entries:
                self.network.addItem(words, what)
            choose(self.network, chosen)

    def showEvent(self, event: QShowEvent | None) -> None:
        """List what has been trained, renamed or deleted meanwhile."""
        super().showEvent(event)
        self.list_networks()

    # -- layout -------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        more = QVBoxLayout(self._more)
        more.setContentsMargins(0, 0, 0, 0)
        more.setSpacing(5)
        for box in (self.epochs, self.seed):
            box.setFixedWidth(92)
        more.addLayout(row("Epochs", self.epochs, "seed", self.seed, None))
        more.addLayout(row("Device", self.device, 1))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(5)
        layout.addLayout(row("Network", self.network, 1))
        layout.addWidget(self.data)
        layout.addLayout(row(self.simulates, None, self.share))
        layout.addLayout(row("Recipe", self.recipe, 1, self.details))
        layout.addWidget(self._more)
        layout.addWidget(self.hint)

    def _show_hint(self) -> None:
        network, start = self.network.currentData()
        said = []
        if network != "seamnet" and self.data.hand is not None:
            said.append(f"{network} learns from tiles only; the hand alignments are left out.")
        if (network, start) == ("seamnet", NOTHING):
            said.append("From nothing, SeamNet needs far more epochs than fine-tuning.")
        plan = self.plan
        if not plan.has_data:
            said.append("Add hand alignments or tiles of your own, or simulated pairs.")
        elif (pace := remembered_pace(plan)) is not None:
            said.append(f"About {in_words(pace * plan.epochs)}, at the pace of last time.")
        else:
            said.append("How long it takes is known after the first steps.")
        if plan.has_data and plan.hand is None:
            said.append("Without hand alignments, old and new weights are not compared.")
        self.hint.setText(" ".join(said))

    # -- choices ------------------------------------------------------------------------------

    def _fill_recipes(self) -> None:
        for words, path in (("fine-tune", FINE_TUNE), ("the source's", SOURCE)):
            self.recipe.addItem(f"{words}, {recipe_numbers(path)['epochs']} epochs", path)
        self.recipe.addItem("from a file...", _ASK)

    def _add_recipe(self, path: Path) -> None:
        self.recipe.insertItem(self.recipe.count() - 1, path.name, path)
        self.recipe.setItemData(self.recipe.count() - 2, str(path), Qt.ItemDataRole.ToolTipRole)

    def _on_network(self) -> None:
        # Whoever has chosen a file wants that one.
        if self.recipe.currentData() in (FINE_TUNE, SOURCE):
            network = self.network.currentData()[0]
            choose(self.recipe, FINE_TUNE if network == "seamnet" else SOURCE)
            self._take_recipes_numbers()
        self._on_change()

    def _on_recipe(self) -> None:
        if self.recipe.currentData() == _ASK:
            name, _ = QFileDialog.getOpenFileName(self, "Recipe", "", "Recipes (*.toml)")
            self.take_recipe(Path(name) if name else FINE_TUNE)
            return
        self._take_recipes_numbers()
        self._on_change()

    def take_recipe(self, path: Path) -> None:
        """Take a file as the recipe."""
        if find(self.recipe, path) < 0:
            self._add_recipe(path)
        choose(self.recipe, path)
        self._on_recipe()

    def _take_recipes_numbers(self) -> None:
        numbers = recipe_numbers(self.recipe.currentData())
        for box, name in ((self.epochs, "epochs"), (self.seed, "seed")):
            if isinstance(numbers.get(name), int):
                with QSignalBlocker(box):
                    box.setValue(numbers[name])

    def _on_details(self, shown: bool) -> None:
        self.details.setArrowType(Qt.ArrowType.DownArrow if shown else Qt.ArrowType.RightArrow)
        self._more.setVisible(shown)

    def _on_change(self, *_: object) -> None:
        self.share.setEnabled(self.simulates.isChecked())
        self._show_hint()
        self.changed.emit()


def find(box: QComboBox, data: object) -> int:
    """Index of an entry by its data; -1 if there is none. Qt's own does not compare Python's."""
    return next((k for k in range(box.count()) if box.itemData(k) == data), -1)


def choose(box: QComboBox, data: object) -> None:
    """Choose an entry by its data, or the first one."""
    box.setCurrentIndex(max(0, find(box, data)))


def in_words(seconds: float) -> str:
    """Put a time into words.

    Examples
    --------
    >>> in_words(40), in_words(200), in_words(9000)
    ('1 minute', '3 minutes', '2.5 hours')
    """
    if seconds < 90:
        return "1 minute"
    return f"{seconds / 60:.0f} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"
