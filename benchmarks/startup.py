"""Time of one `napari-seamnet align`, from the command to its answer, beside `import torch` alone.

    python benchmarks/startup.py [--rounds 9]

Two frames of 1000 px that code draws, 150 px overlap, as PNG. Each round starts every program
once, one after the other; prints medians, and the ratio round by round to a Python that imports
torch and does nothing else.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from imageio.v3 import imwrite

from napari_seamnet.learning import scenes

SIZE, OVERLAP = 1000, 150


def main() -> None:
    """Parse arguments, run, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rng = np.random.default_rng(1)
        scene = scenes.chip_scene(2 * SIZE, rng)
        left, right = Path(folder, "a.png"), Path(folder, "b.png")
        imwrite(left, scene[:SIZE, :SIZE].astype(np.uint8))
        low = SIZE - OVERLAP + 4
        imwrite(right, scene[3 : 3 + SIZE, low : low + SIZE].astype(np.uint8))
        seamnet = [sys.executable, "-m", "napari_seamnet"]
        pair = [str(left), str(right), "--side", "right", "--overlap", str(OVERLAP)]
        programs = {
            "import torch": [sys.executable, "-c", "import torch"],
            "align, seamnet": [*seamnet, "align", *pair, "--json"],
            "align, smoothed (no torch)": [*seamnet, "align", *pair, "--method", "smoothed"],
            "--version": [*seamnet, "--version"],
        }
        spent: dict[str, list[float]] = {name: [] for name in programs}
        for _ in range(args.rounds + 1):
            for name, command in programs.items():
                began = time.perf_counter()
                subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
                spent[name].append(time.perf_counter() - began)
    alone = np.array(spent["import torch"][1:])  # the first round reads from the disk
    print("| program | median, s | times `import torch` |\n|---|---|---|")
    for name, seconds in spent.items():
        of = np.array(seconds[1:])
        print(f"| {name} | {np.median(of):.2f} | {np.median(of / alone):.2f} |")


if __name__ == "__main__":
    main()
