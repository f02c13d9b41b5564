"""The codec, against a reader written from the text of the design alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_seamnet.geometry import Shift
from napari_seamnet.learning.tile_label import (
    TileError,
    decode_label,
    encode_label,
    read_tile,
    tile_picture,
)


def x_and_y_by_the_design(blue) -> tuple[int, int]:
    """Read a label as the design's section 2 words it.

    "Row 0, columns 0..3 of the blue channel hold the label: sign of x (0 means minus, anything
    else plus), |x|, sign of y, |y|."
    """
    x = int(blue[0][1])
    if blue[0][0] == 0:
        x = -x
    y = int(blue[0][3])
    if blue[0][2] == 0:
        y = -y
    return x, y


def squares(size, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (2, size, size), np.uint8)


whole = st.integers(-50, 50)
corners = [(dy, dx) for dy in (-10, 0, 10) for dx in (-10, 0, 10)]


@given(dy=whole, dx=whole, size=st.integers(4, 24), seed=st.integers(0, 9))
def test_the_designs_reader_reads_what_we_write(dy, dx, size, seed):
    picture = tile_picture(*squares(size, seed), Shift(dy, dx))
    assert x_and_y_by_the_design(picture[..., 2]) == (dx, dy)


@given(dy=whole, dx=whole, plus_x=st.integers(1, 255), plus_y=st.integers(1, 255))
def test_we_read_what_the_design_lets_others_write(dy, dx, plus_x, plus_y):
    four = [0 if dx < 0 else plus_x, abs(dx), 0 if dy < 0 else plus_y, abs(dy)]
    assert decode_label(four) == Shift(dy, dx)


@given(dy=whole, dx=whole, size=st.integers(4, 24))
def test_a_tile_comes_back_as_it_was(dy, dx, size):
    first, second = squares(size)
    again = read_tile(tile_picture(first, second, Shift(dy, dx)))
    np.testing.assert_array_equal(again[0], first)
    np.testing.assert_array_equal(again[1], second)
    assert again[2] == Shift(dy, dx)


@pytest.mark.parametrize(("dy", "dx"), corners)
def test_corners_and_zero_come_back(dy, dx):
    blue = tile_picture(*squares(8), Shift(dy, dx))[..., 2]
    assert x_and_y_by_the_design(blue) == (dx, dy)
    assert tuple(decode_label(blue[0, :4])) == (dy, dx)


def test_the_order_is_the_sources_x_before_y():
    assert encode_label(Shift(dy=-2, dx=5)).tolist() == [255, 5, 0, 2]


def test_zero_is_plus_and_minus_zero_is_zero():
    assert encode_label(Shift(0, 0)).tolist() == [255, 0, 255, 0]
    assert str(decode_label([0, 0, 0, 0])) == "Shift(dy=0, dx=0)"


def test_red_is_first_green_second_and_blue_their_half_sum_but_for_the_label():
    first, second = squares(16)
    picture = tile_picture(first, second, Shift(3, -4))
    half = (first.astype(int) + second) // 2
    np.testing.assert_array_equal(picture[..., 0], first)
    np.testing.assert_array_equal(picture[..., 1], second)
    np.testing.assert_array_equal(picture[1:, :, 2], half[1:])
    np.testing.assert_array_equal(picture[0, 4:, 2], half[0, 4:])


@pytest.mark.parametrize("shift", [Shift(0.5, 0), Shift(0, 256), Shift(-256, 0)])
def test_a_shift_that_fits_no_label_is_refused_and_named(shift):
    with pytest.raises(TileError, match=rf"dy {shift.dy:g}, dx {shift.dx:g}"):
        encode_label(shift)


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        (np.zeros((8, 9), np.uint8), np.zeros((8, 9), np.uint8), r"\(8, 9\)"),
        (np.zeros((3, 3), np.uint8), np.zeros((3, 3), np.uint8), "at least 4 px"),
        (np.zeros((8, 8), np.uint16), np.zeros((8, 8), np.uint8), "uint16"),
        (np.zeros((8, 8), np.uint8), np.zeros((9, 9), np.uint8), "8 and 9 px"),
    ],
)
def test_squares_that_make_no_tile_are_refused(first, second, said):
    with pytest.raises(TileError, match=said):
        tile_picture(first, second, Shift(0, 0))


@pytest.mark.parametrize("shape", [(8, 8), (8, 9, 3), (8, 8, 4), (3, 3, 3)])
def test_a_picture_that_is_no_tile_is_refused(shape):
    with pytest.raises(TileError, match="square RGB picture"):
        read_tile(np.zeros(shape, np.uint8))


def test_a_label_has_four_pixels():
    with pytest.raises(TileError, match="not 3"):
        decode_label([1, 2, 3])
