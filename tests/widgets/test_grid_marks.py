"""Outlines, paths, hatches and bars as numbers: no napari, no window."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_seamnet.frames import as_frame
from napari_seamnet.geometry import Box, Offset, Shift
from napari_seamnet.layouts.layout import Layout, Site
from napari_seamnet.projects import Project
from napari_seamnet.seams.seam import Seam
from napari_seamnet.shifts import Estimate, Status
from napari_seamnet.widgets import _grid_marks as marks
from napari_seamnet.widgets._grid_marks import Mark
from napari_seamnet.widgets._grid_session import GridSession

FRAME = as_frame(np.arange(100 * 120, dtype=np.uint16).reshape(100, 120), name="f")


def grid(rows=2, cols=3, numbers=True):
    sites = tuple(
        Site(FRAME, (90 * r, 100 * c), r, c, r * cols + c if numbers else None)
        for r in range(rows)
        for c in range(cols)
    )
    return Layout(sites)


def boxes_of(layout):
    return marks.boxes_of([f.shape for f in layout.frames], [s.whole for s in layout])


def ends(lines):
    return lines[:, 0] + lines[:, 1]


def test_an_outline_goes_around_the_frames_pixels_and_closes():
    lines = marks.outlines(np.array([[10.0, 20, 110, 140]]))
    assert (ends(lines) == np.roll(lines[:, 0], -1, axis=0)).all()
    assert lines[:, 0].min(0).tolist() == [9.5, 19.5]
    assert lines[:, 0].max(0).tolist() == [109.5, 139.5]


def test_outlines_of_one_frame_follow_each_other():
    lines = marks.outlines(np.array([[0.0, 0, 10, 10], [50, 0, 60, 10]]))
    assert len(lines) == 8
    assert (lines[:4, 0, 0] < 20).all()
    assert (lines[4:, 0, 0] > 20).all()


def test_the_path_goes_through_the_middles_in_time_and_not_where_that_is_unknown():
    layout = grid()
    boxes = boxes_of(layout)
    lines = marks.path(boxes, layout)
    middles = (boxes[:, :2] + boxes[:, 2:]) / 2 - 0.5
    assert (lines[:, 0] == middles[:-1]).all()
    assert (ends(lines) == middles[1:]).all()
    assert len(marks.path(boxes, grid(numbers=False))) == 0


def test_hatches_stay_within_their_gap():
    lines = marks.hatch([Box(10, 20, 100, 50)])
    points = np.concatenate([lines[:, 0], ends(lines)])
    assert points.min(0) == pytest.approx([9.5, 19.5])
    assert points.max(0) == pytest.approx([109.5, 69.5])
    assert len(lines) > 4 + 5
    assert marks.hatch([]).shape == (0, 2, 2)


def test_a_bar_lies_along_its_seam_in_the_middle_of_the_overlap():
    layout = grid()
    seams = (Seam(0, 1, Offset(0, 100)), Seam(0, 3, Offset(90, 0)))
    bars = marks.bars(boxes_of(layout), seams)
    assert bars.centres.tolist() == [[49.5, 109.5], [94.5, 59.5]]
    assert bars.halves.tolist() == [[25, 0], [0, 30]]


@pytest.mark.parametrize("mark", Mark)
def test_every_mark_has_its_own_shape_colour_and_word(mark):
    others = [other for other in Mark if other is not mark]
    assert marks.SHAPES[mark] not in [marks.SHAPES[other] for other in others]
    assert marks.MARK_COLOURS[mark] not in [marks.MARK_COLOURS[other] for other in others]
    assert marks.MARK_WORDS[mark] not in [marks.MARK_WORDS[other] for other in others]


def test_bars_tell_whose_they_are_and_what_they_say():
    layout = grid()
    seams = (Seam(0, 1, Offset(0, 100)), Seam(0, 3, Offset(90, 0)))
    bars = marks.bars(boxes_of(layout), seams)
    lines, owners, which = marks.bar_lines(bars, [Mark.AMBIGUOUS, Mark.CERTAIN], 4.0)
    assert sorted(owners.tolist()) == [0, 0, 1]
    assert [list(Mark)[k] for k in which[owners == 1]] == [Mark.CERTAIN]
    (certain,) = lines[owners == 1]
    assert certain[0].tolist() == [94.5, 29.5]
    assert certain[1].tolist() == [0, 60]
    two = lines[owners == 0]
    assert np.ptp(two[:, 0, 1]) == pytest.approx(2 * 1.1 * 4)  # two bars beside each other


def test_no_seam_has_no_bar():
    bars = marks.bars(np.zeros((0, 4)), ())
    lines, owners, which = marks.bar_lines(bars, [], 4.0)
    assert (lines.shape, owners.shape, which.shape) == ((0, 2, 2), (0,), (0,))
    assert marks.nearest_bar(bars, (0, 0), 1e9) is None


@given(st.floats(-1, 1), st.floats(-3, 3))
def test_a_bar_is_hit_along_its_whole_length_and_no_farther_than_asked(along, across):
    seams = (Seam(0, 1, Offset(0, 100)), Seam(0, 3, Offset(90, 0)))
    bars = marks.bars(boxes_of(grid()), seams)
    point = bars.centres[0] + along * bars.halves[0] + np.array([0, across])
    assert marks.nearest_bar(bars, tuple(point), abs(across) + 1e-6) == 0
    if abs(across) > 0.01:
        assert marks.nearest_bar(bars, tuple(point), abs(across) / 2) is None


def test_the_frame_under_the_mouse_is_the_one_whose_centre_is_nearest():
    boxes = boxes_of(grid())
    assert marks.frame_under(boxes, (5, 5)) == 0
    assert marks.frame_under(boxes, (5, 108)) == 0  # the overlap is from 100 to 120
    assert marks.frame_under(boxes, (5, 112)) == 1
    assert marks.frame_under(boxes, (-0.5, -0.5)) == 0
    assert marks.frame_under(boxes, (-0.6, 0)) is None


def test_marks_say_what_is_known_and_what_a_person_decided():
    session = GridSession()
    project = Project.of_layout(grid())
    session.open(project)
    assert set(marks.marks_of(session)) == {Mark.PENDING}
    session.take_estimate(0, Estimate(Shift(1, 2), Status.CERTAIN, 0.99))
    session.take_estimate(1, Estimate(Shift(1, 2), Status.DOUBTFUL, 0.6))
    session.decide(1, Shift(0, 0))
    session.exclude(2)
    got = marks.marks_of(session)
    assert got[:4] == [Mark.CERTAIN, Mark.HAND, Mark.EXCLUDED, Mark.PENDING]
    assert marks.marks_of(GridSession()) == []
