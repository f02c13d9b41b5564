import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_seamnet.frames import lazy_array

PICTURE = np.arange(30 * 40 * 3, dtype=np.uint16).reshape(30, 40, 3)


def make(read=None, picture=PICTURE):
    read = read or (lambda box: picture[box.slices])
    return lazy_array(read, picture.shape, picture.dtype, "test-lazy", chunks=(8, 16))


def indices(length):
    one = st.integers(-length, length - 1)
    return st.one_of(one, st.slices(length), st.lists(one, min_size=1, max_size=5))


@settings(deadline=None)
@given(y=indices(30), x=indices(40))
def test_any_index_gives_what_the_array_gives(y, x):
    # numpy would pair two lists up; dask, asked one axis after the other, does not.
    np.testing.assert_array_equal(make()[y][..., x, :].compute(), PICTURE[y][..., x, :])
    if not (isinstance(y, list) or isinstance(x, list)):
        np.testing.assert_array_equal(make()[y, x, 1].compute(), PICTURE[y, x, 1])
        np.testing.assert_array_equal(make()[y, None, x].compute(), PICTURE[y, None, x])


def test_grey_pictures_are_as_good():
    grey = PICTURE[..., 0]
    np.testing.assert_array_equal(make(picture=grey).compute(), grey)


def test_a_slice_reads_the_slice_and_not_whole_chunks():
    read = []

    def reader(box):
        read.append(box.height * box.width)
        return PICTURE[box.slices]

    make(reader)[9:12, 17:21].compute()
    assert read == [12]


@pytest.mark.parametrize("chunks", [8, (8, 8)])
def test_channels_are_never_split(chunks):
    lazy = lazy_array(lambda box: PICTURE[box.slices], PICTURE.shape, PICTURE.dtype, "x", chunks)
    assert lazy.chunksize == (8, 8, 3)


@pytest.mark.parametrize("chunks", [0, (8, 0)])
def test_a_chunk_without_a_pixel_is_refused(chunks):
    with pytest.raises(ValueError, match="at least 1 px"):
        lazy_array(lambda box: PICTURE[box.slices], PICTURE.shape, PICTURE.dtype, "none", chunks)
