"""One training from end to end: data and a recipe in, weights with a card out.

What the command line and the widget call. Which batches come from which data is decided here; how
they are learned from is in `fit.py`. SeamNet from nothing, on simulated pairs, is `simulated.py`.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from ... import __version__
from ...nets.build import build
from ...nets.device import choose_device, convolves_in
from ...nets.seamnet import SeamNet
from ...nets.thesis import ThesisNet
from ...nets.weights import load_network, read_card, save_weights
from ..hand import read_hand
from ..simulator import Simulator
from ..tile_files import TRAIN, VALIDATION, Tiles, open_tiles
from .batches import (
    Mixture,
    ResidentBatches,
    SimulatedTiles,
    TileBatches,
    read_windows,
)
from .examples import MOST, save_examples
from .fit import Report, fit
from .learners import SeamLearner, SquareLearner

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from ..hand import HandAlignment
    from .batches import Batches
    from .checkpoint import Course
    from .learners import Learner
    from .recipes import FitRecipe

MARGIN = 3
"""px that SeamNet searches beyond the largest shift it is shown: a peak needs room around it."""
HELD_OUT_TILES = 0.1
"""Share of tiles that is held out where nobody said which pairs they are of."""
ROOM = 0.6
"""Share of a GPU's free memory that tiles may fill."""


class DataError(ValueError):
    """There is nothing to train on, or it does not fit; the message says what to do."""


@dataclass(frozen=True)
class TrainingData:
    """What a network is trained on.

    Parameters
    ----------
    tiles : tuple of Path
        Folders or compact files of tiles, with their validation splits.
    validation : Path or None
        A set that is for validation as a whole, instead of the splits.
    hand : Path or None
        Hand alignments, whose seams SeamNet can learn from without tiles.
    simulated : float
        Share (0..1) of the batches that the simulator draws.
    pictures : tuple of Path
        Folders of real pictures for the simulator.
    """

    tiles: tuple[Path, ...] = ()
    validation: Path | None = None
    hand: Path | None = None
    simulated: float = 0.0
    pictures: tuple[Path, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.simulated <= 1:
            raise DataError(f"the share of simulated pairs is from 0 to 1, not {self.simulated}")
        if not (self.tiles or self.hand or self.simulated):
            raise DataError(
                "there is nothing to train on; give tiles, hand alignments, or a share of "
                "simulated pairs"
            )

    def describe(self) -> dict[str, Any]:
        """Names only, for cards: no path of anybody's machine."""
        return {
            "tiles": [path.name for path in self.tiles],
            "validation": self.validation.name if self.validation else None,
            "hand": self.hand.name if self.hand else None,
            "simulated": self.simulated,
            "pictures": sorted(path.name for path in self.pictures),
        }


@dataclass(frozen=True, eq=False)
class Trained:
    """What came out of a training.

    Parameters
    ----------
    path : Path
        The weights; their card is beside them.
    course : Course
        All epochs.
    held_out : tuple of HandAlignment
        Pairs that the training has never seen.
    """

    path: Path
    course: Course
    held_out: tuple[HandAlignment, ...]


def train_network(
    recipe: FitRecipe,
    data: TrainingData,
    out: Path,
    *,
    start: Path | None = None,
    device: str = "auto",
    watch: Callable[[Report], None] | None = None,
    examples: Path | None = None,
    resume: bool = True,
    workers: int = 0,
) -> Trained:
    """Train a network, and write its best weights with their card.

    Parameters
    ----------
    recipe : FitRecipe
        How.
    data : TrainingData
        On what.
    out : Path
        The ``.safetensors`` file to write. While the training goes on, its checkpoint lies beside
        it; a training that was stopped goes on from there.
    start : Path, optional
        Weights to start from; fresh ones by default.
    device : {"auto", "cpu", "cuda", "mps"}
        Where to train.
    watch : callable, optional
        See `fit`.
    examples : Path, optional
        A PNG to write after each epoch: some validation pairs, as they were aligned before any
        training, and as they are now.
    resume : bool
        Whether to go on from a checkpoint, if there is one.
    workers : int
        Processes that make batches; they change the speed only.

    Returns
    -------
    Trained

    Raises
    ------
    Cancelled
        By `watch`; the checkpoint is there.
    DataError
        If there is nothing to train on, or the data does not fit the network.
    DeviceError, WeightsError, TileError, FrameError, HandFileError
        If the device, the weights to start from, or the data cannot be used.
    """
    target = choose_device(device)
    torch.manual_seed(recipe.seed)
    alignments, held_out = _split_hand(data, recipe)
    tiles = [open_tiles(path) for path in data.tiles]
    held_tiles = open_tiles(data.validation) if data.validation else None
    side = _one_size(tiles, held_tiles, recipe)
    network = _network(recipe, start, side, tiles).to(target)
    learner = _learner(network, recipe, target)
    train = _training_batches(recipe, data, tiles, alignments, network, side, target)
    validation = _validation_batches(recipe, data, tiles, held_tiles, held_out, network, side)
    tell = watch
    if examples is not None:
        tell = _with_examples(learner, validation, examples, watch)
    about = {**data.describe(), "start": _digest(start), "held_out": [a.id for a in held_out]}
    course = fit(
        learner,
        recipe,
        train,
        validation,
        out,
        device=target,
        watch=tell,
        about=about,
        resume=resume,
        workers=0 if isinstance(train, ResidentBatches) else workers,
    )
    best = min(course.history, key=lambda row: row["validation_loss"])
    card = {
        "name": out.stem,
        "network": recipe.network,
        "architecture": dict(network.settings),
        "recipe": asdict(recipe),
        "data": about,
        "batches": {"training": train.steps, "validation": validation.steps},
        "metrics": {key: value for key, value in best.items() if key not in ("rate", "loss")},
        "history": course.history,
        "device": str(target),
        "hours": round(course.seconds / 3600, 3),
        "torch": torch.__version__,
        "version": __version__,
    }
    save_weights(out, network.state_dict(), card)
    return Trained(out, course, tuple(held_out))


def _split_hand(
    data: TrainingData, recipe: FitRecipe
) -> tuple[list[HandAlignment], list[HandAlignment]]:
    """Hold pairs out; the same ones for the same file and recipe."""
    if data.hand is None:
        return [], []
    alignments = read_hand(data.hand)
    if len(alignments) < 2:
        raise DataError(
            f"{data.hand} holds {len(alignments)} hand alignments, but one is needed to learn "
            "from and one to check with; record more, at least 10"
        )
    n = min(len(alignments) - 1, max(1, round(recipe.validation * len(alignments))))
    order = np.random.default_rng([recipe.seed, len(alignments)]).permutation(len(alignments))
    held = set(order[:n].tolist())
    return (
        [a for k, a in enumerate(alignments) if k not in held],
        [a for k, a in enumerate(alignments) if k in held],
    )


def _one_size(tiles: Sequence[Tiles], held: Tiles | None, recipe: FitRecipe) -> int:
    sizes = {found.size for found in (*tiles, *([held] if held else []))}
    if len(sizes) > 1:
        raise DataError(
            f"the sets of tiles have squares of {', '.join(map(str, sorted(sizes)))} px; train on "
            "sets of one size"
        )
    return sizes.pop() if sizes else int(recipe.settings.get("size", 150))


def _network(
    recipe: FitRecipe, start: Path | None, side: int, tiles: Sequence[Tiles]
) -> SeamNet | ThesisNet:
    if start is not None:
        found = read_card(start)["network"]
        if found != recipe.network:
            raise DataError(
                f"the weights {start.name} are of {found!r} and the recipe is for "
                f"{recipe.network!r}; choose --network {found}"
            )
        network = load_network(start).train()
    else:
        settings = dict(recipe.settings)
        if recipe.network == "zero" and "delta" not in settings:
            settings["delta"] = max(
                [recipe.reach, *(int(np.abs(t.shifts).max()) for t in tiles if len(t))]
            )
        if recipe.network != "seamnet":
            settings["size"] = side
        network = build(recipe.network, **settings)
    if isinstance(network, ThesisNet) and network.size != side:
        raise DataError(
            f"the network takes squares of {network.size} px, but the tiles have {side} px; make "
            f"tiles with --size {network.size}"
        )
    if not isinstance(network, SeamNet | ThesisNet):
        raise DataError(f"{recipe.network!r} cannot be trained")
    return network


def _learner(network: SeamNet | ThesisNet, recipe: FitRecipe, device: torch.device) -> Learner:
    is_cuda = device.type == "cuda"
    if isinstance(network, SeamNet):
        return SeamLearner(network, recipe.reach + MARGIN, is_cuda)
    return SquareLearner(network, is_cuda or convolves_in(device.type) is not None)


def _training_batches(
    recipe: FitRecipe,
    data: TrainingData,
    tiles: Sequence[Tiles],
    alignments: Sequence[HandAlignment],
    network: SeamNet | ThesisNet,
    side: int,
    device: torch.device,
) -> Batches:
    augmentation = recipe.augmented()
    sources: list[Batches] = []
    weights: list[float] = []
    for found in tiles:
        part = found if data.validation else _parts(found)[0]
        if not len(part):
            raise DataError("a set of tiles has none for training; make it with fewer held out")
        batches: Batches = TileBatches(part, recipe.batch, recipe.seed, augmentation)
        if augmentation is None and _fits(part, device):
            batches = ResidentBatches(batches, device)  # type: ignore[arg-type]
        sources.append(batches)
        weights.append(float(len(part)))
    if alignments:
        if not isinstance(network, SeamNet):
            raise DataError(
                f"{recipe.network!r} learns from tiles; make them with `napari-seamnet tiles "
                "generate`, and give them by --tiles"
            )
        sources.append(
            read_windows(alignments, recipe.steps, recipe.reach, recipe.seed, augmentation)
        )
        weights.append(float(sum(weights)) or 1.0)
    if data.simulated:
        simulator = Simulator(folders=data.pictures)
        sources.append(
            SimulatedTiles(simulator, side, recipe.reach, recipe.batch, recipe.steps, recipe.seed)
        )
        real = sum(weights)
        share = min(data.simulated, 0.999) if real else 1.0
        weights.append(real * share / (1 - share) if real else 1.0)
    if len(sources) == 1:
        return sources[0]
    steps = recipe.steps if alignments else max(recipe.steps, sum(s.steps for s in sources))
    return Mixture(sources, weights, steps, recipe.seed)


def _validation_batches(
    recipe: FitRecipe,
    data: TrainingData,
    tiles: Sequence[Tiles],
    held_tiles: Tiles | None,
    held_out: Sequence[HandAlignment],
    network: SeamNet | ThesisNet,
    side: int,
) -> Batches:
    if held_out:
        return read_windows(held_out, recipe.validation_steps, recipe.reach, recipe.seed + 1, None)
    sets = [held_tiles] if held_tiles else [_parts(found)[1] for found in tiles]
    if sets:
        sources = [TileBatches(found, 4 * recipe.batch, is_shuffled=False) for found in sets]
        return sources[0] if len(sources) == 1 else _InTurn(sources)
    simulator = Simulator(folders=data.pictures)
    return SimulatedTiles(
        simulator, side, recipe.reach, recipe.batch, recipe.validation_steps, recipe.seed + 1
    )


@dataclass(frozen=True, eq=False)
class _InTurn:
    """Several sets, one after the other."""

    sources: Sequence[Batches]

    @property
    def steps(self) -> int:
        return sum(source.steps for source in self.sources)

    def batch(self, epoch: int, step: int) -> tuple[torch.Tensor, torch.Tensor]:
        for source in self.sources:
            if step < source.steps:
                return source.batch(epoch, step)
            step -= source.steps
        raise IndexError(step)


def _parts(tiles: Tiles) -> tuple[Tiles, Tiles]:
    """Training and validation: as the set says, else by pairs, else some tiles at random."""
    train, held = tiles.of_split(TRAIN), tiles.of_split(VALIDATION)
    if len(held):
        return train, held
    rng = np.random.default_rng(0)
    pairs = np.unique(tiles.pairs)
    if len(pairs) > 1 and pairs[0] >= 0:
        out = rng.permutation(pairs)[: max(1, len(pairs) // 4)]
        is_held = np.isin(tiles.pairs, out)
    else:
        is_held = np.zeros(len(tiles), bool)
        is_held[rng.permutation(len(tiles))[: max(1, int(HELD_OUT_TILES * len(tiles)))]] = True
    return tiles.select(np.flatnonzero(~is_held)), tiles.select(np.flatnonzero(is_held))


def _fits(tiles: Tiles, device: torch.device) -> bool:
    if device.type != "cuda":
        return False
    free, _ = torch.cuda.mem_get_info(device)
    return len(tiles) * 2 * tiles.size**2 < ROOM * free


def _with_examples(
    learner: Learner,
    validation: Batches,
    path: Path,
    watch: Callable[[Report], None] | None,
) -> Callable[[Report], None]:
    """Draw examples whenever an epoch is over, then tell whoever watches.

    Called before a checkpoint is read: only now has the network the weights of its start, which
    are what it is compared with, however often the training is stopped.
    """
    pairs = _some_pairs(validation)

    def find() -> np.ndarray:
        # Where the network is by now: for want of memory, a training may go on elsewhere.
        device = next(learner.network.parameters()).device
        learner.network.eval()
        with torch.no_grad():
            found = [
                learner.learn(pixels[None].to(device), shift[None].to(device))[1]
                for pixels, shift in pairs
            ]
        return torch.cat(found).cpu().numpy()

    before = find()

    def tell(report: Report) -> None:
        if report.metrics is not None:
            save_examples(path, [pixels.numpy() for pixels, _ in pairs], before, find())
            report = replace(report, note=str(path))
        if watch is not None:
            watch(report)

    return tell


def _some_pairs(batches: Batches) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Six pairs to look at, of as many batches as there are: a batch of windows is of one seam."""
    steps = min(batches.steps, MOST)
    pairs = []
    for step in range(steps):
        pixels, shifts = (tensor.cpu() for tensor in batches.batch(0, step))
        pairs += list(zip(pixels, shifts, strict=True))[: -(-MOST // steps)]
    return pairs[:MOST]


def _digest(path: Path | None) -> str | None:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path is not None else None
