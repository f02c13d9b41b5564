"""What all methods say about the tiles, and the source's tables of it, beside its own figures.

Asking and printing are here; tiles are made in `source_seeds.py`, foreign pictures drawn in
`source_pictures.py`, networks trained in `source_tables.py`. All shifts are (dy, dx) in px.
"""

from __future__ import annotations

import math
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from itertools import repeat
from multiprocessing import get_context
from typing import TYPE_CHECKING

import numpy as np
import torch
from source_pictures import PICTURES, STRESSES, Example, foreign_examples, stress_set

from napari_seamnet.geometry import Shift
from napari_seamnet.learning.tile_files import open_tiles
from napari_seamnet.nets.build import THESIS_NETWORKS, build
from napari_seamnet.nets.squares import shifts_of_squares
from napari_seamnet.nets.weights import read_card
from napari_seamnet.seams import Overlap
from napari_seamnet.shifts import Status, get_method

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from source_tables import Scale

    from napari_seamnet.learning.tile_files import Tiles
    from napari_seamnet.shifts import Method

METHODS = {
    "search": "A: search",
    "median": "B: median",
    "bilateral": "B: bilateral",
    "vector": "C: vector",
    "smoothed": "smoothed",
    "seamnet": "SeamNet",
}
"""By their names in the registry, as tables call them."""
NOMINAL = "nominal position"
"""A method that looks at nothing and answers (0, 0): a network no better has learned nothing."""
SOURCE = {
    "first-2": (14.304, 7.684),
    "first-3": (8.041, 6.257),
    "second": (11.654, 7.684),
    "second-wide": (2.000, 2.439),
    "final": (1.879, 2.389),
}
"""The source's mean of the larger axis' error, on its training and its validation set."""
SOURCE_AXES = {"train": "dx 1.501, dy 1.389", "validation": "dx 1.75, dy 1.515"}
"""Of its final network."""
EXAMPLES = 3
CHUNK = 512
MANY_CORES = 8
"""From so many on, plain methods are asked by several processes; starting them takes seconds."""


@dataclass(frozen=True)
class Score:
    """The source's metrics, in px, of the shifts as found and in whole pixels."""

    n: int
    mean_max: float
    mean_dx: float
    mean_dy: float
    rounded_max: float
    rounded_dx: float
    rounded_dy: float

    @classmethod
    def of(cls, found: np.ndarray, truth: np.ndarray) -> Score:
        """Compare (n, 2) shifts (dy, dx) found and true."""
        exact, whole = np.abs(found - truth), np.abs(rounded(found) - truth)
        return cls(
            len(truth),
            *(float(part.mean()) for part in (exact.max(1), exact[:, 1], exact[:, 0])),
            *(float(part.mean()) for part in (whole.max(1), whole[:, 1], whole[:, 0])),
        )


def rounded(shifts: np.ndarray) -> np.ndarray:
    """Shifts in whole pixels, as `Shift.whole` rounds."""
    return np.array([Shift(*map(float, shift)).whole() for shift in shifts], float)


def network_finder(weights: Path, device: str) -> Callable[[np.ndarray], np.ndarray]:
    """Ask a network of the source."""

    def find(squares: np.ndarray) -> np.ndarray:
        units = squares.astype(np.float32) / 255
        return shifts_of_squares(units, weights, device)[0]

    return find


def method_finder(name: str, max_shift: int, device: str) -> Callable[[np.ndarray], np.ndarray]:
    """Ask a method of the registry; where it cannot tell, the nominal position stands."""
    if name == "seamnet" or (os.cpu_count() or 1) < MANY_CORES:
        method = get_method(name, device=device)
        return lambda squares: _ask(method, max_shift, squares)

    def find(squares: np.ndarray) -> np.ndarray:
        parts = np.array_split(squares, min(os.cpu_count() or 1, len(squares)))
        with ProcessPoolExecutor(len(parts), get_context("spawn")) as pool:
            answers = pool.map(_ask_by_name, repeat(name), repeat(max_shift), parts)
            return np.concatenate(list(answers))

    return find


def _ask_by_name(name: str, max_shift: int, squares: np.ndarray) -> np.ndarray:
    return _ask(get_method(name), max_shift, squares)


def _ask(method: Method, max_shift: int, squares: np.ndarray) -> np.ndarray:
    found = []
    for first, second in squares:
        estimate = method.estimate(Overlap(first, second), max_shift=max_shift)
        blind = estimate.status is Status.UNDETERMINED
        found.append((0.0, 0.0) if blind else tuple(estimate.shift))
    return np.array(found, float)


def finders(
    networks: Mapping[str, Path], max_shift: int, device: str
) -> dict[str, Callable[[np.ndarray], np.ndarray]]:
    """All that are asked, by their names in the tables: networks, plain methods, SeamNet."""
    asked = {name: network_finder(path, device) for name, path in networks.items()}
    asked |= {title: method_finder(name, max_shift, device) for name, title in METHODS.items()}
    asked[NOMINAL] = lambda squares: np.zeros((len(squares), 2))
    return asked


def ask_tiles(find: Callable[[np.ndarray], np.ndarray], tiles: Tiles) -> np.ndarray:
    """Ask about all tiles of a set, a part of it at a time."""
    parts = [
        find(tiles.pixels(slice(at, min(at + CHUNK, len(tiles)))))
        for at in range(0, len(tiles), CHUNK)
    ]
    return np.concatenate(parts)


def report(work: Path, full: Scale, scale: Scale, device: str) -> tuple[str, dict]:
    """Ask everything, and print the tables.

    Parameters
    ----------
    work : Path
        Folder with ``tiles`` and, of the networks that are trained, ``weights``.
    full, scale : Scale
        What counts as full size, and what was asked for.
    device : str
        Where networks run.

    Returns
    -------
    text : str
        The tables, in Markdown.
    results : dict
        The numbers, for JSON.
    """
    sets = {
        split: open_tiles(work / "tiles" / f"{split}.safetensors")
        for split in ("train", "validation")
    }
    networks = {
        name: path
        for name in THESIS_NETWORKS
        if (path := work / "weights" / f"{name}.safetensors").exists()
    }
    asked = finders(networks, scale.reach + 5, device)
    made = {
        name: how_made(read_card(path), name, len(sets["train"]), full)
        for name, path in networks.items()
    }
    text = [_opening(sets, scale, full, device, made)]
    results: dict = {"scale": asdict(scale), "networks": made, "cards": {}, "scores": {}}
    for name, path in networks.items():
        card = read_card(path)
        results["cards"][name] = {
            key: card[key]
            for key in ("architecture", "recipe", "metrics", "history", "device", "hours")
        }
    for number, (split, tiles) in zip(("2.2", "2.3"), sets.items(), strict=True):
        scores = score_set(asked, networks, tiles, scale.sample)
        results["scores"][split] = {name: asdict(score) for name, score in scores.items()}
        text.append(set_table(number, split, scores, made))
    for number, split in zip(("2.4", "2.5"), sets, strict=True):
        title = "training tiles" if split == "train" else "validation tiles, of pairs never seen"
        text.append(examples_table(number, title, asked, tile_examples(sets[split], EXAMPLES)))
    foreign = foreign_examples(scale.size, scale.reach, 1)
    text.append(examples_table("2.6", "foreign pictures", asked, foreign))
    stresses = stress_set(scale.size, scale.reach, scale.each)
    errors = stress_errors(asked, stresses)
    results["stress"] = {
        f"{picture}, {stress}": values for (picture, stress), values in errors.items()
    }
    text.append(stress_table(errors, scale.each))
    return "\n\n".join(text) + "\n", results


def score_set(
    asked: Mapping[str, Callable[[np.ndarray], np.ndarray]],
    networks: Mapping[str, object],
    tiles: Tiles,
    sample: int,
) -> dict[str, Score]:
    """Networks on all tiles, everything else on a fixed random sample of them."""
    drawn = np.random.default_rng(0).permutation(len(tiles))[:sample]
    some = tiles.select(np.sort(drawn))
    scores = {}
    for name, find in asked.items():
        theirs = tiles if name in networks or name == NOMINAL else some
        scores[name] = Score.of(ask_tiles(find, theirs), theirs.shifts.astype(float))
    return scores


def how_made(card: dict, name: str, tiles: int, full: Scale) -> str:
    """Say in a few words whether a network is full-size, or what it was reduced to."""
    with torch.device("meta"):
        plan = build(name).settings
    architecture, epochs = card["architecture"], card["recipe"]["epochs"]
    plans = [list(plan[key]) for key in ("filters", "dense")]
    widths = [list(architecture[key]) for key in ("filters", "dense")]
    is_full = (
        widths == plans
        and architecture["size"] == full.size
        and epochs == full.epochs
        and tiles == full.train
    )
    if is_full:
        return "full size"
    filters, dense = (" ".join(map(str, units)) for units in widths)
    plural = "s" if epochs != 1 else ""
    return (
        f"reduced: {architecture['size']} px, {tiles:,} tiles, {epochs} epoch{plural}, "
        f"filters {filters}, dense {dense}"
    )


def set_table(
    number: str, split: str, scores: Mapping[str, Score], made: Mapping[str, str]
) -> str:
    """Table 2.2 or 2.3: the three metrics, continuous and rounded, beside the source's."""
    title = "training set" if split == "train" else "validation set"
    lines = [
        f"### Table {number}: {title}",
        "",
        "Means over the tiles, in px; *max* is the larger axis' error. The source's final network "
        f"had, axis by axis, {SOURCE_AXES[split]}.",
        "",
        "| method | tiles | max | dx | dy | rounded: max | dx | dy | source: max | trained |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, score in scores.items():
        theirs = SOURCE.get(name)
        source = f"{theirs[split == 'validation']:.3f}" if theirs else "-"
        numbers = [f"{value:.3f}" for value in list(asdict(score).values())[1:]]
        cells = [name, f"{score.n:,}", *numbers, source, made.get(name, "-")]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def tile_examples(tiles: Tiles, count: int) -> list[Example]:
    """Some tiles of different seed pairs, always the same ones."""
    at = np.linspace(0, len(tiles) - 1, count + 2).astype(int)[1:-1]
    return [
        Example(f"tile {index}", "", first, second, Shift(*map(int, tiles.shifts[index])))
        for index, (first, second) in zip(at, tiles.pixels(at), strict=True)
    ]


def examples_table(
    number: str,
    title: str,
    asked: Mapping[str, Callable[[np.ndarray], np.ndarray]],
    examples: Sequence[Example],
) -> str:
    """Tables 2.4 to 2.6: what each method found for a few squares, continuous and rounded."""
    squares = np.stack([np.stack([one.first, one.second]) for one in examples])
    lines = [
        f"### Table {number}: {title}",
        "",
        "Shifts (dy, dx) as found, and in whole px.",
        "",
        "| method | " + " | ".join(one.name for one in examples) + " |",
        "|---|" + "---|" * len(examples),
        "| **true** | "
        + " | ".join(f"**{one.shift.dy:+d}, {one.shift.dx:+d}**" for one in examples)
        + " |",
    ]
    for name, find in asked.items():
        if name == NOMINAL:
            continue
        found = find(squares)
        cells = [
            f"{exact[0]:+.2f}, {exact[1]:+.2f}; {whole[0]:+.0f}, {whole[1]:+.0f}"
            for exact, whole in zip(found + 0.0, rounded(found) + 0.0, strict=True)
        ]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def stress_errors(
    asked: Mapping[str, Callable[[np.ndarray], np.ndarray]], examples: Sequence[Example]
) -> dict[tuple[str, str], dict[str, float]]:
    """Mean of the larger axis' error, by picture and stress, and by method."""
    squares = np.stack([np.stack([one.first, one.second]) for one in examples])
    truth = np.array([tuple(one.shift) for one in examples], float)
    keys = [(one.name, one.stress) for one in examples]
    errors: dict[tuple[str, str], dict[str, float]] = {
        (picture, stress): {} for picture in PICTURES for stress in STRESSES
    }
    for name, find in asked.items():
        worst = np.abs(find(squares) - truth).max(axis=1)
        for key, values in errors.items():
            own = [error for error, of in zip(worst, keys, strict=True) if of == key]
            values[name] = float(np.mean(own)) if own else math.nan
    return errors


def stress_table(errors: Mapping[tuple[str, str], Mapping[str, float]], each: int) -> str:
    """Table 2.7: foreign pictures whose second square is spoiled."""
    names = list(next(iter(errors.values())))
    lines = [
        "### Table 2.7: stress set",
        "",
        f"Mean of the larger axis' error over {each} places in each picture, in px; the second "
        "square as it is, brighter, darker, noisy, damaged. The source reports that the error "
        "stayed within 1 px.",
        "",
        "| picture | second square | " + " | ".join(names) + " |",
        "|---|---|" + "---|" * len(names),
    ]
    for (picture, stress), values in errors.items():
        cells = [f"{values[name]:.2f}" for name in names]
        lines.append(f"| {picture} | {stress} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _opening(
    sets: Mapping[str, Tiles], scale: Scale, full: Scale, device: str, made: Mapping[str, str]
) -> str:
    train, validation = (len(sets[split]) for split in ("train", "validation"))
    reduced = [name for name, how in made.items() if how != "full size"]
    missing = [name for name in THESIS_NETWORKS if name not in made]
    sizes = "full size" if scale == full and not reduced else "REDUCED SIZE"
    text = (
        f"Tiles at {sizes}: {train:,} for training and {validation:,} for validation, of "
        f"{scale.size} px, shifted within ±{scale.reach} px; networks on {device}. The source had "
        f"{full.train:,} and {full.validation:,} tiles of {full.size} px, within ±{full.reach} "
        f"px, of other pictures. Networks: all tiles; the other methods: {scale.sample} of each "
        f"set, drawn at random, searched within ±{scale.reach + 5} px."
    )
    if reduced:
        text += (
            f" **Reduced, so not to be compared with the source's figures: {', '.join(reduced)}.**"
        )
    if missing:
        text += f" Not trained: {', '.join(missing)}."
    return text
