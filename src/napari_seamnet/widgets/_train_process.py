"""The process that trains: started, listened to, paused and stopped here.

Training has a process of its own, so that the window never waits for it, and so that neither can
take the other down. One training runs at a time, whichever docks are open; it belongs to the
application. What its events mean is decided in `_train_state.py`.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from qtpy.QtCore import QCoreApplication, QObject, QProcess, QProcessEnvironment, QTimer, Signal

from ..saving import SavingError
from ._train_plan import (
    forget,
    forget_decided,
    recall,
    recall_state,
    remember,
    remember_pace,
    trainings_folder,
)
from ._train_state import Stage, TrainState

if TYPE_CHECKING:
    from qtpy.QtCore import QByteArray

    from ._train_plan import TrainPlan

PATIENCE_MS = 20_000
"""How long a step may take until a training that was cancelled is ended without a checkpoint."""
AT_THE_END_MS = 2000
"""The same while napari closes and waits for it."""
_KEPT = 20  # lines of complaint
_log = logging.getLogger(__name__)


class Training(QObject):
    """At most one training, its plan and its state.

    Parameters
    ----------
    parent : QObject
        Usually the application.
    """

    changed = Signal()
    """The state is another one."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.plan: TrainPlan | None = None
        self.state = TrainState()
        self._complaints: list[str] = []
        self._epoch_from: tuple[int, float] | None = None
        self._process = QProcess(self)
        environment = QProcessEnvironment.systemEnvironment()
        environment.insert("PYTHONUTF8", "1")
        environment.insert("PYTHONUNBUFFERED", "1")
        self._process.setProcessEnvironment(environment)
        self._process.readyReadStandardOutput.connect(self._hear)
        self._process.readyReadStandardError.connect(self._hear_complaints)
        self._process.errorOccurred.connect(self._on_error)
        self._process.finished.connect(self._on_finished)
        self._late = QTimer(self)
        self._late.setSingleShot(True)
        self._late.setInterval(PATIENCE_MS)
        self._late.timeout.connect(self._process.kill)
        application = QCoreApplication.instance()
        if application is not None:
            application.aboutToQuit.connect(self.shut_down)

    @property
    def is_running(self) -> bool:
        """Whether the process is there."""
        return self._process.state() != QProcess.ProcessState.NotRunning

    def take_up(self) -> None:
        """Look for a training of an earlier session that nobody has decided about."""
        if self.plan is None and (found := recall()) is not None:
            self.plan, state = found
            if not state.is_trained and not self.plan.has_checkpoint:
                state = TrainState()  # it did not come as far as its first checkpoint
            self._set(state)

    def start(self, plan: TrainPlan, *, anew: bool = False) -> None:
        """Start a training, or go on with it where a checkpoint is there.

        Parameters
        ----------
        plan : TrainPlan
            What to train on what.
        anew : bool
            Begin anew, even if a checkpoint is there.
        """
        if self.is_running:
            return
        self.plan, self._complaints, self._epoch_from = plan, [], None
        try:
            trainings_folder().mkdir(parents=True, exist_ok=True)
            forget_decided(but=plan)
            if anew:
                forget(plan)
            course = recall_state(plan)
            self._set(replace(course, stage=Stage.STARTING, trouble="", comparison=None))
            self._keep()
        except (OSError, SavingError) as error:
            self._set(TrainState(Stage.FAILED, trouble=f"Nothing can be kept: {error}"))
            return
        self._process.start(sys.executable, plan.arguments(anew=anew))

    def pause(self) -> None:
        """Hold it at its next report; it keeps its memory."""
        if self.state.stage is Stage.RUNNING:
            self._say("pause")
            self._epoch_from = None
            self._set(replace(self.state, stage=Stage.PAUSED, seconds_left=None))

    def go_on(self) -> None:
        """Let it go on after a pause."""
        if self.state.stage is Stage.PAUSED:
            self._say("go")
            self._set(replace(self.state, stage=Stage.RUNNING))

    def cancel(self) -> None:
        """Stop it softly: it writes a checkpoint first."""
        if not self.is_running or self.state.stage is Stage.STOPPING:
            return
        stage = self.state.stage
        self._set(replace(self.state, stage=Stage.STOPPING, seconds_left=None))
        self._say("stop")
        if stage in (Stage.STARTING, Stage.COMPARING):
            self._process.terminate()  # nothing is lost, and it would hear us only much later
        self._late.start()

    def shut_down(self) -> None:
        """Stop it softly, and wait for it a little, since napari closes."""
        if not self.is_running:
            return
        self.cancel()
        if self._process.waitForFinished(AT_THE_END_MS):
            return
        self._process.terminate()
        if not self._process.waitForFinished(500):
            self._process.kill()
            self._process.waitForFinished(500)

    def decide(self, *, keeps_files: bool) -> None:
        """Close a training that is done: its result is used, or it is not.

        Parameters
        ----------
        keeps_files : bool
            Whether its files stay until the next training.
        """
        if self.plan is None or self.is_running:
            return
        if keeps_files:
            remember(self.plan, self.state, is_decided=True)
        else:
            forget(self.plan)
        self.plan = None
        self._set(TrainState())

    # -- what the process says ----------------------------------------------------------------

    def _say(self, word: str) -> None:
        self._process.write(f"{word}\n".encode())

    def _hear(self) -> None:
        while self._process.canReadLine():
            line = _text(self._process.readLine())
            try:
                event = json.loads(line)
                state = self.state.after(event)
            except (ValueError, KeyError, TypeError, AttributeError):
                _log.info("training said: %s", line)
                continue
            is_new = (len(state.course), state.is_trained, state.comparison) != (
                len(self.state.course), self.state.is_trained, self.state.comparison,
            )  # fmt: skip
            self._watch_pace(state)
            self._set(state)
            if is_new:
                self._keep()

    def _hear_complaints(self) -> None:
        lines = _text(self._process.readAllStandardError()).splitlines()
        self._complaints = [*self._complaints, *filter(None, map(str.strip, lines))][-_KEPT:]

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            why = self._process.errorString()
            self._set(self.state.ended(1, f"The training cannot be started: {why}"))

    def _on_finished(self, code: int, status: QProcess.ExitStatus) -> None:
        self._late.stop()
        self._hear()
        self._hear_complaints()
        crashed = status == QProcess.ExitStatus.CrashExit
        self._set(self.state.ended(code or int(crashed), self._complaint(code, crashed)))
        self._keep()

    def _complaint(self, code: int, crashed: bool) -> str:
        """The command's own line, else whatever was said last."""
        own = [line for line in self._complaints if line.startswith("napari-seamnet: ")]
        if own:
            line = own[-1].removeprefix("napari-seamnet: ")
            return re.sub(r" \(see [^()]* --help\)$", "", line)
        if not self._complaints:
            return "The training's process broke down." if crashed else ""
        for line in self._complaints:
            _log.error("training: %s", line)
        return f"The training ended unexpectedly (exit code {code}): {self._complaints[-1]}"

    def _watch_pace(self, state: TrainState) -> None:
        """Measure how long an epoch takes, from the end of one to the end of the next."""
        if len(state.course) == len(self.state.course) or self.plan is None:
            return
        now = time.monotonic()
        if self._epoch_from is not None:
            epochs = state.epoch - self._epoch_from[0]
            if epochs > 0:
                try:
                    remember_pace(self.plan, (now - self._epoch_from[1]) / epochs)
                except OSError:
                    _log.info("the pace cannot be kept", exc_info=True)
        self._epoch_from = state.epoch, now

    def _set(self, state: TrainState) -> None:
        self.state = state
        self.changed.emit()

    def _keep(self) -> None:
        if self.plan is not None:
            try:
                remember(self.plan, self.state)
            except (OSError, SavingError):
                _log.warning("the training's course cannot be kept", exc_info=True)


_the: Training | None = None


def the_training() -> Training:
    """The training of this application, whichever docks are open; made on first use."""
    global _the
    if _the is None:
        # The application's child: it goes with it, and not with a dock.
        _the = Training(QCoreApplication.instance())
    return _the


def _text(data: QByteArray) -> str:
    return bytes(data.data()).decode("utf-8", "replace").rstrip("\r\n")
