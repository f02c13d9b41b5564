"""Whole pixels: near the exact positions, and nearer still to each other."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_seamnet.solve.least_squares import Ties
from napari_seamnet.solve.rounding import rounded


def grid_pairs(rows, columns):
    at = np.arange(rows * columns).reshape(rows, columns)
    across = np.stack([at[:, :-1].ravel(), at[:, 1:].ravel()], axis=1)
    down = np.stack([at[:-1].ravel(), at[1:].ravel()], axis=1)
    return np.concatenate([across, down])


def misfits(whole, positions, pairs):
    off = np.array(whole) - positions
    return off[pairs[:, 0]] - off[pairs[:, 1]]


def scattered(seed, rows=5, columns=6):
    rng = np.random.default_rng(seed)
    return rng.uniform(-50, 900, (rows * columns, 2)), grid_pairs(rows, columns)


def test_two_neighbours_half_a_pixel_up_and_down_go_the_same_way():
    positions = np.array([[0.0, 0.49], [0.0, 100.51], [0.0, 200.49], [0.0, 300.51]])
    pairs = np.array([[0, 1], [1, 2], [2, 3]])
    whole = rounded(positions, Ties.none(4), pairs)
    assert np.ptp(np.array(whole)[:, 1] - [0, 100, 200, 300]) == 0


@settings(deadline=None)
@given(st.integers(0, 10_000))
def test_neighbours_fit_no_worse_than_if_each_were_rounded_by_itself(seed):
    positions, pairs = scattered(seed)
    whole = np.array(rounded(positions, Ties.none(len(positions)), pairs))
    nearest = np.floor(positions + 0.5)
    assert np.abs(whole - positions).max() < 1
    assert (misfits(whole, positions, pairs) ** 2).sum() <= (
        misfits(nearest, positions, pairs) ** 2
    ).sum() + 1e-9


@settings(deadline=None)
@given(st.integers(0, 10_000))
def test_no_frame_would_gain_by_another_move(seed):
    positions, pairs = scattered(seed)
    whole = np.array(rounded(positions, Ties.none(len(positions)), pairs))
    least = (misfits(whole, positions, pairs) ** 2).sum()
    for frame in range(len(positions)):
        for move in ((0, 1), (0, -1), (1, 0), (-1, 0)):
            other = whole.copy()
            other[frame] += move
            if np.abs(other[frame] - positions[frame]).max() < 1:
                assert (misfits(other, positions, pairs) ** 2).sum() > least - 1e-4


@settings(deadline=None)
@given(st.integers(0, 10_000))
def test_frames_tied_by_hand_keep_their_offset(seed):
    positions, pairs = scattered(seed)
    group = np.arange(len(positions))
    group[[7, 8, 9]] = 7
    _, group = np.unique(group, return_inverse=True)
    offset = np.zeros_like(positions)
    offset[[8, 9]] = (3, 120), (-2, 241)
    positions[[8, 9]] = positions[7] + offset[[8, 9]]
    whole = np.array(rounded(positions, Ties(group, offset), pairs))
    assert np.array_equal(whole[[8, 9]] - whole[7], offset[[8, 9]])
    assert np.abs(whole - positions).max() < 1


def test_whole_positions_stay_and_a_single_frame_is_rounded():
    positions, pairs = scattered(3)
    positions = np.rint(positions)
    assert np.array_equal(rounded(positions, Ties.none(len(positions)), pairs), positions)
    none = np.zeros((0, 2), int)
    assert rounded(np.array([[1.5, -2.6]]), Ties.none(1), none) == [(2, -3)]
