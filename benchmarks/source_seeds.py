"""Seed pairs and tiles for the source's tables, small enough to be carried to another machine.

Real pairs with measured truth are cropped to the strip around their overlap; more pairs are
exposed by the simulator, a whole number of pixels apart, from real pictures and drawn scenes. What
is trained on the tiles, and the tables, are in `source_tables.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from napari_seamnet.frames import as_frame, open_frame
from napari_seamnet.geometry import Box, Offset
from napari_seamnet.learning.exposure import BORDER, Conditions, expose
from napari_seamnet.learning.hand import Decided, read_hand, record_frames
from napari_seamnet.learning.scenes import DRAWN, PICTURE_FILES
from napari_seamnet.learning.tiles import TilePlan, generate_tiles
from napari_seamnet.learning.truth_files import read_truth

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from napari_seamnet.learning.tile_files import Tiles

TRAIN, VALIDATION = "train", "validation"
MARGIN = 20
"""px beyond the overlap that are kept of real frames: enough for shifts within ±20 px."""
LEAST, MOST = 150, 190
"""px; real overlaps narrower than a square are left out, wider ones cropped."""
LONGEST = 1000
"""px of a real seam that are kept, from its middle."""
HELD_OUT = frozenset({"1-025", "1-026", "1-035", "1-036"})
"""Frames of dendritic_A whose pairs among themselves are for validation."""
CONDITIONS = Conditions(noise=45.0, photons=10.0, distortion=0.0, drift=0.4, defects=0.12)
"""Of the simulated pairs. Without distortion: a whole-pixel label is then the exact truth."""


@dataclass(frozen=True)
class SeedPlan:
    """How many seed pairs of which kind, and how long the simulated ones are.

    Parameters
    ----------
    axon_sem, ic_optical : int
        Pairs exposed from these pictures, in turns; of every third picture for validation.
    drawn : int
        Pairs of each of the kinds `KINDS`; every third for validation.
    length, width : int
        Size of the simulated frames along and across the seam, in px.
    """

    axon_sem: int = 30
    ic_optical: int = 28
    drawn: int = 10
    length: int = 600
    width: int = 215


KINDS = ("chip", "texture", "grain")


def prepare_seeds(data: Path, out: Path, plan: SeedPlan | None = None, seed: int = 0) -> int:
    """Write the seed pairs as files with a ``hand.jsonl``; the note of each names its split.

    Parameters
    ----------
    data : Path
        Folder with ``dendritic_A``, ``axon_sem`` and ``ic_optical``; what is not there is left
        out.
    out : Path
        A new folder.
    plan : SeedPlan, optional
        How many of the simulated ones.
    seed : int
        Decides everything that is simulated.

    Returns
    -------
    int
        How many pairs there are.
    """
    plan = plan or SeedPlan()
    out.mkdir(parents=True, exist_ok=True)
    hand = out / "hand.jsonl"
    if hand.exists():
        raise FileExistsError(f"{hand} is there already; give a new folder")
    pairs = 0
    for name, first, second, offset, split in _all_pairs(data, plan, seed):
        frames = (as_frame(first, name=f"{name}_first"), as_frame(second, name=f"{name}_second"))
        nominal = Offset(*offset.whole())
        record_frames(hand, *frames, nominal, offset - nominal, Decided.TRUTH, f"{split}: {name}")
        pairs += 1
    return pairs


Pair = tuple[str, np.ndarray, np.ndarray, Offset, str]
"""Name, the two frames' pixels, the offset of the second, the split."""


def _all_pairs(data: Path, plan: SeedPlan, seed: int) -> Iterator[Pair]:
    if (data / "dendritic_A" / "pairs.csv").is_file():
        yield from _real_pairs(data / "dendritic_A" / "pairs.csv")
    for kind, count in (("axon_sem", plan.axon_sem), ("ic_optical", plan.ic_optical)):
        yield from _exposed_pictures(data / kind, count, plan, seed)
    for kind in KINDS:
        for k in range(plan.drawn):
            rng = np.random.default_rng([seed, KINDS.index(kind), k])
            side = max(plan.length, plan.width) + 2 * BORDER + plan.width
            scene = DRAWN[kind](side, rng)
            split = VALIDATION if k % 3 == 2 else TRAIN
            yield (f"{kind}_{k}", *_exposed(scene, plan, rng), split)


def _real_pairs(table: Path) -> Iterator[Pair]:
    """Crop pairs of frames to what lies around the overlap."""
    for pair in read_truth(table):
        frames = open_frame(pair.first), open_frame(pair.second)
        dy, dx = pair.offset.whole()
        boxes = Box.of_shape(frames[0].shape), Box.of_shape(frames[1].shape, at=(dy, dx))
        shared = boxes[0].meet(boxes[1])
        if min(shared.shape) < LEAST:
            continue
        limits = (MOST, LONGEST) if shared.height < shared.width else (LONGEST, MOST)
        kept = shared.meet(_middle(shared, limits)).grown(MARGIN)
        first, second = (box.meet(kept) for box in boxes)
        crops = (frames[0].grey(first), frames[1].grey(second.moved(-dy, -dx)))
        offset = Offset(pair.offset.dy - first.y, pair.offset.dx - first.x)
        offset = Offset(offset.dy + second.y - dy, offset.dx + second.x - dx)
        stems = {pair.first.stem, pair.second.stem}
        split = VALIDATION if stems <= HELD_OUT else TRAIN
        yield f"dendritic_A_{pair.first.stem}_{pair.second.stem}", *crops, offset, split


def _middle(box: Box, limits: tuple[int, int]) -> Box:
    height, width = min(box.height, limits[0]), min(box.width, limits[1])
    y, x = box.y + (box.height - height) // 2, box.x + (box.width - width) // 2
    return Box(y, x, height, width)


def _exposed_pictures(folder: Path, count: int, plan: SeedPlan, seed: int) -> Iterator[Pair]:
    """Expose pairs from pieces of real pictures; one picture is of one split only."""
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    files = [path for path in found if path.suffix.lower() in PICTURE_FILES]
    for number, path in enumerate(files):
        picture = open_frame(path).grey()
        split = VALIDATION if number % 3 == 2 else TRAIN
        for k in range(number, count, len(files)):
            rng = np.random.default_rng([seed, *folder.name.encode(), k])
            # A real picture brings noise of its own, which both frames would share.
            scene = ndimage.gaussian_filter(picture.astype(np.float32), rng.uniform(0.6, 1.2))
            scene = scene[::-1] if rng.random() < 0.5 else scene
            yield (f"{folder.name}_{number}_{k}", *_exposed(scene, plan, rng), split)


def _exposed(
    scene: np.ndarray, plan: SeedPlan, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, Offset]:
    """Take two frames of a scene, side by side or one below the other, and spoil each."""
    across = int(rng.integers(25, max(26, plan.width - LEAST - 25)))
    along = int(rng.integers(-12, 13))
    is_horizontal = bool(rng.random() < 0.5)
    spare = [side - 2 * BORDER - 1 for side in scene.shape]
    axis = 0 if is_horizontal else 1  # along which the seam runs
    length = min(plan.length, spare[axis] - 12)
    shape = (length, plan.width) if is_horizontal else (plan.width, length)
    dy, dx = (along, across) if is_horizontal else (across, along)
    room = [n - size - abs(step) for n, size, step in zip(spare, shape, (dy, dx), strict=True)]
    if min(room) < 0:
        raise ValueError(f"a scene of {scene.shape} px has no room for two frames of {shape} px")
    y, x = (
        BORDER + int(rng.integers(0, free + 1)) + max(0, -step)
        for free, step in zip(room, (dy, dx), strict=True)
    )
    severity = rng.random() ** 1.3
    noise = (
        CONDITIONS.noise * severity * rng.random(),
        CONDITIONS.photons * 40.0 ** (1 - severity) * 2.0 ** rng.uniform(0, 6),
    )
    first, second = (
        expose(scene, (float(top), float(left)), shape, rng, CONDITIONS, noise)
        for top, left in ((y, x), (y + dy, x + dx))
    )
    return first, second, Offset(dy, dx)


def make_tiles(
    seeds: Path, out: Path, size: int, reach: int, counts: tuple[int, int], seed: int = 0
) -> tuple[Tiles, Tiles]:
    """Cut the training and the validation tiles, each from its own seed pairs.

    Parameters
    ----------
    seeds : Path
        As `prepare_seeds` made it.
    out : Path
        Folder for ``train.safetensors`` and ``validation.safetensors``. What is there already is
        taken if it is the same, and continued if it is half done.
    size, reach : int
        Side of the squares, and range of the shifts, in px.
    counts : (int, int)
        Tiles for training and for validation; ``max(|dx|, |dy|)`` is even in both.
    seed : int
        As for `TilePlan`.
    """
    out.mkdir(parents=True, exist_ok=True)
    alignments = read_hand(seeds / "hand.jsonl")
    made = []
    for split, count in zip((TRAIN, VALIDATION), counts, strict=True):
        own = [one for one in alignments if one.note.startswith(f"{split}:")]
        plan = TilePlan(size, reach, count, validation=0.0, seed=seed, even_max=True)
        made.append(generate_tiles(own, out / f"{split}.safetensors", plan, compact=True))
    return made[0], made[1]
