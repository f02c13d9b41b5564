"""Every method on the real frames with measured truth, side by side in one run.

    python benchmarks/real_frames.py [--data FOLDER] [--methods a,b] [--noise 0,0.15] [--draws 5]

For each pair of each set, the nominal offset is the rounded truth plus a random whole-pixel
jitter within ±10 px. With noise, one side's contrast is halved about mid-grey, then Gaussian noise
of that share of the full range is added to both sides, and both are cut off at 0 and 255
(`learning/spoiling.py`); with `--flicker`, each row of each side gets a brightness of its own,
too. With several draws of jitter and noise a pair, tables show means over them: of one draw, two
methods that are alike may differ by five pairs of 24. Prints tables in Markdown; `--csv FILE`
keeps every single answer.
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
from collections import defaultdict
from itertools import product
from pathlib import Path

import numpy as np
from cells import calibration_error

from napari_seamnet.frames import Frame, open_frame
from napari_seamnet.geometry import Offset
from napari_seamnet.learning.spoiling import spoil
from napari_seamnet.learning.truth_files import read_truth
from napari_seamnet.seams import Overlap
from napari_seamnet.shifts import get_method

SETS = {
    "stitch2d": "test/stitch2d",
    "zirconBSE": "test/zirconBSE",
    "zirconCL": "test/zirconCL",
    "iron": "test/iron",
    "dendritic_A": "train/dendritic_A",
    "lscm_Ref": "train/lscm_tensile_Ref",
    "lscm_State1": "train/lscm_tensile_State1",
    "vem_s2": "test/vem_s2",
}
METHODS = ("seamnet", "smoothed", "search", "median", "bilateral", "vector", "phase")
JITTER = 10
MAX_SHIFT = 15
CLAIMS = ((0.0, 0.3), (0.3, 0.6), (0.6, 0.9), (0.9, 0.99), (0.99, 1.0))


def wide_overlap(
    first: Frame,
    second: Frame,
    nominal: Offset,
    sigma: float,
    flicker: float,
    rng: np.random.Generator,
) -> Overlap:
    """Cut the overlap with the margin that some methods want, spoiled alike for all of them."""
    overlap = Overlap.cut(first, second, nominal, margin=MAX_SHIFT)
    return spoil(overlap, sigma, rng, flicker) if sigma or flicker else overlap


def answers(
    data: Path,
    sets: list[str],
    methods: list[str],
    noises: list[float],
    seeds: list[int],
    flicker: float = 0.0,
):
    """Yield one row per pair, noise, seed and method; without noise only of the first seed."""
    made = {
        name: get_method(name, **({"device": "cpu"} if name == "seamnet" else {}))
        for name in methods
    }
    for name in sets:
        for k, pair in enumerate(read_truth(data / SETS[name] / "pairs.csv")):
            first, second = open_frame(pair.first), open_frame(pair.second)
            for sigma, seed in product(noises, seeds):
                if not sigma and seed != seeds[0]:
                    continue
                rng = np.random.default_rng([seed, k, round(100 * sigma)])
                dy, dx = pair.offset.whole()
                jitter = rng.integers(-JITTER, JITTER + 1, 2)
                nominal = Offset(int(dy + jitter[0]), int(dx + jitter[1]))
                truth = pair.offset - nominal
                wide = wide_overlap(first, second, nominal, sigma, flicker, rng)
                for method_name, method in made.items():
                    overlap = wide if method.wants_margin else wide.nominal()
                    start = time.perf_counter()
                    estimate = method.estimate(overlap, max_shift=MAX_SHIFT)
                    seconds = time.perf_counter() - start
                    yield {
                        "set": name,
                        "pair": k,
                        "noise": sigma,
                        "seed": seed,
                        "method": method_name,
                        "error": estimate.shift.distance(truth),
                        "dy": estimate.shift.dy - truth.dy,
                        "dx": estimate.shift.dx - truth.dx,
                        "status": estimate.status.value,
                        "confidence": estimate.confidence,
                        "seconds": seconds,
                    }
            print(".", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)


def print_tables(rows: list[dict], methods: list[str]) -> None:
    """One table per noise: within 1 px / within 2 px / median error, and the status' honesty."""
    groups = defaultdict(list)
    for row in rows:
        groups[row["noise"], row["set"], row["method"]].append(row)
    seeds = len({row["seed"] for row in rows})
    noises = sorted({row["noise"] for row in rows})
    sets = list(dict.fromkeys(row["set"] for row in rows))
    for noise in noises:
        draws = seeds if noise else 1
        mean = f", mean of {draws} draws" if draws > 1 else ""
        print(f"\nNoise {noise:g}: seams within 1 px / within 2 px / median error in px{mean}\n")
        print("| set | seams | " + " | ".join(methods) + " |")
        print("|---|---|" + "---|" * len(methods))
        for name in sets:
            cells = []
            for method in methods:
                errors = np.array([row["error"] for row in groups[noise, name, method]])
                near = [f"{(errors <= most).sum() / draws:.{int(draws > 1)}f}" for most in (1, 2)]
                cells.append(f"{' / '.join(near)} / {np.median(errors):.2f}")
            print(f"| {name} | {len(errors) // draws} | " + " | ".join(cells) + " |")
    print("\nCalled `certain`: seams, and of these off by more than 1 px / 2 px; seconds a seam\n")
    print("| method | certain | wrong > 1 px | wrong > 2 px | median s |")
    print("|---|---|---|---|---|")
    for method in methods:
        own = [row for row in rows if row["method"] == method]
        sure = [row for row in own if row["status"] == "certain"]
        wrong = [sum(row["error"] > limit for row in sure) for limit in (1, 2)]
        seconds = np.median([row["seconds"] for row in own])
        print(
            f"| {method} | {len(sure)} of {len(own)} | {wrong[0]} | {wrong[1]} | {seconds:.3f} |"
        )
    print("\nReliability: by claimed confidence, seams, and the share within 1 px\n")
    claims = " | ".join(f"{low:g} - {high:g}" for low, high in CLAIMS)
    print(f"| method | {claims} | expected calibration error |")
    print("|---|" + "---|" * (len(CLAIMS) + 1))
    for method in methods:
        cells = []
        for low, high in CLAIMS:
            within = [
                row["error"] <= 1
                for row in rows
                if row["method"] == method and low <= min(row["confidence"], 0.99999) < high
            ]
            cells.append(f"{len(within)}, {np.mean(within):.1%}" if within else "0")
        cells.append(f"{calibration_error([r for r in rows if r['method'] == method]):.3f}")
        print(f"| {method} | " + " | ".join(cells) + " |")


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    parser.add_argument("--data", type=Path, default=beside)
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--methods", default=",".join(METHODS))
    parser.add_argument("--noise", default="0,0.15,0.3,0.45")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--draws", type=int, default=1, help="of jitter and noise, with noise")
    parser.add_argument("--flicker", type=float, default=0.0, help="of lines, beside the noise")
    parser.add_argument("--csv", type=Path, help="keep every answer in this file")
    parser.add_argument("--again", type=Path, help="print the tables of such a file once more")
    args = parser.parse_args()
    methods = args.methods.split(",")
    noises = [float(sigma) for sigma in args.noise.split(",")]
    if args.again:
        with open(args.again, newline="") as file:
            kept = list(csv.DictReader(file))
        numbers = ("noise", "seed", "error", "confidence", "seconds")
        print_tables([row | {key: float(row[key]) for key in numbers} for row in kept], methods)
        return
    seeds = list(range(args.seed, args.seed + args.draws))
    rows = list(answers(args.data, args.sets.split(","), methods, noises, seeds, args.flicker))
    if args.csv:
        with open(args.csv, "w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    print_tables(rows, methods)


if __name__ == "__main__":
    main()
