import numpy as np
import pytest

from napari_seamnet.mosaic.export.display import display_window, value_range


def test_a_few_hot_pixels_do_not_take_the_contrast():
    pixels = np.arange(1000, 2000, dtype=np.uint16).reshape(40, 25)
    pixels[0, :3] = 65535
    start, end = display_window(pixels)
    assert 1000 <= start < 1020
    assert 1980 < end < 2010


def test_what_no_frame_shows_does_not_count():
    pixels = np.zeros((40, 50), np.uint8)
    pixels[:20, :25] = np.arange(100, 200).repeat(5).reshape(20, 25)
    start, end = display_window(pixels, pixels > 0)
    assert start >= 100
    assert end <= 199


@pytest.mark.parametrize("value", [0, 7, 255])
def test_one_grey_value_still_gives_a_window(value):
    start, end = display_window(np.full((5, 5), value, np.uint8))
    assert start == value < end


def test_a_picture_of_two_values_shows_both():
    pixels = np.zeros((100, 100), np.uint8)
    pixels[0, 0] = 9
    assert display_window(pixels) == (0, 9)


@pytest.mark.parametrize("pixels", [np.full((3, 3), np.nan), np.full((3, 3), -np.inf)])
def test_nothing_finite_gives_a_window_too(pixels):
    assert display_window(pixels) == (0, 1)
    assert value_range(pixels) == (0, 1)


def test_the_range_is_the_dtypes_or_of_floats_what_is_there():
    assert value_range(np.ones((2, 2), np.int16)) == (-32768, 32767)
    assert value_range(np.array([[0.5, np.nan], [2.5, 1]])) == (0.5, 2.5)
    assert value_range(np.ones((2, 2), np.float32)) == (1, 2)
