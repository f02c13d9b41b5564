"""Train SeamNet by a recipe: from a file of settings to weights with a card.

The same recipe, pictures and machine give the same weights. What the pairs look like is decided in
`simulator.py`, how weights are kept in `nets/weights.py`.
"""

from __future__ import annotations

import math
import time
import tomllib
import warnings
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch.utils.data import DataLoader, Dataset

from ...nets.device import choose_device
from ...nets.seamnet import SeamNet
from ...nets.weights import BUNDLED, save_weights
from ...shifts import Cancelled
from ..exposure import Conditions
from ..simulator import DEFAULT_MIXTURE, Simulator
from .checkpoint import Course, checkpoint_path, load_checkpoint, save_checkpoint
from .losses import learning_rate, leave_ctrl_c_to_the_parent, peaks, shift_loss
from .weighing import collect_first_looks, collect_seams, fit_weigher

if TYPE_CHECKING:
    from ...shifts.estimate import Progress


BUNDLED_RECIPE = Path(__file__).parents[1] / "recipes" / "seamnet.toml"
SQUARE_AREA = 150 * 150
"""px; the source's square: larger crops are trained with more noise, smaller ones with less."""
SHORT_SIDE = (18, 200)
"""px; the narrower side of a crop, evenly by its logarithm."""
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
        Steps of the optimiser; with 0, the features are those of the bundled weights.
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
    weigher_seams : int
        Seams of a second stage, in which the features stay as they are and only the weigher
        learns: how much a map is worth on seams of every kind. See `weighing.py`.
    first_look_seams : int
        Seams of a third stage, for the weigher of a first look. With 0, it is that of the bundled
        weights; so is the other weigher, without steps and without its stage.
    weigher_epochs : int
        How often they see them.
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
    weigher_seams: int = 0
    first_look_seams: int = 0
    weigher_epochs: int = 20

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
            recipe.simulator(())
        except (TypeError, ValueError) as error:
            raise RecipeError(f"the recipe {path} cannot be followed: {error}") from error
        return recipe

    def simulator(self, folders: tuple[Path, ...]) -> Simulator:
        """The simulator of the features' stage."""
        return Simulator(dict(self.mixture), Conditions(**self.conditions), folders)


class SimulatedBatches(Dataset):
    """Batch k of the features' stage of a recipe; the same whichever process draws it."""

    def __init__(self, recipe: Recipe, folders: tuple[Path, ...]) -> None:
        self.recipe = recipe
        self.simulator = recipe.simulator(folders)

    def __len__(self) -> int:
        return self.recipe.steps

    def __getitem__(self, step: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, int]:
        rng = np.random.default_rng([self.recipe.seed, step, 0])
        short = int(np.exp(rng.uniform(*np.log(SHORT_SIDE))))
        if rng.random() < self.recipe.long_share:
            shape = [int(rng.integers(400, 900)), short]
        else:
            shape = [short, min(300, max(80, int(short * rng.uniform(1, 2.5))))]
        rng.shuffle(shape)
        reach = int(rng.integers(8, 21))
        area = shape[0] * shape[1]
        n = min(48, max(2, self.recipe.pixels // area))
        simulator = self.simulator.harsher(math.sqrt(area / SQUARE_AREA))
        pairs = simulator.pairs(n, (shape[0], shape[1]), reach - 1.0, rng)
        first = torch.from_numpy(np.stack([p.first for p in pairs])[:, None])
        second = torch.from_numpy(np.stack([p.second for p in pairs])[:, None])
        shifts = torch.tensor([tuple(p.shift) for p in pairs], dtype=torch.float32)
        return first, second, shifts, reach


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
        Loss and share within 1 px at the end.

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
    folders = tuple(pictures)
    # Shares of the bar as they take their time, not as they count.
    share = max(100, recipe.steps // 2)
    learned = recipe.steps + (share if recipe.weigher_seams else 0)
    total = learned + (share if recipe.first_look_seams else 0)
    if not resume:
        checkpoint_path(out).unlink(missing_ok=True)
    if recipe.steps:
        tell = _part(progress, 0, recipe.steps, total)
        metrics = learn_features(network, recipe, folders, out, tell, workers)
    _take_bundled(network, recipe)
    epochs, seed = recipe.weigher_epochs, recipe.seed
    if recipe.weigher_seams:
        tell = _part(progress, recipe.steps, learned, total)
        seams = collect_seams(
            network, recipe.weigher_seams, seed, folders, progress=tell, workers=workers
        )
        metrics = fit_weigher(network.weigher, seams, epochs, seed, tell)
    if recipe.first_look_seams:
        tell = _part(progress, learned, total, total)
        looks = collect_first_looks(
            recipe.first_look_seams, seed, folders, progress=tell, workers=workers
        )
        at_first = fit_weigher(network.first_weigher, looks, epochs, seed, tell)
        metrics = {**at_first, **metrics, "first_look_within_1_px": at_first["within_1_px"]}
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


def _take_bundled(network: SeamNet, recipe: Recipe) -> None:
    """Take over from the bundled weights what has no stage in a recipe."""
    learned = tuple(
        name
        for name, is_learned in (
            ("encoder.", recipe.steps),
            ("sharpness", recipe.steps),
            ("weigher.", recipe.steps or recipe.weigher_seams),
            ("first_weigher.", recipe.first_look_seams),
        )
        if is_learned
    )
    state = network.state_dict()
    for name, value in load_file(BUNDLED).items():
        if not name.startswith(learned):
            if name not in state or state[name].shape != value.shape:
                raise RecipeError(
                    "the recipe's width, blocks and features are not those of the bundled "
                    "weights; give it steps, or leave them out"
                )
            state[name] = value.to(state[name].dtype)
    network.load_state_dict(state)


def learn_features(
    network: SeamNet,
    recipe: Recipe,
    folders: tuple[Path, ...],
    out: Path,
    progress: Progress | None = None,
    workers: int = 1,
) -> dict[str, float]:
    """Train all of a network; it ends up with the last steps' averaged weights.

    Parameters
    ----------
    network : SeamNet
        Changed in place.
    recipe : Recipe
        What to do.
    folders : tuple of Path
        Folders of real pictures.
    out : Path
        Every `CHECKPOINT_STEPS` steps, when it is cancelled, and at the end, a checkpoint is kept
        beside it; a training that was stopped goes on from there.
    progress : callable, optional
        Called as ``progress(done, total, what)`` after each step; may raise `Cancelled`.
    workers : int
        Processes that simulate pairs.

    Returns
    -------
    dict of str to float
        Loss and share within 1 px over the last tenth of the steps.
    """
    averaged = {name: value.clone() for name, value in network.state_dict().items()}
    optimiser = torch.optim.Adam(network.parameters(), recipe.learning_rate)
    path, settings = checkpoint_path(out), {**asdict(recipe), "pictures": _names(folders)}
    first_step = 0
    recent: list[tuple[float, float]] = []
    if path.exists():
        course, averaged = load_checkpoint(path, network, optimiser, settings)
        first_step = course.step
        recent = [(row["loss"], row["near"]) for row in course.history]

    def save(step: int) -> None:
        history = [{"loss": loss, "near": near} for loss, near in recent]
        course = Course(0, step, history=history)
        save_checkpoint(path, network, optimiser, averaged, course, settings)

    batches = DataLoader(
        SimulatedBatches(recipe, folders),
        sampler=range(first_step, recipe.steps),
        batch_size=None,
        num_workers=workers,
        worker_init_fn=leave_ctrl_c_to_the_parent if workers else None,
        prefetch_factor=4 if workers else None,
    )
    parts = 1
    for step, (first, second, shifts, reach) in enumerate(batches, first_step):
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(step, recipe.steps, recipe.learning_rate)
        while True:
            try:
                optimiser.zero_grad()
                loss, found = learn_from(network, (first, second, shifts), int(reach), parts)
                break
            except torch.OutOfMemoryError:
                parts = _make_room(network, optimiser, parts, len(first))
        steepness = torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        if not (math.isfinite(loss) and bool(steepness.isfinite())):
            raise RecipeError(
                f"the training broke down in step {step + 1}: its loss is no longer a number; "
                "lower the recipe's learning_rate, or begin with another seed"
            )
        optimiser.step()
        # The last steps' average is better and steadier than the last step.
        keep = min(0.998, step / (step + 10))
        with torch.no_grad():
            for name, value in network.state_dict().items():
                averaged[name].lerp_(value.to(averaged[name].device), 1 - keep)
        near = ((found - shifts).abs().amax(-1) <= 1).float().mean()
        recent.append((loss, float(near)))
        recent = recent[-max(20, recipe.steps // 10) :]
        if progress:
            mean_loss, within = (float(np.mean(column)) for column in zip(*recent, strict=True))
            try:
                progress(step + 1, recipe.steps, f"loss {mean_loss:.3f}, within 1 px {within:.1%}")
            except Cancelled:
                save(step + 1)
                raise
        if (step + 1) % CHECKPOINT_STEPS == 0:
            save(step + 1)
    save(recipe.steps)
    network.load_state_dict(averaged)
    loss, within = (float(np.mean(column)) for column in zip(*recent, strict=True))
    return {"loss": loss, "within_1_px": within}


def _names(folders: tuple[Path, ...]) -> list[str]:
    return sorted(folder.name for folder in folders)


def _part(progress: Progress | None, low: int, high: int, total: int) -> Progress | None:
    """Progress of a part of the training as progress of the whole."""
    if progress is None:
        return None
    return lambda done, of, what: progress(low + (high - low) * done // max(of, 1), total, what)


def learn_from(
    network: SeamNet,
    batch: tuple[torch.Tensor, torch.Tensor, torch.Tensor],
    reach: int,
    parts: int = 1,
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
        maps, n_pixels = network.maps(first.float(), second.float(), reach)
        logits = network.weigh(maps, n_pixels)
        loss = shift_loss(logits, shifts)
        loss = loss + AUXILIARY * shift_loss(network.learned_logits(maps), shifts)
        share = loss.mean() * (len(first) / size)
        share.backward()
        total += float(share.detach())
        found.append(peaks(logits.detach()).cpu())
    return total, torch.cat(found)


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
