"""Make the pictures in docs/images: Align pair at work on the simulated sample.

Run it where there is a screen, or under ``xvfb-run -a -s "-screen 0 1400x900x24"``::

    python docs/make_screenshots.py [METHOD]

Only simulated frames are shown, so that no one's data is published.
"""

from __future__ import annotations

import io
import os
import sys
import tempfile
import time
from pathlib import Path

# Neither the person's own settings in the pictures, nor ours in the person's settings.
os.environ["NAPARI_CONFIG"] = str(Path(tempfile.mkdtemp()) / "settings.yaml")

import napari
from PIL import Image
from qtpy.QtWidgets import QApplication

from napari_seamnet.widgets.pair import PairWidget

IMAGES = Path(__file__).parent / "images"
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
    picture = Image.fromarray(viewer.window.screenshot(canvas_only=False, flash=False)[..., :3])
    for colours in (256, 128, 64, 32):
        file = io.BytesIO()
        picture.quantize(colours, dither=Image.Dither.NONE).save(file, "PNG", optimize=True)
        if file.tell() < LARGEST:
            break
    (IMAGES / name).write_bytes(file.getvalue())
    print(f"{name}: {file.tell() // 1000} kB, {colours} colours")


def main(method: str) -> None:
    """Show the second seam of a mosaic: before it is aligned on a light ground, then on a dark."""
    IMAGES.mkdir(exist_ok=True)
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


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "seamnet")
