"""Export and look at large mosaics: time, memory, and zarr writing the same bytes from memory.

    python benchmarks/mosaic.py                    # 30 x 30 frames of 2000 px, 3.6 GB: ten minutes
    python benchmarks/mosaic.py --rows 8 --cols 8  # a small one, while working on the code

Frames are made by code, as uncompressed TIFFs in a temporary folder (twice their bytes must be
free there, and the bytes themselves in memory), and are deleted afterwards. Each measurement is a
process of its own, so that its peak memory is its own; those that are compared take turns, and the
table shows the median of each. What the disk has not written yet is waited for between them, and
is part of no time.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import tifffile

OVERLAP = 150
JITTER = 10
SIZE = 2000


def make_frames(folder: Path, rows: int, cols: int) -> list[tuple[str, int, int]]:
    """Write noisy frames that all differ; return name, y, x of each."""
    rng = np.random.default_rng(0)
    ramp = np.add.outer(np.sin(np.arange(3 * SIZE) / 37), np.cos(np.arange(3 * SIZE) / 23))
    scene = np.clip(120 + 30 * ramp + rng.normal(0, 12, ramp.shape), 0, 255).astype(np.uint8)
    placed = []
    for row in range(rows):
        for col in range(cols):
            name = f"r{row:03d}_c{col:03d}.tif"
            y, x = rng.integers(0, 2 * SIZE, 2)
            tifffile.imwrite(folder / name, scene[y : y + SIZE, x : x + SIZE])
            dy, dx = rng.integers(-JITTER, JITTER + 1, 2)
            step = SIZE - OVERLAP
            placed.append((name, row * step + int(dy), col * step + int(dx)))
    return placed


def opened(folder: Path):
    """Build the mosaic of the frames in a folder."""
    from napari_seamnet.frames import open_frame
    from napari_seamnet.mosaic import Mosaic, Placement

    placed = json.loads((folder / "placed.json").read_text())
    return Mosaic(tuple(Placement(open_frame(folder / name), (y, x)) for name, y, x in placed))


def measure_export(folder: Path, out: Path) -> dict:
    """Export to a file of some format."""
    from napari_seamnet.mosaic.export import export

    start = time.perf_counter()
    mosaic = opened(folder)
    ready = time.perf_counter()
    before = peak_mb()
    export(mosaic, out, pixel_size=0.01)
    return {
        "seconds": time.perf_counter() - ready,
        "open": ready - start,
        "before": before,
        "pixels": int(np.prod(mosaic.shape)),
    }


def measure_zarr(folder: Path, out: Path, settings: str) -> dict:
    """Write the same picture with zarr alone, from memory."""
    import zarr
    from zarr.codecs import ZstdCodec

    from napari_seamnet.geometry import Box

    mosaic = opened(folder)
    read = mosaic.reader()
    height, width = mosaic.shape
    picture = np.empty(mosaic.shape, mosaic.dtype)
    for top in range(0, height, 1024):
        rows = min(1024, height - top)
        picture[top : top + rows] = read(Box(top, 0, rows, width))
    options = {}
    if settings == "ours":
        options = {"chunks": (1024, 1024), "shards": (4096, 4096)}
        options["compressors"] = ZstdCodec(level=1)
    before = peak_mb()
    start = time.perf_counter()
    array = zarr.create_array(out, shape=picture.shape, dtype=picture.dtype, **options)
    array[:] = picture
    return {"seconds": time.perf_counter() - start, "before": before, "pixels": picture.size}


def measure_window(folder: Path) -> dict:
    """Open a mosaic and look at windows of 2000 px, in the middle and in the corners."""
    from napari_seamnet.frames import Frame

    read_of: set[str] = set()
    plain = Frame.read

    def watched(self, box=None, step=1):
        read_of.add(self.name)
        return plain(self, box, step)

    Frame.read = watched
    start = time.perf_counter()
    mosaic = opened(folder)
    array = mosaic.array()
    opening = time.perf_counter() - start
    height, width = mosaic.shape
    seconds, frames, met = [], [], []
    for y in (0, (height - SIZE) // 2, height - SIZE):
        for x in (0, (width - SIZE) // 2, width - SIZE):
            read_of.clear()
            start = time.perf_counter()
            array[y : y + SIZE, x : x + SIZE].compute()
            seconds.append(time.perf_counter() - start)
            frames.append(len(read_of))
            met.append(n_met(mosaic, y, x))
    return {
        "seconds": max(seconds),
        "open": opening,
        "frames": max(frames),
        "met": max(met),
        "none_too_many": all(read <= there for read, there in zip(frames, met, strict=True)),
    }


def n_met(mosaic, y: int, x: int) -> int:
    """How many frames a window meets."""
    from napari_seamnet.geometry import Box

    window = Box(y + mosaic.origin[0], x + mosaic.origin[1], SIZE, SIZE)
    return sum(not p.box.meet(window).is_empty for p in mosaic.placements)


def peak_mb() -> float:
    """Most memory that this process has had, in MB of 10^6 bytes."""
    status = Path("/proc/self/status")
    if status.exists():  # ru_maxrss would begin with what the parent had
        words = status.read_text().split("VmHWM:")[1].split()
        return int(words[0]) * 1024 / 1e6
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def child(task: str, folder: Path) -> dict:
    """Measure one thing in a process of its own."""
    os.sync()
    command = [sys.executable, __file__, "--task", task, "--folder", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def run_task(task: str, folder: Path) -> None:
    """Do what `child` asked for, and print the result."""
    out = folder / f"out.ome.{'tif' if task == 'tiff' else 'zarr'}"
    if task in ("export", "tiff"):
        result = measure_export(folder, out)
    elif task == "window":
        result = measure_window(folder)
    else:
        result = measure_zarr(folder, out, task.removeprefix("zarr-"))
    print(json.dumps({**result, "peak": peak_mb()}))
    if out.is_dir():
        shutil.rmtree(out)
    out.unlink(missing_ok=True)


def main() -> None:
    """Make the frames, measure, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=30)
    parser.add_argument("--cols", type=int, default=30)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where to put the temporary folder")
    parser.add_argument("--task", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.task:
        run_task(options.task, options.folder)
        return
    with tempfile.TemporaryDirectory(dir=options.folder, prefix="mosaic-benchmark-") as name:
        folder = Path(name)
        n_bytes = options.rows * options.cols * SIZE**2
        if shutil.disk_usage(folder).free < 2.5 * n_bytes:
            sys.exit(f"{2.5 * n_bytes / 1e9:.1f} GB must be free in {folder.parent}")
        placed = make_frames(folder, options.rows, options.cols)
        (folder / "placed.json").write_text(json.dumps(placed))
        tasks = ("zarr-ours", "export", "zarr-default", "tiff")
        results: dict[str, list[dict]] = {task: [] for task in tasks}
        for _ in range(options.repeats):
            for task in tasks:
                results[task].append(child(task, folder))
        window = child("window", folder)
    print_table(options, n_bytes, results, window)


def print_table(options, n_bytes: int, results: dict[str, list[dict]], window: dict) -> None:
    """Print what was measured, as Markdown."""
    count = f"{options.rows} x {options.cols}"
    print(f"{count} frames of {SIZE} px, uint8, {n_bytes / 1e9:.1f} GB; ", end="")
    print(f"median (and range) of {options.repeats} runs; {os.cpu_count()} cores\n")
    print("| what | seconds | MB/s of level 0 | peak memory | before | share of zarr's speed |")
    print("|---|---|---|---|---|---|")
    words = {
        "zarr-ours": "zarr alone, from memory, our chunks, shards and codec: level 0",
        "zarr-default": "zarr alone, from memory, its own defaults: level 0",
        "export": "`export` to .ome.zarr: all levels",
        "tiff": "`export` to .ome.tif: all levels",
    }
    median = {
        task: statistics.median(one["seconds"] for one in runs) for task, runs in results.items()
    }
    for task, runs in results.items():
        seconds = [one["seconds"] for one in runs]
        speed = runs[0]["pixels"] / median[task] / 1e6
        share = (
            ""
            if task.startswith("zarr")
            else " / ".join(
                f"{median[base] / median[task]:.2f}" for base in ("zarr-ours", "zarr-default")
            )
        )
        print(
            f"| {words[task]} | {median[task]:.1f} ({min(seconds):.1f} to {max(seconds):.1f}) | "
            f"{speed:.0f} | {max(one['peak'] for one in runs):.0f} MB | "
            f"{max(one['before'] for one in runs):.0f} MB | {share} |"
        )
    print(
        f"\nLooking at nine windows of {SIZE} px of the same mosaic: opened in "
        f"{window['open']:.2f} s, the slowest window in {window['seconds']:.2f} s, at most "
        f"{window['frames']} frames read where {window['met']} were met, never one that was not; "
        f"peak memory {window['peak']:.0f} MB."
    )


if __name__ == "__main__":
    main()
