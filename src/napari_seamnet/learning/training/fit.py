"""The loop of training: epochs, learning rate, validation, the best weights, checkpoints.

Plain torch. What is learned is in `learners.py`, from what in `batches.py`, by which numbers in
`recipes.py`. SeamNet from nothing, on the simulator alone, has its own loop, `simulated.py`.
"""

from __future__ import annotations

import time
import warnings
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch.utils.data import DataLoader, Dataset

from ...shifts import Cancelled
from .checkpoint import Course, checkpoint_path, load_checkpoint, save_checkpoint
from .losses import leave_ctrl_c_to_the_parent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from .batches import Batch, Batches
    from .learners import Learner
    from .recipes import FitRecipe

REPORT_SECONDS = 0.3
"""Between two reports of a running epoch: often enough for a window, too seldom to slow a GPU."""
CHECKPOINT_SECONDS = 60.0


@dataclass(frozen=True)
class Metrics:
    """The source's metrics on the validation set.

    Parameters
    ----------
    loss : float
        As the network's own loss has it.
    mean_max, mean_dy, mean_dx : float
        Means of max(abs(dy), abs(dx)), abs(dy) and abs(dx) of the error, in px.
    within_1 : float
        Share (0..1) of errors up to 1 px on the worse axis.
    """

    loss: float
    mean_max: float
    mean_dy: float
    mean_dx: float
    within_1: float


@dataclass(frozen=True)
class Report:
    """Where a training stands, for whoever watches it.

    Parameters
    ----------
    epoch, epochs, step, steps : int
        Finished epochs and all of them; steps of the present epoch and all of its.
    loss : float
        Mean training loss of the present epoch; NaN before its first step.
    learning_rate : float
        Of the present epoch.
    metrics : Metrics or None
        Of the validation after the last finished epoch, when it has just finished.
    seconds_left : float
        Estimate; NaN while nothing is known.
    note : str
        What else there is to say.
    """

    epoch: int
    epochs: int
    step: int
    steps: int
    loss: float
    learning_rate: float
    metrics: Metrics | None = None
    seconds_left: float = float("nan")
    note: str = ""


def fit(
    learner: Learner,
    recipe: FitRecipe,
    train: Batches,
    validation: Batches,
    out: Path,
    *,
    device: torch.device,
    watch: Callable[[Report], None] | None = None,
    about: dict[str, Any] | None = None,
    resume: bool = True,
    workers: int = 0,
    checkpoint_seconds: float = CHECKPOINT_SECONDS,
) -> Course:
    """Train a network; it ends up with its best weights.

    Parameters
    ----------
    learner : Learner
        Its network is trained in place.
    recipe : FitRecipe
        How long, and how fast.
    train, validation : Batches
        What is learned from, and what decides which weights are the best.
    out : Path
        Where the weights will be written; the checkpoint lies beside it meanwhile.
    device : torch.device
        Where to train.
    watch : callable, optional
        Called with a `Report` several times a second and after each epoch. May raise `Cancelled`;
        a checkpoint is written then.
    about : dict, optional
        What else must be the same for a checkpoint to be continued, such as the data's names.
    resume : bool
        Whether to go on from a checkpoint, if there is one.
    workers : int
        Processes that make batches; they change the speed only.
    checkpoint_seconds : float
        Time between two checkpoints.

    Returns
    -------
    Course
        With the history of all epochs.

    Raises
    ------
    Cancelled
        By `watch`.
    WeightsError
        If the checkpoint is damaged, or of another training.
    MemoryError
        If a single pair does not fit into memory.
    """
    network = learner.network.to(device)
    if device.type == "cuda":
        network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = torch.optim.Adam(learner.learns(), recipe.learning_rate)
    path = checkpoint_path(out)
    course = Course(learning_rate=recipe.learning_rate)
    best = _copy(network)
    settings = {**asdict(recipe), **(about or {})}
    if not resume:
        path.unlink(missing_ok=True)
    if path.exists():
        course, best = load_checkpoint(path, network, optimiser, settings)
    clock = _Clock(course, time.monotonic())
    saved = time.monotonic()

    def save() -> None:
        course.seconds = clock.total()
        save_checkpoint(path, network, optimiser, best, course, settings)

    def tell(metrics: Metrics | None = None, note: str = "") -> None:
        if watch is None:
            return
        report = Report(
            course.epoch,
            recipe.epochs,
            course.step,
            train.steps,
            _mean_loss(course),
            course.learning_rate,
            metrics,
            clock.left(course, recipe.epochs, train.steps),
            note,
        )
        watch(report)

    waiting: list[torch.Tensor] = []
    try:
        if course.best is None and not course.history:
            metrics = measure(learner, validation, device, tell)
            course.history.append({"epoch": 0, "loss": None, "rate": None, **_row(metrics)})
            if recipe.starts_from_weights:
                course.best = metrics.loss
            tell(metrics)
        while course.epoch < recipe.epochs:
            network.train()
            course.learning_rate = recipe.rate(course.epoch, course.learning_rate)
            told = time.monotonic()
            for pixels, shifts in _stream(train, course.epoch, course.step, workers):
                for group in optimiser.param_groups:
                    group["lr"] = course.learning_rate
                optimiser.zero_grad(set_to_none=True)
                try:
                    loss = _learn_within_memory(learner, pixels.to(device), shifts.to(device))
                except MemoryError:
                    if device.type == "cpu":
                        raise
                    device = _retreat(learner, optimiser)
                    loss = _learn_within_memory(learner, pixels.to(device), shifts.to(device))
                if recipe.clip:
                    torch.nn.utils.clip_grad_norm_(learner.learns(), recipe.clip)
                optimiser.step()
                waiting.append(loss)
                course.step += 1
                now = time.monotonic()
                # Reading a number off a GPU waits for it: only as often as somebody looks.
                if now - told > REPORT_SECONDS or course.step == train.steps:
                    _count(course, waiting)
                    told = now
                    tell()
                if now - saved > checkpoint_seconds:
                    _count(course, waiting)
                    save()
                    saved = now
            _count(course, waiting)
            metrics = measure(learner, validation, device, tell)
            course.history.append(
                {
                    "epoch": course.epoch + 1,
                    "loss": _mean_loss(course),
                    "rate": course.learning_rate,
                    **_row(metrics),
                }
            )
            if course.best is None or metrics.loss < course.best:
                course.best, best = metrics.loss, _copy(network)
            _watch_plateau(course, recipe, metrics.loss)
            course.epoch, course.step, course.losses = course.epoch + 1, 0, [0.0, 0.0]
            tell(metrics)
    except Cancelled:
        _count(course, waiting)
        save()
        raise
    network.load_state_dict(best)
    course.seconds = clock.total()
    path.unlink(missing_ok=True)
    return course


def measure(
    learner: Learner,
    batches: Batches,
    device: torch.device,
    check: Callable[[], None] | None = None,
) -> Metrics:
    """Compute the source's metrics over one epoch of batches; nothing is learned.

    Parameters
    ----------
    learner, batches, device
        As for `fit`.
    check : callable, optional
        Called now and then; what it raises stops the work.
    """
    learner.network.eval()
    losses, errors, sizes = [], [], []
    with torch.no_grad():
        told = time.monotonic()
        for step in range(batches.steps):
            if check is not None and time.monotonic() - told > REPORT_SECONDS:
                check()
                told = time.monotonic()
            pixels, shifts = (tensor.to(device) for tensor in batches.batch(0, step))
            loss, found = learner.learn(pixels, shifts)
            losses.append(loss.detach() * len(shifts))
            errors.append((found - shifts).abs())
            sizes.append(len(shifts))
    if not sizes:
        return Metrics(*[float("nan")] * 5)
    error = torch.cat(errors).double().cpu()
    worst = error.amax(1)
    return Metrics(
        float(torch.stack(losses).sum()) / sum(sizes),
        float(worst.mean()),
        float(error[:, 0].mean()),
        float(error[:, 1].mean()),
        float((worst <= 1).double().mean()),
    )


class _Clock:
    """Time spent, and an estimate of what is left."""

    def __init__(self, course: Course, started: float) -> None:
        self._before = course.seconds
        self._started = started
        self._first = course.epoch, course.step

    def total(self) -> float:
        return self._before + time.monotonic() - self._started

    def left(self, course: Course, epochs: int, steps: int) -> float:
        done = (course.epoch - self._first[0]) * steps + course.step - self._first[1]
        rest = (epochs - course.epoch) * steps - course.step
        return (time.monotonic() - self._started) / done * rest if done > 0 else float("nan")


class _Steps(Dataset):
    """The batches of an epoch from some step on, for a loader with processes."""

    def __init__(self, batches: Batches, epoch: int, first: int) -> None:
        self._batches, self._epoch, self._first = batches, epoch, first

    def __len__(self) -> int:
        return self._batches.steps - self._first

    def __getitem__(self, step: int) -> Batch:
        return self._batches.batch(self._epoch, self._first + step)


def _stream(batches: Batches, epoch: int, first: int, workers: int) -> Iterator[Batch]:
    if workers == 0:
        return (batches.batch(epoch, step) for step in range(first, batches.steps))
    # Every worker is as good as the next: what a batch holds does not depend on who makes it.
    return iter(
        DataLoader(
            _Steps(batches, epoch, first),
            batch_size=None,
            num_workers=workers,
            worker_init_fn=leave_ctrl_c_to_the_parent,
            prefetch_factor=4,
            # Drawing the workers' seed would move torch's random numbers, which dropout uses.
            generator=torch.Generator(),
        )
    )


def _learn_within_memory(
    learner: Learner, pixels: torch.Tensor, shifts: torch.Tensor
) -> torch.Tensor:
    """Add a batch's gradients, in as many parts as memory asks for; returns the mean loss."""
    parts = 1
    while True:
        try:
            total = torch.zeros((), device=pixels.device)
            for some, theirs in zip(pixels.chunk(parts), shifts.chunk(parts), strict=True):
                loss, _ = learner.learn(some, theirs)
                share = loss * (len(some) / len(pixels))
                share.backward()
                total += share.detach()
            return total
        except torch.OutOfMemoryError:
            if parts >= len(pixels):
                raise MemoryError(
                    f"a single pair of {pixels.shape[-2]} x {pixels.shape[-1]} px does not fit "
                    "into memory; choose smaller tiles, or the CPU by --device cpu"
                ) from None
            parts *= 2
            for parameter in learner.learns():
                parameter.grad = None
            warnings.warn(
                f"the {pixels.device.type} device ran out of memory; going on with batches in "
                f"{parts} parts",
                stacklevel=2,
            )


def _retreat(learner: Learner, optimiser: torch.optim.Optimizer) -> torch.device:
    """Go on on the CPU, where the GPU has no room for a single pair."""
    warnings.warn("the GPU has no room for a single pair; going on on the CPU", stacklevel=3)
    learner.network.to("cpu")
    optimiser.load_state_dict(optimiser.state_dict())  # brings its state to the weights' device
    return torch.device("cpu")


def _count(course: Course, waiting: list[torch.Tensor]) -> None:
    if waiting:
        course.losses[0] += float(torch.stack(waiting).double().sum())
        course.losses[1] += len(waiting)
        waiting.clear()


def _mean_loss(course: Course) -> float:
    """Of the present epoch; between two epochs, of the last one."""
    total, n = course.losses
    if n:
        return total / n
    last = course.history[-1]["loss"] if course.history else None
    return float("nan") if last is None else float(last)


def _watch_plateau(course: Course, recipe: FitRecipe, loss: float) -> None:
    """Lower the learning rate where the loss no longer improves."""
    if not recipe.patience:
        return
    if course.reference is None or loss < course.reference - recipe.improvement:
        course.reference, course.waited = loss, 0
        return
    course.waited += 1
    if course.waited >= recipe.patience:
        course.learning_rate = max(course.learning_rate * recipe.factor, recipe.least_rate)
        course.waited = 0


def _row(metrics: Metrics) -> dict[str, float]:
    """Metrics as a part of the history, where ``loss`` is that of the training."""
    numbers = asdict(metrics)
    return {"validation_loss": numbers.pop("loss"), **numbers}


def _copy(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.detach().clone() for name, value in network.state_dict().items()}
