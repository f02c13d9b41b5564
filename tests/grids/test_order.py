from collections import OrderedDict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_seamnet.frames import as_frame
from napari_seamnet.grids.order import order_seams, split
from napari_seamnet.layouts import Layout, Site
from napari_seamnet.seams.seam import find_seams

FRAME = as_frame(np.zeros((20, 20), np.uint8))


def grid(rows, cols, *, named=True, jitter=0):
    rng = np.random.default_rng(0)
    sites = []
    for row in range(rows):
        for col in range(cols):
            at = np.array([row * 15.0, col * 15.0]) + rng.integers(-jitter, jitter + 1, 2)
            place = (row, col) if named else (None, None)
            sites.append(Site(FRAME, tuple(at), *place))
    return Layout(tuple(sites))


def reads(layout, seams, order, memory):
    """How often a frame is decoded, by a memory that holds so many."""
    kept, n = OrderedDict(), 0
    for index in order:
        for frame in seams[index].pair:
            n += frame not in kept
            kept[frame] = True
            kept.move_to_end(frame)
            while len(kept) > memory:
                kept.popitem(last=False)
    return n


@pytest.mark.parametrize("named", [True, False])
def test_a_memory_of_two_rows_reads_each_frame_once(named):
    layout = grid(7, 9, named=named, jitter=0 if named else 2)
    seams = find_seams(layout)
    order = order_seams(layout, seams, band=9)
    assert sorted(order) == list(range(len(seams)))
    assert reads(layout, seams, order, memory=20) == 63


def test_a_smaller_memory_reads_only_frames_between_bands_twice():
    layout = grid(10, 30)
    seams = find_seams(layout)
    order = order_seams(layout, seams, band=10)
    assert reads(layout, seams, order, memory=22) <= 1.1 * 300
    by_row = order_seams(layout, seams, band=30)
    assert reads(layout, seams, by_row, memory=22) > 1.8 * 300


def test_frames_one_above_the_other_without_rows_are_one_column():
    layout = grid(5, 1, named=False)
    seams = find_seams(layout)
    order = order_seams(layout, seams, band=1)
    assert reads(layout, seams, order, memory=2) == 5


@given(st.integers(0, 40), st.integers(1, 7))
def test_a_split_order_is_the_order_in_runs_of_about_equal_length(length, n):
    runs = split(list(range(length)), n)
    assert [index for run in runs for index in run] == list(range(length))
    assert len(runs) == n
    assert max(map(len, runs)) - min(map(len, runs)) <= 1
