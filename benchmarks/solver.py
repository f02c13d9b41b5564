"""How the solver grows: seconds and memory from 10 x 10 to 100 x 100 frames.

Estimates are made by construction: 5 % of them wrong, half of those certain of themselves, 10 %
ambiguous between two shifts. Beside it, what one sparse least squares fit of the same grid takes:
the least that any solver could.

    python benchmarks/solver.py [--plot OUT.png]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

SIDES = (10, 20, 30, 50, 70, 100)


def make(side: int, seed: int = 0):
    """A grid, its estimates, and the true positions."""
    from napari_seamnet import Layout
    from napari_seamnet.frames import as_frame
    from napari_seamnet.geometry import Shift
    from napari_seamnet.layouts import Site
    from napari_seamnet.seams.seam import find_seams
    from napari_seamnet.shifts import Alternative, Estimate, Status

    rng = np.random.default_rng(seed)
    frame = as_frame(np.zeros((1000, 1000), np.uint8))
    nominal = np.array([(850.0 * r, 850.0 * c) for r in range(side) for c in range(side)])
    off = rng.uniform(-5, 5, nominal.shape)
    layout = Layout(
        tuple(Site(frame, tuple(at), k // side, k % side) for k, at in enumerate(nominal))
    )
    seams = find_seams(layout)
    estimates = []
    for seam in seams:
        shift = off[seam.second] - off[seam.first] + rng.normal(0, 0.15, 2)
        kind = rng.random()
        if kind < 0.05:
            sure = rng.random() < 0.5
            estimates.append(
                Estimate(
                    Shift(*rng.uniform(-14, 14, 2)),
                    Status.CERTAIN if sure else Status.DOUBTFUL,
                    0.995 if sure else 0.8,
                )
            )
        elif kind < 0.15:
            cell = ((0, 8), (0, -8), (8, 0), (-8, 0))[rng.integers(4)]
            both = [shift, shift + cell]
            rng.shuffle(both)
            estimates.append(
                Estimate(
                    Shift(*both[0]),
                    Status.AMBIGUOUS,
                    0.55,
                    (Alternative(Shift(*both[1]), 0.43),),
                )
            )
        else:
            estimates.append(Estimate(Shift(*shift), Status.CERTAIN, 0.997))
    return layout, seams, estimates, nominal + off


def measure(side: int) -> dict[str, float]:
    """Solve one grid in this process."""
    import resource

    from napari_seamnet.solve import solve
    from napari_seamnet.solve.least_squares import fit_positions

    layout, seams, estimates, truth = make(side)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    solution = solve(layout, seams, estimates)
    seconds = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    off = np.array([frame.position for frame in solution.frames]) - truth
    error = np.abs(off - np.median(off, axis=0)).max(axis=1)
    sure = np.array([frame.probability >= 0.95 for frame in solution.frames])
    began = time.perf_counter()
    fit_positions(
        np.array([seam.pair for seam in seams]),
        np.array([tuple(s.nominal + e.shift) for s, e in zip(seams, estimates, strict=True)]),
        np.ones(len(seams)),
        truth,
        np.full(len(truth), 1e-6),
    )
    return {
        "side": side,
        "seams": len(seams),
        "seconds": seconds,
        "least": time.perf_counter() - began,
        "MiB": (after - before) / 1024,
        "wrong": int((error > 1).sum()),
        "silent": int((sure & (error > 1)).sum()),
        "to_check": len(solution.to_look_at),
    }


def main() -> None:
    """Solve each size in a process of its own, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--side", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.side:
        print(json.dumps(measure(args.side)))
        return
    print(
        "| frames | seams | s | ms a seam | one least squares fit, s | MiB more | "
        "off by over 1 px | of these sure | to check |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    found = []
    for side in SIDES:
        words = [sys.executable, __file__, "--side", str(side)]
        done = subprocess.run(words, check=True, capture_output=True, text=True)
        one = json.loads(done.stdout)
        found.append(one)
        print(
            f"| {side} x {side} | {one['seams']} | {one['seconds']:.2f} | "
            f"{1000 * one['seconds'] / one['seams']:.2f} | {one['least']:.2f} | "
            f"{one['MiB']:.0f} | "
            f"{one['wrong']} | {one['silent']} | {one['to_check']} |",
            flush=True,
        )
    if args.plot:
        draw(found, args.plot)


def draw(found: list[dict[str, float]], path: Path) -> None:
    """Plot seconds and memory against the number of seams."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 3.2), layout="constrained")
    FigureCanvasAgg(figure)
    seams = [one["seams"] for one in found]
    for axes, name, unit in zip(
        figure.subplots(1, 2), ("seconds", "MiB"), ("s", "MiB"), strict=True
    ):
        axes.plot(seams, [one[name] for one in found], "o-", color="#0072b2")
        axes.set_xlabel("seams")
        axes.set_ylabel(unit)
        axes.set_xlim(0)
        axes.set_ylim(0)
        axes.grid(alpha=0.3)
    figure.savefig(path, dpi=120)


if __name__ == "__main__":
    main()
