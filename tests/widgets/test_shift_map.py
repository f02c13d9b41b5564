"""The map over shifts: where things are painted, and what a click takes."""

import numpy as np
import pytest
from qtpy.QtCore import QPoint, Qt

from napari_seamnet.geometry import Shift
from napari_seamnet.shifts import Alternative, Estimate, ShiftMap, Status
from napari_seamnet.widgets._shift_map import SIDE, ShiftMapPicture

REACH = 10


@pytest.fixture
def picture(qtbot):
    made = ShiftMapPicture()
    qtbot.addWidget(made)
    return made


@pytest.fixture
def estimate():
    values = np.full((2 * REACH + 1, 2 * REACH + 1), -9.0)
    values[REACH + 3, REACH - 6] = 0.0
    values[REACH - 8, REACH + 8] = -1.0
    values[0, 0] = np.nan
    others = Alternative(Shift(-8, 8), 0.2), Alternative(Shift(0, 40), 0.1)
    return Estimate(
        Shift(3, -6), Status.AMBIGUOUS, 0.6, others, ShiftMap(values, "log-probability")
    )


def colour(picture, shift):
    point = picture.where(shift).toPoint()
    return picture.grab().toImage().pixelColor(point)


def test_nothing_to_show_is_no_map(picture):
    assert not picture.has_map
    picture.grab()  # an empty frame is painted without complaint
    assert picture.marks() == []


def test_right_is_dx_and_down_is_dy(picture, estimate):
    picture.show_estimate(estimate, (0, 0))
    assert picture.where((0, 0)).x() == pytest.approx(SIDE / 2)
    assert picture.where((REACH, 0)).y() > picture.where((0, 0)).y()
    assert picture.where((0, REACH)).x() > picture.where((0, 0)).x()


def test_the_peak_is_bright_and_the_ground_is_dark(picture, estimate):
    picture.show_estimate(estimate, (9, 9))
    peak, ground = colour(picture, (3, -6)), colour(picture, (6, 6))
    assert peak.lightness() > 150 > 60 > ground.lightness()


def test_marks_are_the_answer_and_its_rivals_within_the_map(picture, estimate):
    picture.show_estimate(estimate, (0, 0))
    assert picture.marks() == [(0, Shift(3, -6)), (1, Shift(-8, 8))]


@pytest.mark.parametrize(("shift", "number"), [((3, -6), 0), ((-8, 8), 1)])
def test_a_click_on_a_mark_tells_its_number(picture, estimate, qtbot, shift, number):
    picture.show_estimate(estimate, (0, 0))
    with qtbot.waitSignal(picture.clicked) as heard:
        near = picture.where(shift).toPoint() + QPoint(3, -3)
        qtbot.mouseClick(picture, Qt.MouseButton.LeftButton, pos=near)
    assert heard.args == [number]


def test_a_click_elsewhere_takes_nothing(picture, estimate, qtbot):
    picture.show_estimate(estimate, (0, 0))
    with qtbot.assertNotEmitted(picture.clicked):
        at = picture.where((8, 8)).toPoint()
        qtbot.mouseClick(picture, Qt.MouseButton.LeftButton, pos=at)


def test_the_present_place_is_marked_where_it_is(picture, estimate):
    picture.show_estimate(estimate, (6, 6))
    marked = picture.grab().toImage()
    picture.show_estimate(estimate, (6, 7))
    assert picture.grab().toImage() != marked


def test_a_map_without_any_difference_is_painted_plain(picture):
    flat = Estimate(Shift(0, 0), Status.UNDETERMINED, 0.0, (), ShiftMap(np.zeros((5, 5)), "D"))
    picture.show_estimate(flat, (0, 0))
    assert picture.has_map
    picture.grab()
