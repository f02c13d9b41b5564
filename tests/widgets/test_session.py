"""The session: what each action does to the state, and that undo takes it back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_seamnet.frames import as_frame
from napari_seamnet.geometry import Offset, OverlapError, Shift, Side
from napari_seamnet.mosaic import MosaicError
from napari_seamnet.shifts import Alternative, Estimate, Status
from napari_seamnet.widgets._session import PairSession

PICTURE = np.arange(400 * 500, dtype=np.uint32).reshape(400, 500)


def frame(y, x, height=60, width=80):
    """A frame whose pixels all differ, and tell where they were cut."""
    return as_frame(PICTURE[y : y + height, x : x + width], name=f"{y},{x}")


def estimate(dy, dx, status=Status.CERTAIN, others=()):
    alternatives = tuple(Alternative(Shift(*other), 0.2) for other in others)
    return Estimate(Shift(dy, dx), status, 0.7, alternatives, method="fake")


@pytest.fixture
def session():
    """A pair at its nominal place, 60 px to the right, 20 px of overlap."""
    made = PairSession()
    made.choose(frame(50, 50), frame(50, 110), (0.0, 0.0), (0.0, 60.0))
    return made


def test_where_the_layers_lie_is_the_nominal_place(session):
    assert session.state.nominal == Offset(0, 60)
    assert session.state.shift == (0, 0)
    assert session.state.status is None


def test_a_nominal_offset_moves_the_second_frame_there():
    session = PairSession()
    session.choose(frame(0, 0), frame(0, 60), (5.0, 7.0), (5.0, 7.0), Offset(-2, 66))
    assert session.state.second_at == (3.0, 73.0)
    assert session.state.shift == (0, 0)


def test_a_fractional_layer_position_stays_until_something_moves():
    session = PairSession()
    session.choose(frame(0, 0), frame(0, 60), (0.25, 0.0), (0.5, 60.4))
    assert session.state.second_at == (0.5, 60.4)
    assert session.state.nominal == Offset(0, 60)
    session.nudge(0, 1)
    assert session.state.second_at == (0.25, 61.0)


def test_an_estimate_moves_the_frame_to_the_whole_pixel(session):
    session.take_estimate(estimate(2.6, -3.4))
    assert session.state.second_at == (3.0, 57.0)
    assert session.state.shift == (3, -3)
    assert session.state.status is Status.CERTAIN


def test_no_evidence_moves_nothing(session):
    session.nudge(4, 5)
    session.take_estimate(estimate(0, 0, Status.UNDETERMINED))
    assert session.state.shift == (4, 5)
    assert session.state.status is Status.HAND


def test_a_move_by_hand_is_a_persons_decision(session):
    session.take_estimate(estimate(2, 2))
    session.nudge(1, 0)
    assert session.state.status is Status.HAND
    assert session.state.shift == (3, 2)


def test_alternatives_are_taken_by_their_number(session):
    session.take_estimate(estimate(1, 1, Status.AMBIGUOUS, [(1, 9), (1.4, -7.2)]))
    assert session.take_alternative(2)
    assert session.state.shift == (1, -7)
    assert session.state.status is Status.HAND
    assert not session.take_alternative(3)


def test_restore_goes_back_to_the_answer_and_then_to_the_nominal_place(session):
    session.take_estimate(estimate(2, 2))
    session.nudge(5, 5)
    session.restore()
    assert (session.state.shift, session.state.status) == ((2, 2), Status.CERTAIN)
    session.restore()
    assert (session.state.shift, session.state.status) == ((0, 0), None)
    before = session.state
    session.restore()
    assert session.state is before, "there is nothing left to restore"


@pytest.mark.parametrize(
    ("status", "becomes"),
    [
        (Status.CERTAIN, Status.CERTAIN),
        (Status.DOUBTFUL, Status.HAND),
        (Status.AMBIGUOUS, Status.HAND),
        (Status.UNDETERMINED, Status.HAND),
    ],
)
def test_accepting_what_a_method_doubts_is_a_persons_decision(session, status, becomes):
    session.take_estimate(estimate(1, 1, status))
    session.accept()
    assert session.state.accepted
    assert session.state.status is becomes
    assert session.state.shift == ((0, 0) if status is Status.UNDETERMINED else (1, 1))


def test_moving_after_accepting_takes_the_acceptance_back(session):
    session.accept()
    session.nudge(0, 1)
    assert not session.state.accepted


def test_side_and_overlap_put_the_frame_to_its_nominal_place(session):
    session.take_estimate(estimate(1, 1))
    session.place_nominally(Side.BELOW, 10)
    assert session.state.second_at == (50.0, 0.0)
    assert session.state.estimate is None
    session.undo()
    assert session.state.shift == (1, 1)


def test_an_overlap_larger_than_the_frame_changes_nothing(session):
    before = session.state
    with pytest.raises(OverlapError, match="80"):
        session.place_nominally(Side.RIGHT, 81)
    assert session.state is before


def test_the_present_place_can_become_the_nominal_one(session):
    session.nudge(20, 30)
    session.take_place_as_nominal()
    assert session.state.nominal == Offset(20, 90)
    assert session.state.shift == (0, 0)
    assert session.state.second_at == (20.0, 90.0)


def test_a_drag_is_one_step(session):
    for step in range(1, 6):
        session.drag_to(step, 0)
    session.drop()
    session.drag_to(9, 9)
    session.drop()
    session.undo()
    assert session.state.shift == (5, 0)
    session.undo()
    assert session.state.shift == (0, 0)


def test_moves_made_elsewhere_are_followed_as_one_step(session):
    for x in (61.0, 62.5, 64.0):
        session.follow((0.0, 0.0), (0.0, x))
    assert session.state.shift == (0, 4)
    assert session.state.status is Status.HAND
    session.undo()
    assert session.state.shift == (0, 0)


def test_moving_both_frames_alike_is_no_decision(session):
    session.follow((10.0, 0.0), (10.0, 60.0))
    assert session.state.status is None


def test_rounding_of_world_coordinates_is_no_move(session):
    before = session.state
    session.follow((1e-12, 0.0), (0.0, 60.0 + 1e-11))
    assert session.state is before


def test_undo_and_redo_walk_across_align_nudge_and_append(session):
    seen = [session.state]
    for action in (
        lambda: session.take_estimate(estimate(3, -4)),
        lambda: session.nudge(0, 1),
        lambda: session.nudge(-1, 0),
        session.append,
    ):
        action()
        seen.append(session.state)
    assert len(session.state.mosaic) == 2
    for state in reversed(seen[:-1]):
        session.undo()
        assert session.state is state
    for state in seen[1:]:
        session.redo()
        assert session.state is state


def test_something_new_after_undo_drops_what_was_undone(session):
    session.nudge(1, 0)
    session.nudge(1, 0)
    session.undo()
    session.nudge(0, 7)
    assert not session.can_redo
    assert session.state.shift == (1, 7)


def test_undo_and_redo_say_what_they_would_do(session):
    session.take_estimate(estimate(1, 1))
    assert (session.can_undo, session.can_redo) == ("alignment", "")
    session.undo()
    assert session.can_redo == "alignment"


ACTIONS = {
    "align": lambda s: s.take_estimate(estimate(2, -1, Status.AMBIGUOUS, [(2, 8)])),
    "take": lambda s: s.take_alternative(1),
    "nudge": lambda s: s.nudge(1, -2),
    "drag": lambda s: s.drag_to(4, 4),
    "drop": lambda s: s.drop(),
    "follow": lambda s: s.follow((0.0, 0.0), (3.0, 66.0)),
    "restore": lambda s: s.restore(),
    "accept": lambda s: s.accept(),
    "layout": lambda s: s.place_nominally("above", 15),
    "append": lambda s: None if s.state.is_appended else s.append(),
    "remove": lambda s: s.remove_last(),
}


@given(st.lists(st.sampled_from(sorted(ACTIONS)), max_size=25))
def test_undoing_all_and_redoing_all_comes_back_to_the_same_state(names):
    session = PairSession()
    start = session.state
    session.choose(frame(50, 50), frame(50, 110), (0.0, 0.0), (0.0, 60.0))
    for name in names:
        ACTIONS[name](session)
    end = session.state
    while session.can_undo:
        session.undo()
    assert session.state is start
    while session.can_redo:
        session.redo()
    assert session.state is end


# -- mosaic -----------------------------------------------------------------------------------


def test_appending_starts_a_mosaic_of_untouched_pixels(session):
    session.take_estimate(estimate(0, 0))
    session.append()
    mosaic = session.state.mosaic
    np.testing.assert_array_equal(mosaic.array(), PICTURE[50:110, 50:190])
    assert [p.status for p in mosaic.placements] == [Status.CERTAIN, Status.CERTAIN]


def test_appending_a_doubtful_pair_is_a_persons_decision(session):
    session.take_estimate(estimate(0, 0, Status.DOUBTFUL))
    session.append()
    assert session.state.mosaic.placements[1].status is Status.HAND
    assert session.state.status is Status.HAND


def test_a_third_frame_goes_against_any_placed_one(session):
    session.append()
    first = session.state.pair[0]
    third = frame(10, 50)  # above the first: the mosaic grows up
    session.choose(first, third, (0.0, 0.0), (-40.0, 0.0))
    session.append()
    mosaic = session.state.mosaic
    assert mosaic.origin == (-40, 0)
    expected = PICTURE[10:110, 50:190].copy()
    expected[:40, 80:] = 0
    np.testing.assert_array_equal(mosaic.array(), expected)


def test_the_placed_frame_may_be_the_second_one(session):
    session.append()
    second = session.state.pair[1]
    third = frame(53, 170)
    session.choose(third, second, (3.0, 121.0), (0.0, 60.0))
    session.move_to(0, 1)  # so the third really lies 60 px right of, 3 px below the second
    session.append()
    assert session.state.mosaic.placements[2].position == (3, 120)
    assert session.state.first_at == (3.0, 120.0), "it is shown where the mosaic has it"
    assert session.state.second_at == (0.0, 60.0)


def test_ten_frames_each_against_the_one_before(session):
    session.append()
    previous, at = session.state.pair[1], (0.0, 60.0)
    for number in range(2, 10):
        y, x = 50 + 30 * number, 50 + 20 * number
        new, there = frame(y, x), (y - 50.0, x - 50.0)
        session.choose(previous, new, at, there)
        session.append()
        previous, at = new, there
    mosaic = session.state.mosaic
    assert len(mosaic) == 10
    picture = mosaic.array().compute()
    shown = picture > 0
    whole = PICTURE[50 : 50 + picture.shape[0], 50 : 50 + picture.shape[1]]
    np.testing.assert_array_equal(picture[shown], whole[shown])
    for _ in range(8):
        session.remove_last()
    assert len(session.state.mosaic) == 2


def test_two_new_frames_start_a_new_mosaic_and_undo_brings_the_old_one_back(session):
    session.append()
    old = session.state.mosaic
    session.choose(frame(0, 0), frame(0, 60), (0.0, 0.0), (0.0, 60.0))
    session.append()
    assert len(session.state.mosaic) == 2
    assert session.state.mosaic is not old
    session.undo()
    assert session.state.mosaic is old


def test_a_pair_is_appended_only_once(session):
    session.append()
    with pytest.raises(MosaicError, match="already"):
        session.append()


@pytest.mark.parametrize("name", ["align", "take", "nudge", "drag", "restore", "accept", "layout"])
def test_nothing_moves_a_pair_that_is_in_the_mosaic(session, name):
    session.take_estimate(estimate(2, -1, Status.AMBIGUOUS, [(2, 8)]))
    session.append()
    appended = session.state
    ACTIONS[name](session)
    assert session.state is appended


def test_without_a_pair_there_is_nothing_to_append():
    with pytest.raises(MosaicError, match="choose two layers"):
        PairSession().append()


def test_removing_from_two_frames_leaves_no_mosaic(session):
    session.append()
    session.remove_last()
    assert session.state.mosaic is None
    session.undo()
    assert len(session.state.mosaic) == 2
