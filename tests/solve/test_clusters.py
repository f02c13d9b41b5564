import numpy as np

from napari_seamnet.geometry import Shift
from napari_seamnet.shifts import Estimate, Status
from napari_seamnet.solve.clusters import find_clusters, grow_clusters, tie_by_hand


def by_hand(dy, dx):
    return Estimate(Shift(dy, dx), Status.HAND, 1.0)


def test_hand_decisions_tie_frames_at_whole_offsets(grid):
    estimates = grid.sure()
    estimates[grid.of(0, 1)] = by_hand(3, -2)
    estimates[grid.of(1, 2)] = by_hand(1, 1)
    estimates[grid.of(2, 6)] = by_hand(-5, 0)
    hand = tie_by_hand(16, grid.seams, estimates)
    group, offset = hand.ties.group, hand.ties.offset
    assert len({int(group[k]) for k in (0, 1, 2, 6)}) == 1
    assert len(set(group.tolist())) == 13
    np.testing.assert_array_equal(offset[1] - offset[0], (3, 78))
    np.testing.assert_array_equal(offset[6] - offset[0], (80 - 5 + 4, 160 - 1))
    assert not hand.broken


def test_decisions_that_contradict_each_other_are_told(grid):
    estimates = grid.sure()
    for pair, shift in {(0, 1): (0, 0), (1, 5): (0, 0), (4, 5): (0, 0), (0, 4): (2, 0)}.items():
        estimates[grid.of(*pair)] = by_hand(*shift)
    hand = tie_by_hand(16, grid.seams, estimates)
    assert len(hand.broken) == 1
    assert next(iter(hand.broken)) in {grid.of(*p) for p in [(0, 1), (1, 5), (4, 5), (0, 4)]}


def test_clusters_are_what_seams_tie_together(grid):
    clusters = find_clusters(16, grid.seams, [grid.of(0, 1), grid.of(1, 5), grid.of(14, 15)])
    assert clusters[0] == clusters[1] == clusters[5] == 0
    assert clusters[14] == clusters[15] == 1
    assert len(set(clusters.tolist())) == 13


def test_two_certain_seams_that_agree_tie_what_loops_of_four_leave_apart(build):
    """A ring of eight frames around a blank one closes, though it has no loop of four."""
    grid = build.grid(3, 3)
    estimates = grid.sure()
    for k, seam in enumerate(grid.seams):
        if 4 in seam.pair:
            estimates[k] = build.blank()
    halves = {grid.of(*pair) for pair in [(0, 1), (1, 2), (2, 5), (5, 8), (7, 8), (6, 7), (3, 6)]}
    start = halves - {grid.of(1, 2)}
    grown = grow_clusters(9, grid.seams, estimates, start)
    assert grown == halves | {grid.of(0, 3)}


def test_a_certain_seam_that_is_wrong_ties_nothing(build):
    grid = build.grid(3, 3)
    estimates = grid.sure()
    k = grid.of(1, 2)
    estimates[k] = build.certain(grid.shift(k) + np.array((0, 8)))
    start = {grid.of(0, 1), grid.of(2, 5)}
    assert k not in grow_clusters(9, grid.seams, estimates, start)


def test_long_chains_are_not_bent_towards_anything(build):
    """Two rows of 90 frames, tied along themselves: of three rungs, the wrong one stays out."""
    grid = build.grid(2, 90)
    estimates = [build.blank()] * len(grid.seams)
    along = {k for k, seam in enumerate(grid.seams) if seam.is_horizontal}
    for k in along:
        estimates[k] = build.certain(grid.shift(k))
    right = [grid.of(0, 90), grid.of(89, 179)]
    wrong = grid.of(45, 135)
    for k in (*right, wrong):
        estimates[k] = build.certain(grid.shift(k) + np.array((0, 8 * (k == wrong))))
    assert grow_clusters(180, grid.seams, estimates, along) == along | set(right)
