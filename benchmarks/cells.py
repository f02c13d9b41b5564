"""Every method on every kind of seam, cell by cell, with exact truth.

    python benchmarks/cells.py [--seams 4] [--methods seamnet,smoothed,...] [--out FOLDER]

A cell is content x noise x overlap width x difference of the two exposures; all seams come from
fixed seeds that no training uses. Each seam is `LENGTH` px long, unless `--length` says more,
shifted by up to ±`RANGE` px with a fraction, and searched within ±`SEARCH` px. Prints tables;
`--out` also keeps every result (`seams.csv`), heat maps (`cells.png`), and said against true
probabilities (`reliability.png`).
"""

from __future__ import annotations

import argparse
import csv
import itertools
import sys
import time
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from scipy import optimize, special

from napari_seamnet.learning import scenes
from napari_seamnet.learning.seam_kinds import Difference, simulate_seam
from napari_seamnet.nets.threads import limit_threads
from napari_seamnet.seams import Overlap
from napari_seamnet.shifts import get_method

METHODS = ("seamnet", "smoothed", "search", "median", "bilateral", "vector", "phase")
LENGTH, RANGE, SEARCH = 400, 12, 15
SEED = 60_000_001
WIDTHS = (20, 40, 80, 150, 300)
NOISES = {"none": 0.0, "mild": 0.05, "heavy": 0.2, "extreme": 0.4}
"""Standard deviation of Gaussian noise on both sides, as a share of the full range."""
EXPOSURES = tuple(map(str, Difference))


DRAWN = {
    "wires": scenes.chip_scene,
    "arrays": scenes.sparse_array_scene,
    "vias": scenes.via_scene,
    "specks": scenes.speck_scene,
    "texture": scenes.texture_scene,
    "tissue": scenes.grain_scene,
}
ORDINARY = ("wires", "texture", "tissue")


def contents(data: Path) -> dict:
    """What scenes are drawn by, by name."""
    unseen = data / "test" / "ic_optical"
    real = {"real": scenes.Pictures((unseen,), 0.0)} if unseen.is_dir() else {}
    return {**DRAWN, **real}


def run(job: tuple) -> list[dict]:
    """Run all methods on the seams of one cell."""
    limit_threads(1)  # processes enough; more threads wait for each other
    data, content, noise, width, exposure, n, methods, seed, length = job
    draw = contents(data)[content]
    cell = [list(NOISES).index(noise), WIDTHS.index(width), EXPOSURES.index(exposure)]
    kind = sum(map(ord, content))
    rows = []
    for k in range(n):
        rng = np.random.default_rng([seed, kind, *cell, k])
        shape = (length, width) if rng.random() < 0.5 else (width, length)
        pair = simulate_seam(draw, shape, RANGE, NOISES[noise], exposure, rng)
        overlap, truth = Overlap(pair.first, pair.second), np.array(tuple(pair.shift))
        for name in methods:
            start = time.perf_counter()
            found = get_method(name).estimate(overlap, max_shift=SEARCH)
            seconds = time.perf_counter() - start
            off = np.abs(np.array(tuple(found.shift)) - truth)
            rows.append(
                {
                    "content": content, "noise": noise, "width": width, "exposure": exposure,
                    "seam": k, "method": name, "error": round(float(off.max()), 4),
                    "status": str(found.status), "confidence": round(found.confidence, 6),
                    "seconds": round(seconds, 5),
                }
            )  # fmt: skip
    return rows


def within(rows: list[dict], px: float = 1.0) -> float:
    """Share of seams that are off by no more than so many px."""
    return float(np.mean([row["error"] <= px for row in rows])) if rows else float("nan")


def calibration_error(rows: list[dict]) -> float:
    """Expected difference between said and true share within 1 px, over 15 bins of confidence."""
    claimed = np.array([row["confidence"] for row in rows])
    right = np.array([row["error"] <= 1 for row in rows])
    bins = np.clip((claimed * 15).astype(int), 0, 14)
    return sum(
        abs(claimed[bins == b].mean() - right[bins == b].mean()) * (bins == b).mean()
        for b in np.unique(bins)
    )


def odds_of_doubtful(rows: list[dict]) -> float:
    """What doubtful seams' odds should have been multiplied by, by maximum likelihood."""
    doubtful = [row for row in rows if row["status"] == "doubtful"]
    odds = special.logit([row["confidence"] for row in doubtful])
    sign = np.where([row["error"] <= 1 for row in doubtful], 1, -1)
    best = optimize.minimize_scalar(lambda by: -special.log_expit(sign * (odds + by)).sum())
    return float(np.exp(best.x))


def table(rows: list[dict], by: str, methods: list[str]) -> None:
    """Print the share within 1 px by one side of the cells."""
    values = list(dict.fromkeys(row[by] for row in rows))
    print(f"\n| {by} | seams | " + " | ".join(methods) + " |")
    print("|---|---|" + "---|" * len(methods))
    for value in values:
        some = [row for row in rows if row[by] == value]
        shares = [within([row for row in some if row["method"] == name]) for name in methods]
        cells = [f"{share:.1%}" for share in shares]
        print(f"| {value} | {len(some) // len(methods)} | " + " | ".join(cells) + " |")


def report(rows: list[dict], methods: list[str]) -> None:
    """Print what the goals ask for."""
    print("Share of seams within 1 px:")
    for by in ("content", "noise", "width", "exposure"):
        table(rows, by, methods)
    cells = defaultdict(lambda: defaultdict(list))
    for row in rows:
        key = row["content"], row["noise"], row["width"], row["exposure"]
        cells[key][row["method"]].append(row)
    if "seamnet" not in methods:
        return
    rivals = [name for name in methods if name != "seamnet"]
    counted = behind = 0
    worst = []
    for key, of in cells.items():
        best = max(within(of[name]) for name in rivals) if rivals else 0.0
        mine = within(of["seamnet"])
        if max(best, mine) >= 0.5:
            counted += 1
            if mine < best:
                behind += 1
                worst.append((best - mine, key))
    print(f"\ncells where any method reaches 50 %: {counted}; in {behind} SeamNet has fewer")
    for lost, key in sorted(worst, key=lambda one: -one[0])[:10]:
        print(f"  {lost:.0%} fewer: {' / '.join(map(str, key))}")
    bad = [row for row in rows if row["noise"] in ("heavy", "extreme")]
    fails = {
        name: sum(row["error"] > 2 for row in bad if row["method"] == name) for name in methods
    }
    print("\noff by over 2 px, heavy and extreme noise:", fails)
    clean = [
        row["error"]
        for row in rows
        if row["noise"] == "none" and row["exposure"] == "same" and row["method"] == "seamnet"
    ]
    if clean:
        print(f"clean cells, SeamNet's median error: {np.median(clean):.3f} px")
    mine = [row for row in rows if row["method"] == "seamnet"]
    print_certain(mine)
    plain = [
        row
        for row in mine
        if row["content"] in ORDINARY and row["noise"] != "extreme" and row["width"] >= 80
        and row["exposure"] in ("same", "drift")
    ]  # fmt: skip
    if plain:
        share = np.mean([row["status"] == "certain" for row in plain])
        print(f"ordinary seams that are certain: {share:.1%} of {len(plain)}")
    print(f"likeliest odds of doubtful seams: {odds_of_doubtful(mine):.2f} times what was said")
    for name in methods:
        some = [row for row in rows if row["method"] == name]
        print(
            f"{name}: expected calibration error {calibration_error(some):.3f}, "
            f"{np.median([row['seconds'] for row in some]) * 1000:.0f} ms a seam"
        )


def print_certain(rows: list[dict]) -> None:
    """Print how often `certain` is wrong, by how much, and under which difference."""
    sure = [row for row in rows if row["status"] == "certain"]
    surest = [row for row in sure if row["confidence"] >= 0.999]
    for name, of in (("certain", sure), ("of these said to be 99.9 % and more", surest)):
        wrong = [sum(row["error"] > px for row in of) for px in (1, 1.5)]
        said = np.mean([row["confidence"] for row in of]) if of else float("nan")
        print(
            f"SeamNet {name}: {len(of)} of {len(rows)}, on average {said:.2%}; "
            f"off by over 1 px: {wrong[0]}, over 1.5 px: {wrong[1]}"
        )
    print("\n| exposure | certain | of these wrong | all within 0.25 px |\n|---|---|---|---|")
    for exposure in EXPOSURES:
        of = [row for row in sure if row["exposure"] == exposure]
        near = within([row for row in rows if row["exposure"] == exposure], 0.25)
        print(f"| {exposure} | {len(of)} | {sum(row['error'] > 1 for row in of)} | {near:.1%} |")
    print()


def heat_maps(rows: list[dict], methods: list[str], out: Path) -> None:
    """Draw SeamNet's share within 1 px, and by how much it leads, cell by cell."""
    from matplotlib.figure import Figure

    rivals = [name for name in methods if name != "seamnet"]
    kinds = list(dict.fromkeys(row["content"] for row in rows))
    widths = list(dict.fromkeys(row["width"] for row in rows))
    shares: dict[tuple, list[bool]] = defaultdict(list)
    for row in rows:
        cell = row["noise"], row["content"], row["exposure"], row["width"], row["method"]
        shares[cell].append(row["error"] <= 1)
    figure = Figure((12, 13), layout="constrained")
    axes = figure.subplots(2, len(NOISES), sharex=True, sharey=True)
    names = [f"{kind} / {exposure}" for kind in kinds for exposure in EXPOSURES]
    for column, noise in enumerate(NOISES):
        of = {
            name: np.array(
                [
                    [np.mean(shares[noise, kind, exposure, width, name]) for width in widths]
                    for kind in kinds
                    for exposure in EXPOSURES
                ]
            )
            for name in methods
        }
        lead = of["seamnet"] - np.max([of[name] for name in rivals], axis=0)
        pictures = (
            (of["seamnet"], "seamnet: within 1 px", "viridis", 0),
            (lead, "less the best other's", "RdBu", -1),
        )
        for axis, (values, title, colours, low) in zip(axes[:, column], pictures, strict=True):
            shown = axis.imshow(values, aspect="auto", cmap=colours, vmin=low, vmax=1)
            axis.set_title(f"noise {noise}, {title}", fontsize=8)
            axis.set_xticks(range(len(widths)), [f"{width}" for width in widths], fontsize=7)
            axis.set_yticks(range(len(names)), names, fontsize=6)
            if column == len(NOISES) - 1:
                figure.colorbar(shown, ax=axis)
    axes[1, 0].set_xlabel("width, px", fontsize=8)
    figure.savefig(out / "cells.png", dpi=90)


def reliability(rows: list[dict], methods: list[str], out: Path) -> None:
    """Draw how often seams were right against how probable that was said to be."""
    from matplotlib.figure import Figure

    edges = np.array([0, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 1.0])
    figure = Figure((5, 4.2), layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="0.7", lw=1)
    for name in methods:
        some = [row for row in rows if row["method"] == name]
        claimed = np.array([row["confidence"] for row in some])
        right = np.array([row["error"] <= 1 for row in some])
        bins = np.clip(np.searchsorted(edges, claimed, "right") - 1, 0, len(edges) - 2)
        points = []
        for b in np.unique(bins):
            share, n = right[bins == b].mean(), int((bins == b).sum())
            # One standard deviation of so many throws of that probability, by Laplace's rule.
            guess = (right[bins == b].sum() + 1) / (n + 2)
            points.append((claimed[bins == b].mean(), share, np.sqrt(guess * (1 - guess) / n)))
        x, y, spread = np.array(points).T
        axes.errorbar(x, y, spread, marker="o", ms=4, lw=1.2, capsize=2, label=name)
    axes.set(xlabel="said: probability within 1 px", ylabel="true: share within 1 px")
    axes.legend()
    figure.savefig(out / "reliability.png", dpi=110)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    parser.add_argument("--data", type=Path, default=beside)
    parser.add_argument("--seams", type=int, default=4, help="in each cell")
    parser.add_argument("--methods", default=",".join(METHODS))
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--length", type=int, default=LENGTH, help="px along the seam")
    parser.add_argument("--widths", default=",".join(map(str, WIDTHS)), help="of those there are")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    widths = [int(width) for width in args.widths.split(",")]
    if unknown := set(widths) - set(WIDTHS):
        parser.error(f"there are no cells of {unknown} px; the widths are {WIDTHS}")
    methods = args.methods.split(",")
    jobs = [
        (args.data, content, noise, width, exposure, args.seams, methods, args.seed, args.length)
        for content, noise, width, exposure in itertools.product(
            contents(args.data), NOISES, widths, EXPOSURES
        )
    ]
    rows = []
    with ProcessPoolExecutor(args.processes) as pool:
        for done, found in enumerate(pool.map(run, jobs, chunksize=4), 1):
            rows += found
            if done % 50 == 0:
                print(f"{done} of {len(jobs)} cells", file=sys.stderr, flush=True)
    if args.out is not None:
        args.out.mkdir(parents=True, exist_ok=True)
        with (args.out / "seams.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)
        reliability(rows, methods, args.out)
        if "seamnet" in methods and len(methods) > 1:
            heat_maps(rows, methods, args.out)
    report(rows, methods)


if __name__ == "__main__":
    main()
