"""Train SeamNet by a recipe: from a file of settings to weights with a card.

The same recipe, pictures and machine give the same weights. What the pairs look like is decided in
`simulator.py`, how weights are kept in `nets/weights.py`.
"""

from __future__ import annotations

import math
import signal
import time
import tomllib
import warnings
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from ...nets.device import choose_device
from ...nets.seamnet import SeamNet
from ...nets.weights import save_weights
from ...shifts import Cancelled
from ..exposure import Conditions
from ..simulator import DEFAULT_MIXTURE, Simulator
from .checkpoint import Course, checkpoint_path, load_checkpoint, read_course, save_checkpoint

if TYPE_CHECKING:
    from ...shifts.estimate import Progress


BUNDLED_RECIPE = Path(__file__).parents[1] / "recipes" / "seamnet.toml"
SQUARE_AREA = 150 * 150
"""px; the source's square: larger crops are trained with more noise, smaller ones with less."""
CHECKPOINT_STEPS = 200
AUXILIARY = 0.3
"""Weight of the learned features' own loss, which speeds up their first steps."""


class RecipeError(ValueError):
    """A recipe cannot be followed; the message names the file and the setting."""


def read_settings(path: Path, kind: type) -> dict[str, Any]:
    """Read a TOML file of settings.

    Parameters
    ----------
    path : Path
        The file.
    kind : type
        The dataclass whose fields they are.

    Raises
    ------
    RecipeError
        If the file is not TOML, or holds a setting that there is not.
    """
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RecipeError(f"the recipe {path} cannot be read: {error}") from error
    known = [entry.name for entry in fields(kind)]
    if unknown := set(settings) - set(known):
        raise RecipeError(
            f"the recipe {path} has unknown settings: {', '.join(sorted(unknown))}; "
            f"there are {', '.join(known)}"
        )
    return settings


@dataclass(frozen=True)
class Recipe:
    """All that decides how a SeamNet is trained.

    Parameters
    ----------
    seed : int
        Seed of the weights' first values and of every pair.
    steps : int
        Steps of the optimiser.
    pixels : int
        Pixels of one side of a batch: the number of pairs follows from their size.
    learning_rate : float
        Peak of the one-cycle schedule, for Adam.
    long_share : float
        Share (0..1) of steps on long seams instead of squares.
    width, blocks, features : int
        Size of the network, see `nets.seamnet.Encoder`.
    mixture : mapping
        Share of each kind of scene, see `Simulator`.
    conditions : mapping
        How bad exposures may get, see `Conditions`.
    weigher_steps : int
        Steps of a second stage, in which the features stay as they are and only the weigher
        learns on, from more and longer seams with more noise: how much a map is worth where
        hardly anything can be seen.
    weigher_pixels, weigher_long_share, weigher_noise : int, float, float
        The second stage's own `pixels`, `long_share` and ``noise`` of the conditions.
    weigher_mixture : mapping
        The second stage's own `mixture`.
    """

    seed: int = 1
    steps: int = 2400
    pixels: int = 270_000
    learning_rate: float = 2e-3
    long_share: float = 0.2
    width: int = 32
    blocks: int = 3
    features: int = 8
    mixture: dict[str, float] = field(default_factory=lambda: dict(DEFAULT_MIXTURE))
    conditions: dict[str, float] = field(default_factory=dict)
    weigher_steps: int = 0
    weigher_pixels: int = 800_000
    weigher_long_share: float = 0.6
    weigher_noise: float = 150.0
    weigher_mixture: dict[str, float] = field(default_factory=lambda: dict(DEFAULT_MIXTURE))

    @classmethod
    def read(cls, path: Path) -> Recipe:
        """Read a recipe from a TOML file.

        Raises
        ------
        RecipeError
            If the file is not TOML, or holds a setting that there is not.
        """
        settings = read_settings(path, cls)
        try:
            recipe = cls(**settings)
            for stage in recipe.stages():
                stage.simulator(())
        except (TypeError, ValueError) as error:
            raise RecipeError(f"the recipe {path} cannot be followed: {error}") from error
        return recipe

    def stages(self) -> tuple[Stage, ...]:
        """The stages of the training, one after the other."""
        conditions = Conditions(**self.conditions)
        everything = Stage(0, self.steps, self.pixels, self.long_share, conditions, self.mixture)
        if not self.weigher_steps:
            return (everything,)
        harsher = replace(conditions, noise=self.weigher_noise)
        weigher = Stage(
            1,
            self.weigher_steps,
            self.weigher_pixels,
            self.weigher_long_share,
            harsher,
            self.weigher_mixture,
        )
        return everything, weigher


@dataclass(frozen=True)
class Stage:
    """A part of the training: in stage 0 all learns, in stage 1 only the weigher."""

    number: int
    steps: int
    pixels: int
    long_share: float
    conditions: Conditions
    mixture: dict[str, float]

    def simulator(self, folders: tuple[Path, ...]) -> Simulator:
        """The simulator of this stage."""
        return Simulator(dict(self.mixture), self.conditions, folders)


class SimulatedBatches(Dataset):
    """Batch k of a stage of a recipe; the same whichever process draws it."""

    def __init__(
        self, recipe: Recipe, folders: tuple[Path, ...], stage: Stage | None = None
    ) -> None:
        self.seed = recipe.seed
        self.stage = stage or recipe.stages()[0]
        self.simulator = self.stage.simulator(folders)

    def __len__(self) -> int:
        return self.stage.steps

    def __getitem__(self, step: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, int]:
        rng = np.random.default_rng([self.seed, step, self.stage.number])
        if rng.random() < self.stage.long_share:
            shape = [int(rng.integers(400, 900)), int(rng.integers(40, 200))]
        else:
            short = int(rng.integers(40, 200))
            shape = [short, min(300, int(short * rng.uniform(1, 2.5)))]
        rng.shuffle(shape)
        reach = int(rng.integers(8, 21))
        area = shape[0] * shape[1]
        n = min(48, max(2, self.stage.pixels // area))
        simulator = self.simulator.harsher(math.sqrt(area / SQUARE_AREA))
        pairs = simulator.pairs(n, (shape[0], shape[1]), reach - 1.0, rng)
        first = torch.from_numpy(np.stack([p.first for p in pairs])[:, None])
        second = torch.from_numpy(np.stack([p.second for p in pairs])[:, None])
        shifts = torch.tensor([tuple(p.shift) for p in pairs], dtype=torch.float32)
        return first, second, shifts, reach


def shift_loss(logits: torch.Tensor, shifts: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of a map of logits against sub-pixel shifts.

    Parameters
    ----------
    logits : (B, 2R+1, 2R+1) tensor
        As `SeamNet` gives them.
    shifts : (B, 2) tensor
        True (dy, dx), in px, within ±R.

    Returns
    -------
    (B,) tensor
        In nats. The target is shared out among the four whole-pixel shifts around the true one,
        as in linear interpolation, so that it stays as narrow as a map can show.
    """
    n = logits.shape[-1]
    log_p = logits.flatten(1).log_softmax(-1)
    place = shifts + n // 2
    low = place.floor().clamp(0, n - 2)
    fraction = place - low
    loss = torch.zeros(len(logits), device=logits.device)
    for y in (0, 1):
        for x in (0, 1):
            weight_y = fraction[:, 0] if y else 1 - fraction[:, 0]
            weight_x = fraction[:, 1] if x else 1 - fraction[:, 1]
            index = ((low[:, 0] + y) * n + low[:, 1] + x).long()
            loss = loss - weight_y * weight_x * log_p.gather(1, index[:, None])[:, 0]
    return loss


def learning_rate(step: int, steps: int, peak: float) -> float:
    """One cycle: up in a twentieth of the steps, then down to nearly nothing by a cosine."""
    rise = max(1, steps // 20)
    if step < rise:
        return peak * (step + 1) / rise
    return peak * (0.005 + 0.995 * 0.5 * (1 + math.cos(math.pi * (step - rise) / (steps - rise))))


def train_from_recipe(
    recipe_path: Path,
    pictures: list[Path],
    out: Path,
    device: str = "auto",
    progress: Progress | None = None,
    workers: int = 1,
    resume: bool = True,
) -> dict[str, float]:
    """Train a SeamNet as a recipe says, and write its weights with their card.

    Parameters
    ----------
    recipe_path : Path
        A TOML file with the settings of `Recipe`.
    pictures : list of Path
        Folders of real pictures to cut scenes from.
    out : Path
        The ``.safetensors`` file to write; its card gets the same name and ``.json``.
    device : {"auto", "cpu", "cuda", "mps"}
        Where to train.
    progress : callable, optional
        Called as ``progress(done, total, what)`` after each step; may raise `Cancelled`.
    workers : int
        Processes that simulate pairs; they change the speed only.
    resume : bool
        Whether to go on from the checkpoint of a training that was stopped, if there is one.

    Returns
    -------
    dict of str to float
        Loss and share within 1 px over the last tenth of the steps.

    Raises
    ------
    RecipeError
        If the recipe cannot be followed.
    WeightsError
        If the checkpoint is damaged, or of another training.
    """
    recipe = Recipe.read(recipe_path)
    torch.manual_seed(recipe.seed)
    target = choose_device(device)
    network = SeamNet(recipe.width, recipe.blocks, recipe.features).to(target)
    started = time.monotonic()
    metrics: dict[str, float] = {}
    total = sum(stage.steps for stage in recipe.stages())
    done = 0
    if not resume:
        checkpoint_path(out).unlink(missing_ok=True)
    for stage in recipe.stages():
        tell = _shifted(progress, done, total)
        metrics = run_stage(network, recipe, stage, tuple(pictures), out, tell, workers)
        done += stage.steps
    card = {
        "name": "SeamNet",
        "architecture": dict(network.settings),
        "recipe": asdict(recipe),
        "network": "seamnet",
        "pictures": _names(tuple(pictures)),
        "metrics": metrics,
        "device": str(target),
        "hours": round((time.monotonic() - started) / 3600, 2),
        "torch": torch.__version__,
    }
    save_weights(out, network.state_dict(), card)
    checkpoint_path(out).unlink(missing_ok=True)
    return metrics


def run_stage(
    network: SeamNet,
    recipe: Recipe,
    stage: Stage,
    folders: tuple[Path, ...],
    out: Path,
    progress: Progress | None = None,
    workers: int = 1,
) -> dict[str, float]:
    """Train a network through one stage; it ends up with the last steps' averaged weights.

    Parameters
    ----------
    network : SeamNet
        Changed in place.
    recipe, stage : Recipe, Stage
        What to do.
    folders : tuple of Path
        Folders of real pictures.
    out : Path
        Every `CHECKPOINT_STEPS` steps, and when it is cancelled, a checkpoint is kept beside it;
        a training that was stopped goes on from there.
    progress : callable, optional
        Called as ``progress(done, total, what)`` after each step; may raise `Cancelled`.
    workers : int
        Processes that simulate pairs.

    Returns
    -------
    dict of str to float
        Loss and share within 1 px over the last tenth of the steps.
    """
    learns = network.weigher if stage.number else network
    averaged = {name: value.clone() for name, value in network.state_dict().items()}
    optimiser = torch.optim.Adam(learns.parameters(), recipe.learning_rate)
    path, settings = checkpoint_path(out), {**asdict(recipe), "pictures": _names(folders)}
    first_step = 0
    recent: list[tuple[float, float]] = []
    if path.exists() and (reached := read_course(path, settings).epoch) >= stage.number:
        if reached > stage.number:
            return {}
        course, averaged = load_checkpoint(path, network, optimiser, settings)
        first_step = course.step
        recent = [(row["loss"], row["near"]) for row in course.history]

    def save(step: int) -> None:
        history = [{"loss": loss, "near": near} for loss, near in recent]
        course = Course(stage.number, step, history=history)
        save_checkpoint(path, network, optimiser, averaged, course, settings)

    batches = DataLoader(
        SimulatedBatches(recipe, folders, stage),
        sampler=range(first_step, stage.steps),
        batch_size=None,
        num_workers=workers,
        worker_init_fn=leave_ctrl_c_to_the_parent if workers else None,
        prefetch_factor=4 if workers else None,
    )
    parts = 1
    for step, (first, second, shifts, reach) in enumerate(batches, first_step):
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(step, stage.steps, recipe.learning_rate)
        while True:
            try:
                optimiser.zero_grad()
                loss, found = learn_from(
                    network,
                    (first, second, shifts),
                    int(reach),
                    parts,
                    only_weigher=bool(stage.number),
                )
                break
            except torch.OutOfMemoryError:
                parts = _make_room(network, optimiser, parts, len(first))
        torch.nn.utils.clip_grad_norm_(learns.parameters(), 1.0)
        optimiser.step()
        # The last steps' average is better and steadier than the last step.
        keep = min(0.998, step / (step + 10))
        with torch.no_grad():
            for name, value in network.state_dict().items():
                averaged[name].lerp_(value.to(averaged[name].device), 1 - keep)
        near = ((found - shifts).abs().amax(-1) <= 1).float().mean()
        recent.append((loss, float(near)))
        recent = recent[-max(20, stage.steps // 10) :]
        if progress:
            mean_loss, within = (float(np.mean(column)) for column in zip(*recent, strict=True))
            try:
                progress(step + 1, stage.steps, f"loss {mean_loss:.3f}, within 1 px {within:.1%}")
            except Cancelled:
                save(step + 1)
                raise
        if (step + 1) % CHECKPOINT_STEPS == 0:
            save(step + 1)
    network.load_state_dict(averaged)
    loss, within = (float(np.mean(column)) for column in zip(*recent, strict=True))
    return {"loss": loss, "within_1_px": within}


def _names(folders: tuple[Path, ...]) -> list[str]:
    return sorted(folder.name for folder in folders)


def _shifted(progress: Progress | None, before: int, total: int) -> Progress | None:
    """Progress of one stage as progress of the whole training."""
    if progress is None:
        return None
    return lambda done, _, what: progress(before + done, total, what)


def learn_from(
    network: SeamNet,
    batch: tuple[torch.Tensor, torch.Tensor, torch.Tensor],
    reach: int,
    parts: int = 1,
    *,
    only_weigher: bool = False,
) -> tuple[float, torch.Tensor]:
    """Add the gradients of one batch, taken in `parts` one after the other.

    Parameters
    ----------
    network : SeamNet
        Its gradients are added to.
    batch : (first, second, shifts)
        Crops (B, 1, H, W) uint8 and true shifts (B, 2), in px.
    reach : int
        Search range, in px each way.
    parts : int
        More parts need less memory and give the same gradients.
    only_weigher : bool
        Whether the features get no gradients.

    Returns
    -------
    loss : float
        Mean loss of the batch, in nats.
    found : (B, 2) tensor
        Whole-pixel shifts found, on the CPU.
    """
    device = network.sharpness.device
    total, found = 0.0, []
    size = len(batch[0])
    for chunk in zip(*(tensor.chunk(parts) for tensor in batch), strict=True):
        first, second, shifts = (tensor.to(device) for tensor in chunk)
        with torch.set_grad_enabled(not only_weigher):
            maps, n_pixels = network.maps(first.float(), second.float(), reach)
        logits = network.weigh(maps, n_pixels)
        loss = shift_loss(logits, shifts)
        if not only_weigher:
            loss = loss + AUXILIARY * shift_loss(network.learned_logits(maps), shifts)
        share = loss.mean() * (len(first) / size)
        share.backward()
        total += float(share.detach())
        found.append(peaks(logits.detach()).cpu())
    return total, torch.cat(found)


def leave_ctrl_c_to_the_parent(worker: int) -> None:
    """A process that draws pairs ends with its parent, without a traceback of its own."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _make_room(network: SeamNet, optimiser: torch.optim.Optimizer, parts: int, size: int) -> int:
    """After memory ran out: batches in more parts, then the CPU. Returns the number of parts."""
    device = network.sharpness.device.type
    if parts < size:
        warnings.warn(
            f"the {device} device ran out of memory; going on with batches in {2 * parts} parts",
            stacklevel=3,
        )
        return 2 * parts
    if device == "cpu":
        raise MemoryError(
            "a single pair does not fit into memory; make the recipe's crops smaller"
        )
    warnings.warn(
        f"the {device} device has no room for a single pair; going on on the CPU", stacklevel=3
    )
    network.to("cpu")
    optimiser.load_state_dict(optimiser.state_dict())  # brings its state to the weights' device
    return 1


def peaks(logits: torch.Tensor) -> torch.Tensor:
    """Whole-pixel shifts with the largest logit, (B, 2)."""
    n = logits.shape[-1]
    place = logits.flatten(1).argmax(-1)
    return torch.stack([place // n, place % n], -1).to(logits.dtype) - n // 2
