"""How far a search may go, and in which direction a neighbour may lie.

    python benchmarks/ranges.py [--seams 6] [--methods seamnet,smoothed]

Frames of 700 px of wires, texture and tissue with noise of 5 % of the full range, by fixed seeds
that no training uses. The second frame lies to the right, below, or below on the right, with a
nominal overlap of 150 px (a corner of 150 x 150 px in the last case), and is off by less than the
search range, but so that at least 40 px are shared. Prints, for each range and direction, how
many seams are within 1 px, how many are certain, how many of these are off by over 1 px, and
seconds a seam.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from cells import DRAWN, ORDINARY

from napari_seamnet import align_pair
from napari_seamnet.geometry import Offset
from napari_seamnet.shifts import Status

SEED = 63_000_001
SIZE, OVERLAP, LEAST = 700, 150, 40
NOISE = 0.05
RANGES = (8, 15, 30, 60, 100, 200)
WAYS = {"right": (0, 1), "below": (1, 0), "diagonal": (1, 1)}
CONTENTS = {name: DRAWN[name] for name in ORDINARY}


def seam(way: str, reach: int, draw, rng: np.random.Generator):
    """Two frames, their nominal offset, and the true shift from it."""
    step = SIZE - OVERLAP
    nominal = np.array(WAYS[way]) * step
    most = min(reach - 2, OVERLAP - LEAST)
    shift = np.array(
        [int(rng.integers(-(reach - 2), most + 1)) if along == 0
         else int(rng.integers(-min(reach - 2, step // 2), most + 1))
         for along in WAYS[way]]
    )  # fmt: skip
    margin = reach + 2
    scene = draw(SIZE + step + 2 * margin, rng)
    frames = []
    for y, x in ((margin, margin), nominal + shift + margin):
        noisy = scene[y : y + SIZE, x : x + SIZE] + 255 * NOISE * rng.standard_normal((SIZE, SIZE))
        frames.append(np.clip(np.rint(noisy), 0, 255).astype(np.uint8))
    return frames, Offset(*(int(n) for n in nominal)), shift


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--seams", type=int, default=6, help="of each content")
    parser.add_argument("--methods", default="seamnet,smoothed")
    args = parser.parse_args()
    print("| method | direction | range, px | within 1 px | certain | of these wrong | s a seam |")
    print("|---|---|---|---|---|---|---|")
    for way in WAYS:
        for reach in RANGES:
            for name in args.methods.split(","):
                off, sure, seconds = [], [], []
                for content, draw in CONTENTS.items():
                    for k in range(args.seams):
                        seed = [SEED, reach, *WAYS[way], sum(map(ord, content)), k]
                        frames, nominal, true = seam(way, reach, draw, np.random.default_rng(seed))
                        start = time.perf_counter()
                        found = align_pair(*frames, offset=nominal, method=name, max_shift=reach)
                        seconds.append(time.perf_counter() - start)
                        off.append(np.abs(np.subtract(tuple(found.shift), true)).max())
                        sure.append(found.status is Status.CERTAIN)
                off, sure = np.array(off), np.array(sure)
                print(
                    f"| {name} | {way} | ±{reach} | {(off <= 1).sum()} of {len(off)} "
                    f"| {sure.sum()} | {(off[sure] > 1).sum()} | {np.median(seconds):.2f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
