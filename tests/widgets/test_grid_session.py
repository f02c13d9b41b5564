from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_seamnet.as_text import Opened
from napari_seamnet.geometry import Shift
from napari_seamnet.layouts import Layout
from napari_seamnet.projects import Project
from napari_seamnet.sample_data import chip_grid
from napari_seamnet.shifts import Status
from napari_seamnet.stitching import StitchSettings, stitch
from napari_seamnet.widgets._grid_session import GridSession

QUICK = StitchSettings(method="smoothed", max_shift=12)


@pytest.fixture(scope="module")
def project() -> Project:
    chip = chip_grid(3, 3, size=300, overlap=80, jitter=4)
    layout = Layout.of_frames(chip.frames, chip.nominal)
    return Project.from_solution(stitch(layout, QUICK), QUICK)


@pytest.fixture
def session(project) -> GridSession:
    session = GridSession()
    session.open(project)
    return session


def told_by(session):
    told = []
    session.laid_out.connect(lambda: told.append("laid out"))
    session.changed.connect(lambda: told.append("changed"))
    session.selected.connect(lambda seam: told.append(("selected", seam)))
    session.estimated.connect(lambda seam: told.append(("estimated", seam)))
    return told


def test_a_session_begins_empty_and_says_so():
    session = GridSession()
    assert session.project is None
    assert session.solution is None
    assert session.queue == ()
    assert session.status(0) is None
    assert not session.can_undo
    session.undo()
    session.step(1)
    with pytest.raises(ValueError, match="no grid yet"):
        session.decide(0, Shift(0, 0))


def test_a_solved_project_brings_its_positions_along(session, project):
    assert session.is_solved
    assert session.solution.frames == project.solution().frames
    assert session.status(0) is session.solution.verdicts[0].status


def test_a_decision_is_a_step_and_the_grid_is_to_be_solved_again(session):
    told = told_by(session)
    session.decide(0, Shift(2, -1))
    assert not session.is_solved
    assert session.solution is not None, "the last positions stay while new ones are found"
    assert told == ["changed"]
    session.take_solved(session.project.solve())
    assert session.is_solved
    assert session.status(0) is Status.HAND
    session.undo()
    assert session.is_solved
    assert session.status(0) is not Status.HAND
    session.redo()
    assert session.project.decision(0, 1).shift == Shift(2, -1)


def test_positions_of_an_older_state_are_thrown_away(session):
    session.decide(0, Shift(2, -1))
    late = session.project.solve()
    session.decide(1, Shift(0, 0))
    session.take_solved(late)
    assert not session.is_solved


def test_exclusions_can_be_taken_back(session):
    pair = session.project.seams[2].pair
    session.exclude(2)
    assert pair in session.project.excluded
    session.take_back(2)
    assert pair not in session.project.excluded


def test_a_new_layout_can_be_undone(session, project):
    told = told_by(session)
    session.lay_out(project.layout.without(0), QUICK)
    assert session.solution is None
    assert told == ["laid out", "changed"]
    session.undo()
    assert session.project == project
    assert session.is_solved


def test_estimates_that_come_in_are_no_step(session, project):
    session.open(Project.of_layout(project.layout, QUICK))
    told = told_by(session)
    session.take_estimate(3, project.estimates[3])
    assert told == [("estimated", 3)]
    assert session.status(3) is project.estimates[3].status
    session.take_estimates(dict(enumerate(project.estimates)))
    assert session.project.unfinished == ()
    assert not session.can_undo


def test_looking_goes_round_the_queue(session, project):
    solution = session.solution
    verdicts = [
        replace(v, needs_look=k in (1, 4), probability=0.5 if k == 4 else 0.7)
        for k, v in enumerate(solution.verdicts)
    ]
    session._solution = replace(solution, verdicts=tuple(verdicts))
    assert session.queue == (4, 1)
    seen = []
    for by in (1, 1, 1, -1):
        session.step(by)
        seen.append(session.seam)
    assert seen == [4, 1, 4, 1]
    session.select(7)
    session.step(1)
    assert session.seam == 4


STEPS = st.lists(
    st.sampled_from(["undo", "redo", "decide", "exclude", "take back", "settings"]), max_size=25
)


@given(STEPS, st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_whatever_is_undone_and_redone_ends_where_plain_bookkeeping_says(project, steps, rng):
    """Beside the session runs the simplest model there is: a list of states and a place in it."""
    session = GridSession()
    session.open(project)
    states, now = [project], 0
    for step in steps:
        seam = rng.randrange(len(project.seams))
        if step == "undo":
            session.undo()
            now = max(0, now - 1)
        elif step == "redo":
            session.redo()
            now = min(len(states) - 1, now + 1)
        else:
            if step == "decide":
                session.decide(seam, Shift(rng.randrange(5), rng.randrange(5)))
            elif step == "exclude":
                session.exclude(seam)
            elif step == "take back":
                session.take_back(seam)
            else:
                size = float(rng.randrange(1, 2000))
                session.set_settings(replace(session.project.settings, feature_size=size))
            if session.project is not states[now]:
                states = [*states[: now + 1], session.project]
                now += 1
        assert session.project == states[now]


def test_how_a_layout_was_opened_is_known_after_undo_and_redo_too(session, project):
    assert session.opened is None
    other = Layout.of_frames(project.layout.frames, project.layout.positions)
    opened = Opened("run_17", {"overlap": 80})
    session.remember(other, opened)
    assert session.opened is None
    session.lay_out(other)
    session.decide(0, Shift(0, 0))
    assert session.opened is opened
    session.undo()
    session.undo()
    assert session.opened is None
    session.redo()
    assert session.opened is opened


def test_positions_that_are_forgotten_leave_each_seam_its_own_state(session, project):
    told = told_by(session)
    session.forget_solution()
    assert session.solution is None
    assert not session.is_solved
    assert session.status(0) is project.estimates[0].status
    assert told == ["changed"]
    assert not session.can_undo  # no step of a person's
    session.forget_solution()
    assert told == ["changed"]
    GridSession().forget_solution()
