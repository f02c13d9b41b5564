"""A grid takes in frames that came later; all that a person did to it stays done."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_seamnet.frames import as_frame
from napari_seamnet.geometry import Offset, Shift
from napari_seamnet.layouts import Layout, Site
from napari_seamnet.projects import Project, ProjectError
from napari_seamnet.projects.edit import add_frame, replace_frame, swap_frames, without_frames
from napari_seamnet.projects.grow import growth
from napari_seamnet.shifts import Estimate, Status

ROWS, COLS = 3, 4
N = ROWS * COLS
STEP = (50, 68)


def picture(k, seed=5, shape=(60, 80), dtype=np.uint8):
    pixels = np.random.default_rng([seed, k]).integers(0, 255, shape).astype(dtype)
    return as_frame(pixels, f"r{k // COLS}_c{k % COLS}")


FRAMES = [picture(k) for k in range(N)]


def layout_of(numbers, step=STEP, origin=(0, 0), first=(0, 0), frames=FRAMES):
    """As files of these frames are understood: rows and columns from `first` on."""
    sites = []
    for rank, k in enumerate(sorted(numbers)):
        row, col = divmod(k, COLS)
        at = origin[0] + row * step[0], origin[1] + col * step[1]
        sites.append(Site(frames[k], at, row - first[0], col - first[1], rank))
    rows, cols = 1 + max(s.row for s in sites), 1 + max(s.col for s in sites)
    there = {(s.row, s.col) for s in sites}
    gaps = {(r, c) for r in range(rows) for c in range(cols)} - there
    return Layout(tuple(sites), f"{len(sites)} frames", missing=tuple(sorted(gaps)))


def project_of(layout):
    """All seams are known, each by an estimate of its own, and some are decided and excluded."""
    project = Project.of_layout(layout)
    n = len(project.seams)
    project = project.with_estimates(
        {k: Estimate(Shift(k / 8, -k / 4), Status.CERTAIN, 0.5 + k / 100) for k in range(n)}
    )
    for k in range(0, n, 3):
        project = project.with_decision(*project.seams[k].pair, Shift(k, 1), who="me", note=f"{k}")
    for k in range(1, n, 5):
        project = project.with_excluded(*project.seams[k].pair)
    return project.with_locked(0)


def names(project, pair):
    return tuple(project.layout[k].name for k in pair)


def true_offsets(project):
    """What was decided, as true offsets from the frame whose name comes first."""
    found = {}
    nominal = {seam.pair: seam.nominal for seam in project.seams}
    for one in project.decisions:
        offset = nominal[one.pair] + one.shift
        pair = names(project, one.pair)
        if pair != tuple(sorted(pair)):
            pair, offset = pair[::-1], Offset(-offset.dy, -offset.dx)
        found[pair] = (offset, one.who, one.when, one.note)
    return found


def known(project):
    return {
        names(project, seam.pair): estimate
        for seam, estimate in zip(project.seams, project.estimates, strict=True)
        if estimate is not None
    }


def excluded(project):
    return {tuple(sorted(names(project, pair))) for pair in project.excluded}


def grow(project, arrived, **options):
    found = growth(project.layout, arrived, **options)
    return project if found is None else found.of(project)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.sets(st.integers(0, N - 1)), min_size=1, max_size=4),
    st.sets(st.integers(0, N - 1), min_size=1),
    st.tuples(st.integers(-40, 40), st.integers(-40, 40)),
)
def test_whatever_the_order_in_which_frames_come_nothing_is_lost(batches, first, origin):
    there = set(first)
    project = project_of(layout_of(there))
    said = known(project), true_offsets(project), excluded(project)
    for batch in batches:
        there |= batch
        # Rows and columns are counted from the first that there are, as by the names.
        top, left = min(k // COLS for k in there), min(k % COLS for k in there)
        corner = top, left
        project = grow(project, layout_of(there, origin=origin, first=corner))
    assert {site.name for site in project.layout} == {FRAMES[k].name for k in there}
    assert (known(project), true_offsets(project), excluded(project)) == said
    assert [project.layout[k].name for k in project.locked] == [FRAMES[min(first)].name]
    if batches and there != first:
        whole = layout_of(there)
        assert [s.name for s in project.layout] == [s.name for s in whole]
        off = {
            (s.position[0] - w.position[0], s.position[1] - w.position[1])
            for s, w in zip(project.layout, whole, strict=True)
        }
        assert len(off) == 1, "all lie to each other as in a grid that was opened whole"
        assert [s.nominal for s in project.seams] == [
            s.nominal for s in Project.of_layout(whole).seams
        ]
        assert [s.number for s in project.layout] == list(range(len(there)))


def test_nothing_new_is_no_growth():
    layout = layout_of(range(6))
    assert growth(layout, layout_of(range(6))) is None
    assert growth(layout, layout_of(range(3))) is None


def test_gaps_are_those_that_nothing_fills():
    project = project_of(layout_of([0, 1, 2, 3, 4]))
    assert project.layout.missing == ((1, 1), (1, 2), (1, 3))
    grown = grow(project, layout_of([0, 1, 2, 3, 4, 5, 9]))
    assert grown.layout.missing == ((1, 2), (1, 3), (2, 0), (2, 2), (2, 3))
    assert grown.layout.source == "7 frames"


def test_frames_that_were_left_out_stay_out_and_their_places_are_gaps():
    project = without_frames(project_of(layout_of(range(8))), 1, 6)
    grown = grow(project, layout_of(range(N)))
    assert len(grown.layout) == N - 2
    assert {(0, 1), (1, 2)} == {*grown.layout.missing}
    assert project.layout.notes[-1] in grown.layout.notes
    more = grow(grown, layout_of(range(N)))
    assert more is grown
    # As of a project whose notes are not those of this version.
    silent = replace(project, layout=replace(project.layout, notes=()))
    assert len(grow(silent, layout_of(range(N)), left_out=("r0_c1", "r1_c2")).layout) == N - 2


def test_frames_that_were_swapped_stay_swapped():
    project = swap_frames(project_of(layout_of(range(8))), 1, 6)
    grown = grow(project, layout_of(range(N)))
    at = {site.name: (site.row, site.col, site.position, site.number) for site in grown.layout}
    assert at["r0_c1"] == (1, 2, (50.0, 136.0), 6)
    assert at["r1_c2"] == (0, 1, (0.0, 68.0), 1)
    assert known(grown) == known(project)
    assert len(grown.layout) == N


def test_a_replaced_frame_and_one_from_elsewhere_stay():
    project = project_of(layout_of(range(8)))
    again = as_frame(picture(77).read(), "again")
    beside = as_frame(picture(78).read(), "beside")
    project = replace_frame(project, 5, again)
    project = add_frame(project, beside, (0, -68), row=0, col=-1)
    said = true_offsets(project)
    grown = grow(project, layout_of(range(N)))
    at = {site.name: (site.row, site.col, site.position) for site in grown.layout}
    assert "r1_c1" not in at
    assert at["again"] == (1, 2, (50.0, 68.0))
    assert at["beside"] == (0, 0, (0.0, -68.0))
    assert at["r2_c3"] == (2, 4, (100.0, 204.0))
    assert grown.layout.is_grid
    assert len(grown.layout) == N + 1
    assert true_offsets(grown) == said


def test_a_grid_whose_overlap_was_told_from_the_pictures_grows_by_its_own_steps():
    told = layout_of(range(8), step=(47.5, 61))
    askew = told.moved([(y + x / 40, x - y / 50) for y, x in told.positions])
    grown = grow(project_of(askew), layout_of(range(N)))
    for site in grown.layout:
        y, x = site.row * 47.5, site.col * 61.0
        assert site.position == pytest.approx((y + x / 40, x - y / 50), abs=0.01)


def test_a_file_that_was_written_anew_makes_its_own_seams_unknown():
    frames = [*FRAMES]
    path = Path("somewhere/r1_c1.tif")
    frames[5] = replace(FRAMES[5], path=path)
    project = project_of(layout_of(range(8), frames=frames))
    frames[5] = replace(picture(5, seed=9), path=path)
    found = growth(project.layout, layout_of(range(8), frames=frames))
    grown = found.of(project)
    assert (found.added, found.rewritten) == ((), {5})
    assert grown.layout[5].frame is frames[5]
    kept = {pair: one for pair, one in known(project).items() if "r1_c1" not in pair}
    assert known(grown) == kept
    assert len(grown.unfinished) == sum(5 in seam.pair for seam in grown.seams)


def test_pictures_of_another_kind_are_refused_and_said():
    frames = [*FRAMES]
    frames[9] = picture(9, dtype=np.uint16)
    found = growth(layout_of(range(8)), layout_of(range(N), frames=frames))
    assert len(found.layout) == N - 1
    assert len(found.refused) == 1
    assert "r2_c1 is uint16" in found.refused[0]
    assert (2, 1) in found.layout.missing


def test_a_grid_that_is_understood_otherwise_now_keeps_what_was_decided():
    """As a series whose columns are counted from the right, while it has only begun."""
    few = layout_of(range(3))
    project = project_of(few)
    said = true_offsets(project)
    mirrored = layout_of(range(8))
    mirrored = replace(
        mirrored,
        sites=tuple(
            replace(s, position=(s.position[0], -s.position[1]), col=3 - s.col) for s in mirrored
        ),
    )
    with pytest.raises(ProjectError, match="laid out otherwise"):
        growth(few, mirrored, elsewhere=False)
    grown = grow(project, mirrored)
    assert [s.position for s in grown.layout] == list(mirrored.positions)
    assert {pair: what[0] for pair, what in true_offsets(grown).items()} == {
        pair: what[0] for pair, what in said.items()
    }
    assert not known(grown)


def test_files_of_another_grid_are_refused():
    others = [as_frame(picture(k, seed=1).read(), f"other {k}") for k in range(N)]
    with pytest.raises(ProjectError, match="none of the grid's frames"):
        growth(layout_of(range(4)), layout_of(range(8), frames=others))


def test_frames_without_rows_and_columns_grow_by_their_positions():
    def loose(numbers, origin=(0.0, 0.0)):
        sites = [replace(s, row=None, col=None) for s in layout_of(numbers)]
        moved = [
            replace(s, position=(s.position[0] + origin[0], s.position[1] + origin[1]))
            for s in sites
        ]
        return Layout(tuple(moved), "stage")

    project = project_of(loose(range(7)))
    said = known(project), true_offsets(project)
    grown = grow(project, loose(range(N), origin=(0.3, -12.75)))
    assert (known(grown), true_offsets(grown)) == said
    assert grown.layout[11].position == pytest.approx((100, 204))
    assert not grown.layout.is_grid
