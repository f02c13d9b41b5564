"""The button Train, and what takes its place: progress, time left, Pause, Cancel.

What the buttons do is decided in `train.py`.
"""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QProgressBar, QStackedLayout, QVBoxLayout, QWidget

from ._controls import button, label, row
from ._tiles_busy import time_left
from ._train_state import Stage, TrainState

TRAIN, GO_ON = "Train", "Go on with it"
WORDS = {
    Stage.STARTING: "starting: loading the network and the data",
    Stage.STOPPING: "stopping: keeping how far it came",
    Stage.COMPARING: "comparing with the present weights",
}


class RunControls(QWidget):
    """One button to start; while a training runs, its progress and two buttons."""

    wanted = Signal(bool)
    """Train: anew (True), or from where it was stopped, if it was."""
    paused = Signal()
    resumed = Signal()
    cancelled = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.start = button(TRAIN, "", lambda: self.wanted.emit(False), primary=True)
        self.anew = button(
            "Begin anew",
            "Forget how far this training came, and begin it from its start",
            lambda: self.wanted.emit(True),
        )
        self.anew.setMinimumHeight(30)
        self.doing = label(wraps=True)
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setMinimumWidth(80)
        self.progress.setFixedHeight(8)
        self.pause = button("Pause", "", self._pause_or_go)
        self.pause.setMinimumWidth(66)  # for both of its words
        self.cancel = button("Cancel", "", self.cancelled.emit)
        buttons, working = QWidget(), QWidget()
        buttons.setLayout(row(self.start, 2, self.anew, 1))
        what = QVBoxLayout(working)
        what.setContentsMargins(0, 0, 0, 0)
        what.setSpacing(3)
        what.addWidget(self.doing)
        line = row(self.progress, 1, self.pause, self.cancel)
        what.addLayout(line)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(buttons)
        self._stack.addWidget(working)

    def show_state(self, state: TrainState, can_go_on: bool) -> None:
        """Show how far a training is, or what Train would do.

        Parameters
        ----------
        state : TrainState
            Of the present training, or the last one.
        can_go_on : bool
            Whether what the form asks for was stopped half-way.
        """
        stage = state.stage
        self._stack.setCurrentIndex(int(stage.is_busy))
        self.start.setText(GO_ON if can_go_on else TRAIN)
        self.start.setToolTip(
            "This training was stopped; go on from there, with the same result as if it had not"
            if can_go_on
            else "Train in the background; napari stays free, and this dock may be closed"
        )
        self.anew.setVisible(can_go_on)
        done, total = _progress(state)
        self.progress.setRange(0, total)
        self.progress.setValue(done)
        self.doing.setText(_words(state))
        self.cancel.setEnabled(stage is not Stage.STOPPING)
        is_paused = stage is Stage.PAUSED
        self.pause.setText("Go on" if is_paused else "Pause")
        self.pause.setToolTip(
            "Go on" if is_paused else "Leave the computer to others for a while; nothing is lost"
        )
        self.pause.setEnabled(stage in (Stage.RUNNING, Stage.PAUSED))
        self.cancel.setToolTip(_TIPS.get(stage, "Stop; how far it came is kept to go on from"))

    def _pause_or_go(self) -> None:
        (self.paused if self.pause.text() == "Pause" else self.resumed).emit()


_TIPS = {
    Stage.STARTING: "Stop",
    Stage.COMPARING: "Skip the comparison; the weights are there already",
}


def _progress(state: TrainState) -> tuple[int, int]:
    """Steps done, and all of them; (0, 0) while nobody knows."""
    if state.stage in WORDS or not state.steps:
        return 0, 0
    return state.epoch * state.steps + state.step, state.epochs * state.steps


def _words(state: TrainState) -> str:
    if state.stage in WORDS:
        return WORDS[state.stage]
    where = f"epoch {min(state.epoch + 1, state.epochs)} of {state.epochs}"
    if state.stage is Stage.PAUSED:
        return f"{where}, paused"
    left = "" if not state.seconds_left else f"   {time_left(state.seconds_left)}"
    return where + left
