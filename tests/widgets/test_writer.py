"""File > Save writes the frames' own pixels, positions and projects; others are kept."""

from __future__ import annotations

import csv
from dataclasses import replace

import numpy as np
import pytest
import tifffile
import zarr
from napari.components import ViewerModel

from napari_seamnet.geometry import Shift
from napari_seamnet.layouts import open_layout
from napari_seamnet.projects import Project
from napari_seamnet.shifts import Estimate, Status
from napari_seamnet.widgets import writer
from napari_seamnet.widgets._grid_session import GridSession
from napari_seamnet.widgets.reader import SESSION, layer_of
from napari_seamnet.widgets.writer import WriterError, write_mosaic, write_positions, write_project


@pytest.fixture
def session(tmp_path, scene) -> GridSession:
    """Two frames side by side, solved; the second lies 2 px further down than expected."""
    folder = tmp_path / "frames"
    folder.mkdir()
    for col in range(2):
        tifffile.imwrite(folder / f"tile_r0_c{col}.tif", scene.cut(90 + 2 * col, 80 + 160 * col))
    project = Project.of_layout(open_layout(folder, overlap=40))
    session = GridSession()
    session.open(project.with_estimates({0: Estimate(Shift(2, 0), Status.CERTAIN, 1.0)}).solve())
    return session


@pytest.fixture
def layer(session):
    """What napari hands to a writer for the mosaic's layer."""
    viewer = ViewerModel()
    (made,) = viewer._add_layer_from_data(*layer_of(session))
    return made.as_layer_data_tuple()


def test_the_mosaic_is_written_as_ome_tiff_and_ome_zarr(layer, session, scene, tmp_path):
    whole = np.zeros((162, 360), np.uint8)
    whole[:160, :180] = scene.cut(90, 80)[:, :180]
    whole[2:, 180:] = scene.cut(92, 240)[:, 20:]
    for name in ("m.ome.tif", "m.ome.zarr"):
        path = str(tmp_path / name)
        assert write_mosaic(path, *layer[:2]) == [path]
        picture = tifffile.imread(path) if name.endswith("tif") else zarr.open(path)["0"][:]
        # But for the pixels near the cut, which two frames show alike.
        np.testing.assert_array_equal(picture[2:160], whole[2:160])


def test_ownership_is_the_projects(layer, session, tmp_path):
    path = str(tmp_path / "last.ome.tif")
    session.record(replace(session.project, ownership="last"), "ownership")
    write_mosaic(path, *layer[:2])
    corner = session.solution.frames[1].whole
    assert corner[1] - session.solution.frames[0].whole[1] == 160
    second = session.project.layout[1].frame.read()
    np.testing.assert_array_equal(tifffile.imread(path)[2:162, 160:], second)


def test_any_flat_picture_can_be_written(tmp_path):
    pixels = np.arange(60 * 70, dtype=np.uint16).reshape(60, 70)
    path = str(tmp_path / "flat.ome.tif")
    assert write_mosaic(path, pixels, {"name": "flat"}) == [path]
    np.testing.assert_array_equal(tifffile.imread(path), pixels)
    coloured = np.stack([pixels % 251] * 3, axis=-1).astype(np.uint8)
    path = str(tmp_path / "rgb.ome.zarr")
    write_mosaic(path, [coloured, coloured[::2, ::2]], {"rgb": True, "multiscale": True})
    assert zarr.open(path)["0"].shape in ((3, 60, 70), (60, 70, 3))


def test_stacks_are_left_to_naparis_own_writer(tmp_path):
    stack = np.arange(3 * 20 * 30, dtype=np.uint8).reshape(3, 20, 30)
    path = str(tmp_path / "stack.ome.tif")
    assert write_mosaic(path, stack, {}) == [path]
    np.testing.assert_array_equal(tifffile.imread(path), stack)
    with pytest.raises(WriterError, match="3 axes"):
        write_mosaic(str(tmp_path / "stack.ome.zarr"), stack, {})


def test_cancelling_writes_nothing(layer, tmp_path, monkeypatch, qapp):
    class Cancelling:
        def __init__(self, *_): ...

        def __getattr__(self, name):
            return lambda *_: name == "wasCanceled"

    monkeypatch.setattr(writer, "QProgressDialog", Cancelling)
    assert write_mosaic(str(tmp_path / "m.ome.tif"), *layer[:2]) == []
    assert [path.name for path in tmp_path.iterdir()] == ["frames"]


def test_positions_are_written_as_table_and_for_fiji(layer, session, tmp_path):
    path = str(tmp_path / "places.csv")
    assert write_positions(path, *layer[:2]) == [path]
    with open(path) as file:
        found = [(int(line["y"]), int(line["x"])) for line in csv.DictReader(file)]
    assert found == [frame.whole for frame in session.solution.frames]
    path = str(tmp_path / "TileConfiguration.txt")
    write_positions(path, *layer[:2])
    assert open_layout(path).positions == tuple(map(tuple, found))


def test_what_has_no_positions_says_so(layer, session, tmp_path):
    path = str(tmp_path / "places.csv")
    with pytest.raises(WriterError, match="the layer 'photo' shows no grid"):
        write_positions(path, None, {"name": "photo", "metadata": {}})
    session.record(session.project.with_decision(0, 1, Shift(5, 5)), "decision")
    with pytest.raises(WriterError, match="have no positions yet"):
        write_positions(path, *layer[:2])
    with pytest.raises(WriterError, match="no project of it"):
        write_project(path, None, {"name": "photo"})


def test_a_frame_is_never_overwritten(layer, session):
    frame = session.project.layout[0].frame.path
    with pytest.raises(WriterError, match="one of the frames"):
        write_mosaic(str(frame), *layer[:2])
    with pytest.raises(WriterError, match="one of the frames"):
        write_positions(str(frame), *layer[:2])


def test_the_project_is_written_with_its_ending(layer, session, tmp_path):
    for name in ("a.seamnet.json", "b.json"):
        (path,) = write_project(str(tmp_path / name), *layer[:2])
        assert path.endswith(".seamnet.json")
        assert Project.load(path) == session.project
        assert str(session.path) == path
    assert layer[1]["metadata"][SESSION] is session
