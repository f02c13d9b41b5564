"""Fixtures for the widgets: frames with a known shift, a viewer without a window, the widget."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass

import numpy as np
import pytest
from scipy import ndimage


@pytest.fixture(scope="session", autouse=True)
def some_platform() -> None:
    """Without any screen Qt aborts the whole run; offscreen it only lacks OpenGL."""
    if sys.platform == "linux" and not {"DISPLAY", "WAYLAND_DISPLAY"} & set(os.environ):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


@pytest.fixture(autouse=True)
def screen_where_marked(request: pytest.FixtureRequest) -> None:
    """Skip a test of pixels where nothing is drawn."""
    if request.node.get_closest_marker("pixels"):
        qapp = request.getfixturevalue("qapp")
        if qapp.platformName() == "offscreen":
            pytest.skip("needs a screen with OpenGL")


@pytest.fixture(autouse=True)
def no_one_elses_settings(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the person's own settings out of the tests, and the tests out of them."""
    if "plugin_settings" in request.fixturenames:
        return

    def absent(name: str) -> None:
        raise KeyError(name)

    monkeypatch.setattr("napari_seamnet.widgets._settings.get_plugin_settings", absent)


@pytest.fixture(autouse=True)
def no_torch_by_the_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Opening the widget loads torch in the background, which would only slow the tests."""
    if "warm_up" not in request.node.name:
        monkeypatch.setattr(
            "napari_seamnet.widgets._aligning.Aligning.warm_up", lambda self, name: None
        )


MANIFEST = """
name: napari-seamnet
display_name: SeamNet
contributions:
  configurations:
    alignment:
      title: Alignment
      properties:
        device: {title: Device, type: string, enum: [auto, cpu, cuda, mps], default: auto}
        method: {title: Method, type: string, enum: [seamnet, search], default: seamnet}
        coarse_step: {title: Step, type: integer, default: 10, minimum: 1, maximum: 500}
        max_shift: {title: Range, type: integer, default: 15, minimum: 1, maximum: 500}
        hand_file: {title: File, type: string, default: ""}
"""


def install(npe2pm, tmp_path):
    """Have the plugin's settings, for a test with `plugin_settings`."""
    from npe2 import PluginManifest

    path = tmp_path / "napari.yaml"
    path.write_text(MANIFEST)
    npe2pm.register(PluginManifest.from_file(path))


@dataclass(frozen=True)
class Scene:
    """One picture, out of which frames are cut: so every true position is known."""

    picture: np.ndarray

    def cut(self, y: int, x: int, height: int = 160, width: int = 200) -> np.ndarray:
        """A frame's pixels, its top-left pixel at (y, x) of the picture."""
        return self.picture[y : y + height, x : x + width].copy()


@pytest.fixture(scope="session")
def scene() -> Scene:
    """A picture of 900 x 1100 px with structure everywhere, none of it regular."""
    rng = np.random.default_rng(20260801)
    rough = ndimage.gaussian_filter(rng.standard_normal((900, 1100)), 1.6)
    rough = (rough - rough.min()) / (rough.max() - rough.min())
    return Scene((40 + 180 * rough).astype(np.uint8))


@pytest.fixture
def viewer_model():
    """A viewer without a window."""
    from napari.components import ViewerModel

    return ViewerModel()


@pytest.fixture
def make_widget(qtbot):
    """Make the widget inside a parent, as a dock would, and show it."""
    from qtpy.QtWidgets import QVBoxLayout, QWidget

    from napari_seamnet.widgets.pair import PairWidget

    parents = []  # qtbot holds them only weakly

    def make(viewer, method: str = "smoothed") -> PairWidget:
        parent = QWidget()
        parents.append(parent)
        parent.setLayout(QVBoxLayout())
        widget = PairWidget(viewer)
        parent.layout().addWidget(widget)
        qtbot.addWidget(parent)
        parent.show()
        choice = widget.dock.align.method
        choice.setCurrentIndex(choice.findData(method))
        return widget

    return make


TRUE_SHIFT = 3, -4
NOMINAL = 0, 150
"""Of the pair that `pair_viewer` holds: frames of 160 x 200 px, 50 px of overlap."""


@pytest.fixture
def pair_viewer(viewer_model, scene):
    """A viewer with two frames at their nominal places; the truth is `TRUE_SHIFT`."""
    y, x = 100, 100
    dy, dx = NOMINAL[0] + TRUE_SHIFT[0], NOMINAL[1] + TRUE_SHIFT[1]
    viewer_model.add_image(scene.cut(y, x), name="left")
    viewer_model.add_image(scene.cut(y + dy, x + dx), name="right", translate=NOMINAL)
    return viewer_model
