"""OME-TIFF: exactly the same pixels again on every level, all or nothing.

What other programs make of it is tested in test_other_readers.py.
"""

import csv
import os
import time

import numpy as np
import pytest
import tifffile

from napari_seamnet import saving
from napari_seamnet.frames import FrameError, open_frame
from napari_seamnet.mosaic import Mosaic, MosaicError
from napari_seamnet.mosaic.export import export, ome_tiff, save_ome_tiff
from napari_seamnet.shifts import Cancelled


def levels_of(path):
    """All levels, as tifffile reads them."""
    with tifffile.TiffFile(path) as file:
        return [level.asarray() for level in file.series[0].levels]


@pytest.mark.parametrize("compression", [None, "zlib", "deflate"])
@pytest.mark.parametrize(
    ("dtype", "channels"),
    [("uint8", ()), ("uint16", ()), ("int16", ()), ("uint32", ()), ("float32", ()),
     ("float64", ()), ("uint8", (3,)), ("uint16", (4,))],
)  # fmt: skip
@pytest.mark.usefixtures("small_pieces")
def test_the_saved_mosaic_opens_as_the_same_pixels_on_every_level(
    tmp_path, mosaic, dtype, channels, compression
):
    one, path = mosaic(dtype, channels), tmp_path / "mosaic.ome.tif"
    one.save(path, fill=7, compression=compression)
    frame = open_frame(path)
    assert (frame.shape, frame.dtype) == (one.bounds.shape, one.dtype)
    whole, levels = one.array(fill=7).compute(), levels_of(path)
    np.testing.assert_array_equal(frame.read(), whole)
    for k, level in enumerate(levels):
        np.testing.assert_array_equal(level, whole[:: 2**k, :: 2**k], strict=True)
    assert max(levels[-1].shape[:2]) <= 8 < max(levels[-2].shape[:2])
    assert os.listdir(tmp_path) == ["mosaic.ome.tif"]


def test_a_mosaic_smaller_than_a_tile_is_saved_whole(tmp_path, mosaic):
    one = mosaic(size=(5, 27))
    one.save(tmp_path / "a.tif")
    np.testing.assert_array_equal(open_frame(tmp_path / "a.tif").read(), one.array().compute())
    assert len(levels_of(tmp_path / "a.tif")) == 1


def test_levels_are_added_until_one_fits_a_screen(tmp_path, mosaic):
    mosaic(size=(500, 700)).save(tmp_path / "a.tif")
    assert [level.shape for level in levels_of(tmp_path / "a.tif")] == [
        (992, 1380), (496, 690), (248, 345),
    ]  # fmt: skip


def test_the_file_is_a_tiled_ome_tiff_that_knows_its_pixel_size(tmp_path, mosaic):
    mosaic(size=(500, 700)).save(tmp_path / "chip 7.ome.tif", pixel_size=(0.5, 0.25))
    with tifffile.TiffFile(tmp_path / "chip 7.ome.tif") as file:
        assert file.is_ome
        assert not file.is_bigtiff
        image = tifffile.xml2dict(file.ome_metadata)["OME"]["Image"]
        assert image["Name"] == "chip 7"
        pixels = image["Pixels"]
        assert (pixels["PhysicalSizeY"], pixels["PhysicalSizeX"]) == (0.5, 0.25)
        assert pixels["PhysicalSizeYUnit"] == pixels["PhysicalSizeXUnit"] == "µm"
        levels = [level.pages[0] for level in file.series[0].levels]
        assert all(page.is_tiled for page in levels)
        assert [page.is_reduced for page in levels] == [False, True, True]
        for k, page in enumerate(levels):
            resolution = page.get_resolution("MICROMETER")
            assert resolution == pytest.approx((4 / 2**k, 2 / 2**k))


def test_beyond_the_classic_limit_it_is_a_bigtiff(tmp_path, mosaic, monkeypatch):
    monkeypatch.setattr(ome_tiff, "CLASSIC_LIMIT", 1000)
    mosaic().save(tmp_path / "a.tif")
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        assert file.is_bigtiff


def test_ownership_is_the_one_asked_for(tmp_path, mosaic):
    one = mosaic()
    for ownership in ("first", "last"):
        one.save(tmp_path / "a.tif", ownership)
        saved = open_frame(tmp_path / "a.tif").read()
        np.testing.assert_array_equal(saved, one.array(ownership).compute())


@pytest.mark.usefixtures("small_pieces")
def test_progress_counts_the_pixels_of_all_levels(tmp_path, mosaic):
    calls = []
    mosaic().save(tmp_path / "a.tif", progress=lambda *call: calls.append(call))
    total = sum(level.size for level in levels_of(tmp_path / "a.tif"))
    done = [call[0] for call in calls]
    assert {call[1:] for call in calls} == {(total, "saving")}
    assert done == sorted(done)
    assert (done[0], done[-1]) == (0, total)
    assert len(done) >= 20


@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("share", [0, 0.4, 0.9])
@pytest.mark.usefixtures("small_pieces")
def test_cancelling_leaves_nothing_new_and_an_old_file_as_it_was(
    tmp_path, mosaic, compression, share
):
    path = tmp_path / "a.tif"
    path.write_bytes(b"the old one")

    def cancel(done, total, what):
        if done > share * total:
            raise Cancelled

    with pytest.raises(Cancelled):
        mosaic().save(path, compression=compression, progress=cancel)
    assert os.listdir(tmp_path) == ["a.tif"]
    assert path.read_bytes() == b"the old one"


def test_cancelling_takes_less_than_a_second_however_slow_the_frames(tmp_path):
    class Slow:
        shape, dtype = (9000, 5000), np.dtype(np.uint8)

        def __getitem__(self, key):
            time.sleep(0.2)
            return np.broadcast_to(np.uint8(3), self.shape)[key]

    asked = []

    def cancel(done, total, what):
        asked.append(time.perf_counter())
        if asked[-1] - asked[0] > 0.3:
            raise Cancelled

    with pytest.raises(Cancelled):
        Mosaic.start(Slow()).save(tmp_path / "m.tif", progress=cancel)
    assert time.perf_counter() - asked[-1] < 1
    assert os.listdir(tmp_path) == []


def test_a_frame_that_turns_out_to_be_damaged_leaves_nothing(tmp_path):
    source = tmp_path / "frame.tif"
    tifffile.imwrite(source, np.ones((100, 100), np.uint8))
    one = Mosaic.start(source)
    source.write_bytes(source.read_bytes()[:2000])
    with pytest.raises(FrameError, match=r"frame\.tif is cut short"):
        one.save(tmp_path / "a.tif")
    source.unlink()
    with pytest.raises(FrameError, match=r"frame\.tif: there is no such file"):
        one.save(tmp_path / "a.tif")
    assert os.listdir(tmp_path) == []


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path, mosaic, monkeypatch):
    def full(source, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(saving.os, "replace", full)
    with pytest.raises(MosaicError, match=r"a\.tif cannot be written \(No space left on device\)"):
        mosaic().save(tmp_path / "a.tif")
    assert os.listdir(tmp_path) == []


def test_the_frames_themselves_are_never_overwritten(tmp_path):
    source = tmp_path / "frame.tif"
    tifffile.imwrite(source, np.ones((100, 100), np.uint8))
    before = source.read_bytes()
    with pytest.raises(MosaicError, match="is one of the frames of this mosaic"):
        Mosaic.start(source).save(tmp_path / "." / "frame.tif")
    assert source.read_bytes() == before


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("a.ome.png", {}, r"by its name; call it a\.ome\.tif or a\.ome\.zarr"),
        ("none/a.tif", {}, "there is no folder .*none to write a.tif to"),
        ("folder.tif", {}, "is a folder"),
        ("a.tif", {"compression": "zstd"}, "no compression 'zstd' for OME-TIFF; choose 'zlib'"),
        ("a.tif", {"pixel_size": 0}, "a pixel cannot be 0.0 x 0.0 µm"),
        ("a.tif", {"pixel_size": (1, float("nan"))}, "a pixel cannot be 1.0 x nan µm"),
        ("a.tif", {"fill": -1}, "cannot show the fill value -1"),
        ("a.tif", {"ownership": "both"}, "no ownership 'both'"),
    ],
)
def test_what_cannot_be_written_so_is_refused_before_anything_is(
    tmp_path, mosaic, name, options, words
):
    (tmp_path / "folder.tif").mkdir()
    with pytest.raises(MosaicError, match=words):
        mosaic().save(tmp_path / name, **options)
    assert os.listdir(tmp_path) == ["folder.tif"]


@pytest.mark.parametrize(("dtype", "way_out"), [("uint64", "int32"), ("float16", "float32")])
def test_a_dtype_that_ome_does_not_know_is_refused_with_the_way_out(tmp_path, dtype, way_out):
    one = Mosaic.start(np.zeros((5, 7), dtype))
    with pytest.raises(MosaicError, match=f"cannot hold {dtype} pixels; save an .*{way_out}"):
        one.save(tmp_path / "a.tif")


@pytest.mark.usefixtures("small_pieces")
def test_the_provenance_stands_beside_it_with_a_table_of_the_frames(tmp_path, mosaic):
    one = mosaic()
    written = export(one, tmp_path / "m.ome.tif", ownership="last", provenance=True)
    names = ["m.ome.tif", "m.provenance.csv", "m.provenance.ome.tif"]
    assert sorted(path.name for path in written) == sorted(os.listdir(tmp_path)) == names
    owner = one.provenance("last").compute()
    for k, level in enumerate(levels_of(tmp_path / "m.provenance.ome.tif")):
        np.testing.assert_array_equal(level.astype(int) - 1, owner[:: 2**k, :: 2**k])
    with (tmp_path / "m.provenance.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(int(row["label"]), int(row["y"]), int(row["x"])) for row in rows] == [
        (1, 7, 0), (2, 0, 90), (3, 82, 3),
    ]  # fmt: skip
    assert {row["status"] for row in rows} == {"certain"}


@pytest.mark.parametrize("last_what", ["saving", "saving the provenance"])
@pytest.mark.usefixtures("small_pieces")
def test_of_picture_and_provenance_there_are_both_or_none(tmp_path, mosaic, last_what):
    def cancel(done, total, what):
        if what == last_what and done:
            raise Cancelled

    with pytest.raises(Cancelled):
        export(mosaic(), tmp_path / "m.ome.tif", provenance=True, progress=cancel)
    assert os.listdir(tmp_path) == []


def test_a_frame_called_like_the_provenance_is_never_overwritten(tmp_path):
    frame = tmp_path / "m.provenance.ome.tif"
    tifffile.imwrite(frame, np.ones((100, 100), np.uint8))
    with pytest.raises(MosaicError, match=r"m\.provenance\.ome\.tif is one of the frames"):
        export(Mosaic.start(frame), tmp_path / "m.ome.tif", provenance=True)
    assert os.listdir(tmp_path) == ["m.provenance.ome.tif"]


@pytest.mark.usefixtures("small_pieces")
def test_any_lazy_array_can_be_saved(tmp_path, mosaic):
    lazy = mosaic().array(chunks=33)
    save_ome_tiff(lazy, tmp_path / "m.tif")
    np.testing.assert_array_equal(levels_of(tmp_path / "m.tif")[0], lazy.compute())
