"""How *Stitch grid* feels with many large frames: what is drawn when, and how long a key takes.

    xvfb-run -a -s "-screen 0 1400x900x24" python benchmarks/grid_widget.py 100 300 1000

For each number of frames (2000 x 2000 px, uint8, overlap 150 px, stage errors up to 12 px) a folder
of TIFF files is written, then opened in the dock in a real window, stitched, and reviewed by keys.
A timer of 5 ms ticks in the main thread; the longest time between two ticks is how long napari did
not answer. The rival is napari itself with one layer for each frame, as other plugins do it, for
36 of the frames. `--keep FOLDER` keeps the pictures for the next time.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from pathlib import Path

import napari
import numpy as np
import tifffile
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication
from scipy.ndimage import gaussian_filter

from interface import Heart, run_until, settle

SIDE, OVERLAP, ERROR = 2000, 150, 12
RIVALS = 36
KEYS = 12


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("frames", type=int, nargs="*", default=[100])
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--method", default="smoothed")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as own:
        os.environ["NAPARI_SEAMNET_DATA"] = own
        folders = {n: write(n, (args.keep or Path(own)) / f"grid_{n}") for n in args.frames}
        print(
            "| frames | outlines s | all thumbnails s | longest pause ms | stitched s "
            "| longest pause ms | nudge ms | decision ms | one bar ms | peak MiB |"
        )
        print("|" + "---|" * 10)
        for n, folder in folders.items():
            print("| " + " | ".join(measure(n, folder, args.method)) + " |", flush=True)
        print(rival(folders[args.frames[0]]))


def write(n: int, folder: Path) -> Path:
    """Write the frames of a grid that is as square as it can be."""
    if folder.is_dir():
        return folder
    rng = np.random.default_rng(n)
    rows = int(np.sqrt(n))
    while n % rows:
        rows -= 1
    # One scene, folded: a frame and its neighbours never see the same part of it twice.
    size = 3 * SIDE
    scene = gaussian_filter(rng.normal(size=(size, size)).astype(np.float32), 1.5, mode="wrap")
    scene = np.clip(128 + 90 * scene / scene.std() / 2, 0, 255).astype(np.uint8)
    step = SIDE - OVERLAP
    part = folder.with_suffix(".part")
    part.mkdir(parents=True, exist_ok=True)
    for row in range(rows):
        for col in range(n // rows):
            dy, dx = rng.integers(-ERROR, ERROR + 1, 2)
            ys = (row * step + dy + np.arange(SIDE)) % size
            xs = (col * step + dx + np.arange(SIDE)) % size
            tifffile.imwrite(part / f"tile_r{row:02d}_c{col:02d}.tif", scene[np.ix_(ys, xs)])
    part.rename(folder)
    return folder


def measure(n: int, folder: Path, method: str) -> list[str]:
    """Do what a person does, with a watch."""
    from napari_seamnet.widgets.grid import GridWidget

    viewer = napari.Viewer()
    viewer.window.resize(1280, 800)
    widget = GridWidget(viewer)
    viewer.window.add_dock_widget(widget, name="Stitch grid", area="right")
    widget.run.form._choose_method(method)
    widget.run.form.max_shift.setValue(2 * ERROR + 4)
    settle(1.0)
    heart = Heart()
    start = time.perf_counter()
    session, layers = widget.session, widget.layers
    widget.open(folder)
    run_until(lambda: layers.outlines.is_visible, 120)
    QApplication.processEvents()
    drawn = time.perf_counter() - start
    run_until(lambda: not layers.picture.loading.is_busy, 300)
    QApplication.processEvents()
    loaded, pause = time.perf_counter() - start, max(heart.gaps)
    heart.restart()
    start = time.perf_counter()
    widget.stitch()
    run_until(lambda: session.is_solved and not widget.estimating.is_busy, 1200)
    stitched, pause_run = time.perf_counter() - start, max(heart.gaps)
    settle(1.0)
    start = time.perf_counter()
    layers._draw_bars()
    layers._marks[0] = layers._marks[-1]
    layers.bars._shown = None
    start = time.perf_counter()
    layers._draw_bars()
    QApplication.processEvents()
    bar = time.perf_counter() - start
    # Seams all over the grid, so that each is read and drawn anew.
    nudges, decisions = [], []
    seams = list(range(0, len(session.project.seams), max(1, len(session.project.seams) // KEYS)))
    canvas = viewer.window._qt_viewer.canvas.native

    def press(key: str, done) -> float:
        start = time.perf_counter()
        QTest.keyClick(canvas, getattr(Qt.Key, f"Key_{key}"))
        run_until(lambda: done() and not widget.review._redraw.isActive(), 30)
        QApplication.processEvents()
        return 1000 * (time.perf_counter() - start)

    widget.review.dock.goes_on.setChecked(False)
    for seam in seams[:KEYS]:
        widget.review.look_at(seam)
        settle(0.5)
        nudges += [press("Right", lambda: True), press("Left", lambda: True)]
        decisions.append(press("Return", lambda: session.is_solved))
        settle(0.3)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    viewer.close()
    settle(0.3)
    return [
        f"{n:,}", f"{drawn:.2f}", f"{loaded:.1f}", f"{pause:.0f}", f"{stitched:.1f}",
        f"{pause_run:.0f}", f"{np.median(nudges):.0f} / {max(nudges):.0f}",
        f"{np.median(decisions):.0f} / {max(decisions):.0f}", f"{1000 * bar:.0f}", f"{peak:,.0f}",
    ]  # fmt: skip


def rival(folder: Path) -> str:
    """Show some of the frames with a layer for each."""
    viewer = napari.Viewer()
    settle(1.0)
    start = time.perf_counter()
    for k, path in enumerate(sorted(folder.iterdir())[:RIVALS]):
        y, x = divmod(k, 6)
        step = SIDE - OVERLAP
        viewer.add_image(tifffile.imread(path), name=path.name, translate=(y * step, x * step))
    QApplication.processEvents()
    seconds = time.perf_counter() - start
    viewer.close()
    return f"\nnapari, a layer for each of {RIVALS} frames: {seconds:.1f} s"


if __name__ == "__main__":
    main()
