"""Pure memory arrays, the worst case: how often `certain` is wrong by a cell.

    python benchmarks/memory_arrays.py [--seams 200] [--methods seamnet,smoothed,search]
        [--range 10] [--search 15]

Long seams that show nothing but one cell, again and again, with noise and defects, shifted within
±`--range` px and searched within ±`--search`. Where the cell is small, several shifts truly fit,
and the only right answer is `ambiguous`. Prints by method and status: seams, and of these off by
over 1 px.
"""

from __future__ import annotations

import argparse
from collections import defaultdict

import numpy as np

from napari_seamnet.learning.exposure import BORDER, Conditions, expose_pair
from napari_seamnet.learning.scenes import lattice_scene
from napari_seamnet.seams import Overlap
from napari_seamnet.shifts import Status, get_method

SEED = 30_000_001
SHAPE = (700, 120)
CONDITIONS = Conditions(noise=40, photons=20, distortion=1.0)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--seams", type=int, default=200)
    parser.add_argument("--methods", default="seamnet,smoothed,search")
    parser.add_argument("--range", type=int, default=10, help="px, most of a shift")
    parser.add_argument("--search", type=int, default=15, help="px each way")
    args = parser.parse_args()
    names = args.methods.split(",")
    made = [get_method(name, **({"device": "cpu"} if name == "seamnet" else {})) for name in names]
    rng = np.random.default_rng(SEED)
    errors = defaultdict(list)
    for _ in range(args.seams):
        scene = lattice_scene(max(SHAPE) + 2 * (BORDER + args.range) + 4, rng)
        pair = expose_pair(scene, SHAPE, args.range, rng, CONDITIONS)
        for method in made:
            found = method.estimate(Overlap(pair.first, pair.second), max_shift=args.search)
            errors[method.name, found.status].append(found.shift.distance(pair.shift))
    statuses = [status for status in Status if status is not Status.HAND]
    print("| method | within 1 px | " + " | ".join(statuses) + " |")
    print("|---|---|" + "---|" * len(statuses))
    for name in names:
        every = np.concatenate([errors[name, status] for status in statuses])
        cells = [
            f"{len(errors[name, status])}, wrong {sum(e > 1 for e in errors[name, status])}"
            for status in statuses
        ]
        if off := sorted(error for error in errors[name, Status.CERTAIN] if error > 1):
            cells[0] += f", by {off[0]:.1f} to {off[-1]:.1f} px"
        print(f"| {name} | {np.mean(every <= 1):.1%} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
