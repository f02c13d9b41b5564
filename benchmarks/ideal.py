"""How many seams of `cells.py` any method must lose: observers who know what nobody can know.

    python benchmarks/ideal.py [--seams 3] [--cells FOLDER/seams.csv]
    python benchmarks/ideal.py --ordinary [--seams 3] [--cells FOLDER/seams.csv]

Under heavy and extreme noise, seam by seam as in `cells.py`. One observer knows the scene without
noise, what the second exposure makes of it, how lines jitter and how frames are bent; only the
shift he does not know, and takes the most likely one of all that differ from the truth by whole
pixels within the search range: no method can lose fewer seams, but for luck. (Bent and jittering
seams of over 80 px are counted as never lost by him, to save time: he loses none of 80 px.) The
other knows of the scene only each frequency's strength, without noise, on both sides, and
correlates with the weights that are the best then (Knapp and Carter 1976,
doi:10.1109/TASSP.1976.1162830); that is the best that correlation can do for pictures that are
nothing but their spectrum. `--cells` prints the methods' counts of a run of `cells.py` with the
same number of seams beside them.

`--ordinary`: of how many ordinary seams (as `cells.py` counts them) the first observer is at least
99 % sure that he is within 1 px; none can be surer, and be right to be so.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import sys
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import torch
from cells import EXPOSURES, LENGTH, NOISES, ORDINARY, RANGE, SEARCH, SEED, WIDTHS, contents
from scipy import fft, ndimage, special

from napari_seamnet.learning.seam_kinds import CleanSeam, draw_seam
from napari_seamnet.nets.correlation import correlation_maps

HARD = ("heavy", "extreme")
LOST = 2.0
"""px."""
LEVELS = np.arange(-64, 320)
WIDE, EVEN, SURE = (80, 150, 300), ("same", "drift"), 0.99
"""What else `cells.py` takes for ordinary, and for certain."""
KEYS = ("content", "noise", "width", "exposure", "seam")
OBSERVERS = ("scene known", "spectrum known")
ROUNDING = 12**-0.5
"""Standard deviation, in grey levels, of what rounding alone does."""
SLOW = ("knocked", "warped")
WIDEST_SLOW = 80


def log_likelihoods(sigma: float) -> np.ndarray:
    """Of each grey level that is seen, 0..255, for each of `LEVELS` that is there."""
    edges = np.concatenate([[-np.inf], np.arange(255) + 0.5, [np.inf]])
    below = special.ndtr((edges[:, None] - LEVELS) / sigma)
    found: np.ndarray = np.log(np.maximum(np.diff(below, axis=0), 1e-30))
    return found


def with_scene(seam: CleanSeam, seen: np.ndarray, sigma: float) -> tuple[float, float]:
    """For who knows the scene: how far off the best shift is, and how sure he is within 1 px."""
    table = log_likelihoods(sigma)
    spline = ndimage.spline_filter(seam.scene, 3)
    shift = np.array(tuple(seam.shift))
    low, high = np.ceil(-SEARCH - shift).astype(int), np.floor(SEARCH - shift).astype(int)
    levels, (height, width) = len(LEVELS), seen.shape
    rows = seen.astype(np.int32) * levels
    fits: dict[tuple[int, int], float] = {}
    is_even = (
        not np.ptp(np.diff(seam.second[0], axis=1)) and not np.ptp(seam.second[1], axis=0).any()
    )
    if is_even:  # the scene's values at all shifts lie on one grid
        corner = seam.second[:, 0, 0] + low
        grid = np.indices(np.array(seen.shape) + high - low) + corner[:, None, None]
        whole = ndimage.map_coordinates(spline, grid, order=3, mode="reflect", prefilter=False)
    for dy, dx in itertools.product(*(range(a, b + 1) for a, b in zip(low, high, strict=True))):
        if is_even:
            top, left = dy - low[0], dx - low[1]
            there = whole[top : top + height, left : left + width]
        else:
            places = seam.second + np.array([dy, dx])[:, None, None]
            there = ndimage.map_coordinates(
                spline, places, order=3, mode="reflect", prefilter=False
            )
        level = np.clip(np.rint(seam.change(there)).astype(np.int32) - LEVELS[0], 0, levels - 1)
        fits[dy, dx] = float(table.ravel()[rows + level].sum())
    best = max(fits, key=fits.__getitem__)
    chances = {shift: np.exp(fit - fits[best]) for shift, fit in fits.items()}
    near = sum(chances[y, x] for y, x in chances if max(abs(y - best[0]), abs(x - best[1])) <= 1)
    return float(max(map(abs, best))), near / sum(chances.values())


def by_spectrum(
    seam: CleanSeam, seen: list[np.ndarray], clean: tuple[np.ndarray, np.ndarray], sigma: float
) -> float:
    """How far off correlation is that knows each frequency's strength; in px."""
    powers = [
        ndimage.uniform_filter(np.abs(fft.rfft2(crop - crop.mean())) ** 2 / crop.size, 3)
        for crop in clean
    ]
    one, two = (np.maximum(power, 0) for power in powers)
    noise = sigma**2
    weight = np.sqrt(np.sqrt(one * two) / (noise**2 + noise * (one + two)))
    crops = [
        torch.from_numpy(fft.irfft2(fft.rfft2(crop - crop.mean()) * weight, s=crop.shape)).float()
        for crop in seen
    ]
    maps, _ = correlation_maps(crops[0][None, None], crops[1][None, None], SEARCH)
    y, x = divmod(int(maps[0, 0].argmax()), 2 * SEARCH + 1)
    return float(np.abs(np.array([y, x]) - SEARCH - tuple(seam.shift)).max())


def run(job: tuple) -> list[dict]:
    """Both observers on the seams of one cell, drawn as `cells.py` draws them."""
    data, content, noise, width, exposure, n, seed, only_sure = job
    torch.set_num_threads(1)
    draw = contents(data)[content]
    cell = [list(NOISES).index(noise), WIDTHS.index(width), EXPOSURES.index(exposure)]
    sigma = 255 * NOISES[noise]
    known = max(sigma, ROUNDING)
    rows = []
    for k in range(n):
        rng = np.random.default_rng([seed, sum(map(ord, content)), *cell, k])
        shape = (LENGTH, width) if rng.random() < 0.5 else (width, LENGTH)
        seam = draw_seam(draw, shape, RANGE, exposure, rng)
        clean = seam.crops()
        seen = [
            np.clip(np.rint(crop + sigma * rng.standard_normal(shape)), 0, 255) for crop in clean
        ]
        row: dict = dict(zip(KEYS, (content, noise, str(width), exposure, str(k)), strict=True))
        if only_sure or exposure not in SLOW or width <= WIDEST_SLOW:
            row["scene known"], row["sure"] = with_scene(seam, seen[1], known)
        else:
            row["scene known"] = 0.0
        if not only_sure:
            row["spectrum known"] = by_spectrum(seam, seen, clean, sigma)
        rows.append(row)
    return rows


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    parser.add_argument("--data", type=Path, default=beside)
    parser.add_argument("--seams", type=int, default=3, help="in each cell")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--cells", type=Path, help="seams.csv of `cells.py --out`")
    parser.add_argument("--ordinary", action="store_true", help="how sure one can be")
    args = parser.parse_args()
    kinds = (
        itertools.product(ORDINARY, [n for n in NOISES if n != "extreme"], WIDE, EVEN)
        if args.ordinary
        else itertools.product(contents(args.data), HARD, WIDTHS, EXPOSURES)
    )
    jobs = [(args.data, *kind, args.seams, args.seed, args.ordinary) for kind in kinds]
    rows: list[dict] = []
    with ProcessPoolExecutor(args.processes) as pool:
        for done, found in enumerate(pool.map(run, jobs, chunksize=2), 1):
            rows += found
            if done % 50 == 0:
                print(f"{done} of {len(jobs)} cells", file=sys.stderr, flush=True)
    methods = read_cells(args.cells) if args.cells is not None else {}
    counted: dict[tuple, dict[str, bool]] = {}
    for row in rows:
        key = tuple(row[name] for name in KEYS)
        of = methods.get(key, [])
        if args.ordinary:
            counted[key] = {"scene known": row["sure"] >= SURE}
            counted[key] |= {one["method"]: one["status"] == "certain" for one in of}
        else:
            counted[key] = {name: row[name] > LOST for name in OBSERVERS}
            counted[key] |= {one["method"]: float(one["error"]) > LOST for one in of}
    print("At least 99 % sure:\n" if args.ordinary else "Seams off by over 2 px:\n")
    report(counted)


def read_cells(path: Path) -> dict[tuple, list[dict]]:
    """Rows of `seams.csv`, one a method, by seam."""
    found = defaultdict(list)
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            found[tuple(row[name] for name in KEYS)].append(row)
    return found


def report(counted: dict[tuple, dict[str, bool]]) -> None:
    """Print how many seams of each kind count, by whom."""
    names = list(next(iter(counted.values())))
    print("| | seams | " + " | ".join(names) + " |")
    print("|---|---|" + "---|" * len(names))
    groups = [("all", counted)]
    for side in (0, 1, 2, 3):
        for value in dict.fromkeys(key[side] for key in counted):
            groups.append((value, {k: v for k, v in counted.items() if k[side] == value}))
    for value, some in groups:
        counts = [sum(of[name] for of in some.values()) for name in names]
        print(f"| {value} | {len(some)} | " + " | ".join(map(str, counts)) + " |")


if __name__ == "__main__":
    main()
