"""The review of a grid: list, seam and decisions without a window, and keys in a real one."""

from dataclasses import replace

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QVBoxLayout, QWidget

from napari_seamnet.geometry import Shift
from napari_seamnet.layouts import Layout, Site
from napari_seamnet.learning.hand import Decided, read_hand
from napari_seamnet.projects import Project
from napari_seamnet.sample_data import chip_grid
from napari_seamnet.seams.composite import View
from napari_seamnet.shifts import Status
from napari_seamnet.shifts.estimate import Alternative, ShiftMap
from napari_seamnet.stitching import StitchSettings, stitch
from napari_seamnet.widgets._grid_review import Review
from napari_seamnet.widgets._grid_rows import Which
from napari_seamnet.widgets._grid_send import send
from napari_seamnet.widgets._grid_session import GridSession
from napari_seamnet.widgets._settings import Remembered

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


@pytest.fixture
def make_review(qtbot):
    """Make the section inside a parent that is shown, as a dock would be."""
    parents = []  # qtbot holds them only weakly

    def make(session, viewer, **more) -> Review:
        parent = QWidget()
        parents.append(parent)
        parent.setLayout(QVBoxLayout())
        made = Review(session, viewer, **more)
        parent.layout().addWidget(made)
        qtbot.addWidget(parent)
        parent.show()
        return made

    return make


@pytest.fixture
def review(make_review, session, viewer_model) -> Review:
    return make_review(session, viewer_model)


def solve(session):
    session.take_solved(session.project.solve())


def truth(chip, seam):
    """The true shift of a seam."""
    (y0, x0), (y1, x1) = (chip.truth[frame] for frame in seam.pair)
    return Shift(y1 - y0 - seam.nominal.dy, x1 - x0 - seam.nominal.dx)


def wait_for_work(qtbot, work):
    qtbot.waitUntil(lambda: not work.is_busy, timeout=20_000)


# -- the list -------------------------------------------------------------------------------------


def test_what_deserves_a_look_is_listed_the_most_doubtful_first(review, session):
    model = review.dock.table.seams
    assert [row.seam for row in model.rows] == list(session.queue)
    assert WRONG in session.queue
    assert review.dock.headline.text() == "3 seams deserve a look"
    assert review.dock.which.currentText() == "deserve a look (3)"
    cells = [model.data(model.index(0, column)) for column in range(model.columnCount())]
    assert cells[0].startswith("r")
    assert cells[3]


def test_other_seams_are_listed_on_demand_and_sorted_by_a_heading(review, session):
    review.dock.which.setCurrentIndex(review.dock.which.findData(Which.ALL))
    review.dock.which.activated.emit(review.dock.which.currentIndex())
    model = review.dock.table.seams
    assert model.rowCount() == 12
    model.sort(0)
    assert [row.seam for row in model.rows] == list(range(12))
    model.sort(2, Qt.SortOrder.DescendingOrder)
    off = [row.residual or -1.0 for row in model.rows]
    assert off == sorted(off, reverse=True)
    model.sort(-1)
    assert [row.seam for row in model.rows][:3] == list(session.queue)


def test_an_empty_session_says_what_to_do(make_review, viewer_model):
    review = make_review(GridSession(), viewer_model)
    assert "Lay out a grid" in review.dock.headline.text()
    assert not review.dock.table.isVisible()
    for action in (review.confirm, review.exclude, review.take_back, review.reset, review.undo):
        action()
    review.step(1)
    review.take(1)
    review.nudge(1, 0)
    review.snap()
    review.estimate_again()
    review.send_decisions()


def test_next_and_previous_go_round_the_list_and_fly_there(review, session, qtbot):
    flown = []
    review.fly_to.connect(flown.append)
    for by in (1, 1, 1, 1, -1):
        review.step(by)
    queue = list(session.queue)
    assert flown == [*queue, queue[0], queue[2]]
    assert session.seam == queue[2]


def test_a_click_in_the_table_looks_at_the_seam_and_leaves_the_keys_where_they_are(
    review, session, qtbot
):
    table = review.dock.table
    where = table.visualRect(table.seams.index(1, 1)).center()
    QTest.mouseClick(
        table.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, where
    )
    assert session.seam == session.queue[1]
    assert not table.hasFocus()
    assert review.view.has_keys


def test_a_seam_chosen_elsewhere_is_shown_without_flying(review, session):
    flown = []
    review.fly_to.connect(flown.append)
    session.select(WRONG)
    assert flown == []
    assert review.draft.seam == WRONG
    assert review.dock.table.currentIndex().row() == list(session.queue).index(WRONG)
    session.select(0)  # certain, and so not in the list
    assert review.draft.seam == 0
    assert not review.dock.table.selectionModel().hasSelection()
    assert review.dock.panel.headline.text() == "certain"
    session.select(None)
    assert review.draft is None
    assert not review.dock.seam.isVisible()


# -- moving ---------------------------------------------------------------------------------------


def test_nudges_move_the_picture_and_decide_nothing(review, session, viewer_model, qtbot):
    session.select(WRONG)
    at = tuple(review.view.layer.translate)
    before = session.project
    start = review.draft.shift.whole()
    review.nudge(0, 1)
    review.nudge(1, 0, coarse=True)
    assert review.draft.shift == Shift(start[0] + 10, start[1] + 1)
    assert (review.dock.decide.dy.value(), review.dock.decide.dx.value()) == (
        start[0] + 10,
        start[1] + 1,
    )
    qtbot.waitUntil(lambda: tuple(review.view.layer.translate) != at)
    assert session.project is before
    assert "not confirmed" in review.dock.panel.headline.text()
    review.reset()
    assert not review.draft.is_moved


def test_boxes_move_too(review, session):
    session.select(WRONG)
    review.dock.decide.dy.setValue(-2)
    assert review.draft.shift.whole()[0] == -2


def test_digits_take_a_fit_and_0_the_methods_own(review, session, project):
    session.select(WRONG)
    estimate = project.estimates[WRONG]
    review.take(0)
    assert review.draft.shift == estimate.shift
    review.take(1)
    assert review.draft.shift == estimate.alternatives[0].shift
    review.take(2)
    assert review.draft.shift == estimate.alternatives[0].shift
    assert "seams around favour fit 1" in review.dock.panel.others.text()


def test_a_draft_stays_while_the_grid_changes_around_it(review, session):
    session.select(WRONG)
    review.nudge(1, 1)
    held = review.draft
    session.decide(6, Shift(6, -4))
    solve(session)
    assert review.draft is held
    review.reset()
    assert review.draft.shift == held.steps.past[0][0]


def test_snap_finds_the_fit_nearby(review, session, chip, qtbot):
    session.select(0)
    right = truth(chip, session.project.seams[0])
    review.nudge(2, -2)
    review.snap()
    wait_for_work(qtbot, review.again.work)
    assert review.draft.shift.distance(right) < 0.5
    assert review.draft.is_moved
    assert session.project.decisions == ()


# -- deciding -------------------------------------------------------------------------------------


def test_confirm_decides_and_goes_on_when_the_frames_have_settled(review, session, qtbot):
    review.step(1)
    first = session.seam
    shift = review.draft.shift
    review.confirm()
    assert session.project.decision(*session.project.seams[first].pair).shift == shift
    assert session.seam == first, "the frames are to be seen settling"
    assert review.dock.headline.text().endswith("...")
    solve(session)
    qtbot.waitUntil(lambda: session.seam != first, timeout=3000)
    assert session.seam == session.queue[0]


def test_it_stays_where_a_person_does_something_else(review, session, qtbot):
    review.step(1)
    first = session.seam
    review.confirm()
    review.nudge(0, 1)
    solve(session)
    qtbot.wait(450)
    assert session.seam == first
    review.dock.goes_on.setChecked(False)
    review.confirm()
    solve(session)
    qtbot.wait(450)
    assert session.seam == first


def test_confirming_a_decision_again_is_no_step(review, session):
    review.dock.goes_on.setChecked(False)
    session.select(WRONG)
    review.confirm()
    before = session.project
    review.confirm()
    assert session.project is before
    review.nudge(0, 1)
    review.confirm()
    assert session.project is not before
    assert len(session.project.decisions) == 1


def test_exclude_and_use_again(review, session):
    session.select(WRONG)
    pair = session.project.seams[WRONG].pair
    review.exclude()
    assert pair in session.project.excluded
    assert review.dock.decide.exclude.text() == "Use again"
    assert review.dock.panel.headline.text() == "excluded"
    review.exclude()
    assert pair not in session.project.excluded
    assert review.dock.decide.exclude.text() == "Exclude"


def test_a_decision_is_taken_back(review, session):
    session.select(WRONG)
    assert not review.dock.decide.back.isEnabled()
    review.take_back()
    assert not session.can_undo
    review.confirm()
    assert review.dock.decide.back.isEnabled()
    review.take_back()
    assert session.project.decisions == ()


def test_undo_takes_nudges_first_then_steps_wherever_they_were(review, session):
    review.dock.goes_on.setChecked(False)
    session.select(WRONG)
    review.confirm()
    session.select(0)
    start = review.draft.shift
    review.nudge(1, 0)
    review.undo()
    assert review.draft.shift == start
    assert len(session.project.decisions) == 1
    review.redo()
    assert review.draft.is_moved
    review.undo()
    review.undo()
    assert session.project.decisions == ()
    assert session.seam == WRONG, "what was undone is to be seen"
    session.select(0)
    review.redo()
    assert len(session.project.decisions) == 1
    assert session.seam == WRONG


def test_all_wrong_seams_are_put_right_by_hand(review, session, chip, qtbot):
    """Whatever comes up is put where it belongs, until nothing comes up any more."""
    review.dock.goes_on.setChecked(False)
    for _ in range(12):
        if not session.queue:
            break
        review.step(1)
        right = truth(chip, session.project.seams[session.seam])
        y, x = review.draft.shift.whole()
        review.nudge(int(right.dy) - y, int(right.dx) - x)
        review.confirm()
        solve(session)
    assert session.queue == ()
    assert review.dock.headline.text().startswith("No seam is in doubt")
    placed = np.array([frame.whole for frame in session.solution.frames])
    assert np.abs((placed - placed[0]) - (np.array(chip.truth) - chip.truth[0])).max() <= 1


# -- again ----------------------------------------------------------------------------------------


def test_a_seam_is_estimated_again_wider_and_that_can_be_undone(review, session, chip, qtbot):
    session.select(WRONG)
    before = session.project.estimates[WRONG]
    assert review.dock.again.max_shift.value() == 24, "twice as far as the grid was searched"
    review.dock.again.max_shift.setValue(14)
    review.estimate_again()
    assert review.dock.again.is_busy
    wait_for_work(qtbot, review.again.work)
    after = session.project.estimates[WRONG]
    assert after.map.max_shift == 14
    assert after.shift.distance(truth(chip, session.project.seams[WRONG])) < 0.5
    assert not review.dock.again.is_busy
    assert "Estimated again" in review.dock.message.text()
    solve(session)
    assert WRONG not in session.queue
    review.undo()
    assert session.project.estimates[WRONG] is before


def test_another_method_is_another_estimate(review, session, qtbot):
    session.select(0)
    choice = review.dock.again.method
    choice.setCurrentIndex(choice.findData("phase"))
    review.estimate_again()
    wait_for_work(qtbot, review.again.work)
    assert session.project.estimates[0].method == "phase"


def test_leaving_the_seam_stops_the_work(review, session, qtbot):
    session.select(WRONG)
    before = session.project
    review.estimate_again()
    session.select(0)
    assert not review.again.work.is_busy
    qtbot.wait(300)
    assert session.project is before


def test_an_answer_about_another_grid_is_dropped(review, session, project, qtbot):
    session.select(WRONG)
    review.again.estimate(WRONG, "smoothed", 12)
    loose = Layout.of_frames(project.layout.frames, project.layout.positions)
    session._history = session._history.do(Project.of_layout(loose, QUICK))
    wait_for_work(qtbot, review.again.work)
    assert "dropped" in review.dock.message.text()
    assert session.project.estimates[WRONG] is None


# -- sending --------------------------------------------------------------------------------------


def test_decisions_go_to_the_training_set_once(
    make_review, session, viewer_model, tmp_path, qtbot
):
    file = tmp_path / "hand.jsonl"
    review = make_review(session, viewer_model, remembered=Remembered(hand_file=str(file)))
    assert not review.dock.send.isEnabled()
    session.decide(0, session.project.estimates[0].shift, note="clear")
    session.decide(WRONG, Shift(3, 3))
    assert review.dock.send.text().endswith("(2)")
    review.send_decisions()
    wait_for_work(qtbot, review.sending.work)
    assert "2 sent" in review.dock.message.text()
    one, other = read_hand(file)
    assert (one.decided, one.note) == (Decided.CONFIRMED, "clear")
    assert (other.decided, other.shift) == (Decided.HAND, Shift(3, 3))
    assert other.nominal == session.project.seams[WRONG].nominal


def test_what_was_sent_is_corrected_and_not_sent_twice(session, tmp_path):
    file = tmp_path / "new" / "hand.jsonl"
    session.decide(WRONG, Shift(3, 3))
    assert send(session.project, file).new == 1
    assert send(session.project, file).known == 1
    session.decide(WRONG, Shift(4, 3))
    sent = send(session.project, file)
    assert (sent.new, sent.corrected, sent.known) == (0, 1, 0)
    assert "1 corrected" in sent.words
    (one,) = read_hand(file)
    assert one.shift == Shift(4, 3)


# -- coming and going -----------------------------------------------------------------------------


def test_hidden_it_gives_everything_back_and_takes_it_again(review, session, viewer_model):
    session.select(WRONG)
    review.view.take_keys()
    assert len(viewer_model.layers) == 1
    legends = []
    review.legend_changed.connect(legends.append)
    review.parent().hide()
    assert len(viewer_model.layers) == 0
    assert not viewer_model.keymap
    assert legends[-1] == "", "no key is promised that does not work"
    review.parent().show()
    assert "Enter confirm" in legends[-1]
    assert len(viewer_model.layers) == 1
    assert review.view.has_keys
    assert viewer_model.keymap


def test_another_layout_leaves_nothing_behind(review, session, project, viewer_model, qtbot):
    session.select(WRONG)
    session.lay_out(project.layout.without(0), QUICK)
    qtbot.wait(60)
    assert review.draft is None
    assert len(viewer_model.layers) == 0
    assert review.dock.headline.text() == "No positions yet"
    session.undo()
    assert review.dock.headline.text() == "3 seams deserve a look"


def test_after_another_layout_the_next_key_is_heard_at_once(
    review, session, project, viewer_model
):
    session.select(WRONG)
    review.estimate_again()
    review.dock.say("Estimated again.")
    session.lay_out(project.layout.without(0), QUICK)
    assert viewer_model.keymap
    assert review.dock.message.isHidden()


def test_what_looks_the_same_after_a_decision_is_not_drawn_again(review, session, qtbot):
    session.select(0)
    qtbot.wait(60)
    data = review.view.layer.data
    review.confirm()
    qtbot.wait(60)
    assert review.view.layer.data is data
    review.dock.viewed.emit(View.DIFFERENCE)
    qtbot.waitUntil(lambda: review.view.layer.data is not data, timeout=2000)


def test_seams_that_come_in_are_listed_a_little_later(make_review, project, viewer_model, qtbot):
    session = GridSession()
    review = make_review(session, viewer_model)
    session.open(Project.of_layout(project.layout, QUICK))
    doubtful = [k for k, e in enumerate(project.estimates) if e.status.needs_person]
    for k, estimate in enumerate(project.estimates):
        session.take_estimate(k, estimate)
    qtbot.waitUntil(
        lambda: [row.seam for row in review.dock.table.seams.rows] == doubtful, timeout=2000
    )


def test_the_legend_follows_the_layer_that_is_active(review, session, viewer_model):
    legends = []
    review.legend_changed.connect(legends.append)
    session.select(WRONG)
    assert "Enter confirm" in legends[-1]
    viewer_model.layers.selection.active = viewer_model.add_image(np.zeros((4, 4)))
    assert "select" in legends[-1]
    assert "Enter" not in legends[-1]


def test_the_panel_shows_physical_units_where_they_are_known(make_review, project, viewer_model):
    session = GridSession()
    session.open(replace(project, layout=replace(project.layout, pixel_size=(0.5, 0.5))))
    review = make_review(session, viewer_model)
    session.select(WRONG)
    dy = review.draft.shift.dy
    assert f"{0.5 * dy:+.2f}" in review.dock.panel.physical.text()
    assert "µm" in review.dock.panel.physical.text()


# -- on the screen --------------------------------------------------------------------------------


def press(viewer, key, modifier=Qt.KeyboardModifier.NoModifier):
    """Press a key where the keyboard's focus is, as a person would."""
    QTest.keyClick(QApplication.focusWidget() or viewer.window._qt_window, key, modifier)


@pytest.mark.pixels
def test_real_keys_do_the_whole_review(make_napari_viewer, session, chip, qtbot):
    viewer = make_napari_viewer(show=True)
    viewer.window.resize(1280, 800)
    review = Review(session, viewer)
    viewer.window.add_dock_widget(review, name="review", area="right")
    qtbot.wait(150)
    viewer.window._qt_viewer.canvas.native.setFocus()
    shift, ctrl = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
    press(viewer, Qt.Key.Key_N)
    first = session.queue[0]
    assert session.seam == first
    press(viewer, Qt.Key.Key_N)
    press(viewer, Qt.Key.Key_P)
    assert session.seam == first
    right, start = truth(chip, session.project.seams[first]), review.draft.shift.whole()
    press(viewer, Qt.Key.Key_Right, shift)
    press(viewer, Qt.Key.Key_Left, shift)
    press(viewer, Qt.Key.Key_Down)
    press(viewer, Qt.Key.Key_Z, ctrl)
    assert review.draft.shift.whole() == start
    press(viewer, Qt.Key.Key_Z, ctrl | shift)
    assert review.draft.shift == Shift(start[0] + 1, start[1])
    press(viewer, Qt.Key.Key_Escape)
    for _ in range(abs(int(right.dy) - start[0])):
        press(viewer, Qt.Key.Key_Down if right.dy > start[0] else Qt.Key.Key_Up)
    for _ in range(abs(int(right.dx) - start[1])):
        press(viewer, Qt.Key.Key_Right if right.dx > start[1] else Qt.Key.Key_Left)
    assert review.draft.shift.whole() == right.whole()
    press(viewer, Qt.Key.Key_Return)
    assert len(session.project.decisions) == 1
    solve(session)
    qtbot.waitUntil(lambda: session.seam != first, timeout=3000)
    press(viewer, Qt.Key.Key_X)
    assert len(session.project.excluded) == 1
    press(viewer, Qt.Key.Key_Delete)
    assert not session.project.excluded
    session.select(WRONG)
    press(viewer, Qt.Key.Key_0)
    press(viewer, Qt.Key.Key_1)
    assert review.draft.shift == session.project.estimates[WRONG].alternatives[0].shift
    press(viewer, Qt.Key.Key_R)
    wait_for_work(qtbot, review.again.work)
    assert session.project.estimates[WRONG].map.max_shift == 24


@pytest.mark.pixels
def test_wrong_is_colourful_right_is_grey_and_b_blinks(make_napari_viewer, session, qtbot):
    viewer = make_napari_viewer(show=True)
    review = Review(session, viewer)
    viewer.window.add_dock_widget(review, name="review", area="right")
    session.select(0)
    qtbot.wait(150)
    viewer.fit_to_view(layers=[review.view.layer])
    viewer.window._qt_viewer.canvas.native.setFocus()

    def colour():
        qtbot.wait(80)
        picture = viewer.screenshot(canvas_only=True, flash=False).astype(int)
        return np.abs(picture[..., 0] - picture[..., 1]).mean()

    right = colour()
    review.nudge(6, 6)
    assert colour() > 1.2 * right
    canvas = viewer.window._qt_viewer.canvas.native
    QTest.keyPress(canvas, Qt.Key.Key_B)
    assert colour() == 0
    QTest.keyRelease(canvas, Qt.Key.Key_B)
    assert colour() > right
    assert session.project.estimates[0].status is not Status.HAND
