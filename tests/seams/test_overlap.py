import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_seamnet.frames import as_frame
from napari_seamnet.geometry import Offset, OverlapError, Side, nominal_offset
from napari_seamnet.seams import Overlap, shared_pixels

PICTURE = np.arange(60 * 70, dtype=np.uint16).reshape(60, 70)
"""Every pixel has its own value, so any mix-up shows."""


def frame_at(y, x, height=30, width=40):
    return as_frame(PICTURE[y : y + height, x : x + width])


@pytest.mark.parametrize("margin", [0, 3, 500])
@pytest.mark.parametrize(
    ("first_at", "second_at", "side"),
    [
        ((10, 0), (10, 25), Side.RIGHT),
        ((10, 28), (10, 3), Side.LEFT),
        ((0, 10), (18, 10), Side.BELOW),
        ((25, 10), (7, 10), Side.ABOVE),
    ],
)
def test_at_shift_zero_level_frames_show_the_same_pixels_on_every_side(
    first_at, second_at, side, margin
):
    across = 1 if side.is_horizontal else 0
    size = (30, 40)[across]
    overlap_px = size - abs(second_at[across] - first_at[across])
    offset = nominal_offset((30, 40), (30, 40), side, overlap_px)
    crops = Overlap.cut(frame_at(*first_at), frame_at(*second_at), offset, margin=margin)
    first, second = shared_pixels(crops, 0, 0)
    assert first.size == overlap_px * (30, 40)[1 - across]
    np.testing.assert_array_equal(first, second)


@settings(deadline=None)
@given(
    nominal=st.tuples(st.integers(-25, 25), st.integers(-35, 35)),
    shift=st.tuples(st.integers(-5, 5), st.integers(-5, 5)),
    margin=st.integers(0, 12),
)
def test_at_the_true_shift_both_crops_show_the_same_pixels(nominal, shift, margin):
    true = [n + s for n, s in zip(nominal, shift, strict=True)]
    first_at = [max(0, -t) for t in true]
    second_at = [max(0, t) for t in true]
    first, second = frame_at(*first_at, 25, 35), frame_at(*second_at, 25, 35)
    try:
        crops = Overlap.cut(first, second, Offset(*nominal), margin=margin)
    except OverlapError:
        return
    one, other = shared_pixels(crops, *shift)
    np.testing.assert_array_equal(one, other)


def test_a_margin_as_wide_as_the_shift_loses_no_shared_pixel():
    first, second = frame_at(10, 0), frame_at(7, 20)  # offset (-3, 20)
    crops = Overlap.cut(first, second, Offset(0, 25), margin=5)
    one, other = shared_pixels(crops, -3, -5)
    assert one.shape == (27, 20)
    np.testing.assert_array_equal(one, other)
    without = Overlap.cut(first, second, Offset(0, 25))
    assert shared_pixels(without, -3, -5)[0].shape == (27, 10)


def test_the_nominal_overlap_is_the_margins_middle():
    first, second = frame_at(10, 0), frame_at(12, 25)
    crops = Overlap.cut(first, second, Offset(1, 24), margin=4).nominal()
    plain = Overlap.cut(first, second, Offset(1, 24))
    np.testing.assert_array_equal(crops.first, plain.first)
    np.testing.assert_array_equal(crops.second, plain.second)
    assert crops.origin == plain.origin == (0, 0)


@pytest.mark.parametrize("margin", [0, 4])
def test_frames_of_unequal_size_that_begin_at_one_corner_can_be_cut(margin):
    crops = Overlap.cut(frame_at(5, 5), frame_at(5, 5, 20, 50), Offset(0, 0), margin=margin)
    first, second = shared_pixels(crops, 0, 0)
    assert first.shape == (20, 40)
    np.testing.assert_array_equal(first, second)


def test_nothing_is_shared_beyond_the_crops():
    crops = Overlap(PICTURE[:5, :6], PICTURE[:5, :6])
    for shift in ((5, 0), (-5, 0), (0, 6), (0, -6), (99, 99), (-99, -99)):
        first, second = shared_pixels(crops, *shift)
        assert first.shape == second.shape
        assert first.size == 0


def test_shared_pixels_are_views():
    crops = Overlap(PICTURE[:5, :6], PICTURE[1:6, :6])
    assert all(np.shares_memory(pixels, PICTURE) for pixels in shared_pixels(crops, 1, 2))


def test_only_a_seam_between_frames_side_by_side_is_horizontal():
    assert Overlap.cut(frame_at(0, 0), frame_at(0, 30), Offset(0, 30)).is_horizontal
    assert not Overlap.cut(frame_at(0, 0), frame_at(20, 0), Offset(20, 0)).is_horizontal


@pytest.mark.parametrize("shape", [(4,), (4, 4, 3), (0, 4)])
def test_crops_that_are_not_grey_pictures_are_refused_and_named(shape):
    with pytest.raises(ValueError, match=r"second crop must be 2-D.*shape"):
        Overlap(np.zeros((4, 4)), np.zeros(shape))


def test_crops_of_unequal_shape_need_an_origin():
    with pytest.raises(ValueError, match=r"do not match.*give the origin"):
        Overlap(np.zeros((4, 4)), np.zeros((4, 5)))
