"""Checkpoints: all that a training needs to go on as if it had never been stopped.

One safetensors file beside the weights to be; numbers are in its header. Nothing is unpickled.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file

from ...nets.weights import WeightsError
from ...saving import written_whole

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from torch import nn


@dataclass
class Course:
    """How far a training has come; the only thing that changes while it runs.

    Parameters
    ----------
    epoch, step : int
        What comes next.
    learning_rate : float
        Of the present epoch.
    best : float or None
        Least validation loss so far.
    waited : int
        Epochs since the loss last improved by enough.
    reference : float or None
        The loss that the next improvement is measured from.
    losses : list of float
        Of the present epoch, for its mean: their sum and number.
    history : list of dict
        One entry for each finished epoch.
    seconds : float
        Time spent, over all runs.
    """

    epoch: int = 0
    step: int = 0
    learning_rate: float = 0.0
    best: float | None = None
    waited: int = 0
    reference: float | None = None
    losses: list[float] = field(default_factory=lambda: [0.0, 0.0])
    history: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0


def checkpoint_path(out: Path) -> Path:
    """Where the checkpoint of a training lies that will write `out`."""
    return out.with_name(out.stem + ".part.safetensors")


def save_checkpoint(
    path: Path,
    network: nn.Module,
    optimiser: torch.optim.Optimizer,
    best: dict[str, torch.Tensor],
    course: Course,
    recipe: dict[str, Any],
) -> None:
    """Write a checkpoint; the last one stays until the new one is whole."""
    tensors = {f"now.{name}": value for name, value in network.state_dict().items()}
    tensors |= {f"best.{name}": value for name, value in best.items()}
    for number, state in optimiser.state_dict()["state"].items():
        tensors |= {f"adam.{number}.{name}": torch.as_tensor(v) for name, v in state.items()}
    tensors["random.cpu"] = torch.get_rng_state()
    if torch.cuda.is_available():
        tensors["random.cuda"] = torch.cuda.get_rng_state()
    about = {"course": json.dumps(asdict(course)), "recipe": json.dumps(recipe, sort_keys=True)}
    with written_whole(path) as part:
        save_file({k: v.detach().cpu().contiguous() for k, v in tensors.items()}, part, about)


def read_course(path: Path, recipe: dict[str, Any]) -> Course:
    """How far the training had come that a checkpoint is of.

    Raises
    ------
    WeightsError
        If the checkpoint is damaged, or of another training.
    """
    with _reading(path):
        with safe_open(path, framework="pt") as file:
            about = file.metadata() or {}
        if about.get("recipe") != json.dumps(recipe, sort_keys=True):
            raise WeightsError(
                f"{path} is of a training with other settings or other data; delete it, or name "
                "another file to write"
            )
        return Course(**json.loads(about["course"]))


def load_checkpoint(
    path: Path,
    network: nn.Module,
    optimiser: torch.optim.Optimizer,
    recipe: dict[str, Any],
) -> tuple[Course, dict[str, torch.Tensor]]:
    """Bring a network, its optimiser and torch's random numbers to where they were.

    Returns
    -------
    course : Course
        How far the training had come.
    best : dict of str to tensor
        The weights that were kept besides: the best ones, or an average.

    Raises
    ------
    WeightsError
        If the checkpoint is damaged, or of another training.
    """
    course = read_course(path, recipe)
    with _reading(path):
        tensors = load_file(path)
        network.load_state_dict(_part(tensors, "now."))
        state: dict[int, dict[str, torch.Tensor]] = {}
        for name, value in _part(tensors, "adam.").items():
            number, _, what = name.partition(".")
            state.setdefault(int(number), {})[what] = value
        groups = optimiser.state_dict()["param_groups"]
        optimiser.load_state_dict({"state": state, "param_groups": groups})
        torch.set_rng_state(tensors["random.cpu"])
        if "random.cuda" in tensors and torch.cuda.is_available():
            torch.cuda.set_rng_state(tensors["random.cuda"])
    device = next(network.parameters()).device
    return course, {k: v.to(device) for k, v in _part(tensors, "best.").items()}


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except WeightsError:
        raise
    except (OSError, SafetensorError, KeyError, TypeError, RuntimeError, ValueError) as error:
        raise WeightsError(f"{path} is damaged ({error}); delete it to begin anew") from error


def _part(tensors: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
