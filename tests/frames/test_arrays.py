"""Arrays as frames: what is one plane, what is not, and that nothing is copied."""

import dask.array as da
import numpy as np
import pytest
import zarr

from napari_seamnet.frames import FrameError, as_frame
from napari_seamnet.geometry import Box


def numbered(*shape, dtype=np.uint16):
    return (np.arange(np.prod(shape)) * 7919 % 65521).astype(dtype).reshape(shape)


@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint16", ">u2", "int64", "float16", ">f4"])
def test_pixels_keep_their_values_in_native_byte_order(dtype):
    pixels = numbered(5, 7).astype(dtype)
    frame = as_frame(pixels)
    assert frame.dtype.isnative
    assert frame.read().dtype == frame.dtype == np.dtype(dtype).newbyteorder("=")
    np.testing.assert_array_equal(frame.read(), pixels)


def test_a_numpy_array_is_not_copied():
    pixels = numbered(5, 7)
    assert np.shares_memory(as_frame(pixels).read(Box(1, 2, 3, 4)), pixels)
    assert pixels.flags.writeable


def test_only_the_dask_chunks_under_the_box_are_computed():
    computed = []

    def chunk(block_info):
        computed.append(block_info[None]["chunk-location"])
        return np.zeros((10, 10), np.uint8)

    lazy = da.map_blocks(chunk, chunks=((10,) * 5, (10,) * 5), dtype=np.uint8, meta=np.uint8([[]]))
    frame = as_frame(lazy)
    assert (frame.shape, computed) == ((50, 50), [])
    frame.read(Box(12, 31, 5, 12))
    assert sorted(computed) == [(1, 3), (1, 4)]


def test_zarr_arrays_are_sliced_like_the_others():
    pixels = numbered(50, 70)
    stored = zarr.array(pixels, chunks=(16, 16))
    np.testing.assert_array_equal(as_frame(stored).read(Box(3, 4, 20, 30)), pixels[3:23, 4:34])


@pytest.mark.parametrize(
    ("shape", "plane", "channels"),
    [
        ((5, 7), (5, 7), 0),
        ((1, 5, 7), (5, 7), 0),
        ((1, 1, 5, 7), (5, 7), 0),
        ((5, 7, 1), (5, 7), 0),
        ((5, 7, 3), (5, 7), 3),
        ((1, 5, 7, 4), (5, 7), 4),
        ((1, 7, 3), (1, 7), 3),
        ((1, 7), (1, 7), 0),
        ((1, 1), (1, 1), 0),
    ],
)
def test_axes_of_length_one_count_for_nothing(shape, plane, channels):
    pixels = numbered(*shape)
    frame = as_frame(pixels)
    assert (frame.shape, frame.channels) == (plane, channels)
    expected = pixels.reshape((*plane, channels) if channels else plane)
    np.testing.assert_array_equal(frame.read(), expected)
    box = Box(0, 0, 1, 1)
    np.testing.assert_array_equal(frame.read(box), expected[:1, :1])


@pytest.mark.parametrize("shape", [(4, 5, 7), (3, 5, 7), (2, 5, 7, 3), (5, 7, 2), (5, 7, 5), (9,)])
def test_a_stack_is_refused_with_the_way_to_choose_a_plane(shape):
    with pytest.raises(FrameError, match=r"scan has the shape .*choose one, such as stack\[0\]"):
        as_frame(numbered(*shape), name="scan")


@pytest.mark.parametrize("shape", [(0, 5), (5, 0), (0, 5, 3)])
def test_an_empty_array_is_refused(shape):
    with pytest.raises(FrameError, match="holds no pixel"):
        as_frame(numbered(*shape))


@pytest.mark.parametrize(
    ("dtype", "remedy"),
    [("complex64", "numpy.abs"), ("bool", "astype.*255"), ("O", "uint8"), ("longdouble", "float")],
)
def test_values_that_are_no_pixels_are_refused_with_the_way_out(dtype, remedy):
    if dtype == "longdouble" and np.dtype("longdouble").itemsize == 8:
        pytest.skip("a long double is a double here")
    with pytest.raises(FrameError, match=f"array holds .*{remedy}"):
        as_frame(np.zeros((5, 7), dtype))


@pytest.mark.parametrize("thing", [[[1, 2], [3, 4]], 7, None])
def test_what_is_no_array_is_refused_by_its_type(thing):
    with pytest.raises(FrameError, match=rf"{type(thing).__name__}, not a picture; give a path"):
        as_frame(thing)


def test_equal_pixels_have_equal_tokens_and_others_not():
    pixels = numbered(50, 70)
    other = pixels.copy()
    assert as_frame(pixels).token == as_frame(other).token
    other[49, 69] += 1
    assert as_frame(pixels).token != as_frame(other).token


def test_of_what_dask_cannot_hash_the_token_stays_the_frames_own():
    stored = zarr.array(numbered(50, 70), chunks=(16, 16))
    frame = as_frame(stored)
    assert frame.token == frame.token
    assert frame.token != as_frame(stored).token
