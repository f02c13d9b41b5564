import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_seamnet.geometry import Shift
from napari_seamnet.projects import History, ProjectError

STEPS = st.lists(st.sampled_from(["do", "undo", "redo"]), max_size=60)


@given(STEPS)
def test_any_order_of_steps_is_where_a_tape_and_a_finger_on_it_would_be(steps):
    history, tape, finger = History(0), [0], 0
    for number, step in enumerate(steps, 1):
        if step == "do":
            history = history.do(number, f"step {number}")
            tape = [*tape[: finger + 1], number]
            finger += 1
        elif step == "undo" and history.can_undo:
            history, finger = history.undo(), finger - 1
        elif step == "redo" and history.can_redo:
            history, finger = history.redo(), finger + 1
        assert history.present == tape[finger]
        assert [state for state, _ in history.past] == tape[:finger]
        assert [state for state, _ in reversed(history.future)] == tape[finger + 1 :]
        if history.can_undo:
            assert history.undo_what == f"step {history.present}"


@given(STEPS)
def test_undoing_and_redoing_everything_ends_in_the_same_state(steps):
    history = History("begin")
    for number, step in enumerate(steps):
        if step == "undo" and history.can_undo:
            history = history.undo()
        elif step != "redo":
            history = history.do(str(number), step)
    back = history
    while back.can_undo:
        back = back.undo()
    assert back.present == "begin"
    while back.can_redo:
        back = back.redo()
    while history.can_redo:
        history = history.redo()
    assert back == history


@settings(deadline=None, max_examples=25)
@given(st.lists(st.tuples(st.sampled_from("dxceul"), st.integers(0, 11)), max_size=25), st.data())
def test_decisions_undone_and_redone_in_random_order_end_in_the_same_project(made, changes, data):
    history = History(made[1])
    states = [made[1]]
    for kind, k in changes:
        project = history.present
        first, second = project.seams[k].pair
        project = {
            "d": lambda p=project, a=first, b=second, k=k: p.with_decision(a, b, Shift(k, -k)),
            "x": lambda p=project, a=first, b=second: p.with_excluded(a, b),
            "c": lambda p=project, a=first, b=second: p.without_decision(a, b),
            "e": lambda p=project, k=k: p.with_estimates({k: None}),
            "u": lambda p=project, k=k: p.with_locked(k % 9),
            "l": lambda p=project: p.with_locked(),
        }[kind]()
        history = history.do(project, kind)
        states.append(project)
    at = len(states) - 1
    for _ in range(data.draw(st.integers(0, 30))):
        if data.draw(st.booleans()) and history.can_undo:
            history, at = history.undo(), at - 1
        elif history.can_redo:
            history, at = history.redo(), at + 1
        assert history.present == states[at]
    while history.can_redo:
        history = history.redo()
    assert history.present == states[-1]


def test_a_new_step_forgets_what_was_undone():
    history = History(1).do(2).do(3).undo().do(4)
    assert not history.can_redo
    assert history.undo().present == 2


def test_a_limit_forgets_the_oldest_states():
    history = History(0, limit=2).do(1).do(2).do(3)
    assert [state for state, _ in history.past] == [1, 2]
    assert History(0, limit=0).do(1).can_undo is False


def test_what_is_no_ones_doing_is_no_step():
    history = History(0).do(1, "one").replaced(10)
    assert (history.present, history.undo().present, history.undo_what) == (10, 0, "one")


def test_all_states_change_alike_and_the_steps_stay():
    history = History(0).do(1, "one").do(2, "two").undo().mapped(lambda state: state + 10)
    assert (history.present, history.undo().present, history.redo().present) == (11, 10, 12)
    assert (history.undo_what, history.redo_what) == ("one", "two")


def test_nothing_to_undo_or_redo_is_said():
    with pytest.raises(ProjectError, match="nothing to undo"):
        History(0).undo()
    with pytest.raises(ProjectError, match="nothing to redo"):
        History(0).redo()
