"""What holds for every frame, whatever it was made from."""

import pickle

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from napari_seamnet.frames import FrameError, as_frame, open_frame
from napari_seamnet.geometry import Box


def numbered(*shape, dtype=np.uint16):
    return (np.arange(np.prod(shape)) * 7919 % 65521).astype(dtype).reshape(shape)


@pytest.fixture(params=["array", "memmap", "plain.tif", "deflate.tif", "a.png", "dask"])
def any_frame(request, tmp_path):
    """The same picture from every kind of source."""
    pixels = numbered(50, 70)
    if request.param == "array":
        return as_frame(pixels), pixels
    if request.param == "memmap":
        np.save(tmp_path / "a.npy", pixels)
        return as_frame(np.load(tmp_path / "a.npy", mmap_mode="r+")), pixels
    if request.param == "dask":
        da = pytest.importorskip("dask.array")
        return as_frame(da.from_array(pixels, chunks=16)), pixels
    path = tmp_path / request.param
    if path.suffix == ".png":
        Image.fromarray(pixels).save(path)
    else:
        compression = "zlib" if "deflate" in path.name else None
        tifffile.imwrite(path, pixels, compression=compression, rowsperstrip=7)
    return open_frame(path), pixels


def test_pixels_are_the_source_pixels_and_cannot_be_written(any_frame):
    frame, pixels = any_frame
    for part in (frame.read(), frame.read(Box(3, 4, 5, 6)), frame.read(step=2), frame.grey()):
        with pytest.raises(ValueError, match="read-only"):
            part[0, 0] = 1
    np.testing.assert_array_equal(frame.read(), pixels)
    np.testing.assert_array_equal(frame.grey(Box(3, 4, 5, 6)), pixels[3:8, 4:10])


def test_the_dask_array_is_the_picture_in_whole_and_sliced(any_frame):
    frame, pixels = any_frame
    lazy = frame.dask(chunks=32)
    assert lazy.numblocks == (2, 3)
    np.testing.assert_array_equal(lazy.compute(), pixels)
    np.testing.assert_array_equal(lazy[7, 60:3:-2].compute(), pixels[7, 60:3:-2])
    assert lazy.name == frame.dask(chunks=32).name
    assert lazy.name != frame.dask(chunks=16).name


def test_a_frame_can_be_sent_to_another_process(any_frame):
    frame, pixels = any_frame
    twin = pickle.loads(pickle.dumps(frame))
    np.testing.assert_array_equal(twin.read(), pixels)
    assert twin.token == frame.token


def test_an_empty_box_gives_no_pixels(any_frame):
    frame, _ = any_frame
    assert frame.read(Box(3, 4, 0, 6)).shape == (0, 6)


@pytest.mark.parametrize("box", [Box(-1, 0, 5, 5), Box(0, 68, 5, 3), Box(48, 0, 3, 1)])
def test_a_box_beyond_the_frame_is_refused_and_never_wraps_around(any_frame, box):
    frame, _ = any_frame
    with pytest.raises(FrameError, match=r"reaches beyond .*50 x 70 px"):
        frame.read(box)


def test_a_step_below_one_is_refused(any_frame):
    with pytest.raises(FrameError, match="at least 1 px, not 0"):
        any_frame[0].read(step=0)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int32", "uint32", "float32", "float64"])
@pytest.mark.parametrize("channels", [3, 4])
def test_grey_is_the_luma_of_bt_601_in_the_same_dtype_without_alpha(dtype, channels):
    pixels = numbered(9, 11, channels, dtype=dtype)
    wide = pixels.astype(np.longdouble)
    luma = 0.299 * wide[..., 0] + 0.587 * wide[..., 1] + 0.114 * wide[..., 2]
    grey = as_frame(pixels).grey(Box(2, 3, 5, 7))
    assert grey.dtype == pixels.dtype
    tolerance = 0.51 if np.dtype(dtype).kind in "ui" else 1e-2
    np.testing.assert_allclose(grey.astype(float), luma[2:7, 3:10].astype(float), atol=tolerance)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "uint32", "uint64", "int64", "int16"])
def test_white_stays_white_and_black_black(dtype):
    limits = np.iinfo(dtype)
    pixels = np.array([[[limits.max] * 3, [limits.min] * 3]], dtype)
    grey = as_frame(pixels).grey().astype(float)
    np.testing.assert_allclose(grey, [[float(limits.max), float(limits.min)]], rtol=1e-12)


@given(value=st.integers(0, 255))
def test_grey_shown_in_colour_keeps_its_value(value):
    pixels = np.full((2, 3, 3), value, np.uint8)
    assert (as_frame(pixels).grey() == value).all()


def test_nan_survives(tmp_path):
    pixels = numbered(5, 6, dtype=np.float32)
    pixels[2, 3] = np.nan
    tifffile.imwrite(tmp_path / "a.tif", pixels)
    np.testing.assert_array_equal(open_frame(tmp_path / "a.tif").read(), pixels)
