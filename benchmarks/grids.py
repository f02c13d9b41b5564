"""Whole grids with known truth: how many frames come to lie right, who says so, and who is silent.

The grids, and the other programs, are those of the side-by-side benchmark that lies beside the
repository (``../shared/bench``). Ours is run in this process on all seeds, and, with ``--peers``,
through the command line beside the others on some of them, so that time and memory are comparable.

    python benchmarks/grids.py
    python benchmarks/grids.py --peers ashlar_sigma,mvs_axis

Nothing that is made here is kept, unless ``--keep`` names a folder for it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from napari_seamnet import StitchSettings, open_layout, stitch

BENCH = Path(__file__).resolve().parents[2] / "shared" / "bench"
CELLS = {
    "texture mild": ("--scene", "texture", "--noise", "mild"),
    "texture heavy": ("--scene", "texture", "--noise", "heavy"),
    "photo mild": ("--scene", "photo", "--noise", "mild"),
    "photo heavy": ("--scene", "photo", "--noise", "heavy"),
    "ic mild": ("--scene", "ic", "--noise", "mild"),
    "ic heavy": ("--scene", "ic", "--noise", "heavy"),
    "array heavy": ("--scene", "array", "--noise", "heavy", "--jitter", "20"),
    "array heavy 8x8": (
        *("--scene", "array", "--noise", "heavy", "--jitter", "20"),
        *("--rows", "8", "--cols", "8"),
    ),
    "blank mild": ("--scene", "blank", "--noise", "mild"),
    "blank heavy": ("--scene", "blank", "--noise", "heavy"),
}
SURE = 0.95
"""Probability from which on a frame or a seam that is off by over 1 px is a silent error."""


@dataclass
class Cell:
    """What our own runs on one kind of grid came to."""

    frames: list[float] = field(default_factory=list)
    seams: list[float] = field(default_factory=list)
    exact: int = 0
    silent: int = 0
    certain: list[float] = field(default_factory=list)
    sure: list[float] = field(default_factory=list)
    to_check: list[int] = field(default_factory=list)
    worst: float = 0.0
    astray: float = 0.0
    seconds: list[float] = field(default_factory=list)
    solving: list[float] = field(default_factory=list)

    def add(self, grid: Path, method: str) -> None:
        """Stitch a grid and compare it with the truth."""
        about = json.loads((grid / "layout.json").read_text())
        truth, jitter = np.array(about["truth"], float), about["jitter"]
        began = time.perf_counter()
        solution = stitch(
            open_layout(grid / "TileConfiguration.txt"),
            StitchSettings(method=method, max_shift=2 * jitter + 5),
        )
        self.seconds.append(time.perf_counter() - began)
        self.solving.append(solution.seconds)
        names = {name: k for k, name in enumerate(about["names"])}
        truth = truth[[names[site.name] for site in solution.layout]]
        off = np.array([frame.whole for frame in solution.frames]) - truth
        # The whole may lie anywhere: distances are seen from where most frames agree.
        error = np.abs(off - np.median(off, axis=0)).max(axis=1)
        pairs = np.array([seam.pair for seam in solution.seams])
        apart = np.abs(off[pairs[:, 1]] - off[pairs[:, 0]]).max(axis=1)
        p_frames = np.array([frame.probability for frame in solution.frames])
        p_seams = np.array([verdict.probability for verdict in solution.verdicts])
        measured = np.array(
            [
                np.inf
                if verdict.shift is None
                else np.abs(
                    np.array(tuple(seam.nominal + verdict.shift))
                    - (truth[seam.second] - truth[seam.first])
                ).max()
                for seam, verdict in zip(solution.seams, solution.verdicts, strict=True)
            ]
        )
        certain = np.array([v.status in ("certain", "hand") for v in solution.verdicts])
        self.silent += int(
            ((p_frames >= SURE) & (error > 1)).sum()
            + ((p_seams >= SURE) & (apart > 1)).sum()
            + (certain & (measured > 1)).sum()
        )
        self.frames.append(float((error <= 1).mean()))
        self.seams.append(float((apart <= 1).mean()))
        self.exact += bool((apart <= 1).all())
        self.certain.append(float(certain.mean()))
        self.sure.append(float((p_frames >= SURE).mean()))
        self.to_check.append(len(solution.to_look_at))
        self.worst = max(self.worst, float(error.max()))
        # As they stand, against the true places: a frame that flew away would show here.
        self.astray = max(self.astray, float(np.abs(off).max()) - jitter, 0.0)


def generate(args: argparse.Namespace, cell: str, seed: int, folder: Path) -> Path:
    """Draw one grid, unless it is there."""
    grid = folder / f"{cell.replace(' ', '_')}_{seed}"
    if not (grid / "layout.json").exists():
        run_bench(args, "gen", "--out", str(grid), *CELLS[cell], "--seed", str(seed))
    return grid


def run_bench(args: argparse.Namespace, *words: str) -> None:
    """Call the side-by-side benchmark."""
    environment = os.environ | {"SEAMNET": f"{sys.executable} -m napari_seamnet"}
    subprocess.run(
        [sys.executable, str(args.bench / "peers.py"), *words],
        check=True,
        env=environment,
        stdout=subprocess.DEVNULL,
    )


def ours(args: argparse.Namespace, folder: Path) -> None:
    """Run ours on every seed of every cell, and print the table."""
    print(
        f"\nBy `{args.method}`, {args.seeds} seeds a cell; mean (worst seed), {os.cpu_count()} "
        "cores:\n"
    )
    print(
        "| grid | frames within 1 px, % | neighbours within 1 px, % | seeds all right | "
        "silent errors | certain seams, % | frames sure, % | to check, a grid | "
        "worst frame, px | farther off than the stage, px | s a grid | of it solving |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|---|")
    for name in args.cells:
        cell = Cell()
        for seed in range(args.seeds):
            cell.add(generate(args, name, seed, folder), args.method)
        print(
            f"| {name} | {_both(cell.frames)} | {_both(cell.seams)} | {cell.exact} of "
            f"{args.seeds} | {cell.silent} | {100 * np.mean(cell.certain):.0f} | "
            f"{100 * np.mean(cell.sure):.0f} | {np.mean(cell.to_check):.1f} | {cell.worst:.0f} | "
            f"{cell.astray:.0f} | {np.median(cell.seconds):.1f} | {np.median(cell.solving):.2f} |",
            flush=True,
        )


def _both(values: list[float]) -> str:
    return f"{100 * np.mean(values):.1f} ({100 * min(values):.0f})"


def others(args: argparse.Namespace, folder: Path) -> None:
    """Run ours and the other programs on some seeds, and print the table."""
    peers = ["seamnet", *args.peers.split(",")]
    print(
        f"\nThrough each program's own call, {args.peer_seeds} seeds a cell. Neighbours within "
        "1 px after the program's own global solve, % / off by over 5 px, % / worst, px; medians "
        "of seconds and of peak memory:\n"
    )
    print(f"| program | {' | '.join(args.peer_cells)} | s | MiB |")
    print("|" + "---|" * (len(args.peer_cells) + 3))
    found: dict[str, dict[str, list[dict]]] = {peer: {} for peer in peers}
    for name in args.peer_cells:
        for seed in range(args.peer_seeds):
            grid = generate(args, name, seed, folder)
            out = grid / "peers.json"
            run_bench(
                args, "all", "--data", str(grid), "--peers", ",".join(peers), "--out", str(out)
            )
            results = json.loads(out.read_text())
            for result in results:
                found[result["peer"]].setdefault(name, []).append(result)
    for peer in peers:
        cells, seconds, memory = [], [], []
        for name in args.peer_cells:
            runs = found[peer].get(name, [])
            scores = [r["score"].get("global") or r["score"].get("pair") for r in runs]
            scores = [s for s in scores if s]
            seconds += [r["wall_s"] for r in runs if r.get("wall_s")]
            memory += [r["peak_mib"] for r in runs if r.get("peak_mib")]
            if not scores:
                cells.append("failed")
                continue
            ok = np.mean([s["ok1"] for s in scores])
            bad = np.mean([s["bad5"] for s in scores])
            failed = len(runs) - len(scores)
            cells.append(
                f"{ok:.0f} / {bad:.0f} / {max(s['max'] for s in scores):.0f}"
                + (f" ({failed} failed)" if failed else "")
            )
        print(
            f"| {peer} | {' | '.join(cells)} | {np.median(seconds or [np.nan]):.0f} | "
            f"{np.median(memory or [np.nan]):.0f} |",
            flush=True,
        )


def main() -> None:
    """Read the options and run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bench", type=Path, default=BENCH)
    parser.add_argument("--method", default="seamnet")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--cells", type=lambda t: t.split(","), default=list(CELLS))
    parser.add_argument("--peers", default="", help="other programs, with commas between")
    parser.add_argument("--peer-seeds", type=int, default=2)
    parser.add_argument(
        "--peer-cells",
        type=lambda t: t.split(","),
        default=["texture heavy", "photo heavy", "ic heavy", "array heavy"],
    )
    parser.add_argument("--keep", type=Path, help="folder for the grids, kept")
    args = parser.parse_args()
    if not (args.bench / "peers.py").exists():
        sys.exit(f"there is no {args.bench / 'peers.py'}; name its folder with --bench")
    with tempfile.TemporaryDirectory() as temporary:
        folder = args.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        if args.seeds:
            ours(args, folder)
        if args.peers:
            others(args, folder)


if __name__ == "__main__":
    main()
