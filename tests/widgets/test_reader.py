"""What napari opens through us, and what it does not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile
from napari.components import ViewerModel

from napari_seamnet.geometry import Shift
from napari_seamnet.layouts import open_layout
from napari_seamnet.projects import FramesElsewhereError, Project
from napari_seamnet.shifts import Estimate, Status
from napari_seamnet.widgets import reader
from napari_seamnet.widgets._layers import OURS
from napari_seamnet.widgets.reader import NO_LAYERS, SESSION, get_reader, read

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path, scene) -> Path:
    """A 2 x 2 grid of frames, 160 x 200 px, with an overlap of 40 px."""
    folder = tmp_path / "frames"
    folder.mkdir()
    for row in range(2):
        for col in range(2):
            tifffile.imwrite(
                folder / f"tile_r{row}_c{col}.tif", scene.cut(90 + 120 * row, 80 + 160 * col)
            )
    (folder / "TileConfiguration.txt").write_text(
        "dim = 2\n"
        + "".join(
            f"tile_r{r}_c{c}.tif; ; ({160 * c}.0, {120 * r}.0)\n"
            for r in range(2)
            for c in range(2)
        )
    )
    return folder


@pytest.fixture
def project(folder) -> Project:
    """Solved, every seam a pixel further to the right than the layout says."""
    project = Project.of_layout(open_layout(folder, overlap=40))
    shifts = {
        k: Estimate(Shift(0, 1 if seam.is_horizontal else 0), Status.CERTAIN, 1.0)
        for k, seam in enumerate(project.seams)
    }
    return project.with_estimates(shifts).solve()


@pytest.fixture(autouse=True)
def no_viewer(monkeypatch):
    """Whatever viewer another test left behind."""
    monkeypatch.setattr("napari.current_viewer", lambda: None)


def test_a_folder_of_frames_becomes_one_lazy_layer(folder, scene):
    ((levels, settings, kind),) = get_reader(str(folder))(str(folder))
    viewer = ViewerModel()
    layer = viewer._add_layer_from_data(levels, settings, kind)[0]
    assert layer.metadata[OURS] == "mosaic"
    assert layer.name == "frames"
    session = layer.metadata[SESSION]
    assert len(session.project.layout) == 4
    assert session.opened.source == str(folder)
    picture = np.asarray(levels[0])
    np.testing.assert_array_equal(picture[:100, :150], scene.cut(90, 80)[:100, :150])


def test_a_project_lies_where_its_frames_were_found(project, tmp_path):
    path = tmp_path / "chip.seamnet.json"
    project.save(path)
    ((levels, settings, _),) = get_reader([str(path)])([str(path)])
    assert settings["name"] == "chip.seamnet.json"
    assert levels[0].shape == (280, 361)  # 360 px by the layout
    assert settings["metadata"][SESSION].path == path


def test_a_file_of_positions_is_read(folder):
    path = folder / "TileConfiguration.txt"
    ((levels, settings, _),) = get_reader(path)(path)
    assert levels[0].shape == (280, 360)
    assert settings["metadata"][SESSION].project.layout.source


def test_micrometres_are_the_layers_own(project, tmp_path):
    project = replace(project, layout=replace(project.layout, pixel_size=(0.5, 0.25)))
    path = tmp_path / "a.seamnet.json"
    project.save(path)
    ((_, settings, _),) = read(path)
    assert settings["scale"] == (0.5, 0.25)
    session = settings["metadata"][SESSION]
    y, x = min(f.whole for f in session.solution.frames)
    assert settings["translate"] == (0.5 * y, 0.25 * x)


def test_what_is_no_grid_is_left_to_others(tmp_path, scene):
    empty = tmp_path / "empty"
    empty.mkdir()
    assert get_reader(str(empty)) is None
    tifffile.imwrite(empty / "one.tif", scene.cut(0, 0))
    assert get_reader(str(empty)) is None
    zarr = tmp_path / "a.ome.zarr"
    zarr.mkdir()
    for k in range(3):
        tifffile.imwrite(zarr / f"{k}.tif", scene.cut(0, k))
    assert get_reader(str(zarr)) is None
    assert get_reader([str(empty / "one.tif")] * 2) is None
    assert get_reader(str(tmp_path / "gone.seamnet.json")) is None


def test_frames_that_are_gone_are_told(project, folder, tmp_path):
    path = tmp_path / "chip.seamnet.json"
    project.save(path)
    folder.rename(tmp_path / "elsewhere")
    with pytest.raises(FramesElsewhereError, match="4 of 4 files"):
        read(path)


def test_in_a_window_the_dock_takes_it_up(folder, monkeypatch):
    taken = []

    class Dock:
        def open(self, path):
            taken.append(path)

    monkeypatch.setattr("napari.current_viewer", lambda: object())
    monkeypatch.setattr(reader, "_open_dock", lambda viewer, name: Dock() if name else None)
    assert read(str(folder)) == NO_LAYERS
    assert taken == [folder]
    monkeypatch.setattr(reader, "_open_dock", lambda viewer, name: None)
    assert len(read(str(folder))[0]) == 3


def test_the_manifests_patterns_reach_the_files():
    from npe2 import DynamicPlugin, PluginManager

    manager = PluginManager()
    plugin = DynamicPlugin("napari-seamnet-patterns", plugin_manager=manager)
    with plugin:
        plugin.contribute.reader(filename_patterns=reader.PATTERNS, accepts_directories=True)(read)

        def found(name):
            return list(manager.iter_compatible_readers([name]))

        for name in (
            "chip.seamnet.json",
            "my.run.v2.seamnet.json",
            "TileConfiguration.txt",
            "/a/b/TileConfiguration.registered.txt",
            "img-global-positions-0.txt",
        ):
            assert found(name), name
        for name in ("a.json", "notes.txt", "a.tif", "a.csv"):
            assert not found(name), name
