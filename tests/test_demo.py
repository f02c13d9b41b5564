import csv
from types import SimpleNamespace

import imageio.v3 as iio
import numpy as np
import pytest
import tifffile

from napari_seamnet.demo import (
    FoundSeam,
    align_grid,
    describe_seams,
    frame_name,
    place,
    save_composite,
    save_demo,
)
from napari_seamnet.frames import as_frame
from napari_seamnet.geometry import Offset, Shift
from napari_seamnet.shifts import Estimate, Status, get_method

SIZE, OVERLAP = 120, 40
MOVED = [(0, 0), (3, -2), (-4, 1), (1, 5), (0, -3), (2, 2)]
"""How far the frames of `grid` are from their nominal positions, row by row."""


@pytest.fixture(scope="module")
def scene():
    return np.random.default_rng(5).integers(1, 256, (220, 310), np.uint8)


@pytest.fixture(scope="module")
def grid(scene):
    """2 x 3 frames cut from one scene, so that every true position is known."""
    step = SIZE - OVERLAP
    nominal = [(row * step, column * step) for row in range(2) for column in range(3)]
    truth = [(y + dy, x + dx) for (y, x), (dy, dx) in zip(nominal, MOVED, strict=True)]
    frames = [as_frame(scene[10 + y :, 10 + x :][:SIZE, :SIZE]) for y, x in truth]
    return SimpleNamespace(
        rows=2, cols=3, overlap=OVERLAP, frames=frames, nominal=nominal, truth=truth
    )


@pytest.fixture(scope="module")
def seams(grid):
    return align_grid(grid, get_method("search"), max_shift=12)


def test_every_two_neighbours_share_one_seam(seams):
    assert {(seam.first, seam.second) for seam in seams} == {
        *((0, 1), (1, 2), (3, 4), (4, 5)),
        *((0, 3), (1, 4), (2, 5)),
    }
    assert len(seams) == 7


def test_found_and_true_shifts_are_those_of_the_scene(seams):
    for seam in seams:
        dy, dx = np.subtract(MOVED[seam.second], MOVED[seam.first])
        assert seam.truth == Shift(dy, dx)
        assert seam.estimate.shift.whole() == (dy, dx)
        assert seam.error < 0.5


def test_progress_is_told_once_a_seam_and_at_the_end(grid):
    told = []
    align_grid(
        grid,
        get_method("search"),
        max_shift=2,
        progress=lambda done, total, what: told.append((done, total, what)),
    )
    assert [done for done, _, _ in told] == list(range(8))
    assert {total for _, total, _ in told} == {7}
    assert told[0][2] == "chip_r0_c0 - chip_r0_c1"


def test_the_frames_are_placed_where_they_truly_lie(grid, seams, scene):
    mosaic = place(grid, seams)
    assert list(mosaic.positions()) == grid.truth
    y, x = mosaic.origin
    picture = mosaic.array().compute()
    height, width = picture.shape
    shown = picture > 0
    assert shown.mean() > 0.9
    np.testing.assert_array_equal(
        picture[shown], scene[10 + y : 10 + y + height, 10 + x : 10 + x + width][shown]
    )


def test_a_frame_is_placed_by_its_surest_seam(grid, seams):
    wrong = [
        FoundSeam(s.first, s.second, s.nominal, s.truth, estimate)
        for s in seams
        for estimate in [
            Estimate(Shift(9, 9), Status.DOUBTFUL, 0.1)
            if (s.first, s.second) == (1, 4)
            else Estimate(s.estimate.shift, Status.CERTAIN, 0.9)
        ]
    ]
    assert list(place(grid, wrong).positions()) == grid.truth


def test_frames_are_called_after_row_and_column(grid):
    assert [frame_name(grid, index) for index in (0, 2, 3)] == [
        *("chip_r0_c0", "chip_r0_c2", "chip_r1_c0")
    ]


def test_the_table_shows_found_beside_true_and_counts_the_right_ones(grid):
    right = Estimate(Shift(3.25, -2), Status.CERTAIN, 0.999)
    wrong = Estimate(Shift(0, 40), Status.AMBIGUOUS, 0.5)
    text = describe_seams(
        grid,
        [
            FoundSeam(0, 1, Offset(0, 80), Shift(3, -2), right),
            FoundSeam(1, 2, Offset(0, 80), Shift(0, 1), wrong),
        ],
    ).splitlines()
    assert text[1].split() == [
        *("chip_r0_c0", "-", "chip_r0_c1", "3.25", "-2.00", "3.00", "-2.00"),
        *("0.25", "99.9%", "certain"),
    ]
    assert text[2].split()[-3:] == ["39.00", "50.0%", "ambiguous"]
    assert text[3] == "1 of 2 seams are within 1 px of the truth"
    assert text[0].index("status") == text[1].index("certain")


def test_everything_is_saved_and_fits_together(grid, seams, tmp_path):
    mosaic = place(grid, seams)
    save_demo(tmp_path / "demo", grid, seams, mosaic)
    np.testing.assert_array_equal(
        tifffile.imread(tmp_path / "demo" / "mosaic.ome.tif"), mosaic.array()
    )
    with (tmp_path / "demo" / "pairs.csv").open() as file:
        rows = [*csv.DictReader(file)]
    assert len(rows) == 7
    for row, seam in zip(rows, seams, strict=True):
        first = tifffile.imread(tmp_path / "demo" / row["first"])
        np.testing.assert_array_equal(first, grid.frames[seam.first].read())
        assert (float(row["dy"]), float(row["dx"])) == tuple(seam.nominal)
        assert float(row["shift_dx"]) == pytest.approx(float(row["true_dx"]), abs=0.5)
    before, after = (iio.imread(tmp_path / "demo" / f"{n}.png") for n in ("before", "after"))
    assert (before[..., 0] != before[..., 1]).any()
    np.testing.assert_array_equal(after[..., 0], after[..., 1])  # aligned: no colour


def test_a_composite_is_red_where_only_the_first_frame_is_bright(tmp_path):
    first, second = np.zeros((2, 20, 30), np.uint8)
    first[5, 20], second[5, 3] = 255, 255
    save_composite(tmp_path / "c.png", as_frame(first), as_frame(second), Offset(0, 15))
    picture = iio.imread(tmp_path / "c.png")
    assert picture.shape == (20, 15, 3)
    assert tuple(picture[5, 5, :2]) == (255, 0)
    assert tuple(picture[5, 3, :2]) == (0, 255)
