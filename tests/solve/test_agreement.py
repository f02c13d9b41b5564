from dataclasses import replace

import numpy as np
import pytest

from napari_seamnet.shifts import Status
from napari_seamnet.solve import solve
from napari_seamnet.solve.agreement import find_agreement
from napari_seamnet.solve.clusters import tie_by_hand
from napari_seamnet.solve.loops import find_loops, measured
from napari_seamnet.solve.placed import Placed


def placed_at(grid, estimates, at=None):
    """The grid placed where it truly lies, or somewhere else; all seams count."""
    n = len(grid.layout)
    return Placed.by_confidence(
        grid.truth if at is None else at,
        np.zeros(n),
        np.zeros(n, int),
        grid.seams,
        estimates,
        range(len(grid.seams)),
        tie_by_hand(n, grid.seams, estimates),
    )


def agreement_of(grid, estimates, **options):
    loops = find_loops(grid.seams, measured(estimates))
    return find_agreement(grid.seams, estimates, placed_at(grid, estimates, **options), loops)


def test_where_all_is_right_all_is_kept(grid):
    found = agreement_of(grid, grid.sure())
    np.testing.assert_allclose(found.kept, found.claimed)
    np.testing.assert_allclose(found.claimed, 0.997)
    assert found.supported == set(range(24))
    assert not found.contested
    assert not found.alone
    assert found.is_sound


def test_one_wrong_seam_costs_itself_and_borders_on_what_others_bear_out(grid, build):
    estimates = grid.sure()
    k = grid.of(5, 6)
    estimates[k] = build.certain(grid.shift(k) + np.array((0, 9)))
    found = agreement_of(grid, estimates)
    assert found.kept[k] == 0
    assert found.is_sound
    # On the border of the grid, no second loop of four bears a seam out; a longer one does.
    assert found.contested == {k}


def test_a_map_keeps_what_it_gives_to_the_place(build):
    grid = build.grid(1, 2, whole=True)
    true = tuple(int(v) for v in grid.shift(0))
    seen = build.mapped({(true[0], true[1] - 6): 0.7, true: 0.3}, reach=16)
    found = agreement_of(grid, [seen])
    assert found.claimed[0] == pytest.approx(0.7)
    assert found.kept[0] == pytest.approx(0.3, abs=0.02)
    assert found.alone == {0}


def test_what_leads_beyond_the_range_is_kept_beyond_it_and_nowhere_else(build):
    grid = build.grid(1, 2, jitter=0, whole=True)
    seen = build.mapped({(0, 10): 1.0}, reach=10)
    edge = replace(
        build.blank(),
        map=seen.map,
        alternatives=(build.ambiguous((0, 0), [(0, 10)], (0, 0.98)).alternatives),
    )
    beyond = grid.truth + np.array([(0, 0), (0, 14)])
    assert agreement_of(grid, [edge], at=beyond).kept[0] == pytest.approx(0.98)
    assert agreement_of(grid, [edge]).kept[0] == 0


def test_a_grid_whose_seams_go_their_own_ways_is_not_sound(grid, build):
    rng = np.random.default_rng(3)
    estimates = [build.certain(rng.uniform(-9, 9, 2)) for _ in grid.seams]
    solution = solve(grid.layout, grid.seams, estimates)
    assert Status.CERTAIN not in solution.counts()
    assert len(solution.to_look_at) == 24
    assert not [frame for frame in solution.frames if frame.status is Status.CERTAIN]
    assert any("overlap" in verdict.reason for verdict in solution.verdicts)


def test_hand_decisions_are_no_claims(grid, build):
    estimates = grid.sure()
    k = grid.of(5, 6)
    estimates[k] = replace(estimates[k], status=Status.HAND)
    found = agreement_of(grid, estimates)
    assert found.claimed[k] == found.kept[k] == 0
    assert k in found.supported
