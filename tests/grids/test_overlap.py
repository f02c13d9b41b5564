import csv
import re

import numpy as np
import pytest

from napari_seamnet.frames import as_frame, open_frame
from napari_seamnet.grids import OverlapUnknownError, estimate_overlap
from napari_seamnet.layouts import Layout, Site
from napari_seamnet.sample_data import chip_grid
from napari_seamnet.shifts import Cancelled


def unplaced(frames, places):
    """A grid of which only rows and columns are known."""
    return Layout(tuple(Site(f, (0, 0), *at) for f, at in zip(frames, places, strict=True)))


def simulated(rows, cols, **how):
    grid = chip_grid(rows, cols, **how)
    return grid, unplaced(grid.frames, [divmod(n, cols) for n in range(rows * cols)])


@pytest.mark.parametrize(
    ("size", "overlap", "jitter", "seed"), [(1000, 150, 10, 5), (500, 40, 8, 2), (400, 180, 5, 3)]
)
def test_the_overlap_of_a_grid_is_told_by_its_pictures(size, overlap, jitter, seed):
    grid, layout = simulated(4, 4, size=size, overlap=overlap, jitter=jitter, seed=seed)
    found = estimate_overlap(layout)
    for one in (found.overlap_y, found.overlap_x):
        assert abs(one - overlap) <= jitter
    away = np.array(found.layout.positions) - np.array(grid.truth)
    assert np.abs(away).max() <= 5 * jitter
    assert len(found.seams) == 12
    right = [seam for seam in found.seams if not seam.reason]
    for seam in right:
        true = np.subtract(grid.truth[seam.second], grid.truth[seam.first])
        assert np.abs(np.subtract(tuple(seam.offset), true)).max() < 3


def test_a_single_row_has_an_overlap_of_its_columns_only():
    _, layout = simulated(1, 4, size=400, overlap=100, jitter=5)
    found = estimate_overlap(layout)
    assert found.overlap_y is None
    assert abs(found.overlap_x - 100) <= 5
    assert found.layout[0].position == (0, 0)


def test_frames_of_no_common_scene_are_refused_with_what_they_say():
    rng = np.random.default_rng(0)
    frames = [as_frame(rng.integers(0, 255, (200, 200), np.uint8)) for _ in range(9)]
    layout = unplaced(frames, [divmod(n, 3) for n in range(9)])
    with pytest.raises(
        OverlapUnknownError, match=r"in a column overlap: of 6 seams.*they say \d+ px,.*yourself"
    ):
        estimate_overlap(layout)


def test_rows_and_columns_exchanged_are_refused():
    grid = chip_grid(3, 3, size=300, overlap=80, jitter=4)
    layout = unplaced(grid.frames, [divmod(n, 3)[::-1] for n in range(9)])
    with pytest.raises(OverlapUnknownError, match="look whether rows and columns are right"):
        estimate_overlap(layout)


def test_columns_that_run_the_other_way_are_told():
    grid = chip_grid(3, 3, size=400, overlap=120, jitter=4)
    layout = unplaced(grid.frames, [(n // 3, 2 - n % 3) for n in range(9)])
    with pytest.raises(OverlapUnknownError, match=r"in a row overlap on their other side.*right"):
        estimate_overlap(layout)


def test_blank_frames_are_refused():
    frames = [as_frame(np.full((90, 90), n, np.uint8)) for n in range(4)]
    with pytest.raises(OverlapUnknownError, match="first crop is constant"):
        estimate_overlap(unplaced(frames, [(0, 0), (0, 1), (1, 0), (1, 1)]))


def test_without_rows_and_columns_there_is_no_overlap_to_tell():
    frames = [as_frame(np.zeros((90, 90), np.uint8))] * 2
    with pytest.raises(OverlapUnknownError, match="of a grid only; give rows and columns"):
        estimate_overlap(Layout.of_frames(frames, [(0, 0), (0, 80)]))


def test_it_can_be_stopped_and_tells_how_far_it_is():
    _, layout = simulated(1, 3, size=600, overlap=150, jitter=2)
    told = []
    estimate_overlap(layout, progress=lambda *step: told.append(step[:2]))
    assert told == [(n, 2) for n in range(3)]

    def stop(done, total, what):
        raise Cancelled

    with pytest.raises(Cancelled):
        estimate_overlap(layout, progress=stop)


def place_of(folder, name):
    if folder.endswith("stitch2d"):
        col, row = map(int, re.search(r"Grid@(\d) (\d)", name).groups())
        return row, col
    row, col = divmod(int(re.search(r"A(\d+)_", name)[1]) - 1, 4)
    return row, col if row % 2 == 0 else 3 - col


@pytest.mark.frames
@pytest.mark.parametrize(
    "folder", ["train/lscm_tensile_Ref", "train/lscm_tensile_State1", "test/stitch2d"]
)
def test_real_overlaps_are_told_to_2_px(real_frames, folder):
    rows = list(csv.DictReader((real_frames / folder / "pairs.csv").open()))
    names = sorted({row[k] for row in rows for k in ("left_or_top_file", "right_or_bottom_file")})
    frames = [open_frame(real_frames / folder / name) for name in names]
    found = estimate_overlap(unplaced(frames, [place_of(folder, name) for name in names]))
    height, width = frames[0].shape
    for axis, size, overlap in (("v", height, found.overlap_y), ("h", width, found.overlap_x)):
        key = "dy" if axis == "v" else "dx"
        true = size - np.median([float(row[key]) for row in rows if row["axis"] == axis])
        assert abs(overlap - true) <= 2


def test_frames_of_several_sizes_vote_together():
    grid = chip_grid(1, 4, size=600, overlap=150, jitter=5)
    first, *others = grid.frames
    smaller = as_frame(first.read()[:, 320:], "smaller")
    layout = unplaced([smaller, *others], [(0, n) for n in range(4)])
    found = estimate_overlap(layout)
    assert abs(found.seams[0].overlap - 150) <= 10
    assert all(abs(seam.overlap - 150) <= 10 for seam in found.seams)


def test_tiny_frames_are_refused():
    rng = np.random.default_rng(0)
    frames = [as_frame(rng.integers(0, 255, (9, 9), np.uint8)) for _ in range(2)]
    with pytest.raises(OverlapUnknownError, match="they are too small"):
        estimate_overlap(unplaced(frames, [(0, 0), (0, 1)]))
