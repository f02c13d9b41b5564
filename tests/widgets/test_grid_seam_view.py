"""Which seams are listed, where a draft begins, the picture over a seam. No window is needed."""

from dataclasses import replace

import numpy as np
import pytest

from napari_seamnet.geometry import Shift
from napari_seamnet.layouts import Layout, Site
from napari_seamnet.projects import Project
from napari_seamnet.sample_data import chip_grid
from napari_seamnet.seams.composite import View
from napari_seamnet.shifts import Status
from napari_seamnet.shifts.estimate import Alternative, ShiftMap
from napari_seamnet.stitching import StitchSettings, stitch
from napari_seamnet.widgets._grid_draft import Draft, favoured, frame_at, pair_state, shift_now
from napari_seamnet.widgets._grid_keys import EVERYWHERE, GridKeys, actions, legend
from napari_seamnet.widgets._grid_rows import Which, changed_seams, counts, listed, rows_of
from napari_seamnet.widgets._grid_seam_view import SeamView, look_of
from napari_seamnet.widgets._grid_session import GridSession

QUICK = StitchSettings(method="smoothed", max_shift=12)
WRONG = 3
"""A seam whose map was moved by `OFF`, so that it contradicts all around it."""
OFF = Shift(5, -5)


@pytest.fixture(scope="module")
def chip():
    return chip_grid(3, 3, size=300, overlap=80, jitter=4)


@pytest.fixture(scope="module")
def project(chip) -> Project:
    sites = [
        Site(frame, at, k // 3, k % 3)
        for k, (frame, at) in enumerate(zip(chip.frames, chip.nominal, strict=True))
    ]
    solved = Project.from_solution(stitch(Layout(tuple(sites)), QUICK), QUICK)
    estimates = list(solved.estimates)
    right = estimates[WRONG]
    moved = np.roll(right.map.values, (5, -5), (0, 1))
    estimates[WRONG] = replace(
        right,
        shift=right.shift + OFF,
        confidence=0.999,
        alternatives=(Alternative(right.shift, 0.001),),
        map=ShiftMap(moved, right.map.meaning),
    )
    return replace(solved, estimates=tuple(estimates), solved=None).solve()


@pytest.fixture
def session(project) -> GridSession:
    made = GridSession()
    made.open(project)
    return made


def solve(session):
    session.take_solved(session.project.solve())


# -- the list -------------------------------------------------------------------------------------


def test_the_list_is_the_queue_and_the_rest_by_doubt(session):
    rows = rows_of(session)
    assert [row.seam for row in listed(rows, Which.LOOK)] == list(session.queue)
    everything = listed(rows, Which.ALL)
    assert [row.seam for row in everything[: len(session.queue)]] == list(session.queue)
    rest = [row.probability for row in everything[len(session.queue) :]]
    assert rest == sorted(rest)
    assert len(everything) == len(session.project.seams)


def test_seams_are_named_by_place_or_by_frames(session, project):
    assert rows_of(session)[0].name == "r0 c0-c1"
    assert rows_of(session)[WRONG].name == "r0-r1 c1"
    loose = Layout.of_frames(project.layout.frames, project.layout.positions)
    session.lay_out(loose, QUICK)
    assert rows_of(session)[0].name == "chip_r0_c0 - chip_r0_c1"


def test_what_a_person_decides_shows_before_the_grid_is_solved_again(session):
    assert rows_of(session)[WRONG].needs_look
    session.decide(WRONG, Shift(1, 2))
    row = rows_of(session)[WRONG]
    assert (row.status, row.shift, row.needs_look) == (Status.HAND, Shift(1, 2), False)
    assert row.residual == pytest.approx(0), "the frames lie so at once"
    solve(session)
    assert rows_of(session)[WRONG].residual == pytest.approx(0)
    session.take_back(WRONG)
    assert rows_of(session)[WRONG].status is session.project.estimates[WRONG].status


def test_excluded_seams_are_settled_whatever_the_solver_says(session):
    session.exclude(WRONG)
    solve(session)
    row = rows_of(session)[WRONG]
    assert row.excluded
    assert not row.needs_look
    assert row.which is Which.EXCLUDED
    assert listed(rows_of(session), Which.ALL)[-1].seam == WRONG


def test_counts_add_up(session):
    session.decide(0, Shift(0, 0))
    session.exclude(1)
    found = counts(rows_of(session))
    kinds = set(Which) - {Which.ALL, Which.LOOK}
    assert sum(found[which] for which in kinds) == found[Which.ALL] == 12
    assert found[Which.HAND] == found[Which.EXCLUDED] == 1
    for which in kinds:
        assert len(listed(rows_of(session), which)) == found[which]


def test_seams_are_listed_while_they_come_in(session, project):
    session.open(Project.of_layout(project.layout, QUICK))
    assert counts(rows_of(session))[Which.PENDING] == 12
    doubtful = next(k for k, e in enumerate(project.estimates) if e.status.needs_person)
    session.take_estimates({0: project.estimates[0], doubtful: project.estimates[doubtful]})
    assert [row.seam for row in listed(rows_of(session), Which.LOOK)] == [doubtful]


def test_a_session_without_a_grid_lists_nothing():
    assert rows_of(GridSession()) == ()


def test_the_seam_that_a_step_was_about_is_found(session, project):
    session.decide(WRONG, Shift(0, 0))
    assert changed_seams(project, session.project) == (WRONG,)
    session.exclude(WRONG)
    assert changed_seams(project, session.project) == (WRONG,)
    again = project.with_estimates({5: project.estimates[4]})
    assert changed_seams(project, again) == (5,)
    assert changed_seams(project, project) == ()
    assert changed_seams(None, project) == ()


# -- the draft ------------------------------------------------------------------------------------


def test_a_draft_begins_where_the_frames_lie(session):
    for k, seam in enumerate(session.project.seams):
        solution = session.solution
        (y0, x0), (y1, x1) = (solution.frames[frame].whole for frame in seam.pair)
        nominal = seam.nominal
        placed = (y1 - y0 - nominal.dy, x1 - x0 - nominal.dx)
        assert Draft.of(session, k).shift.whole() == placed


def test_to_confirm_what_is_measured_keeps_its_fraction(session):
    certain = session.project.estimates[0].shift
    assert shift_now(session, 0) == certain
    assert certain.whole() != tuple(certain)


def test_a_seam_that_others_overrule_begins_where_they_put_it(session, project):
    shift = shift_now(session, WRONG)
    estimate = project.estimates[WRONG]
    assert shift.distance(estimate.shift) > 4
    assert shift.distance(estimate.alternatives[0].shift) < 1
    assert favoured(session, WRONG) == 1
    assert favoured(session, 0) == 0


def test_before_the_solve_a_draft_is_what_the_seam_says_by_itself(session, project):
    session.open(Project.of_layout(project.layout, QUICK))
    assert shift_now(session, 0) == Shift(0, 0)
    session.take_estimate(0, project.estimates[0])
    assert shift_now(session, 0) == project.estimates[0].shift
    assert favoured(session, 0) is None


def test_a_decision_is_where_a_draft_begins(session):
    session.decide(0, Shift(7, -7))
    assert shift_now(session, 0) == Shift(7, -7)


def test_nudges_land_on_whole_pixels_and_are_taken_back_one_by_one(session):
    start = Draft.of(session, 0)
    y, x = start.shift.whole()
    moved = start.nudged(1, 0).nudged(0, -3)
    assert moved.shift == Shift(y + 1, x - 3)
    assert moved.is_moved
    assert moved.undone().shift == Shift(y + 1, x)
    assert moved.undone().undone() == replace(start, steps=moved.undone().undone().steps)
    assert not moved.undone().undone().is_moved
    assert moved.undone().redone().shift == moved.shift
    assert moved.begun().shift == start.shift
    assert start.undone() is start
    assert start.redone() is start
    assert start.begun() is start


def test_the_pair_is_shown_where_the_mosaic_has_its_first_frame(session):
    seam = session.project.seams[WRONG]
    at = frame_at(session, seam.first)
    assert at == session.solution.frames[seam.first].whole
    draft = Draft.of(session, WRONG)
    state = pair_state(session, draft, at)
    assert state.second_at == session.solution.frames[seam.second].whole
    assert not state.by_hand
    moved = pair_state(session, draft.nudged(2, 1), at)
    assert moved.shift == (draft.shift.whole()[0] + 2, draft.shift.whole()[1] + 1)
    assert moved.by_hand


# -- the picture ----------------------------------------------------------------------------------


class Pressed:
    """Notes what keys ask for."""

    def __init__(self):
        self.asked = []

    def __getattr__(self, name):
        return lambda *args, **more: self.asked.append((name, *args, *more.values()))


@pytest.fixture
def pressed():
    return Pressed()


@pytest.fixture
def view(viewer_model, pressed, qapp):
    from qtpy.QtCore import QObject

    parent = QObject()
    made = SeamView(viewer_model, GridKeys(viewer_model, pressed), parent)
    yield made
    made.remove()
    parent.deleteLater()


def state_of(session, seam, dy=0, dx=0):
    draft = Draft.of(session, seam).nudged(dy, dx)
    return pair_state(session, draft, frame_at(session, session.project.seams[seam].first))


def test_the_composite_lies_over_the_overlap_as_placed(view, session, viewer_model):
    look = look_of(session.project.layout)
    state = state_of(session, 0)
    assert view.show(state, look)
    layer = view.layer
    second, first = state.second_at, state.first_at
    height, width = layer.data.shape[:2]
    assert layer.rgb
    assert tuple(layer.translate) == (max(first[0], second[0]), second[1])
    assert second[1] + width == first[1] + 300, "to the first frame's right edge"
    assert height == 300 - abs(second[0] - first[0])


def test_a_nudge_redraws_at_another_place_and_keeps_the_layer(view, session, viewer_model):
    look = look_of(None)
    view.show(state_of(session, 0), look)
    layer, before, at = view.layer, view.layer.data.copy(), tuple(view.layer.translate)
    view.show(state_of(session, 0, 0, 2), look)
    assert view.layer is layer
    assert tuple(layer.translate) == (at[0], at[1] + 2)
    assert layer.data.shape[1] == before.shape[1] - 2
    assert len(viewer_model.layers) == 1


def test_the_right_place_is_greyer_than_the_wrong_one(view, session, project):
    def colour(state):
        view.show(state, look_of(None))
        picture = view.layer.data.astype(int)
        return np.abs(picture[..., 0] - picture[..., 1]).mean()

    right = colour(state_of(session, WRONG))
    assert right < 0.8 * colour(state_of(session, WRONG, *OFF.whole()))
    state = state_of(session, WRONG)
    assert view.similarity(state)[1] < view.similarity(state_of(session, WRONG, 5, -5))[1]


def test_pixels_have_the_size_that_the_layout_knows(view, session, project):
    session.lay_out(replace(project.layout, pixel_size=(0.5, 0.25)), QUICK)
    state = pair_state(session, Draft.of(session, 0), frame_at(session, 0))
    view.show(state, look_of(session.project.layout))
    assert tuple(view.layer.scale) == (0.5, 0.25)
    assert tuple(view.layer.translate) == (0, 0.25 * 220)


def test_another_way_to_show_and_blinking(view, session):
    view.show(state_of(session, 0), look_of(None))
    composite = view.layer.data.copy()
    view.set_view(View.DIFFERENCE)
    view.show(state_of(session, 0), look_of(None))
    assert not np.array_equal(view.layer.data, composite)
    view.blink(True)
    first = view.layer.data.copy()
    view.blink(False)
    assert not np.array_equal(view.layer.data, first)


def test_frames_that_are_apart_are_said_to_be_and_nothing_is_shown(view, session):
    view.show(state_of(session, 0), look_of(None))
    assert not view.show(state_of(session, 0, 0, 200), look_of(None))
    assert not view.is_shown


def test_keys_are_on_the_layer_while_it_is_there_and_the_selection_comes_back(
    view, session, viewer_model, pressed
):
    mine = viewer_model.add_image(np.zeros((5, 5)), name="mine")
    view.show(state_of(session, 0), look_of(None))
    assert viewer_model.layers.selection.active is mine
    view.take_keys()
    layer = view.layer
    assert view.has_keys
    for key in ("Left", "Enter", "X", "R"):
        assert layer.keymap
        bound = {str(one): action for one, action in layer.keymap.items()}
        bound[key](layer)
    assert pressed.asked == [("nudge", 0, -1), ("confirm",), ("exclude",), ("estimate_again",)]
    view.remove()
    assert not layer.keymap
    assert viewer_model.layers.selection.active is mine
    assert list(viewer_model.layers) == [mine]


def test_the_viewer_lends_a_few_keys_and_gets_them_back(viewer_model, pressed):
    def mine(viewer):
        return None

    viewer_model.bind_key("N", mine)
    before = dict(viewer_model.keymap)
    keys = GridKeys(viewer_model, pressed)
    keys.take(None)
    keys.take(None)
    assert len(viewer_model.keymap) == len(before) + len(EVERYWHERE) - 1
    for action in viewer_model.keymap.values():
        action(viewer_model)
    assert sorted(pressed.asked) == [("redo",), ("step", -1), ("step", 1), ("undo",)]
    keys.let_go()
    keys.let_go()
    assert dict(viewer_model.keymap) == before


def test_every_key_of_the_review_has_an_action(pressed):
    found = actions(pressed)
    for action in found.values():
        action()
    assert len(pressed.asked) == len(found)
    assert ("nudge", 0, 1, True) in pressed.asked
    assert {("take", n) for n in range(10)} <= set(pressed.asked)


def test_the_legend_lists_only_what_works():
    nothing = {"coarse": 10, "listed": False, "can_undo": False, "can_redo": False}
    assert legend(seam=False, fits=0, **nothing) == ""
    said = legend(seam=True, fits=3, **{**nothing, "can_undo": True})
    assert "1-3 take that fit" in said
    assert "Ctrl+Z undo" in said
    assert "Ctrl+Shift+Z" not in said
    assert "N next" not in said
    assert "fit" not in legend(seam=True, fits=0, **nothing)


def test_what_decided_a_seam_is_shown_where_its_second_frame_lies(view, session, qtbot):
    look, seam = look_of(None), 0
    state = state_of(session, seam)
    said = []
    view.said.connect(said.append)
    view.set_view(View.VOTES)
    view.show(state, look)
    qtbot.waitUntil(lambda: bool(said), timeout=5000)
    assert "by seamnet, not smoothed" in said[0]
    named = replace(session.project.estimates[seam], method="seamnet")
    state = replace(state, estimate=named)
    view.show(state, look)

    def is_blue():
        picture = view.layer.data.astype(int)
        return (picture[..., 2] - picture[..., 0] > 60).mean() > 0.02

    qtbot.waitUntil(is_blue, timeout=60_000)
    corner = np.array(view.layer.translate) - state.second_at
    assert (corner >= 0).all()
    assert corner[0] == 0
