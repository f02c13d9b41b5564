import numpy as np
import pytest

from napari_seamnet.geometry import Shift
from napari_seamnet.solve.stage_model import expected_positions, expected_shift, fit_stage, wanders


def shifts_of(grid):
    return [Shift(*grid.shift(k)) for k in range(len(grid.seams))]


def moved(grid, by):
    """The grid with `by(row, col)` added to the true positions."""
    from dataclasses import replace

    extra = np.array([by(site.row, site.col) for site in grid.layout])
    return replace(grid, truth=grid.truth + extra)


def test_steps_that_are_too_long_are_found(build):
    grid = moved(build.grid(6, 7, jitter=0.5), lambda row, col: (0.8 * col, -3.0 * col + 2 * row))
    stage = fit_stage(grid.layout, grid.seams, shifts_of(grid), range(len(grid.seams)))
    assert tuple(stage.horizontal) == pytest.approx((0.8, -3.0), abs=0.3)
    assert tuple(stage.vertical) == pytest.approx((0.0, 2.0), abs=0.3)
    nominal = np.array(grid.layout.positions)
    expected = expected_positions(stage, grid.layout, grid.seams, nominal)
    off = expected - grid.truth
    assert np.abs(off - off.mean(axis=0)).max() < 3


def test_scatter_alone_is_no_model(build):
    grid = build.grid(6, 6, jitter=9)
    stage = fit_stage(grid.layout, grid.seams, shifts_of(grid), range(len(grid.seams)))
    assert tuple(stage.horizontal) == tuple(stage.vertical) == (0, 0)
    assert stage.by_row == stage.by_col == ()
    assert 3 < min(stage.scatter) < max(stage.scatter) < 14


def test_a_few_seams_are_no_model_either(build):
    grid = moved(build.grid(2, 2, jitter=0.1), lambda row, col: (0, 9.0 * col))
    stage = fit_stage(grid.layout, grid.seams, shifts_of(grid), range(len(grid.seams)))
    assert tuple(stage.horizontal) == (0, 0)


def test_every_other_row_slipping_back_is_found(build):
    grid = moved(build.grid(6, 8, jitter=0.3), lambda row, col: (0, (2.0 if row % 2 else 0) * col))
    stage = fit_stage(grid.layout, grid.seams, shifts_of(grid), range(len(grid.seams)))
    by_row = {row: expected_shift(stage, grid.layout, grid.seams[grid.of(8 * row, 8 * row + 1)])
              for row in range(6)}  # fmt: skip
    for row, shift in by_row.items():
        assert shift.dx == pytest.approx(2.0 if row % 2 else 0.0, abs=0.4)


def test_a_wrong_seam_among_many_does_no_harm(build):
    grid = moved(build.grid(6, 7, jitter=0.5), lambda row, col: (0, -3.0 * col))
    shifts = shifts_of(grid)
    shifts[0] = Shift(40, 40)
    stage = fit_stage(grid.layout, grid.seams, shifts, range(len(shifts)))
    assert stage.horizontal.dx == pytest.approx(-3, abs=0.4)


def test_errors_that_add_up_are_told_from_errors_of_each_frame():
    rng = np.random.default_rng(0)
    own = rng.uniform(-5, 5, (400, 2))
    assert not wanders(own, np.diff(own, axis=0))
    walk = np.cumsum(rng.normal(0, 2, (400, 2)), axis=0)
    assert wanders(walk, np.diff(walk, axis=0))
