"""Make the pictures in docs/images: the docks at work on the simulated sample.

Run it where there is a screen, or under ``xvfb-run -a -s "-screen 0 1400x900x24"``::

    python docs/make_screenshots.py [pair] [training] [grid]

Only simulated frames are shown, so that no one's data is published.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

# Neither the person's own settings in the pictures, nor ours in the person's settings.
os.environ["NAPARI_SEAMNET_DATA"] = tempfile.mkdtemp()
os.environ["NAPARI_CONFIG"] = os.environ["NAPARI_SEAMNET_DATA"] + "/settings.yaml"

import napari
import numpy as np
import tifffile
from qtpy.QtWidgets import QApplication, QScrollArea
from small_png import IMAGES, write_small

from napari_seamnet.frames import open_frame
from napari_seamnet.geometry import Offset, Shift
from napari_seamnet.learning.exposure import BORDER, Conditions, expose
from napari_seamnet.learning.hand import Decided, record_frames
from napari_seamnet.learning.scenes import chip_scene, lattice_scene
from napari_seamnet.sample_data import chip_grid
from napari_seamnet.shifts import Status
from napari_seamnet.widgets.grid import GridWidget
from napari_seamnet.widgets.pair import PairWidget
from napari_seamnet.widgets.tiles import TilesWidget
from napari_seamnet.widgets.train import TrainWidget

if TYPE_CHECKING:
    from collections.abc import Callable

WORK = Path(os.environ["NAPARI_SEAMNET_DATA"])
LARGEST = 300_000  # bytes: the hub and the README load them all
SIZE = 1280, 800


def wait(seconds: float = 0.5) -> None:
    """Let napari draw."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        QApplication.processEvents()
        time.sleep(0.005)


def finish(widget: PairWidget) -> None:
    """Wait for the method."""
    while widget.dock.align.is_busy:
        wait(0.05)
    wait()


def save(viewer: napari.Viewer, name: str) -> None:
    """Write the window as a PNG, with as many colours as fit into `LARGEST`."""
    wait()
    window = viewer.window.screenshot(canvas_only=False, flash=False)[..., :3]
    write_small(window, name, LARGEST)


def show_pair(method: str = "seamnet") -> None:
    """Show the second seam of a mosaic: before it is aligned on a light ground, then on a dark."""
    viewer = napari.Viewer(show=False)
    viewer.window.resize(*SIZE)
    viewer.show()
    viewer.open_sample("napari-seamnet", "chip_layer")
    for layer in list(viewer.layers)[8:]:
        viewer.layers.remove(layer)  # two rows are enough to look at
    widget = PairWidget(viewer)
    choice = widget.dock.align.method
    choice.setCurrentIndex(choice.findData(method))
    viewer.window.add_dock_widget(widget, name="Align pair", area="right")
    viewer.window.resize(*SIZE)

    frames = viewer.layers
    widget.choose_pair(frames["chip_r0_c0"], frames["chip_r0_c1"])
    widget.align(then_append=True)
    finish(widget)
    widget.choose_pair(frames["chip_r0_c1"], frames["chip_r0_c2"])
    wait()
    viewer.scene.camera.center = (0, 500, 1780)
    viewer.scene.camera.zoom = 2.2
    viewer.theme = "light"
    save(viewer, "light.png")
    viewer.theme = "dark"
    widget.align()
    finish(widget)
    save(viewer, "dark.png")
    viewer.close()


def record_seeds() -> None:
    """Record the true offsets of a small, noisy grid as hand alignments."""
    grid = chip_grid(3, 3, 600, 150)
    rng = np.random.default_rng(0)
    files = []
    for frame in grid.frames:
        noisy = frame.read() + rng.normal(0, 25, frame.shape)
        files.append(WORK / f"{frame.name}.tif")
        tifffile.imwrite(files[-1], np.clip(np.rint(noisy), 0, 255).astype(np.uint8))
    notes = {(3, 4): "memory array", (1, 4): "second frame darker", (6, 7): "charging"}
    pairs = [(0, 1), (1, 2), (3, 4), (0, 3), (4, 5), (1, 4), (6, 7), (7, 8), (2, 5), (5, 8)]
    for k, (one, other) in enumerate(pairs):
        nominal = Offset(*np.subtract(grid.nominal[other], grid.nominal[one]).tolist())
        true = Offset(*np.subtract(grid.truth[other], grid.truth[one]).tolist())
        frames = open_frame(files[one]), open_frame(files[other])
        decided = Decided.CONFIRMED if k % 3 else Decided.HAND
        note = notes.get((one, other), "")
        shift = Shift(*map(float, true - nominal))
        record_frames(WORK / "hand.jsonl", *frames, nominal, shift, decided, note)


def show_training() -> None:
    """Show the training set, then a fine-tuning on it from its first epochs to its end."""
    record_seeds()
    viewer = napari.Viewer(show=False)
    viewer.window.resize(*SIZE)
    viewer.show()
    widget = TilesWidget(viewer)
    dock = viewer.window.add_dock_widget(widget, name="Training set", area="right")
    widget.make.side.setValue(120)
    viewer.window.resize(*SIZE)
    wait(6)
    save(viewer, "training_set.png")
    viewer.window.remove_dock_widget(dock)
    widget = TrainWidget(viewer)
    viewer.window.add_dock_widget(widget, name="Train", area="right")
    viewer.window.resize(*SIZE)
    wait(2)
    widget.train()
    while len(widget.training.state.course) < 4 and widget.training.is_running:
        wait(0.1)
    save(viewer, "train.png")
    while widget.training.is_running:
        wait(0.1)
    wait(1)
    viewer.theme = "light"
    widget.findChild(QScrollArea).verticalScrollBar().setValue(0)
    save(viewer, "train_done.png")
    widget.training.shut_down()
    viewer.close()


def write_grid(folder: Path) -> Path:
    """Write 8 x 8 frames of a chip layer, but one: some seams of them deserve a look."""
    rng = np.random.default_rng(0)
    size, overlap, jitter, n = 450, 70, 7, 8
    step, margin = size - overlap, BORDER + jitter
    side = step * n + overlap + 2 * margin
    # These seeds have wires, vias and a memory array; and an array whose cells are small.
    scene = chip_scene(side, np.random.default_rng(11))
    scene[2400:, 2500:] = lattice_scene(side, np.random.default_rng(3))[2400:, 2500:]
    scene[:620, :520] = scene.min()  # nothing is there
    folder.mkdir()
    for row in range(n):
        for col in range(n):
            off = rng.integers(-jitter, jitter + 1, 2)
            at = float(row * step + off[0] + margin), float(col * step + off[1] + margin)
            is_hurried = (row, col) in {(0, 7), (5, 1)}
            noise = (160.0, 1.5) if is_hurried else (6.0, 200.0)
            conditions = Conditions(drift=0.25, defects=0.1)
            pixels = expose(scene, at, (size, size), rng, conditions, noise)
            if (row, col) != (4, 2):
                tifffile.imwrite(folder / f"tile_r{row}_c{col}.tif", pixels)
    return folder


def wait_until(done: Callable[[], bool], limit: float = 120.0) -> None:
    """Let the window live until something is so."""
    end = time.monotonic() + limit
    while not done():
        if time.monotonic() > end:
            raise TimeoutError("the widget did not come so far")
        wait(0.02)


def show_grid() -> None:
    """Show a grid from its folder to its end, and two of its stages on a light ground."""
    os.chdir(WORK)
    viewer = napari.Viewer(show=False)
    viewer.window.resize(*SIZE)
    viewer.show()
    widget = GridWidget(viewer)
    viewer.window.add_dock_widget(widget, name="Stitch grid", area="right")
    viewer.window.resize(*SIZE)
    session, form, review = widget.session, widget.lay_out.form, widget.review

    def is_at_rest() -> bool:
        busy = widget.opening.work, widget.layers.picture.loading, widget.estimating
        return not any(work.is_busy for work in busy)

    widget.open(write_grid(Path("run_17")))
    wait_until(lambda: session.project is not None)
    form.overlap_y.setValue(70)
    form.overlap_x.setValue(70)
    wait_until(lambda: not session.project.layout.overlap_assumed and is_at_rest())
    viewer.fit_to_view()
    save(viewer, "grid_laid_out.png")

    widget.run.form.max_shift.setValue(19)
    widget.dock.go_to(1)
    widget.stitch()
    half = len(session.project.seams) // 2
    wait_until(lambda: sum(one is not None for one in session.project.estimates) > half)
    save(viewer, "grid_stitching.png")

    wait_until(lambda: session.is_solved and is_at_rest())
    one, other = [k for k in session.queue if session.status(k) is Status.AMBIGUOUS][:2]
    review.look_at(one)
    wait(1)
    save(viewer, "grid_review.png")
    viewer.theme = "light"
    save(viewer, "grid_review_light.png")

    review.dock.goes_on.setChecked(False)
    review.confirm()
    review.look_at(other)
    review.exclude()
    wait_until(lambda: session.is_solved)
    review.look_at(None)
    viewer.fit_to_view()
    widget.layers.look.show_loops = widget.layers.look.show_provenance = True
    widget.dock.go_to(3)
    wait(1)
    save(viewer, "grid_finish_light.png")
    viewer.theme = "dark"
    save(viewer, "grid_finish.png")
    viewer.close()


PARTS = {"pair": show_pair, "training": show_training, "grid": show_grid}

if __name__ == "__main__":
    IMAGES.mkdir(exist_ok=True)
    for name in sys.argv[1:] or PARTS:
        PARTS[name]()
