"""Missing, damaged and cut files: one `FrameError` that names the file, whatever the decoder."""

import re

import imagecodecs
import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from napari_seamnet.frames import (
    FrameError,
    FrameNotFoundError,
    UnreadableFrameError,
    as_frame,
    open_frame,
)
from napari_seamnet.geometry import Box

NOISE = np.random.default_rng(3).integers(0, 256, (64, 96)).astype(np.uint8)
KINDS = [
    "plain.tif", "deflate.tif", "lzw.tif", "tiles.tif", "ome.tif", "a.png", "deep.png", "a.jpg",
    "a.bmp",
]  # fmt: skip


def write(folder, kind):
    path = folder / kind
    options = {
        "plain.tif": {},
        "deflate.tif": {"compression": "zlib", "rowsperstrip": 8},
        "lzw.tif": {"compression": "lzw"},
        "tiles.tif": {"compression": "zlib", "tile": (16, 16)},
        "ome.tif": {"ome": True},
    }
    if kind in options:
        tifffile.imwrite(path, NOISE, **options[kind])
    elif kind == "deep.png":
        path.write_bytes(imagecodecs.png_encode(np.stack([NOISE * np.uint16(200)] * 3, -1)))
    else:
        Image.fromarray(NOISE).save(path)
    return path


def test_a_missing_file_is_a_frame_error_and_a_file_not_found_error(tmp_path):
    with pytest.raises(FrameNotFoundError, match=r"gone\.tif: there is no such file"):
        open_frame(tmp_path / "gone.tif")
    assert issubclass(FrameNotFoundError, FileNotFoundError)
    assert issubclass(FrameNotFoundError, ValueError)


def test_a_file_that_went_away_after_opening_is_missed_at_reading(tmp_path):
    for kind in KINDS:
        path = write(tmp_path, kind)
        frame = open_frame(path)
        path.unlink()
        with pytest.raises(FrameNotFoundError, match=re.escape(kind)):
            frame.read()


def test_a_folder_is_named_as_one(tmp_path):
    with pytest.raises(UnreadableFrameError, match="is a folder; name one picture in it"):
        as_frame(tmp_path)


@pytest.mark.parametrize("content", [b"", b"II", b"no picture\n" * 99, b"II*\0" + bytes(200)])
@pytest.mark.parametrize("name", ["a.tif", "a.png"])
def test_a_file_that_is_no_picture_is_refused_at_opening(tmp_path, content, name):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UnreadableFrameError, match=re.escape(name)):
        open_frame(tmp_path / name)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("kept", [0.3, 0.6, 0.9])
def test_a_file_cut_short_is_told_and_never_filled_up(tmp_path, kind, kept):
    path = write(tmp_path, kind)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * kept)])
    with pytest.raises(FrameError, match=re.escape(kind)):
        open_frame(path).read()


@pytest.mark.parametrize("kind", ["plain.tif", "deflate.tif", "lzw.tif"])
def test_of_a_tiff_cut_short_the_missing_bytes_are_counted(tmp_path, kind):
    path = write(tmp_path, kind)
    path.write_bytes(path.read_bytes()[:-500])
    with pytest.raises(FrameError, match=r"is cut short: \d+ of .* \d+ bytes"):
        open_frame(path).read()


def test_the_sound_part_of_a_file_cut_short_can_still_be_read(tmp_path):
    path = write(tmp_path, "deflate.tif")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    box = Box(0, 0, 8, 96)
    np.testing.assert_array_equal(open_frame(path).read(box), NOISE[box.slices])


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(kind=st.sampled_from(KINDS), data=st.data())
def test_garbled_files_give_pixels_or_a_frame_error_and_nothing_else(tmp_path, kind, data):
    path = write(tmp_path, kind)
    content = bytearray(path.read_bytes())
    # Headers are where a wrong byte does most harm; they lie at the start, OME text included.
    for _ in range(data.draw(st.integers(1, 4))):
        where = data.draw(st.integers(0, min(len(content) - 1, 600)))
        content[where] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    problem = ""
    try:
        frame = open_frame(path)
        if frame.shape[0] * frame.shape[1] > 10**7:
            return
        pixels = frame.read()
    except FrameError as error:
        problem = str(error)
    if problem:
        assert path.name in problem
        assert "\n" not in problem
    else:
        assert pixels.shape[:2] == frame.shape
        assert pixels.dtype == frame.dtype
