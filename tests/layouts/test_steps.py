import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_seamnet.layouts import LayoutError
from napari_seamnet.layouts.steps import (
    Steps,
    find_places,
    grid_positions,
    measure_steps,
    parse_overlap,
    typical_shape,
)

SHAPE = (100, 160)


@pytest.mark.parametrize(
    ("overlap", "px"),
    [
        (15, (15, 15)),
        ("15", (15, 15)),
        ("10%", (10, 16)),
        ("10 %", (10, 16)),
        ((12, "25%"), (12, 40)),
        ("12,25%", (12, 40)),
        ("12px, 30 px", (12, 30)),
        (0, (0, 0)),
        (7.5, (7.5, 7.5)),
    ],
)
def test_an_overlap_is_px_or_a_part_of_the_frame_y_first(overlap, px):
    assert parse_overlap(overlap, SHAPE) == px


@pytest.mark.parametrize(
    ("overlap", "said"),
    [
        (100, "100 px in y does not fit"),
        ("100%", "does not fit"),
        (-1, "-1 px in y"),
        ((10, 160), "160 px in x"),
        ("a tenth", "is no overlap"),
        ("1,2,3", "not one number"),
        (float("nan"), "is no overlap"),
        (0.18, "less than a pixel; if it is a part, give 18%"),
        ("80,0.5px", "give 50%"),
    ],
)
def test_an_overlap_that_cannot_be_is_refused(overlap, said):
    with pytest.raises(LayoutError, match=said):
        parse_overlap(overlap, SHAPE)


def test_the_typical_size_is_that_of_most_frames():
    assert typical_shape([(100, 160)] * 5 + [(100, 40)] * 3 + [(2000, 2000)]) == (100, 160)
    assert typical_shape([(100, 160), (90, 150)]) == (100, 160)


grids = st.tuples(st.integers(1, 6), st.integers(1, 6))


@given(grids, st.floats(0, 40), st.floats(0, 60), st.integers(0, 2**32 - 1))
def test_places_are_found_again_from_positions_in_spite_of_the_stage(size, over_y, over_x, seed):
    rng = np.random.default_rng(seed)
    places = [*itertools.product(range(size[0]), range(size[1]))]
    order = rng.permutation(len(places))
    places = [places[k] for k in order]
    exact = np.array(grid_positions(places, SHAPE, (over_y, over_x)))
    positions = exact + rng.uniform(-4, 4, exact.shape) + (1000, -3000)
    assert find_places(positions.tolist(), [SHAPE]) == tuple(places)


def test_a_turned_stage_is_levelled_first():
    places = [*itertools.product(range(4), range(12))]
    positions = np.array(grid_positions(places, SHAPE, (10, 16)))
    climbing = positions + np.stack([-0.06 * positions[:, 1], 0.06 * positions[:, 0]], 1)
    assert np.ptp(climbing[:12, 0]) > 0.5 * SHAPE[0]  # a row spans more than half a frame
    assert find_places(climbing.tolist(), [SHAPE]) == tuple(places)


def test_an_empty_row_is_counted():
    places = [(0, 0), (0, 1), (1, 0), (1, 1), (3, 0), (3, 1)]
    positions = grid_positions(places, SHAPE, (10, 16))
    assert find_places(positions, [SHAPE]) == tuple(places)


@pytest.mark.parametrize(
    "positions",
    [
        [(0, 0), (0, 10)],  # two frames at one place
        [(0, 0), (50, 140), (100, 0), (150, 140), (200, 0), (250, 140), (300, 0)],  # brickwork
        [(0, 0), (0, 140), (90_000, 0), (5_000, 7_000)],  # islands
    ],
)
def test_what_is_no_grid_gets_no_places(positions):
    assert find_places(positions, [SHAPE]) is None


def test_steps_are_medians_over_neighbours():
    places = [(0, 0), (0, 1), (0, 2), (1, 0)]
    positions = [(0, 0), (2, 140), (2, 281), (91, -3)]
    steps = measure_steps(places, positions, [SHAPE] * 4)
    assert steps == Steps((91.0, -3.0), (1.0, 140.5), 9.0, 19.5)
    assert measure_steps([(0, 0)], [(0, 0)], [SHAPE]) == Steps(None, None, None, None)
