"""OME-Zarr: exactly the same pixels again on every level, all or nothing.

What other programs make of it is tested in test_other_readers.py.
"""

import json
import os
import threading
import time

import numpy as np
import pytest
import tifffile
import zarr

from napari_seamnet.frames import FrameError
from napari_seamnet.geometry import Box
from napari_seamnet.mosaic import Mosaic, MosaicError
from napari_seamnet.mosaic.export import Picture, export, ome_zarr, save_ome_zarr, target
from napari_seamnet.shifts import Cancelled


def levels_of(path):
    """Levels as the library reads them, (h, w) or (h, w, C)."""
    group = zarr.open_group(path, mode="r")
    names = [one["path"] for one in group.attrs["ome"]["multiscales"][0]["datasets"]]
    read = [np.asarray(group[name][...]) for name in names]
    return [np.moveaxis(one, 0, -1) if one.ndim == 3 else one for one in read]


@pytest.mark.parametrize("compression", ["auto", None])
@pytest.mark.parametrize(
    ("dtype", "channels"),
    [("uint8", ()), ("uint16", ()), ("int16", ()), ("uint64", ()), ("float16", ()),
     ("float32", ()), ("float64", ()), ("uint8", (3,)), ("uint16", (4,)), ("float32", (3,))],
)  # fmt: skip
@pytest.mark.usefixtures("small_pieces")
def test_every_level_is_every_second_pixel_of_the_one_before(
    tmp_path, mosaic, dtype, channels, compression
):
    one, path = mosaic(dtype, channels), tmp_path / "m.ome.zarr"
    export(one, path, fill=7, compression=compression)
    whole, levels = one.array(fill=7).compute(), levels_of(path)
    for k, level in enumerate(levels):
        np.testing.assert_array_equal(level, whole[:: 2**k, :: 2**k], strict=True)
    assert max(levels[-1].shape[:2]) <= 8 < max(levels[-2].shape[:2])
    assert os.listdir(tmp_path) == ["m.ome.zarr"]


@pytest.mark.usefixtures("small_pieces")
def test_large_levels_are_sharded_in_chunks_a_quarter_as_wide(tmp_path, mosaic):
    export(mosaic(), tmp_path / "m.zarr")
    group = zarr.open_group(tmp_path / "m.zarr", mode="r")
    assert group["0"].chunks == group["1"].chunks == (16, 16)
    assert (group["0"].shards, group["1"].shards, group["2"].shards) == ((64, 64), (32, 32), None)


def test_heavy_pixels_get_smaller_shards():
    def side(dtype, channels=()):
        return ome_zarr._shard_side(Picture(None, (9, 9, *channels), np.dtype(dtype)))

    assert side("uint8") == side("uint16") == 4096
    assert side("float32") == side("uint8", (3,)) == 2048
    assert side("float64", (4,)) == 1024


def test_a_mosaic_smaller_than_a_chunk_takes_the_place_it_needs(tmp_path):
    pixels = np.random.default_rng(1).integers(0, 255, (5, 7), np.uint8)
    export(Mosaic.start(pixels), tmp_path / "m.zarr", compression=None)
    assert zarr.open_group(tmp_path / "m.zarr", mode="r")["0"].chunks == (5, 7)
    np.testing.assert_array_equal(levels_of(tmp_path / "m.zarr")[0], pixels)


@pytest.mark.usefixtures("small_pieces")
def test_blocks_without_frames_are_read_back_as_fill_and_take_no_place(tmp_path):
    pixels = np.arange(1, 401, dtype=np.float32).reshape(20, 20)
    far = Mosaic.start(pixels).place(pixels, (1000, 1000))
    export(far, tmp_path / "m.zarr", fill=float("nan"))
    np.testing.assert_array_equal(
        levels_of(tmp_path / "m.zarr")[0], far.array(fill=float("nan")).compute()
    )
    assert len([*(tmp_path / "m.zarr" / "0" / "c").rglob("*")]) < 8


def test_the_metadata_tell_axes_units_size_contrast_and_how_levels_came_about(tmp_path):
    ramp = np.arange(1, 10_001, dtype=np.uint16).reshape(100, 100)
    picture = Mosaic.start(ramp).place(ramp, (0, 900))
    export(picture, tmp_path / "chip 7.ome.zarr", pixel_size=(0.5, 0.25))
    ome = json.loads((tmp_path / "chip 7.ome.zarr/zarr.json").read_text())["attributes"]["ome"]
    multiscales = ome["multiscales"][0]
    assert ome["version"] == "0.5"
    assert multiscales["name"] == "chip 7"
    assert multiscales["axes"] == [
        {"name": name, "type": "space", "unit": "micrometer"} for name in "yx"
    ]
    scales = [one["coordinateTransformations"] for one in multiscales["datasets"]]
    assert scales == [[{"type": "scale", "scale": [s / 2, s / 4]}] for s in (1, 2)]
    assert multiscales["type"] == "subsampling"
    assert "every second row and column" in multiscales["metadata"]["description"]
    window = ome["omero"]["channels"][0]["window"]
    assert (window["min"], window["max"]) == (0, 65535)
    # The gap of zeros between the frames is not part of it.
    assert (window["start"], window["end"]) == pytest.approx((50, 9950), abs=120)
    array = zarr.open_group(tmp_path / "chip 7.ome.zarr", mode="r")["0"]
    assert array.metadata.dimension_names == ("y", "x")


@pytest.mark.parametrize(
    ("channels", "model"), [((), "greyscale"), ((3,), "color"), ((4,), "color")]
)
def test_channels_come_first_and_have_their_colours(tmp_path, mosaic, channels, model):
    export(mosaic(np.uint8, channels), tmp_path / "m.zarr")
    group = zarr.open_group(tmp_path / "m.zarr", mode="r")
    ome = group.attrs["ome"]
    axes = [axis["name"] for axis in ome["multiscales"][0]["axes"]]
    assert axes == (["c", "y", "x"] if channels else ["y", "x"])
    assert "unit" not in ome["multiscales"][0]["axes"][-1]  # nobody gave a pixel size
    described = ome["omero"]["channels"]
    assert [one["color"] for one in described][:3] == (
        ["FF0000", "00FF00", "0000FF"] if channels else ["FFFFFF"]
    )
    assert [one["active"] for one in described] == [True, True, True, False][: len(described)]
    assert ome["omero"]["rdefs"]["model"] == model


@pytest.mark.usefixtures("small_pieces")
def test_the_provenance_is_a_label_picture_with_a_table_of_the_frames(tmp_path, mosaic):
    one = mosaic(np.uint8, (3,))
    export(one, tmp_path / "m.ome.zarr", ownership="last", provenance=True, pixel_size=2)
    group = zarr.open_group(tmp_path / "m.ome.zarr", mode="r")
    assert group["labels"].attrs["ome"]["labels"] == ["provenance"]
    owner = one.provenance("last").compute()
    labels = levels_of(tmp_path / "m.ome.zarr/labels/provenance")
    for k, level in enumerate(labels):
        np.testing.assert_array_equal(level.astype(int) - 1, owner[:: 2**k, :: 2**k])
    assert len(labels) == len(levels_of(tmp_path / "m.ome.zarr"))
    ome = group["labels/provenance"].attrs["ome"]
    assert ome["multiscales"][0]["datasets"][1]["coordinateTransformations"][0]["scale"] == [4, 4]
    rows = ome["image-label"]["properties"]
    assert [(row["label-value"], row["frame"]) for row in rows] == [
        (1 + index, p.frame.name) for index, p in enumerate(one.placements)
    ]
    for row, placement in zip(rows, one.placements, strict=True):
        region = Box(row["y"], row["x"], row["height"], row["width"])
        assert region == placement.box.moved(-one.origin[0], -one.origin[1])


@pytest.mark.usefixtures("small_pieces")
def test_an_existing_zarr_is_replaced_as_a_whole(tmp_path, mosaic):
    path = tmp_path / "m.ome.zarr"
    export(mosaic(), path, provenance=True)
    (path / "left from before.txt").write_text("")
    export(mosaic(np.uint8), path)
    np.testing.assert_array_equal(levels_of(path)[0], mosaic(np.uint8).array().compute())
    assert {"labels", "left from before.txt"}.isdisjoint(os.listdir(path))
    assert os.listdir(tmp_path) == ["m.ome.zarr"]


def cancel_late(done, total, what):
    if done > total // 3:
        raise Cancelled


@pytest.mark.usefixtures("small_pieces")
def test_cancelling_leaves_nothing_new_and_an_old_zarr_as_it_was(tmp_path, mosaic):
    path = tmp_path / "m.ome.zarr"
    with pytest.raises(Cancelled):
        export(mosaic(), path, progress=cancel_late)
    assert os.listdir(tmp_path) == []
    export(mosaic(np.uint8), path)
    with pytest.raises(Cancelled):
        export(mosaic(), path, progress=cancel_late)
    assert os.listdir(tmp_path) == ["m.ome.zarr"]
    np.testing.assert_array_equal(levels_of(path)[0], mosaic(np.uint8).array().compute())


def test_cancelling_takes_less_than_a_second_however_slow_the_frames(tmp_path, monkeypatch):
    class Slow:
        shape, dtype = (4096, 4096), np.dtype(np.uint8)

        def __getitem__(self, key):
            time.sleep(0.2)
            return np.broadcast_to(np.uint8(3), self.shape)[key]

    asked = []

    def cancel(done, total, what):
        asked.append(time.perf_counter())
        if asked[-1] - asked[0] > 0.3:
            raise Cancelled

    threads = threading.active_count()
    with pytest.raises(Cancelled):
        export(Mosaic.start(Slow()), tmp_path / "m.zarr", progress=cancel)
    assert time.perf_counter() - asked[-1] < 1
    assert len(asked) >= 2
    assert os.listdir(tmp_path) == []
    assert threading.active_count() <= threads + 4  # zarr keeps some of its own


@pytest.mark.usefixtures("small_pieces")
def test_progress_counts_the_pixels_of_all_levels(tmp_path, mosaic):
    calls = []
    one = mosaic()
    export(one, tmp_path / "m.zarr", provenance=True, progress=lambda *call: calls.append(call))
    total = sum(level.size for level in levels_of(tmp_path / "m.zarr"))
    for what in ("saving", "saving the provenance"):
        done = [call[0] for call in calls if call[2] == what]
        assert {call[1] for call in calls if call[2] == what} == {total}
        assert done == sorted(done)
        assert done[-1] == total
    assert calls[0] == (0, total, "saving")


def test_a_frame_that_turns_out_to_be_damaged_leaves_nothing(tmp_path):
    source = tmp_path / "frame.tif"
    tifffile.imwrite(source, np.ones((100, 100), np.uint8))
    one = Mosaic.start(source)
    source.write_bytes(source.read_bytes()[:2000])
    with pytest.raises(FrameError, match=r"frame\.tif is cut short"):
        export(one, tmp_path / "m.zarr")
    assert os.listdir(tmp_path) == ["frame.tif"]


@pytest.mark.usefixtures("small_pieces")
def test_a_full_disk_is_told_and_leaves_nothing(tmp_path, mosaic, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(zarr.Array, "__setitem__", full)
    with pytest.raises(MosaicError, match=r"m\.zarr cannot be written \(No space left on device"):
        export(mosaic(), tmp_path / "m.zarr")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("none/m.zarr", {}, "there is no folder .*none to write m.zarr to"),
        ("photos.zarr", {}, "is a folder that holds no Zarr, and is not replaced"),
        ("letter.zarr", {}, "is a file, and is not replaced"),
        ("m.zarr", {"compression": "zlib"}, "no compression 'zlib' for OME-Zarr; choose 'zstd'"),
        ("m.zarr", {"pixel_size": -1}, "a pixel cannot be -1.0 x -1.0 µm"),
        ("m.zarr", {"fill": 0.5}, "cannot show the fill value 0.5"),
        ("m.zarr", {"ownership": "both"}, "no ownership 'both'"),
    ],
)
def test_what_cannot_be_written_so_is_refused_before_anything_is(
    tmp_path, mosaic, name, options, words
):
    (tmp_path / "photos.zarr").mkdir()
    (tmp_path / "photos.zarr/cat.jpg").write_text("a cat")
    (tmp_path / "letter.zarr").write_text("dear")
    with pytest.raises(MosaicError, match=words):
        export(mosaic(), tmp_path / name, **options)
    assert sorted(os.listdir(tmp_path)) == ["letter.zarr", "photos.zarr"]
    assert (tmp_path / "photos.zarr/cat.jpg").read_text() == "a cat"


def test_any_lazy_array_can_be_saved(tmp_path, mosaic):
    lazy = mosaic().array(chunks=33)
    save_ome_zarr(lazy, tmp_path / "m.zarr")
    np.testing.assert_array_equal(levels_of(tmp_path / "m.zarr")[0], lazy.compute())


def test_when_the_new_zarr_cannot_be_renamed_the_old_one_comes_back(tmp_path, monkeypatch):
    path = tmp_path / "m.zarr"
    path.mkdir()
    (path / "zarr.json").write_text("old")
    plain = type(path).rename

    def rename(self, other):
        if self.name.startswith(".part-"):
            raise OSError(1, "no")
        return plain(self, other)

    monkeypatch.setattr(type(path), "rename", rename)
    with pytest.raises(MosaicError, match="cannot be written"), target.written_folder(path):
        pass
    assert (path / "zarr.json").read_text() == "old"
    assert os.listdir(tmp_path) == ["m.zarr"]
