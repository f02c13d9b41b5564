"""Train: the widget that keeps choices, training, pictures and the person's weights in step.

The training is a process of its own and belongs to the application (`_train_process.py`): closing
the dock lets it go on, closing napari stops it. Every change of its state is shown by `_show`.
"""

from __future__ import annotations

import inspect
import weakref
from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QSize, Qt, QTimer
from qtpy.QtWidgets import QFileDialog, QFrame, QScrollArea, QVBoxLayout, QWidget

from .. import user_weights
from ._controls import label, rule
from ._record import hand_file
from ._settings import Remembered
from ._tiles_theme import TROUBLE, Colours
from ._train_choose import TrainChoices
from ._train_curves import Curves, Examples
from ._train_plan import copy_weights
from ._train_process import the_training
from ._train_result import ResultOfTraining
from ._train_run import RunControls
from ._train_state import Stage, TrainState
from ._train_weights import EXPECTED, WEIGHTS, YourWeights, as_weights

if TYPE_CHECKING:
    from pathlib import Path

    import napari
    from qtpy.QtGui import QShowEvent

    from ._train_plan import TrainPlan

USUAL = QSize(390, 720)
NARROWEST = 320
NO_DATA = "There is nothing to train on: add hand alignments, tiles, or simulated pairs."
HALF_WAY = "This training was stopped half-way."
UNDECIDED = "This training is done; its weights wait for your decision."
REDRAW_MS = 250
LONGEST = 50
"""Of a name that is proposed for weights, in letters."""


class TrainWidget(QWidget):
    """Train or fine-tune a network, watch it, and use its weights if they are better.

    Parameters
    ----------
    napari_viewer : napari.Viewer or ViewerModel
        Its theme gives the colours.
    """

    def __init__(self, napari_viewer: napari.Viewer) -> None:
        super().__init__()
        self._viewer = inspect.unwrap(napari_viewer)
        self._before = TrainState()
        self.training = the_training()
        self.choices = TrainChoices()
        self.controls = RunControls()
        self.message = label(wraps=True)
        self.message.setStyleSheet(f"color: {TROUBLE}")
        self.message.hide()
        self.curves = Curves()
        self.examples = Examples()
        self.result = ResultOfTraining()
        self.weights = YourWeights()
        # Short epochs come faster than curves can be drawn.
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(REDRAW_MS)
        self._soon.timeout.connect(self._show)
        self._lay_out()
        self._take_up()
        self._connect()
        self._show()

    # -- what can be done -----------------------------------------------------------------------

    def train(self, anew: bool = False) -> None:
        """Start the training that was chosen, or go on with it where it was stopped."""
        plan = self.choices.plan
        if not plan.has_data:
            self.say(NO_DATA)
            return
        self.say("")
        self.training.start(plan, anew=anew)

    def use_tiles(self, path: Path) -> None:
        """Take tiles as data to train on, as when they were just made in Training set."""
        self.choices.data.take_tiles(path)

    def use(self, name: str) -> None:
        """Keep the new weights under a name, as the default."""
        if self.training.plan is None:
            return
        try:
            user_weights.add_weights(self.training.plan.out, name)
            user_weights.set_default(name)
        except EXPECTED as error:
            self.say(str(error))
            return
        self.training.decide(keeps_files=False)
        self.say(f"{name!r} is the default now, and in every list of methods.")
        self.weights.refill(name)
        self.choices.list_networks()

    def keep(self) -> None:
        """Change nothing; the new weights stay where they are until the next training."""
        if self.training.plan is not None:
            out = self.training.plan.out
            self.training.decide(keeps_files=True)
            self.say(f"Nothing was changed. Until the next training, the new weights are in {out}")

    def save_as(self, path: Path) -> None:
        """Write the new weights and their card to a file; what becomes of them stays open."""
        if self.training.plan is None:
            return
        try:
            copy_weights(self.training.plan.out, path)
        except EXPECTED as error:
            self.say(str(error))
        else:
            self.say(f"Written to {path}, with its card.")

    def say(self, text: str) -> None:
        """Show one sentence below the buttons; an empty one takes the last back."""
        self.message.setText(text[:1].upper() + text[1:])
        self.message.setVisible(bool(text))

    # -- showing --------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent | None) -> None:
        """Show what changed while the dock was closed."""
        super().showEvent(event)
        self.weights.refill()
        self._show()

    def _take_up(self) -> None:
        """Offer a training that was left, by this dock or by an earlier session."""
        self.training.take_up()
        plan, state = self.training.plan, self.training.state
        if plan is not None:
            self.choices.show_plan(plan)
        else:
            hand = hand_file(Remembered.load())
            if hand.is_file():
                self.choices.data.take_hand(hand)
        if state.stage is Stage.STOPPED:
            self.say(HALF_WAY)
        elif state.stage is Stage.DONE:
            self.say(UNDECIDED)
        else:
            self.say(state.trouble)

    def _on_training(self) -> None:
        state = self.training.state
        if state.trouble != self._before.trouble:
            self.say(state.trouble)
        if state.stage is not self._before.stage:
            self._show()
        elif not self._soon.isActive():
            self._soon.start()

    def _on_choices(self) -> None:
        if self.message.text() in (NO_DATA, HALF_WAY):
            self.say("")
        self._show()

    def _show(self) -> None:
        state, plan = self.training.state, self.training.plan
        is_new = len(state.course) != len(self._before.course)
        self._before = state
        is_busy = state.stage.is_busy
        self.choices.setEnabled(not is_busy)
        self.controls.show_state(state, not is_busy and self.choices.plan.has_checkpoint)
        has_course = bool(state.course)
        self._pictures.setVisible(has_course)
        self.curves.setVisible(has_course)
        if has_course and self.isVisible():
            self.curves.show_state(state, _unit_of_loss(plan), Colours.of(self._viewer))
        self.examples.show_file(state.examples, is_new)
        is_done = state.stage is Stage.DONE and plan is not None
        if is_done and plan is not None and not self.result.isVisibleTo(self):
            self.result.show_state(state, _proposed_name(plan))
        self._decision.setVisible(is_done)
        self.result.setVisible(is_done)

    def _ask_where_to(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, "Save the new weights", "", WEIGHTS)
        if path:
            self.save_as(as_weights(path))

    def _connect(self) -> None:
        self.choices.changed.connect(self._on_choices)
        self.training.changed.connect(self._on_training)
        self.controls.wanted.connect(self.train)
        self.controls.paused.connect(self.training.pause)
        self.controls.resumed.connect(self.training.go_on)
        self.controls.cancelled.connect(self.training.cancel)
        self.result.used.connect(self.use)
        self.result.kept.connect(self.keep)
        self.result.saved.connect(self._ask_where_to)
        self.weights.said.connect(self.say)
        self.weights.changed.connect(self.choices.list_networks)
        self._viewer.events.theme.connect(self._on_theme)
        self.destroyed.connect(partial(_release, weakref.ref(self)))

    def _on_theme(self, event: object = None) -> None:
        self._show()

    def _lay_out(self) -> None:
        inside = QWidget()
        self._pictures, self._decision = rule(), rule()
        sections = QVBoxLayout(inside)
        sections.setContentsMargins(7, 4, 7, 6)
        sections.setSpacing(7)
        pieces = (
            self.choices, self.controls, self.message, self._decision, self.result,
            self._pictures, self.curves, self.examples, rule(), self.weights,
        )  # fmt: skip
        for piece in pieces:
            sections.addWidget(piece)
        sections.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidget(inside)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setMinimumWidth(NARROWEST)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(scroll)

    def sizeHint(self) -> QSize:
        """Wide enough for the pictures, high enough for most sections."""
        return USUAL


def _unit_of_loss(plan: TrainPlan | None) -> str:
    is_of_chances = plan is None or plan.network in ("seamnet", "zero")
    return "nats" if is_of_chances else "px²"


def _proposed_name(plan: TrainPlan) -> str:
    """A name that is free, after network and data."""
    letters = (c if c.isalnum() and c.isascii() else "-" for c in plan.subject)
    plain = f"{plan.network}-{''.join(letters).strip('-') or 'mine'}"[:LONGEST]
    taken = {found.name.lower() for found in user_weights.list_weights()}
    name, number = plain, 2
    while name.lower() in taken:
        name, number = f"{plain}-{number}", number + 1
    return name


def _release(widget: weakref.ref[TrainWidget]) -> None:
    """Stop a destroyed widget from hearing the viewer: only its Python half is left by now."""
    remains = widget()
    if remains is not None:
        remains._viewer.events.theme.disconnect(remains._on_theme)
