"""How *Stitch grid* feels with many large frames: what is drawn when, and how long a key takes.

    xvfb-run -a -s "-screen 0 1400x900x24" python benchmarks/grid_widget.py 100 300 1000

For each number of frames (2000 x 2000 px, uint8, overlap 150 px, stage errors up to 12 px) a
folder of TIFF files is written, then opened in the dock in a real window, stitched, and reviewed
by keys. A timer of 5 ms ticks in the main thread; the longest time between two ticks is how long
napari did not answer. The rival is napari itself with one layer for each frame, as other plugins
do it, for 36 of the frames. `--keep FOLDER` keeps the pictures for the next time.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import time
from pathlib import Path

# Neither the person's own settings in the measurement, nor ours in the person's settings.
os.environ["NAPARI_SEAMNET_DATA"] = tempfile.mkdtemp()
os.environ["NAPARI_CONFIG"] = os.environ["NAPARI_SEAMNET_DATA"] + "/settings.yaml"

import napari
import numpy as np
import tifffile
from interface import Heart, run_until, settle
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication
from scipy.ndimage import gaussian_filter

from napari_seamnet.layouts import tile_configuration
from napari_seamnet.widgets._grid_source import Asked
from napari_seamnet.widgets.grid import GridWidget

OWN = Path(os.environ["NAPARI_SEAMNET_DATA"])
SIDE, OVERLAP, ERROR = 2000, 150, 12
RIVALS = 36
KEYS = 12
LAYOUT = "TileConfiguration.txt"
COLUMNS = (
    "frames", "outlines s", "all thumbnails s", "longest pause ms", "other overlap ms",
    "stitched s", "longest pause ms", "nudge ms", "first answer ms", "solved ms", "one bar ms",
    "peak MiB",
)  # fmt: skip
"""Of keys: median / slowest. A decision has a first answer, and then all positions are solved."""


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("frames", type=int, nargs="*", default=[100])
    parser.add_argument("--keep", type=Path, metavar="FOLDER")
    parser.add_argument("--method", default="smoothed")
    args = parser.parse_args()
    try:
        folders = {n: write(n, (args.keep or OWN) / f"grid_{n}") for n in args.frames}
        print("| " + " | ".join(COLUMNS) + " |")
        print("|" + "---|" * len(COLUMNS), flush=True)
        for n, folder in folders.items():
            print("| " + " | ".join(measure(n, folder, args.method)) + " |", flush=True)
        print(rival(folders[args.frames[0]]))
    finally:
        shutil.rmtree(OWN)


def write(n: int, folder: Path) -> Path:
    """Write the frames of a grid that is as square as it can be, and where they should lie."""
    if (folder / LAYOUT).is_file():
        return folder
    rng = np.random.default_rng(n)
    rows = int(np.sqrt(n))
    while n % rows:
        rows -= 1
    # One scene, folded: a frame and its neighbours never see the same part of it twice.
    size = 3 * SIDE
    scene = gaussian_filter(rng.standard_normal((size, size), np.float32), 1.5, mode="wrap")
    scene = np.clip(128 + 90 * scene / scene.std() / 2, 0, 255).astype(np.uint8)
    step = SIDE - OVERLAP
    folder.mkdir(parents=True, exist_ok=True)
    names, places = [], []
    for row in range(rows):
        for col in range(n // rows):
            dy, dx = rng.integers(-ERROR, ERROR + 1, 2)
            ys = (row * step + dy + np.arange(SIDE)) % size
            xs = (col * step + dx + np.arange(SIDE)) % size
            names.append(folder / f"tile_r{row:02d}_c{col:02d}.tif")
            places.append((row * step, col * step))
            tifffile.imwrite(names[-1], scene[np.ix_(ys, xs)])
    tile_configuration.write(folder / LAYOUT, names, places)
    return folder


def measure(n: int, folder: Path, method: str) -> list[str]:
    """Do what a person does, with a watch."""
    peak = Peak()
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
    widget.open(folder / LAYOUT)
    run_until(lambda: layers.outlines.is_visible, 120)
    QApplication.processEvents()
    drawn = time.perf_counter() - start
    run_until(lambda: not layers.picture.loading.is_busy, 300)
    QApplication.processEvents()
    loaded, pause = time.perf_counter() - start, max(heart.gaps)
    again = lay_out_again(widget, folder)
    heart.restart()
    start = time.perf_counter()
    widget.stitch()
    run_until(lambda: session.is_solved and not widget.estimating.is_busy, 3600)
    stitched, pause_run = time.perf_counter() - start, max(heart.gaps)
    settle(1.0)
    bar = draw_bar(layers)
    nudges, firsts, decisions = review(viewer, widget)
    used = peak.mib()
    viewer.close()
    widget.autosave.wait()
    settle(0.3)
    return [
        f"{n:,}", f"{drawn:.2f}", f"{loaded:.1f}", f"{pause:.0f}", f"{1000 * again:.0f}",
        f"{stitched:.1f}", f"{pause_run:.0f}", f"{np.median(nudges):.0f} / {max(nudges):.0f}",
        f"{np.median(firsts):.0f} / {max(firsts):.0f}",
        f"{np.median(decisions):.0f} / {max(decisions):.0f}", f"{1000 * bar:.0f}",
        f"{used:,.0f}",
    ]  # fmt: skip


def lay_out_again(widget: GridWidget, folder: Path) -> float:
    """Give another overlap, as in the form of step 1, and end as it was; seconds until drawn."""
    session = widget.session
    paths = tuple(sorted(folder.glob("*.tif")))
    seconds = 0.0
    for overlap in (OVERLAP + 1, OVERLAP + 2, OVERLAP):
        before = session.project.layout
        start = time.perf_counter()
        widget.opening.open(Asked(paths, overlap=(f"{overlap}px", f"{overlap}px")))
        run_until(lambda before=before: session.project.layout is not before, 60)
        QApplication.processEvents()
        seconds = time.perf_counter() - start
    run_until(lambda: not widget.layers.picture.loading.is_busy, 60)
    return seconds


def draw_bar(layers) -> float:
    """Draw all bars as for one that is another; seconds."""
    layers.bars._shown = None
    start = time.perf_counter()
    layers._draw_bars()
    QApplication.processEvents()
    return time.perf_counter() - start


def review(
    viewer: napari.Viewer, widget: GridWidget
) -> tuple[list[float], list[float], list[float]]:
    """Nudge and decide seams all over the grid by keys.

    Returns ms until a nudge is drawn, until the first answer to a decision is, and until the grid
    is solved.
    """
    nudges, firsts, decisions = [], [], []
    session, seams = widget.session, len(widget.session.project.seams)
    canvas = viewer.window._qt_viewer.canvas.native

    def press(key: Qt.Key, done) -> float:
        start = time.perf_counter()
        QTest.keyClick(canvas, key)
        run_until(lambda: done() and not widget.review._redraw.isActive(), 60)
        QApplication.processEvents()
        return 1000 * (time.perf_counter() - start)

    widget.review.dock.goes_on.setChecked(False)
    for seam in range(0, seams, max(1, seams // KEYS))[:KEYS]:
        widget.review.look_at(seam)
        settle(0.5)
        nudges += [press(Qt.Key.Key_Right, lambda: True), press(Qt.Key.Key_Left, lambda: True)]
        start = time.perf_counter()
        firsts.append(press(Qt.Key.Key_Return, lambda: True))
        run_until(lambda: session.is_solved, 60)
        QApplication.processEvents()
        decisions.append(1000 * (time.perf_counter() - start))
        settle(0.3)
    return nudges, firsts, decisions


class Peak:
    """The most memory that this process has taken since now, as Linux tells it."""

    def __init__(self) -> None:
        Path("/proc/self/clear_refs").write_text("5")  # the writing of frames is none of it

    def mib(self) -> float:
        """In MiB."""
        status = Path("/proc/self/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) / 1024


def rival(folder: Path) -> str:
    """Show some of the frames with a layer for each."""
    viewer = napari.Viewer()
    settle(1.0)
    start = time.perf_counter()
    paths = sorted(folder.glob("*.tif"))[:RIVALS]
    for k, path in enumerate(paths):
        y, x = divmod(k, 6)
        step = SIDE - OVERLAP
        viewer.add_image(tifffile.imread(path), name=path.name, translate=(y * step, x * step))
    QApplication.processEvents()
    seconds = time.perf_counter() - start
    viewer.close()
    return f"\nnapari, a layer for each of {len(paths)} frames: {seconds:.1f} s"


if __name__ == "__main__":
    main()
