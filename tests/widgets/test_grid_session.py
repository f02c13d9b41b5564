from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_seamnet.as_text import Opened
from napari_seamnet.frames import as_frame
from napari_seamnet.geometry import Shift
from napari_seamnet.layouts import Layout, Site
from napari_seamnet.projects import Project, ProjectError
from napari_seamnet.sample_data import chip_grid
from napari_seamnet.shifts import Status
from napari_seamnet.shifts.estimate import undetermined
from napari_seamnet.stitching import StitchSettings, stitch
from napari_seamnet.widgets._grid_rows import Which, listed, rows_of
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


ARRIVALS = st.lists(
    st.sampled_from(["undo", "redo", "decide", "settings", "method", "arrive", "arrive many"]),
    max_size=30,
)


@given(ARRIVALS, st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_no_step_back_or_forth_loses_what_was_found(project, steps, rng):
    """What was found by a method is there whenever the grid is again one of that method."""
    session = GridSession()
    session.open(Project.of_layout(project.layout, QUICK))
    found = {"smoothed": {}, "phase": {}}
    decided, now = [()], 0
    for step in steps:
        here = found[session.project.settings.method]
        seam = rng.randrange(len(project.seams))
        estimate = replace(project.estimates[seam], confidence=rng.random())
        if step == "undo":
            session.undo()
            now = max(0, now - 1)
        elif step == "redo":
            session.redo()
            now = min(len(decided) - 1, now + 1)
        elif step == "arrive":
            session.take_estimate(seam, estimate)
            here[seam] = estimate
        elif step == "arrive many":
            some = dict.fromkeys(range(seam, len(project.seams), 3), estimate)
            session.take_estimates(some)
            here.update(some)
        else:
            before = session.project
            if step == "decide":
                session.decide(seam, Shift(rng.randrange(5), 0))
            elif step == "settings":
                size = float(rng.randrange(1, 2000))
                session.set_settings(replace(session.project.settings, feature_size=size))
            else:
                other = rng.choice([*found])
                session.set_settings(replace(session.project.settings, method=other))
            if session.project is not before:
                decided = [*decided[: now + 1], session.project.decisions]
                now += 1
        project_now = session.project
        assert project_now.decisions == decided[now]
        known = found[project_now.settings.method]
        missing = [k for k in known if project_now.estimates[k] is None]
        assert not missing
        assert {k for k, one in enumerate(project_now.estimates) if one is not None} == {*known}


def test_an_estimate_that_was_a_step_is_undone_as_one(session, project):
    session.open(Project.of_layout(project.layout, QUICK))
    again = session.project.with_estimates({2: project.estimates[2]})
    session.record(again, "another estimate")
    session.take_estimate(3, project.estimates[3])
    session.undo()
    assert session.project.estimates[2] is None
    assert session.project.estimates[3] is project.estimates[3]


def test_what_was_undone_with_nothing_found_since_is_the_same_object(session, project):
    session.decide(0, Shift(1, 1))
    session.undo()
    assert session.project is project


def test_decisions_are_those_of_whoever_is_logged_in(session, monkeypatch):
    monkeypatch.setattr("getpass.getuser", lambda: "ana")
    session.decide(0, Shift(1, 1))
    assert session.project.decisions[0].who == "ana"


def doubted(project, *seams):
    """The same project, solved so that these seams deserve a look."""
    verdicts = tuple(
        replace(v, needs_look=k in seams, probability=0.5 + k / 100)
        for k, v in enumerate(project.solved.verdicts)
    )
    return replace(project, solved=replace(project.solved, verdicts=verdicts))


@given(st.lists(st.tuples(st.sampled_from("dxt"), st.integers(0, 11), st.integers(0, 2))))
@settings(max_examples=30, deadline=None)
def test_the_queue_is_what_the_list_of_seams_says(project, steps):
    session = GridSession()
    session.open(doubted(project, 1, 4, 7, 8))
    assert session.queue == (1, 4, 7, 8)
    for step, seam, dy in steps:
        if step == "d":
            session.decide(seam, Shift(dy, 0))
        elif step == "x":
            session.exclude(seam)
        else:
            session.take_back(seam)
        assert session.queue == tuple(row.seam for row in listed(rows_of(session), Which.LOOK))


def test_a_seam_that_was_excluded_deserves_no_look_after_the_solve_either(project):
    blank = dict(enumerate(undetermined("smoothed", "blank") for _ in project.seams))
    lost = project.with_estimates(blank)
    solved = lost.solve()
    assert 3 in solved.solution().to_look_at
    pair = lost.seams[3].pair
    solved = lost.with_excluded(*pair).solve()
    assert 3 not in solved.solution().to_look_at
    assert solved.without_decision(*pair).solve().solution().verdicts[3].needs_look


def later(project, *more, rows=3):
    """The layout of the project's frames, and of others below them."""
    sites = [replace(s, row=k // 3, col=k % 3) for k, s in enumerate(project.layout)]
    y = 3 * 220
    for k, frame in enumerate(more):
        sites.append(Site(frame, (y, 220 * k), rows, k))
    return Layout(tuple(sites))


def test_a_grid_that_grows_is_no_step_and_all_of_its_history_grows(session, project):
    began = Project.of_layout(later(project), QUICK)
    began = began.with_estimates(dict(enumerate(project.estimates)))
    session.open(began.solve())
    session.remember(session.project.layout, Opened("run"))
    session.decide(0, Shift(2, -1))
    session.exclude(5)
    session.undo()
    session.select(11)
    pair = session.project.seams[11].pair
    more = [as_frame(np.full((300, 300), k, np.uint8), f"more {k}") for k in range(2)]
    arrived = later(project, *more)
    told = told_by(session)
    grown = []
    session.grown.connect(grown.append)
    growth = session.grow(arrived, Opened("run"))
    assert grown == [growth]
    assert growth.added == (9, 10)
    assert session.project.seams[session.seam].pair == pair
    assert told[0] == "laid out"
    assert told[-1] == "changed"
    assert session.solution is None
    assert session.opened == Opened("run")
    assert len(session.project.unfinished) == 3
    layouts = {id(session.project.layout)}
    session.redo()
    assert len(session.project.excluded) == 1
    layouts.add(id(session.project.layout))
    session.undo()
    session.undo()
    assert not session.project.decisions
    layouts.add(id(session.project.layout))
    assert len(layouts) == 1, "all states share one layout, as before"
    assert not session.can_undo
    assert session.grow(arrived, Opened("run")) is None


def test_what_was_found_before_a_grid_grew_is_known_after_an_undo(session, project):
    session.open(Project.of_layout(later(project), QUICK))
    session.decide(0, Shift(2, -1))
    session.take_estimate(7, project.estimates[7])
    pair = session.project.seams[7].pair
    session.grow(later(project, as_frame(np.full((300, 300), 9, np.uint8), "more")))
    session.undo()
    k = [seam.pair for seam in session.project.seams].index(pair)
    assert session.project.estimates[k] is project.estimates[7]


def test_frames_of_another_grid_are_not_taken_in(session, project):
    before = session.project
    other = Layout.of_frames([as_frame(np.zeros((300, 300), np.uint8), "x")], [(0, 0)])
    with pytest.raises(ProjectError, match="none of the grid's frames"):
        session.grow(other)
    assert session.project is before


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
