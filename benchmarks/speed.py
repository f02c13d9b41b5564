"""Time of one seam beside scikit-image's phase cross-correlation, on the same strips in one run.

    python benchmarks/speed.py [--data FOLDER] [--rounds 3] [--noise 0,0.15,0.3]

Strips of 2000 x 150 px, searched within ±15 px, from the real sets: each trusted pair's overlap
at its measured offset, mirrored on and on where it is smaller, the same on both sides; then the
second is taken up to 10 px beside it. With noise, spoiled as in `real_frames.py`. Each round takes
every strip once by each method in turn, models loaded and warm; a strip's time is the median of
its rounds. Prints a table in Markdown: median milliseconds of the sets' strips and the ratio,
strip by strip, to phase cross-correlation with whole pixels. (With ``upsample_factor`` it takes a
fifth longer, and leaves threads behind that wait actively and slow down whoever comes next.)
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from pathlib import Path

import numpy as np
from real_frames import JITTER, MAX_SHIFT, SETS
from skimage.registration import phase_cross_correlation

from napari_seamnet.frames import open_frame
from napari_seamnet.learning.spoiling import spoil
from napari_seamnet.learning.truth_files import read_truth
from napari_seamnet.seams import Overlap
from napari_seamnet.shifts import get_method

SHAPE = (2000, 150)
PHASE = "phase_cross_correlation"


def strips(data: Path, noise: float):
    """Yield set, shift and strip of each trusted pair: crops of equal size, no margin."""
    for name, folder in SETS.items():
        for k, pair in enumerate(read_truth(data / folder / "pairs.csv")):
            first, second = open_frame(pair.first), open_frame(pair.second)
            shared = Overlap.cut(first, second, pair.offset)
            crops = [
                np.clip(crop, 0, 255).astype(np.uint8) for crop in (shared.first, shared.second)
            ]
            if crops[0].shape[0] < crops[0].shape[1]:
                crops = [crop.T for crop in crops]
            shape = [n + 2 * JITTER for n in SHAPE]
            whole = [
                np.pad(crop, [(0, max(0, n - m)) for n, m in zip(shape, crop.shape, strict=True)],
                       mode="reflect")[: shape[0], : shape[1]]
                for crop in crops
            ]  # fmt: skip
            rng = np.random.default_rng([7, k, round(100 * noise)])
            y, x = rng.integers(0, 2 * JITTER + 1, 2)
            one = whole[0][JITTER : JITTER + SHAPE[0], JITTER : JITTER + SHAPE[1]]
            two = whole[1][y : y + SHAPE[0], x : x + SHAPE[1]]
            strip = Overlap(one, two)
            if noise:
                strip = spoil(strip, noise, rng)
            yield name, (int(y) - JITTER, int(x) - JITTER), strip


def main() -> None:
    """Parse arguments, run, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--data", type=Path, default=Path(__file__).resolve().parents[2] / "shared" / "data"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--noise", default="0,0.15,0.3")
    args = parser.parse_args()
    methods = {name: get_method(name) for name in ("seamnet", "smoothed")}
    runs = {
        PHASE: lambda o: phase_cross_correlation(o.first, o.second),
        **{
            name: lambda o, method=method: method.estimate(o, max_shift=MAX_SHIFT)
            for name, method in methods.items()
        },
    }
    print(f"{os.cpu_count()} cores, load before {os.getloadavg()[0]:.1f}\n")
    print("| noise | set | strips | " + " | ".join(f"{n}, ms" for n in runs), end="")
    print(
        " | seamnet, times | slowest tenth, times | within 1.5 px |\n"
        + "|---" * (6 + len(runs))
        + "|"
    )
    for noise in map(float, args.noise.split(",")):
        rows: list[tuple[str, dict[str, float], bool]] = []
        for name, true, overlap in strips(args.data, noise):
            spent: dict[str, list[float]] = {run: [] for run in runs}
            for _ in range(args.rounds):
                for run, estimate in runs.items():
                    start = time.perf_counter()
                    found = estimate(overlap)
                    spent[run].append(1000 * (time.perf_counter() - start))
                    if run == "seamnet":
                        off = np.subtract(tuple(found.shift), true)
            right = bool(np.abs(off).max() <= 1.5)  # mirrored, fractions of a pixel are opposite
            rows.append((name, {run: statistics.median(s) for run, s in spent.items()}, right))
        for name in [*SETS, "all"]:
            of = [row for row in rows if name in (row[0], "all")]
            if not of:
                continue
            ratios = [times["seamnet"] / times[PHASE] for _, times, _ in of]
            cells = [f"{statistics.median(t[run] for _, t, _ in of):.0f}" for run in runs]
            cells += [f"{np.median(ratios):.1f}", f"{np.quantile(ratios, 0.9):.1f}"]
            right = f"{sum(r for *_, r in of)} of {len(of)}"
            print(
                f"| {noise:g} | {name} | {len(of)} | {' | '.join(cells)} | {right} |", flush=True
            )


if __name__ == "__main__":
    main()
