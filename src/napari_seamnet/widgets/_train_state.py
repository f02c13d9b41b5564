"""How far a training has come, built up from what its process tells; no Qt.

The events are those of `napari-seamnet train --events` (`commands/train.py`). What is done about
them is decided in `_train_process.py`, how they look in the sections.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

STOPPED_CODE = 130
"""Exit code of a training that was asked to stop."""
BETTER_BY = 0.005
"""Least difference that is one: the table shows two digits."""


class Stage(StrEnum):
    """What a training is doing."""

    IDLE = "idle"
    STARTING = "starting"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPING = "stopping"
    COMPARING = "comparing"
    STOPPED = "stopped"
    """By the person; a checkpoint may be there."""
    FAILED = "failed"
    DONE = "done"
    """The new weights are there, and the person decides."""

    @property
    def is_busy(self) -> bool:
        """Whether the process is running."""
        return self in _BUSY


_BUSY = (Stage.STARTING, Stage.RUNNING, Stage.PAUSED, Stage.STOPPING, Stage.COMPARING)


@dataclass(frozen=True)
class Epoch:
    """What one finished epoch came to.

    Parameters
    ----------
    number : int
        0 is the beginning, before anything was learned.
    training, validation : float or None
        Mean losses; no training loss at the beginning.
    mean_max : float
        Mean error on the validation pairs, the worse axis', in px.
    within_1 : float
        Share (0..1) of them that are within 1 px.
    """

    number: int
    training: float | None
    validation: float | None
    mean_max: float
    within_1: float


@dataclass(frozen=True)
class Row:
    """One line of the table of old against new: cells, and which of the two is better."""

    what: str
    old: str
    new: str
    better: str = ""
    """"old", "new", or empty where they are alike."""


@dataclass(frozen=True)
class Comparison:
    """Old and new weights on the held-out pairs, as the process counted.

    Parameters
    ----------
    pairs : int
        Held-out pairs.
    old, new : dict
        A `Summary` each, as plain values.
    is_better : bool
        The verdict of `learning.adopt`.
    """

    pairs: int
    old: dict[str, Any]
    new: dict[str, Any]
    is_better: bool

    def rows(self) -> list[Row]:
        """The table, line by line."""

        def line(what: str, key: str, form: str, low: bool, each: bool = False) -> Row:
            old, new = (
                _number(s.get(key)) / (s["n"] if each else 1) for s in (self.old, self.new)
            )
            return Row(what, _put(old, form), _put(new, form), _better(old, new, low))

        return [
            line("mean max error", "mean_max", "{:.2f} px", low=True),
            line("within 1 px", "right_1", "{:.0%}", low=False, each=True),
            line("within 2 px", "right_2", "{:.0%}", low=False, each=True),
            line("certain", "certain", "{:.0%}", low=False, each=True),
            line("certain but wrong", "silent", "{:.0f}", low=True),
        ]

    def verdict(self) -> str:
        """Say plainly what the table means."""
        if self.is_better:
            return "The new weights are better here."
        why = []
        if _number(self.new["silent"]) > _number(self.old["silent"]):
            why.append("they are certain but wrong more often")
        if _number(self.new["right_1"]) < _number(self.old["right_1"]):
            why.append("fewer seams are within 1 px")
        if not _number(self.new["mean_max"]) < _number(self.old["mean_max"]):
            why.append("their mean error is not smaller")
        return f"The new weights are not better here: {' and '.join(why) or 'see the table'}."


@dataclass(frozen=True)
class TrainState:
    """Where a training stands.

    Parameters
    ----------
    stage : Stage
        What it is doing.
    epoch, epochs, step, steps : int
        Finished epochs and all of them; steps of the present epoch and all of its.
    loss : float or None
        Mean training loss of the present epoch.
    seconds_left : float or None
        Estimate.
    course : tuple of Epoch
        The finished epochs, those before a stop too.
    examples : str
        Picture of examples; empty if there is none.
    is_trained : bool
        Whether the new weights are there.
    comparison : Comparison or None
        Of old and new weights.
    trouble : str
        One sentence, where something went wrong.
    """

    stage: Stage = Stage.IDLE
    epoch: int = 0
    epochs: int = 0
    step: int = 0
    steps: int = 0
    loss: float | None = None
    seconds_left: float | None = None
    course: tuple[Epoch, ...] = field(default=())
    examples: str = ""
    is_trained: bool = False
    comparison: Comparison | None = None
    trouble: str = ""

    @property
    def best(self) -> Epoch | None:
        """The epoch whose weights are kept: that of the least validation loss."""
        known = [e for e in self.course if e.validation is not None]
        return min(known, key=lambda e: e.validation or 0.0) if known else None

    def after(self, event: Mapping[str, Any]) -> TrainState:
        """The state after one event of the process; events of another kind change nothing."""
        kind = event.get("event")
        if kind == "report":
            return self._after_report(event)
        if kind == "trained":
            stage = self.stage if self.stage is Stage.STOPPING else Stage.COMPARING
            return replace(self, stage=stage, is_trained=True, seconds_left=None)
        if kind == "compared":
            found = Comparison(event["pairs"], event["old"], event["new"], event["is_better"])
            return replace(self, comparison=found)
        if kind == "stopped":
            return replace(self, stage=Stage.STOPPING)
        return self

    def ended(self, code: int, line: str = "") -> TrainState:
        """The state after the process has ended.

        Parameters
        ----------
        code : int
            Its exit code.
        line : str
            What it complained of last.
        """
        over = replace(self, seconds_left=None)
        if self.is_trained:
            trouble = ""
            if self.comparison is None and code and self.stage is not Stage.STOPPING:
                trouble = f"The weights are trained, but comparing them failed: {line}"
            return replace(over, stage=Stage.DONE, trouble=trouble)
        if self.stage is Stage.STOPPING or code == STOPPED_CODE:
            return replace(over, stage=Stage.STOPPED)
        trouble = line or f"The training ended unexpectedly (exit code {code})."
        return replace(over, stage=Stage.FAILED, trouble=trouble)

    def as_json(self) -> dict[str, Any]:
        """Turn it into plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> TrainState:
        """Make a state of what `as_json` gave; a process that ran then runs no more."""
        comparison = values["comparison"]
        state = cls(
            **{
                **values,
                "stage": Stage(values["stage"]),
                "course": tuple(Epoch(**epoch) for epoch in values["course"]),
                "examples": values["examples"] if Path(values["examples"]).is_file() else "",
                "comparison": Comparison(**comparison) if comparison else None,
                "seconds_left": None,
            }
        )
        if not state.stage.is_busy:
            return state
        return replace(state, stage=Stage.DONE if state.is_trained else Stage.STOPPED)

    def _after_report(self, event: Mapping[str, Any]) -> TrainState:
        metrics = event.get("metrics")
        waits = self.stage in (Stage.PAUSED, Stage.STOPPING)  # one more report is on its way then
        now = replace(
            self,
            stage=self.stage if waits else Stage.RUNNING,
            epoch=event["epoch"],
            epochs=event["epochs"],
            step=event["step"],
            steps=event["steps"],
            # As an epoch ends, its mean loss is over, and the next has none yet.
            loss=self.loss if event["loss"] is None else event["loss"],
            seconds_left=event.get("seconds_left"),
        )
        if metrics is None:
            return now
        done = Epoch(
            event["epoch"],
            self.loss if event["epoch"] else None,
            _finite(metrics["loss"]),
            metrics["mean_max"],
            metrics["within_1"],
        )
        # After a crash the last checkpoint counts: epochs since then come once more.
        before = tuple(e for e in self.course if e.number < done.number)
        return replace(now, course=(*before, done), examples=event.get("note") or self.examples)


def _number(value: Any) -> float:
    return float("nan") if value is None else float(value)


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _put(value: float, form: str) -> str:
    return form.format(value) if math.isfinite(value) else "-"


def _better(old: float, new: float, low: bool) -> str:
    if not abs(old - new) >= BETTER_BY:
        return ""
    return "new" if (new < old) == low else "old"
