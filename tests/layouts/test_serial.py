import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_seamnet.layouts import LayoutError
from napari_seamnet.layouts.serial import CORNERS, FIRSTS, ORDERS, serial_order, serial_places

sizes = st.integers(1, 7)
orders = st.fixed_dictionaries(
    {
        "start": st.sampled_from(CORNERS),
        "order": st.sampled_from(ORDERS),
        "first": st.sampled_from(FIRSTS),
    }
)


@given(sizes, sizes, orders)
def test_every_order_visits_every_place_once_and_starts_in_its_corner(rows, cols, words):
    places = serial_order(rows, cols, **words)
    assert sorted(places) == [*itertools.product(range(rows), range(cols))]
    row = rows - 1 if "bottom" in words["start"] else 0
    col = cols - 1 if "right" in words["start"] else 0
    assert places[0] == (row, col)


@given(sizes, sizes, st.sampled_from(CORNERS), st.sampled_from(FIRSTS))
def test_in_a_snake_neighbours_in_time_are_neighbours_in_space(rows, cols, start, first):
    places = serial_order(rows, cols, start, "snake", first)
    for (row, col), (next_row, next_col) in itertools.pairwise(places):
        assert abs(row - next_row) + abs(col - next_col) == 1


@given(sizes, sizes, st.sampled_from(CORNERS), st.sampled_from(FIRSTS))
def test_in_a_raster_every_line_begins_on_the_same_side(rows, cols, start, first):
    places = serial_order(rows, cols, start, "raster", first)
    length, axis = (cols, 1) if first == "rows" else (rows, 0)
    assert len({place[axis] for place in places[::length]}) == 1


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ({}, [(0, 0), (0, 1), (0, 2), (1, 2), (1, 1), (1, 0)]),
        ({"order": "raster"}, [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]),
        ({"first": "columns"}, [(0, 0), (1, 0), (1, 1), (0, 1), (0, 2), (1, 2)]),
        (
            {"start": "bottom-right", "order": "raster"},
            [(1, 2), (1, 1), (1, 0), (0, 2), (0, 1), (0, 0)],
        ),
        (
            {"start": "top right", "first": "columns"},
            [(0, 2), (1, 2), (1, 1), (0, 1), (0, 0), (1, 0)],
        ),
    ],
)
def test_orders_are_those_that_a_person_would_draw(words, expected):
    assert [*serial_order(2, 3, **words)] == expected


@given(st.integers(1, 30), sizes, st.booleans(), orders)
def test_one_of_rows_and_columns_is_enough(n, size, give_rows, words):
    rows, cols = (size, None) if give_rows else (None, size)
    places, n_rows, n_cols = serial_places(range(n), rows, cols, **words)
    assert len(set(places)) == n
    assert n <= n_rows * n_cols
    assert (n_cols - 1 if give_rows else n_rows - 1) * size < n
    assert [*places] == [*serial_order(n_rows, n_cols, **words)[:n]]


@given(sizes, sizes, orders, st.data())
def test_missing_places_stay_empty_and_the_rest_keeps_its_order(rows, cols, words, data):
    order = serial_order(rows, cols, **words)
    missing = data.draw(st.sets(st.sampled_from(order), max_size=len(order) - 1))
    n = len(order) - len(missing)
    places, *_ = serial_places(range(n), rows, cols, **words, missing=tuple(missing))
    assert [*places] == [place for place in order if place not in missing]


def test_a_number_that_is_left_out_leaves_its_place_empty():
    places, *_ = serial_places([0, 1, 3], 2, 2)
    assert places == ((0, 0), (0, 1), (1, 0))


@pytest.mark.parametrize(
    ("numbers", "rows", "cols", "words", "said"),
    [
        (range(7), 2, 3, {}, "7 frames do not fit into 2 rows and 3 columns"),
        (range(6), 2, 3, {"missing": [(0, 0)]}, "1 missing places"),
        (range(2), 2, 3, {"missing": [(2, 0)]}, "lies outside"),
        (range(2), None, None, {}, "needs rows or cols"),
        (range(2), 2, 2, {"start": "middle"}, "no start 'middle'"),
        (range(2), 2, 2, {"order": "spiral"}, "no order 'spiral'"),
        (range(2), 2, 2, {"first": "depth"}, "no first 'depth'"),
        (range(2), 0, 2, {}, "holds no frame"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(numbers, rows, cols, words, said):
    with pytest.raises(LayoutError, match=said.replace("(", r"\(")):
        serial_places(numbers, rows, cols, **words)


def test_rows_are_reckoned_with_the_missing_places():
    places, rows, cols = serial_places(range(5), None, 3, missing=[(0, 1), (1, 1)])
    assert (rows, cols) == (3, 3)
    assert places == ((0, 0), (0, 2), (1, 2), (1, 0), (2, 0))
