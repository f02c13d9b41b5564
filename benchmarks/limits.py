"""What a method says where it must fail, or nearly: whether its failures are told or silent.

    python benchmarks/limits.py [--seams 60] [--methods seamnet,smoothed]

Seams of 300 x 120 px with mild noise (5 % of the full range), searched within ±15 px unless said
otherwise, by fixed seeds that no training uses:

- strangers: two crops of different scenes, so that nothing is shared and no answer is right;
- beyond: truly 22 px off along one axis, and so outside of the range; then the same seams with
  ±30 px searched;
- narrow: an overlap of 12 px;
- warped: slowly bent by up to 3 px; truth is the mean;
- extreme: noise of 60 % of the full range.

Prints the number of seams by status, how many of the certain ones are off by over 1 px, and how
many of all are within 1 px whatever the status.
"""

from __future__ import annotations

import argparse
from collections import Counter

import numpy as np
from cells import DRAWN, ORDINARY

from napari_seamnet.learning.seam_kinds import simulate_seam
from napari_seamnet.seams import Overlap
from napari_seamnet.shifts import Status, get_method

SEED = 62_000_001
SHAPE, NARROW = (300, 120), (300, 12)
SEARCH, WIDE, OFF = 15, 30, 22
NOISE, EXTREME = 0.05, 0.6
CONTENTS = {name: DRAWN[name] for name in ORDINARY}
CASES = ("strangers", "beyond", "beyond, ±30", "narrow", "warped", "extreme")


def seam(case: str, draw, rng: np.random.Generator) -> tuple[Overlap, tuple | None, int]:
    """Draw one seam; its true shift (None where nothing is shared) and the range to search."""
    if case == "strangers":
        first, second = (simulate_seam(draw, SHAPE, 10, NOISE, "same", rng) for _ in range(2))
        return Overlap(first.first, second.first), None, SEARCH
    if case.startswith("beyond"):
        scene = draw(max(SHAPE) + 2 * OFF, rng)
        true = (0, OFF) if rng.random() < 0.5 else (OFF, 0)
        crops = [
            scene[10 + dy : 10 + dy + SHAPE[0], 10 + dx : 10 + dx + SHAPE[1]]
            + 255 * NOISE * rng.standard_normal(SHAPE)
            for dy, dx in ((0, 0), true)
        ]
        first, second = (np.clip(np.rint(crop), 0, 255).astype(np.uint8) for crop in crops)
        return Overlap(first, second), true, SEARCH if case == "beyond" else WIDE
    narrow, warped = case == "narrow", case == "warped"
    pair = simulate_seam(
        draw,
        NARROW if narrow else SHAPE,
        6 if narrow else 10,
        EXTREME if case == "extreme" else NOISE,
        "warped" if warped else "same",
        rng,
    )
    return Overlap(pair.first, pair.second), (pair.shift.dy, pair.shift.dx), SEARCH


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--seams", type=int, default=60, help="of each case and content")
    parser.add_argument("--methods", default="seamnet,smoothed")
    args = parser.parse_args()
    names = args.methods.split(",")
    made = [get_method(name, **({"device": "cpu"} if name == "seamnet" else {})) for name in names]
    statuses = [status for status in Status if status is not Status.HAND]
    print(
        "| method | case | content | "
        + " | ".join(statuses)
        + " | certain, but off | within 1 px |"
    )
    print("|---|---|---|" + "---|" * (len(statuses) + 2))
    for case in CASES:
        for content, draw in CONTENTS.items():
            counts = {name: Counter() for name in names}
            for k in range(args.seams):
                # Both searches of "beyond" see the same seams.
                number = CASES.index("beyond" if case.startswith("beyond") else case)
                rng = np.random.default_rng([SEED, number, sum(map(ord, content)), k])
                overlap, true, reach = seam(case, draw, rng)
                for method in made:
                    found = method.estimate(overlap, max_shift=reach)
                    count = counts[method.name]
                    count[found.status] += 1
                    shift = found.shift.dy, found.shift.dx
                    near = true is not None and np.abs(np.subtract(shift, true)).max() <= 1
                    count["near"] += near and found.status is not Status.UNDETERMINED
                    count["off"] += found.status is Status.CERTAIN and not near
            for name, count in counts.items():
                row = [name, case, content, *(count[status] for status in statuses)]
                print("| " + " | ".join(map(str, [*row, count["off"], count["near"]])) + " |")


if __name__ == "__main__":
    main()
