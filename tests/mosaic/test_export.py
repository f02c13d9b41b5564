"""Saved mosaics: exactly the same pixels again, all or nothing."""

import os

import numpy as np
import pytest
import tifffile

from napari_seamnet.frames import FrameError, open_frame
from napari_seamnet.mosaic import Mosaic, MosaicError
from napari_seamnet.mosaic import export as export_module
from napari_seamnet.shifts import Cancelled

RNG = np.random.default_rng(11)


def mosaic_of(dtype=np.uint16, channels=(), size=(700, 900)):
    kind = np.dtype(dtype).kind
    pixels = RNG.integers(0, 256, (2, *size, *channels)) * (257 if kind == "u" else 1)
    pixels = (pixels % (np.iinfo(dtype).max if kind in "ui" else 2**20)).astype(dtype)
    return Mosaic.start(pixels[0]).place(pixels[1], (-30, 800))


@pytest.mark.parametrize("compression", [None, "zlib", "deflate"])
@pytest.mark.parametrize(
    ("dtype", "channels"),
    [("uint8", ()), ("uint16", ()), ("int16", ()), ("uint32", ()), ("float32", ()),
     ("float64", ()), ("uint8", (3,)), ("uint16", (4,))],
)  # fmt: skip
def test_the_saved_mosaic_opens_as_the_same_pixels(tmp_path, dtype, channels, compression):
    mosaic, path = mosaic_of(dtype, channels), tmp_path / "mosaic.ome.tif"
    mosaic.save(path, fill=7, compression=compression)
    frame = open_frame(path)
    assert (frame.shape, frame.dtype) == (mosaic.bounds.shape, mosaic.dtype)
    np.testing.assert_array_equal(frame.read(), mosaic.array(fill=7).compute())
    np.testing.assert_array_equal(tifffile.imread(path), frame.read())
    assert os.listdir(tmp_path) == ["mosaic.ome.tif"]


def test_a_mosaic_smaller_than_a_tile_is_saved_whole(tmp_path):
    mosaic = Mosaic.start(RNG.integers(0, 255, (5, 7), np.uint8))
    mosaic.save(tmp_path / "a.tif")
    np.testing.assert_array_equal(open_frame(tmp_path / "a.tif").read(), mosaic.array().compute())


def test_the_file_is_a_tiled_ome_tiff_that_knows_its_pixel_size(tmp_path):
    mosaic_of().save(tmp_path / "a.ome.tif", pixel_size=(0.5, 0.25))
    with tifffile.TiffFile(tmp_path / "a.ome.tif") as file:
        assert file.is_ome
        assert not file.is_bigtiff
        assert file.pages[0].is_tiled
        pixels = tifffile.xml2dict(file.ome_metadata)["OME"]["Image"]["Pixels"]
        assert (pixels["PhysicalSizeY"], pixels["PhysicalSizeX"]) == (0.5, 0.25)
        assert pixels["PhysicalSizeYUnit"] == pixels["PhysicalSizeXUnit"] == "µm"
        assert file.pages[0].get_resolution("MICROMETER") == pytest.approx((4, 2))


def test_beyond_the_classic_limit_it_is_a_bigtiff(tmp_path, monkeypatch):
    monkeypatch.setattr(export_module, "CLASSIC_LIMIT", 1000)
    mosaic_of().save(tmp_path / "a.tif")
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        assert file.is_bigtiff


def test_ownership_is_the_one_asked_for(tmp_path):
    mosaic = mosaic_of()
    for ownership in ("first", "last"):
        mosaic.save(tmp_path / "a.tif", ownership)
        saved = open_frame(tmp_path / "a.tif").read()
        np.testing.assert_array_equal(saved, mosaic.array(ownership).compute())


def test_progress_counts_the_pixels_up_to_all_of_them(tmp_path):
    calls = []
    mosaic = mosaic_of()
    mosaic.save(tmp_path / "a.tif", progress=lambda *call: calls.append(call))
    total = mosaic.shape[0] * mosaic.shape[1]
    done = [call[0] for call in calls]
    assert {call[1:] for call in calls} == {(total, "saving")}
    assert done == sorted(done)
    assert (done[0], done[-1]) == (0, total)
    assert len(done) >= 3


@pytest.mark.parametrize("compression", [None, "zlib"])
def test_cancelling_leaves_nothing_new_and_an_old_file_as_it_was(tmp_path, compression):
    path = tmp_path / "a.tif"
    path.write_bytes(b"the old one")

    def cancel(done, total, what):
        if done:
            raise Cancelled

    with pytest.raises(Cancelled):
        mosaic_of().save(path, compression=compression, progress=cancel)
    assert os.listdir(tmp_path) == ["a.tif"]
    assert path.read_bytes() == b"the old one"


def test_a_frame_that_turns_out_to_be_damaged_leaves_nothing(tmp_path):
    source = tmp_path / "frame.tif"
    tifffile.imwrite(source, RNG.integers(0, 255, (100, 100), np.uint8))
    mosaic = Mosaic.start(source)
    source.write_bytes(source.read_bytes()[:2000])
    with pytest.raises(FrameError, match=r"frame\.tif is cut short"):
        mosaic.save(tmp_path / "a.tif")
    source.unlink()
    with pytest.raises(FrameError, match=r"frame\.tif: there is no such file"):
        mosaic.save(tmp_path / "a.tif")
    assert os.listdir(tmp_path) == []


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path, monkeypatch):
    def full(source, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(export_module.os, "replace", full)
    with pytest.raises(MosaicError, match=r"a\.tif cannot be written \(No space left on device\)"):
        mosaic_of().save(tmp_path / "a.tif")
    assert os.listdir(tmp_path) == []


def test_the_frames_themselves_are_never_overwritten(tmp_path):
    source = tmp_path / "frame.tif"
    tifffile.imwrite(source, RNG.integers(0, 255, (100, 100), np.uint8))
    before = source.read_bytes()
    with pytest.raises(MosaicError, match="one of the frames of this mosaic"):
        Mosaic.start(source).save(tmp_path / "." / "frame.tif")
    assert source.read_bytes() == before


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("a.png", {}, r"cannot be an OME-TIFF by its name; call it a\.ome\.tif"),
        ("none/a.tif", {}, "there is no folder .*none to write a.tif to"),
        ("folder.tif", {}, "is a folder"),
        ("a.tif", {"compression": "lzma"}, "no compression 'lzma' here; choose 'zlib'"),
        ("a.tif", {"pixel_size": 0}, "a pixel cannot be 0.0 x 0.0 µm"),
        ("a.tif", {"pixel_size": (1, float("nan"))}, "a pixel cannot be 1.0 x nan µm"),
        ("a.tif", {"fill": -1}, "cannot show the fill value -1"),
        ("a.tif", {"ownership": "both"}, "no ownership 'both'"),
    ],
)
def test_what_cannot_be_written_so_is_refused_before_anything_is(tmp_path, name, options, words):
    (tmp_path / "folder.tif").mkdir()
    with pytest.raises(MosaicError, match=words):
        mosaic_of().save(tmp_path / name, **options)
    assert os.listdir(tmp_path) == ["folder.tif"]


@pytest.mark.parametrize(("dtype", "way_out"), [("uint64", "int32"), ("float16", "float32")])
def test_a_dtype_that_ome_does_not_know_is_refused_with_the_way_out(tmp_path, dtype, way_out):
    mosaic = Mosaic.start(np.zeros((5, 7), dtype))
    with pytest.raises(MosaicError, match=f"cannot hold {dtype} pixels; convert .*{way_out}"):
        mosaic.save(tmp_path / "a.tif")


def test_frames_are_read_in_blocks_and_never_whole(tmp_path, monkeypatch):
    pixels, read = RNG.integers(0, 255, (1500, 1700), np.uint8), []

    class Watched:
        shape, dtype = pixels.shape, pixels.dtype

        def __getitem__(self, key):
            read.append(pixels[key].shape)
            return pixels[key]

    monkeypatch.setattr(export_module, "BLOCK_TILES", 2)
    Mosaic.start(Watched()).save(tmp_path / "a.tif")
    np.testing.assert_array_equal(open_frame(tmp_path / "a.tif").read(), pixels)
    assert max(h for h, _ in read) <= export_module.TILE
    assert max(w for _, w in read) <= 2 * export_module.TILE
