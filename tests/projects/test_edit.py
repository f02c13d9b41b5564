"""Frames left out, replaced, added; the last line of defence is `Project`, which checks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st

from napari_seamnet.frames import as_frame, open_frame
from napari_seamnet.geometry import Shift, Side
from napari_seamnet.layouts import Layout
from napari_seamnet.mosaic import MosaicError
from napari_seamnet.projects import Project, ProjectError
from napari_seamnet.projects.beside import free_sides, place_beside
from napari_seamnet.projects.edit import add_frame, replace_frame, swap_frames, without_frames
from napari_seamnet.shifts import Estimate, Status


def names_of(project, pairs):
    """Pairs of indices as pairs of names, which do not change when frames move up."""
    return {tuple(project.layout[k].name for k in pair) for pair in pairs}


def said(project):
    """Everything that is known and decided about the seams, by the names of their frames."""
    found = {}
    decided = {decision.pair: decision for decision in project.decisions}
    for seam, estimate in zip(project.seams, project.estimates, strict=True):
        (name,) = names_of(project, [seam.pair])
        decision = decided.get(seam.pair)
        found[name] = (
            seam.nominal,
            estimate,
            decision and (decision.shift, decision.who, decision.when, decision.note),
            seam.pair in project.excluded,
        )
    return found


@pytest.fixture(scope="module")
def grid():
    """3 x 4 frames, all seams with estimates of their own; some are decided, some excluded."""
    rng = np.random.default_rng(5)
    frames = [
        as_frame(rng.integers(0, 255, (60, 80), np.uint8), f"r{k // 4}_c{k % 4}")
        for k in range(12)
    ]
    layout = Layout.of_frames(frames, [(50 * (k // 4), 68 * (k % 4)) for k in range(12)])
    sites = tuple(
        replace(site, row=k // 4, col=k % 4, number=k) for k, site in enumerate(layout.sites)
    )
    project = Project.of_layout(replace(layout, sites=sites))
    project = project.with_estimates(
        {
            k: Estimate(Shift(k / 8, -k / 4), Status.CERTAIN, 0.5 + k / 100, method="smoothed")
            for k in range(len(project.seams))
        }
    )
    for k in (0, 5, 11):
        project = project.with_decision(*project.seams[k].pair, Shift(k, 1), who="me", note=f"{k}")
    for k in (2, 9):
        project = project.with_excluded(*project.seams[k].pair)
    return project.with_locked(1, 6)


def test_leaving_a_frame_out_keeps_all_that_is_known_of_the_others(grid):
    fewer = without_frames(grid, 5)
    left = {name: what for name, what in said(grid).items() if "r1_c1" not in name}
    assert said(fewer) == left
    assert len(left) == len(grid.seams) - 4
    assert (1, 1) in fewer.layout.missing
    assert fewer.layout.notes[-1] == "left out by hand: r1_c1"
    assert {fewer.layout[k].name for k in fewer.locked} == {"r0_c1", "r1_c2"}
    assert len(grid.layout) == 12


@given(st.lists(st.integers(0, 11), min_size=1, max_size=11, unique=True), st.integers(0, 11))
def test_frames_left_out_together_or_one_by_one_give_the_same(grid, frames, cut):
    at_once = without_frames(grid, *frames)
    first, rest = frames[:cut], frames[cut:]
    steps = without_frames(grid, *first)
    now = [[site.name for site in steps.layout].index(grid.layout[k].name) for k in rest]
    steps = without_frames(steps, *now)
    assert said(steps) == said(at_once)
    assert steps.layout.positions == at_once.layout.positions
    assert {steps.layout[k].name for k in steps.locked} == {
        at_once.layout[k].name for k in at_once.locked
    }


def test_what_cannot_be_left_out_is_said(grid):
    with pytest.raises(ProjectError, match="no frame 12; they count from 0 to 11"):
        without_frames(grid, 12)
    with pytest.raises(ProjectError, match="no frame would be left"):
        without_frames(grid, *range(12))
    assert without_frames(grid) is grid


def test_a_frame_taken_again_makes_its_own_seams_unknown_and_no_others(grid):
    again = as_frame(np.arange(4800, dtype=np.uint8).reshape(60, 80), "r1_c1_again")
    changed = replace_frame(grid, 5, again)
    site = changed.layout[5]
    assert site.frame is again
    assert (site.row, site.col, site.number, site.position) == (1, 1, 5, (50.0, 68.0))
    assert {k for k, e in enumerate(changed.estimates) if e is None} == {
        k for k, seam in enumerate(grid.seams) if 5 in seam.pair
    }
    others = {name: what for name, what in said(grid).items() if "r1_c1" not in name}
    assert {n: w for n, w in said(changed).items() if "r1_c1_again" not in n} == others
    assert changed.solved is None
    assert 5 not in {frame for d in changed.decisions for frame in d.pair}
    assert len(changed.unfinished) == 4


@given(st.integers(0, 11), st.integers(0, 11))
def test_two_frames_change_places_and_only_their_own_seams_become_unknown(grid, one, other):
    if one == other:
        with pytest.raises(ProjectError, match="with itself"):
            swap_frames(grid, one, other)
        return
    swapped = swap_frames(grid, one, other)
    frames = list(grid.layout.frames)
    frames[one], frames[other] = frames[other], frames[one]
    assert list(swapped.layout.frames) == frames
    places = [(s.position, s.row, s.col, s.number) for s in grid.layout]
    assert [(s.position, s.row, s.col, s.number) for s in swapped.layout] == places
    assert [seam.pair for seam in swapped.seams] == [seam.pair for seam in grid.seams]
    theirs = {seam.pair for seam in grid.seams if {one, other} & {*seam.pair}}
    for was, now, seam in zip(grid.estimates, swapped.estimates, grid.seams, strict=True):
        assert now is (None if seam.pair in theirs else was)
    assert {d.pair for d in swapped.decisions} == {d.pair for d in grid.decisions} - theirs
    assert swapped.excluded == grid.excluded - theirs
    assert swapped.locked == grid.locked - {one, other}
    assert swap_frames(swapped, one, other).layout.frames == grid.layout.frames


def test_frames_that_are_swapped_are_noted_and_planes_go_with_their_frames(grid):
    sites = list(grid.layout.sites)
    sites[3] = replace(sites[3], page=7)
    paged = replace(grid, layout=replace(grid.layout, sites=tuple(sites)))
    swapped = swap_frames(paged, 3, 8)
    assert swapped.layout.notes == ("r0_c3 and r2_c0 were swapped by hand",)
    assert (swapped.layout[3].page, swapped.layout[8].page) == (None, 7)
    with pytest.raises(ProjectError, match="no frame 12"):
        swap_frames(grid, 3, 12)


def test_a_smaller_frame_in_the_place_of_another_has_the_seams_that_it_reaches(grid):
    small = as_frame(np.arange(60 * 70, dtype=np.uint8).reshape(60, 70), "small")
    changed = replace_frame(grid, 0, small)
    assert names_of(changed, [s.pair for s in changed.seams if 0 in s.pair]) == {
        ("small", "r1_c0")  # 70 px reach only 2 px into the frame beside it
    }


def test_a_frame_of_another_kind_is_refused(grid):
    deep = as_frame(np.zeros((60, 80), np.uint16), "deep")
    for change in (lambda: replace_frame(grid, 0, deep), lambda: add_frame(grid, deep, (0, -68))):
        with pytest.raises(MosaicError, match="deep is uint16"):
            change()
    alone = without_frames(grid, *range(1, 12))
    assert replace_frame(alone, 0, deep).layout[0].frame is deep  # nothing to be like


def test_a_frame_that_is_there_is_not_added_twice(grid, tmp_path):
    with pytest.raises(ProjectError, match="r0_c3 is frame 3 of the grid already"):
        add_frame(grid, grid.layout[3].frame, (0, -68))
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((60, 80), np.uint8))
    once = add_frame(grid, open_frame(tmp_path / "a.tif"), (0, -68), row=0, col=-1)
    with pytest.raises(ProjectError, match=r"a\.tif is frame 12"):
        replace_frame(once, 3, open_frame(tmp_path / "a.tif"))
    again = replace_frame(once, 12, open_frame(tmp_path / "a.tif"))  # written anew, perhaps
    assert len(again.layout) == 13


def test_a_gap_is_filled_and_the_grid_is_whole_again(grid):
    gone = grid.layout[5].frame
    fewer = without_frames(grid, 5)
    left = [site.name for site in fewer.layout].index("r1_c0")
    at = place_beside(fewer, left, Side.RIGHT, gone.shape)
    assert at.position == grid.layout[5].position
    assert (at.row, at.col) == (1, 1)
    whole = add_frame(fewer, gone, at.position, row=at.row, col=at.col)
    assert whole.layout.missing == ()
    assert whole.layout.is_grid
    pairs = {frozenset(name) for name in said(whole)}
    assert pairs == {frozenset(name) for name in said(grid)}
    assert len(whole.unfinished) == 4
    kept = dict(said(fewer).items())
    assert {name: what for name, what in said(whole).items() if name in kept} == kept


def test_a_frame_before_the_first_row_counts_all_rows_anew(grid):
    new = as_frame(np.full((60, 80), 9, np.uint8), "above")
    at = place_beside(grid, 2, Side.ABOVE, new.shape)
    assert at.position == (-50, 136)
    more = add_frame(grid, new, at.position, row=at.row, col=at.col)
    places = {site.name: (site.row, site.col) for site in more.layout}
    assert places["above"] == (0, 2)
    assert places["r2_c3"] == (3, 3)
    assert [s.pair for s in more.seams if 12 in s.pair] == [(2, 12)]
    assert {n: w for n, w in said(more).items() if "above" not in n} == said(grid)


def test_a_taken_place_is_refused(grid):
    new = as_frame(np.full((60, 80), 9, np.uint8), "new")
    with pytest.raises(ProjectError, match="frame in row 1, column 2 already"):
        add_frame(grid, new, (50, 136), row=1, col=2)


def test_sides_that_are_free_are_those_without_a_neighbour(grid):
    assert free_sides(grid.layout, 0) == (Side.LEFT, Side.ABOVE)
    assert free_sides(grid.layout, 5) == ()
    loose = Layout.of_frames(grid.layout.frames, grid.layout.positions)
    assert len(free_sides(loose, 5)) == 4


def test_what_is_left_can_be_solved_saved_and_read_again(project, tmp_path):
    fewer = without_frames(project, 4)
    assert fewer.solve().solution().frames
    fewer.save(tmp_path / "fewer.seamnet.json")
    assert Project.load(tmp_path / "fewer.seamnet.json") == fewer
