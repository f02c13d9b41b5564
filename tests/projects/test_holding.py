"""Frames moved by hand and locked: what that decides, and that the solver keeps to it."""

from __future__ import annotations

import pytest

from napari_seamnet.geometry import Shift
from napari_seamnet.projects import ProjectError
from napari_seamnet.projects.edit import without_frames
from napari_seamnet.projects.holding import (
    LOCKED,
    MOVED,
    lock_frame,
    move_frame,
    seams_of,
    unlock_frame,
)
from napari_seamnet.shifts import Status

MIDDLE = 4


@pytest.fixture
def solution(project):
    """Where the nine frames lie."""
    return project.solution()


def offsets(solution, index):
    """Offsets of a frame from each of its neighbours, as they are shown."""
    found = {}
    for seam in solution.seams:
        if index in seam.pair:
            other = seam.second if seam.first == index else seam.first
            (y, x), (v, u) = solution.frames[index].whole, solution.frames[other].whole
            found[other] = y - v, x - u
    return found


def test_a_moved_frame_lies_there_to_all_its_neighbours(project, solution):
    before = offsets(solution, MIDDLE)
    moved = move_frame(project, solution, MIDDLE, 3, -2, who="me")
    after = moved.solve().solution()
    assert offsets(after, MIDDLE) == {n: (y + 3, x - 2) for n, (y, x) in before.items()}
    for k in seams_of(moved, MIDDLE):
        assert after.verdicts[k].status is Status.HAND
        decision = moved.decision(*moved.seams[k].pair)
        assert (decision.who, decision.note) == ("me", MOVED)
        assert decision.when is not None


def test_whoever_is_logged_in_decides(project, solution, monkeypatch):
    monkeypatch.setattr("getpass.getuser", lambda: "ana")
    moved = move_frame(project, solution, MIDDLE, 3, -2)
    locked = lock_frame(project, solution, MIDDLE)
    for held, note in ((moved, MOVED), (locked, LOCKED)):
        assert {d.who for d in held.decisions if d.note == note} == {"ana"}

    def nobody():
        raise OSError("no such user")

    monkeypatch.setattr("getpass.getuser", nobody)
    moved = move_frame(project, solution, MIDDLE, 3, -2)
    assert {d.who for d in moved.decisions if d.note == MOVED} == {""}


def test_moving_decides_nothing_about_seams_of_others_and_excluded_ones(project, solution):
    k = seams_of(project, MIDDLE)[0]
    excluded = project.with_excluded(*project.seams[k].pair)
    moved = move_frame(excluded, solution, MIDDLE, 1, 1)
    assert moved.excluded == excluded.excluded
    mine = {project.seams[j].pair for j in seams_of(project, MIDDLE)} - excluded.excluded
    assert {d.pair for d in moved.decisions} == mine | {d.pair for d in project.decisions}


def test_a_frame_that_nothing_ties_cannot_be_moved(project):
    alone = without_frames(project, *range(1, 9)).solve()
    with pytest.raises(ProjectError, match="no seam ties tile_r0_c0"):
        move_frame(alone, alone.solution(), 0, 1, 1)


def test_a_locked_frame_keeps_its_place_whatever_else_is_decided(project, solution):
    before = offsets(solution, MIDDLE)
    locked = lock_frame(project, solution, MIDDLE)
    assert locked.locked == {MIDDLE}
    with pytest.raises(ProjectError, match="locked in place; unlock"):
        move_frame(locked, solution, MIDDLE, 1, 1)
    far = next(k for k, s in enumerate(project.seams) if s.pair == (0, 1))
    other = locked.with_decision(*project.seams[far].pair, Shift(9, 9))
    assert offsets(other.solve().solution(), MIDDLE) == before


def test_unlocking_takes_back_what_locking_decided_and_nothing_else(project, solution):
    locked = lock_frame(lock_frame(project, solution, MIDDLE), solution, 5)
    (between,) = (s.pair for s in project.seams if s.pair == (MIDDLE, 5))
    one = unlock_frame(locked, MIDDLE)
    assert one.locked == {5}
    assert one.decision(*between).note == LOCKED  # the other holds it still
    none = unlock_frame(one, 5)
    assert none.decisions == project.decisions
    assert none.estimates == project.estimates
    assert not none.locked
