"""The conventions of `geometry.py`, tested with pictures, for all four sides."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from napari_seamnet.frames import as_frame
from napari_seamnet.geometry import (
    Box,
    Offset,
    OverlapError,
    Shift,
    Side,
    guess_side,
    nominal_offset,
    overlap_boxes,
)
from napari_seamnet.seams.overlap import Overlap, shared_pixels

# Every pixel of the sample differs from every other, so any mix-up shows.
SAMPLE = np.random.default_rng(7).permutation(200 * 220).astype(np.uint16).reshape(200, 220)
FIRST, SECOND = Box(80, 70, 60, 80), (60, 80)
OPPOSITE = {
    Side.RIGHT: Side.LEFT,
    Side.LEFT: Side.RIGHT,
    Side.BELOW: Side.ABOVE,
    Side.ABOVE: Side.BELOW,
}
SHIFTS = [Shift(0, 0), Shift(3, -5), Shift(-4, 2), Shift(6, 7), Shift(-1, -8)]


def photograph(side, overlap, shift, second_shape=SECOND):
    """Two frames of the sample; the second lies `shift` beside where the layout has it."""
    offset = nominal_offset(FIRST.shape, second_shape, side, overlap) + shift
    second = Box.of_shape(second_shape, at=(FIRST.y, FIRST.x)).moved(*offset.whole())
    assert Box.of_shape(SAMPLE.shape).meet(second) == second
    return SAMPLE[FIRST.slices], SAMPLE[second.slices]


@pytest.mark.parametrize(
    ("side", "offset"),
    [
        (Side.RIGHT, Offset(0, 80 - 25)),
        (Side.LEFT, Offset(0, 25 - 50)),
        (Side.BELOW, Offset(60 - 25, 0)),
        (Side.ABOVE, Offset(25 - 40, 0)),
    ],
)
def test_the_nominal_offset_leaves_a_strip_of_the_overlap(side, offset):
    assert nominal_offset((60, 80), (40, 50), side, 25) == offset
    assert nominal_offset((60, 80), (40, 50), str(side), 25) == offset


def test_an_overlap_of_a_fraction_of_a_pixel_is_refused():
    with pytest.raises(OverlapError, match=r"25\.5 px.* a whole number from 1 to 50 px"):
        nominal_offset((60, 80), (40, 50), "right", 25.5)


def test_a_side_that_is_none_names_those_there_are():
    with pytest.raises(ValueError, match="no side 'up'; choose one of right, below, left, above"):
        Side("up")


@pytest.mark.parametrize("side", Side)
def test_without_a_shift_the_nominal_overlaps_show_the_same(side):
    first, second = photograph(side, 25, Shift(0, 0))
    boxes = overlap_boxes(
        first.shape, second.shape, nominal_offset(first.shape, second.shape, side, 25)
    )
    assert boxes[0].shape == boxes[1].shape == ((60, 25) if side.is_horizontal else (25, 80))
    np.testing.assert_array_equal(first[boxes[0].slices], second[boxes[1].slices])


@pytest.mark.parametrize("shift", SHIFTS)
@pytest.mark.parametrize("side", Side)
def test_first_at_y_plus_dy_x_plus_dx_shows_what_second_shows_at_y_x(side, shift):
    first, second = photograph(side, 25, shift)
    offset = nominal_offset(first.shape, second.shape, side, 25)
    first_box, second_box = overlap_boxes(first.shape, second.shape, offset)
    left, right = first[first_box.slices], second[second_box.slices]
    dy, dx = shift.whole()
    compared = 0
    for y in range(right.shape[0]):
        for x in range(right.shape[1]):
            if 0 <= y + dy < left.shape[0] and 0 <= x + dx < left.shape[1]:
                assert left[y + dy, x + dx] == right[y, x]
                compared += 1
    assert compared == (left.shape[0] - abs(dy)) * (left.shape[1] - abs(dx))


@pytest.mark.parametrize("shift", SHIFTS)
@pytest.mark.parametrize("side", Side)
def test_seen_from_the_second_frame_the_shift_is_the_opposite(side, shift):
    first, second = photograph(side, 25, shift)
    back = nominal_offset(second.shape, first.shape, OPPOSITE[side], 25)
    there = nominal_offset(first.shape, second.shape, side, 25)
    assert (back.dy, back.dx) == (-there.dy, -there.dx)
    crops = Overlap.cut(as_frame(second), as_frame(first), back)
    np.testing.assert_array_equal(*shared_pixels(crops, *(-shift).whole()))


@pytest.mark.parametrize("shift", SHIFTS)
@pytest.mark.parametrize("second_shape", [(60, 80), (55, 70)])
@pytest.mark.parametrize("side", Side)
def test_a_margin_brings_all_that_is_truly_shared(side, second_shape, shift):
    first, second = photograph(side, 25, shift, second_shape)
    offset = nominal_offset(first.shape, second.shape, side, 25)
    crops = Overlap.cut(as_frame(first), as_frame(second), offset, margin=8)
    one, two = shared_pixels(crops, *shift.whole())
    np.testing.assert_array_equal(one, two)
    truly = overlap_boxes(first.shape, second.shape, offset + shift)[0]
    assert one.shape == truly.shape
    nominal = crops.nominal()
    assert nominal.first.shape == overlap_boxes(first.shape, second.shape, offset)[0].shape
    np.testing.assert_array_equal(*shared_pixels(nominal, *shift.whole()))


def test_a_margin_stops_at_the_frames_edges():
    boxes = overlap_boxes((60, 80), (60, 80), Offset(2, 55), margin=10)
    assert boxes == (Box(0, 45, 60, 35), Box(0, 0, 60, 35))


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("overlap", [0, -3, 51, 1000])
def test_an_overlap_that_does_not_fit_names_the_sizes_and_the_limit(side, overlap):
    across = "width 80 and 50 px" if side.is_horizontal else "height 60 and 50 px"
    with pytest.raises(OverlapError, match=rf"overlap of {overlap} px .*{across}.*1 to 50 px"):
        nominal_offset((60, 80), (50, 50), side, overlap)


@pytest.mark.parametrize(
    "offset", [Offset(0, 80), Offset(60, 0), Offset(-60, 3), Offset(7, -80.4)]
)
def test_frames_that_only_touch_or_lie_apart_do_not_overlap(offset):
    dy, dx = offset.whole()
    with pytest.raises(OverlapError, match=rf"not overlap at the offset \(dy {dy}, dx {dx}\)"):
        overlap_boxes((60, 80), (60, 80), offset)


def test_an_unknown_side_is_refused():
    with pytest.raises(ValueError, match="beside"):
        nominal_offset((60, 80), (60, 80), "beside", 10)


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("shift", SHIFTS)
def test_side_and_overlap_are_guessed_from_where_the_frames_lie(side, shift):
    offset = nominal_offset((60, 80), (60, 80), side, 25)
    along, across = (shift.dx, shift.dy) if side.is_horizontal else (shift.dy, shift.dx)
    moved = offset + (Shift(across, 0) if side.is_horizontal else Shift(0, across))
    assert guess_side((10, -20), (10 + moved.dy, -20 + moved.dx), (60, 80)) == (side, 25)
    moved = offset + (Shift(0, along) if side.is_horizontal else Shift(along, 0))
    sign = 1 if side in (Side.RIGHT, Side.BELOW) else -1
    expected = (side, 25 - sign * along)
    assert guess_side((0, 0), tuple(moved), (60, 80)) == expected


def test_frames_far_apart_have_no_overlap_left():
    assert guess_side((0, 0), (5, 300), (60, 80)) == (Side.RIGHT, -220)


@pytest.mark.parametrize("kind", [Offset, Shift])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_numbers_that_are_no_numbers_are_refused(kind, value):
    with pytest.raises(ValueError, match="must be finite"):
        kind(0, value)


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_rounding_is_to_the_nearest_whole_pixel_and_halves_go_up(dy, dx):
    for kind in (Offset, Shift):
        for whole, value in zip(kind(dy, dx).whole(), (dy, dx), strict=True):
            assert isinstance(whole, int)
            assert -0.5 < whole - value <= 0.5 or abs(abs(whole - value) - 0.5) < 1e-9


def test_equal_halves_round_alike_on_both_sides_of_zero():
    assert Offset(0.5, -0.5).whole() == (1, 0)
    assert Shift(2.5, -2.5).whole() == (3, -2)


def test_offsets_and_shifts_undo_each_other():
    offset, shift = Offset(3, -4), Shift(0.25, -1.5)
    assert (offset + shift) - offset == shift
    assert shift + (-shift) == Shift(0, 0)
    assert tuple(offset + shift) == (3.25, -5.5)
    assert shift.distance(Shift(1.25, -1)) == 1


small = st.integers(-20, 20)
sizes = st.integers(0, 20)
boxes = st.builds(Box, small, small, sizes, sizes)


def pixels(box):
    """The set of a box's pixels: the plain meaning of a box."""
    return {
        (y, x) for y in range(box.y, box.y + box.height) for x in range(box.x, box.x + box.width)
    }


@given(boxes, boxes)
def test_the_meeting_of_two_boxes_is_the_pixels_in_both(one, two):
    assert pixels(one.meet(two)) == pixels(one) & pixels(two)
    assert one.meet(two) == two.meet(one)
    assert one.meet(two).is_empty == (not pixels(one) & pixels(two))


@given(boxes, boxes)
def test_the_hull_holds_both_boxes_and_no_smaller_one_does(one, two):
    hull = one.hull(two)
    assert pixels(hull) >= pixels(one) | pixels(two)
    assume(pixels(one))
    assume(pixels(two))
    both = pixels(one) | pixels(two)
    assert (hull.y, hull.x) == (min(y for y, _ in both), min(x for _, x in both))
    assert hull.y + hull.height - 1 == max(y for y, _ in both)
    assert hull.x + hull.width - 1 == max(x for _, x in both)


@given(boxes, small, small)
def test_a_moved_box_is_the_same_elsewhere(box, dy, dx):
    assert pixels(box.moved(dy, dx)) == {(y + dy, x + dx) for y, x in pixels(box)}
    assert box.moved(dy, dx).moved(-dy, -dx) == box


@given(boxes, st.integers(0, 4))
def test_a_grown_box_has_the_margin_on_each_side(box, margin):
    grown = box.grown(margin)
    assert grown.shape == (box.height + 2 * margin, box.width + 2 * margin)
    assert grown.meet(box) == box
    assert grown.centre == box.centre


def test_the_slices_of_a_box_cut_its_pixels():
    box = Box(12, 34, 5, 6)
    np.testing.assert_array_equal(
        np.sort(SAMPLE[box.slices].ravel()), np.sort([SAMPLE[yx] for yx in pixels(box)])
    )
    assert Box.of_shape((5, 6, 3), at=(12, 34)) == box


def test_a_centre_lies_between_the_pixels_of_an_even_side():
    assert Box(10, 20, 3, 4).centre == (11, 21.5)


@pytest.mark.parametrize("size", [(-1, 5), (5, -1)])
def test_a_box_of_negative_size_is_refused(size):
    with pytest.raises(ValueError, match=f"cannot be {size[0]} x {size[1]} px"):
        Box(0, 0, *size)
