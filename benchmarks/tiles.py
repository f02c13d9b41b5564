"""How long tiles take to make, and how much memory, beside a plain script that does the same.

    python benchmarks/tiles.py [--count 30000] [--pairs 20] [--frame 2000] [--rival 1000]

Draws pairs of frames of texture with noise, 160 px of overlap, and makes tiles of 150 px from
them: as PNG pictures and as one compact file, each in a process of its own, whose seconds and
peak resident memory are printed. The rival writes the first of the same tiles with imageio, as it
comes, in one thread, holding the pair's frames. Then opens what was made and reads all of it in
batches of 16.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

import imageio.v3 as iio
import numpy as np
import tifffile

from napari_seamnet.frames import open_frame
from napari_seamnet.geometry import Offset, Shift
from napari_seamnet.learning.hand import Decided, HandAlignment, read_hand, record
from napari_seamnet.learning.scenes import texture_scene
from napari_seamnet.learning.tile_files import open_tiles
from napari_seamnet.learning.tiles import TilePlan, generate_tiles, plan_tiles

SEED = 40_000_001
OVERLAP, DY = 160, 3
NOISE = 8.0  # grey levels: what makes real tiles hard to compress
DRAWN = 4  # scenes; the others are these, turned


def draw_pairs(folder: Path, n: int, side: int) -> None:
    """Write the frames and hand.jsonl."""
    rng = np.random.default_rng(SEED)
    scenes = [texture_scene(side, rng) for _ in range(min(DRAWN, n))]
    for pair in range(n):
        scene = np.rot90(scenes[pair % DRAWN], pair // DRAWN)
        if pair // DRAWN > 3:
            scene = scene[:, ::-1]
        # Rolled round, so that both frames are whole and share just the overlap.
        sides = [scene, np.roll(scene, (-DY, OVERLAP - side), (0, 1))]
        frames = []
        for name, picture in zip("ab", sides, strict=True):
            noisy = picture + NOISE * rng.standard_normal(scene.shape, dtype=np.float32)
            path = folder / f"{name}{pair:02}.tif"
            tifffile.imwrite(path, np.clip(np.rint(noisy), 0, 255).astype(np.uint8))
            frames.append(open_frame(path))
        nominal = Offset(0, side - OVERLAP)
        made = HandAlignment.make(*frames, nominal, Shift(DY, 0), Decided.HAND)
        record(folder / "hand.jsonl", made)


def make(folder: Path, plan: TilePlan, compact: bool) -> None:
    """Make the tiles as the package does."""
    out = folder / ("set.safetensors" if compact else "set")
    generate_tiles(read_hand(folder / "hand.jsonl"), out, plan, compact=compact)


def make_plainly(folder: Path, plan: TilePlan, n: int) -> None:
    """Write the first `n` of the same tiles, as a first script would."""
    alignments = read_hand(folder / "hand.jsonl")
    planned = plan_tiles(alignments, plan)
    (folder / "plain").mkdir()
    last = -1
    for row in range(n):
        if planned.pair[row] != last:
            last = planned.pair[row]
            pair = alignments[last]
            frames = [iio.imread(file.path) for file in (pair.first, pair.second)]
            o = np.array(pair.offset.whole())
        one, two, offset = (*frames, o) if not planned.swapped[row] else (*frames[::-1], -o)
        y, x = int(planned.y[row]), int(planned.x[row])
        dy, dx = int(planned.dy[row]), int(planned.dx[row])
        first = one[y : y + plan.size, x : x + plan.size]
        y, x = y + dy - offset[0], x + dx - offset[1]
        second = two[y : y + plan.size, x : x + plan.size]
        blue = ((first.astype(int) + second) // 2).astype(np.uint8)
        blue[0, :4] = [0 if dx < 0 else 255, abs(dx), 0 if dy < 0 else 255, abs(dy)]
        iio.imwrite(folder / "plain" / f"{row:06}.png", np.dstack([first, second, blue]))


def read_all(path: Path) -> None:
    """Open a set and read every tile, in random order, in batches of 16."""
    began = time.perf_counter()
    tiles = open_tiles(path)
    opened = time.perf_counter() - began
    order = np.random.default_rng(0).permutation(len(tiles))
    for start in range(0, len(order), 16):
        tiles.pixels(order[start : start + 16])
    each = (time.perf_counter() - began - opened) / len(tiles)
    print(f"{path.name}: opened in {opened:.2f} s; read at {1e3 * each:.2f} ms a tile")


def same_pixels(folder: Path, n: int) -> bool:
    """Whether the rival wrote the same tiles."""
    for plain in sorted((folder / "plain").iterdir())[:: max(1, n // 50)]:
        ours = next((folder / "set").glob(f"*/{plain.name}"))
        if not np.array_equal(iio.imread(plain), iio.imread(ours)):
            return False
    return True


def measured(results: multiprocessing.Queue, work, args) -> None:
    """Run in a process of its own; send back seconds and peak resident MB."""
    began = time.perf_counter()
    work(*args)
    seconds = time.perf_counter() - began
    unit = 1 if sys.platform == "darwin" else 1024  # ru_maxrss: bytes there, kB elsewhere
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
    results.put((seconds, peak))


def apart(work, *args) -> tuple[float, float]:
    """Seconds and peak resident MB of a function in a fresh process."""
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    process = context.Process(target=measured, args=(results, work, args))
    process.start()
    process.join()
    if process.exitcode:
        sys.exit(f"{work.__name__} failed")
    return results.get()


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--count", type=int, default=30_000)
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--frame", type=int, default=2000)
    parser.add_argument("--rival", type=int, default=1000, help="tiles that the rival writes")
    parser.add_argument("--folder", type=Path, help="where to work; by default a temporary one")
    args = parser.parse_args()
    plan = TilePlan(count=args.count)
    n = min(args.rival, args.count)
    with tempfile.TemporaryDirectory(dir=args.folder) as name:
        folder = Path(name)
        seconds, _ = apart(draw_pairs, folder, args.pairs, args.frame)
        print(f"{args.pairs} pairs of {args.frame} px drawn in {seconds:.0f} s", file=sys.stderr)
        print(f"{args.count} tiles of {plan.size} px, {os.cpu_count()} cores\n")
        print("| way | tiles | s | ms a tile | peak resident MB |\n|---|---|---|---|---|")
        each = {}
        for way, tiles, work in (
            ("PNG", args.count, (make, folder, plan, False)),
            ("compact", args.count, (make, folder, plan, True)),
            ("rival: imageio, one thread", n, (make_plainly, folder, plan, n)),
        ):
            seconds, peak = apart(*work)
            each[way] = seconds / tiles
            print(f"| {way} | {tiles} | {seconds:.1f} | {1e3 * each[way]:.2f} | {peak:.0f} |")
        plain = each.pop("rival: imageio, one thread")
        print(f"\nfaster than the rival, by tile: PNG {plain / each['PNG']:.1f} times, ", end="")
        print(f"compact {plain / each['compact']:.1f} times")
        print(f"same pixels as the rival's: {'yes' if same_pixels(folder, n) else 'NO'}")
        for made in ("set", "set.safetensors"):
            read_all(folder / made)


if __name__ == "__main__":
    main()
