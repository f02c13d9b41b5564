"""What microscopes do to frames besides noise: how many seams are found, how many silently lost.

    python benchmarks/artefacts.py [--data FOLDER] [--methods seamnet,smoothed] [--only turned]

Up to nine seams of each set of real frames with measured truth, each moved by up to ±10 px from
it, searched within ±15 px. One artefact at a time is added to both sides, or to the second side
only, then Gaussian noise of 3 % of the range. A side that is turned or scaled is so about the
middle of the seam, where its true shift stays what it was. Prints a table in Markdown: seams
within 1 px, and in brackets how many are called certain, and how many of these are off by more.
"""

from __future__ import annotations

import argparse
import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image
from real_frames import SETS
from scipy import ndimage

from napari_seamnet.learning.labelled import from_truth
from napari_seamnet.nets.threads import limit_threads
from napari_seamnet.seams import Overlap
from napari_seamnet.shifts import get_method

if TYPE_CHECKING:
    from collections.abc import Callable

    # spoiled(crop, rng, side): grey levels 0..255 in and out; side 0 is the first crop.
    Artefact = Callable[[np.ndarray, np.random.Generator, int], np.ndarray]

SEAMS_OF_A_SET, MAX_SHIFT, NOISE = 9, 15, 8.0


def flicker(levels: float) -> Artefact:
    """Every row brighter or darker by its own."""
    return lambda crop, rng, _: crop + rng.normal(0, levels, (len(crop), 1))


def wandering(levels: float) -> Artefact:
    """Every row brighter or darker than the one before, as a sample that charges."""

    def spoiled(crop: np.ndarray, rng: np.random.Generator, _: int) -> np.ndarray:
        walk = np.cumsum(rng.normal(0, levels, (len(crop), 1)), axis=0)
        return crop + walk - walk.mean()

    return spoiled


def unsteady(share: float) -> Artefact:
    """Every row amplified by its own."""
    return lambda crop, rng, _: crop * (1 + rng.normal(0, share, (len(crop), 1)))


def shaded(crop: np.ndarray, _: np.random.Generator, side: int) -> np.ndarray:
    """Darker towards the edge of its frame: of the two sides, opposite ends."""
    axis = int(np.argmin(crop.shape))
    across = np.linspace(0, 1, crop.shape[axis])
    dark = 1 - 0.6 * (across if side == 0 else 1 - across) ** 2
    return crop * (dark if axis else dark[:, None])


def specks(share: float) -> Artefact:
    """Pixels that are black or white."""

    def spoiled(crop: np.ndarray, rng: np.random.Generator, _: int) -> np.ndarray:
        return np.where(rng.random(crop.shape) < share, rng.choice([0, 255], crop.shape), crop)

    return spoiled


def dead_lines(crop: np.ndarray, rng: np.random.Generator, _: int) -> np.ndarray:
    """Three columns white, three rows black."""
    crop = crop.copy()
    crop[:, rng.integers(0, crop.shape[1], 3)] = 255
    crop[rng.integers(0, len(crop), 3)] = 0
    return crop


def scale_bar(crop: np.ndarray, _: np.random.Generator, __: int) -> np.ndarray:
    """A bar at the same place of both sides."""
    crop = crop.copy()
    crop[-40:] = 20
    crop[-28:-20, 20 : 20 + min(crop.shape[1] - 30, 80)] = 255
    return crop


def compressed(quality: int) -> Artefact:
    """Stored as JPEG, whose blocks lie otherwise in each frame."""

    def spoiled(crop: np.ndarray, rng: np.random.Generator, _: int) -> np.ndarray:
        y, x = rng.integers(0, 8, 2)
        padded = np.pad(crop, ((y, 0), (x, 0)), mode="edge")
        file = io.BytesIO()
        Image.fromarray(np.clip(padded, 0, 255).astype(np.uint8)).save(
            file, "JPEG", quality=quality
        )
        return np.asarray(Image.open(file), float)[y:, x:]

    return spoiled


def second_only(change: Callable[[np.ndarray], np.ndarray]) -> Artefact:
    """The second side alone is changed."""
    return lambda crop, _, side: change(crop) if side else crop


def turned(degrees: float) -> Artefact:
    """The second side turned about its middle."""
    return second_only(
        lambda crop: ndimage.rotate(crop, degrees, reshape=False, mode="nearest", order=1)
    )


def scaled(by: float) -> Artefact:
    """The second side larger, about its middle."""

    def change(crop: np.ndarray) -> np.ndarray:
        middle = (np.array(crop.shape) - 1) / 2
        return ndimage.affine_transform(
            crop, np.full(2, 1 / by), middle - middle / by, mode="nearest", order=1
        )

    return second_only(change)


ARTEFACTS = {
    "none": lambda crop, _, __: crop,
    "flicker, 5 % of the range": flicker(13),
    "flicker, 40 %": flicker(102),
    "rows amplified by ±15 %": unsteady(0.15),
    "rows wander by 2 % a row": wandering(6),
    "shading, 60 % at the edge": shaded,
    "scale bar burnt in": scale_bar,
    "dead lines": dead_lines,
    "20 % of pixels black or white": specks(0.2),
    "JPEG, quality 15": compressed(15),
    "JPEG, quality 5": compressed(5),
    "32 grey levels wide steps": lambda crop, _, __: np.round(crop / 32) * 32,
    "second side's gamma 2.2": second_only(lambda crop: 255 * (crop / 255) ** 2.2),
    "second side cut off at a third": second_only(lambda crop: 3 * crop),
    "second side out of focus, 3 px": second_only(lambda crop: ndimage.gaussian_filter(crop, 3)),
    "second side out of focus, 6 px": second_only(lambda crop: ndimage.gaussian_filter(crop, 6)),
    "second side turned by 0.3 degrees": turned(0.3),
    "second side turned by 1 degree": turned(1),
    "second side larger by 0.3 %": scaled(1.003),
    "second side larger by 1 %": scaled(1.01),
}


def grey(crop: np.ndarray) -> np.ndarray:
    """Bring a crop to grey levels 0..255; those of 8 bits stay."""
    levels = np.asarray(crop, float)
    if levels.max() <= 255:
        return levels
    return (levels - levels.min()) / np.ptp(levels) * 255


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    parser.add_argument("--data", type=Path, default=beside)
    parser.add_argument("--methods", default="seamnet,smoothed,phase")
    parser.add_argument("--only", default="", help="artefacts whose names contain this")
    args = parser.parse_args()
    limit_threads(1)
    methods = args.methods.split(",")
    seams = [
        (seam.cut(MAX_SHIFT), seam.truth)
        for folder in SETS.values()
        for seam in from_truth(args.data / folder / "pairs.csv")[:SEAMS_OF_A_SET]
    ]
    print(f"\n| artefact, {len(seams)} seams | " + " | ".join(methods) + " |")
    print("|---|" + "---|" * len(methods))
    for name, spoiled in ARTEFACTS.items():
        if args.only not in name:
            continue
        answers: dict[str, list[tuple[float, bool]]] = {method: [] for method in methods}
        for k, (cut, truth) in enumerate(seams):
            crops = []
            for side, crop in enumerate((cut.first, cut.second)):
                rng = np.random.default_rng([side, k])
                seen = spoiled(grey(crop), rng, side) + rng.normal(0, NOISE, crop.shape)
                crops.append(np.clip(np.rint(seen), 0, 255).astype(np.uint8))
            overlap = Overlap(crops[0], crops[1], cut.origin)
            for method in methods:
                found = get_method(method).estimate(overlap, max_shift=MAX_SHIFT)
                is_certain = found.status.value == "certain"
                answers[method].append((found.shift.distance(truth), is_certain))
        cells = []
        for method in methods:
            right = sum(error <= 1 for error, _ in answers[method])
            certain = [error for error, is_certain in answers[method] if is_certain]
            wrong = sum(error > 1 for error in certain)
            cells.append(f"{right} ({len(certain)}, {wrong} wrong)")
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)
        print(".", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)


if __name__ == "__main__":
    main()
