import numpy as np
import pytest

from napari_seamnet.geometry import Shift
from napari_seamnet.shifts import Estimate, Status
from napari_seamnet.solve.evidence import FLOOR, leads_beyond, likelihood, mode_near


def test_a_map_keeps_its_modes_and_its_proportions(build):
    seen = build.mapped({(2, -3): 0.7, (-4, 5): 0.3})
    found = likelihood(seen, 10)
    assert np.unravel_index(found.argmax(), found.shape) == (12, 7)
    assert found[12, 7] / found[6, 15] == pytest.approx(7 / 3, rel=0.02)
    assert found.sum() == pytest.approx(1, abs=1e-3)


def test_beyond_the_map_a_seam_says_as_little_as_its_floor(build):
    seen = build.mapped({(0, 0): 1.0}, reach=5)
    wide = likelihood(seen, 9)
    assert wide.shape == (19, 19)
    np.testing.assert_allclose(wide[0], FLOOR / 11**2)
    assert likelihood(seen, 3).shape == (7, 7)


def test_without_a_map_shift_and_alternatives_stand_for_it(build):
    found = likelihood(build.ambiguous((1, 2), [(-6, 0)], (0.6, 0.35)), 8)
    assert np.unravel_index(found.argmax(), found.shape) == (9, 10)
    assert found[9, 10] / found[2, 8] == pytest.approx(0.6 / 0.35, rel=0.05)


def test_no_evidence_says_the_same_of_all_shifts(build):
    assert np.ptp(likelihood(build.blank(), 4)) == 0


def test_a_hand_decision_is_one_point():
    found = likelihood(Estimate(Shift(2, -1), Status.HAND, 1.0), 3)
    assert found[5, 2] == 1
    assert np.sort(found.ravel())[-2] < 1e-9


def test_the_mode_near_a_place_is_the_listed_one_with_its_fraction(build):
    seen = build.ambiguous((1.25, 2.5), [(-6.5, 0.75)], (0.6, 0.35))
    assert mode_near(seen, Shift(1, 3)).shift == Shift(1.25, 2.5)
    assert mode_near(seen, Shift(-6, 0)).probability == 0.35
    assert mode_near(seen, Shift(5, 5)) is None


def test_a_mode_too_faint_to_be_listed_is_found_in_the_map(build):
    from dataclasses import replace

    seen = build.mapped({(2, -3): 0.995, (-4, 5): 0.005})
    seen = replace(seen, alternatives=())
    mode = mode_near(seen, Shift(-4, 4))
    assert mode.shift.distance(Shift(-4, 5)) < 0.2
    assert mode.probability == pytest.approx(0.005, rel=0.2)
    assert mode_near(seen, Shift(8, 0)) is None or mode_near(seen, Shift(8, 0)).probability < 1e-3


def on_the_edge(build, place, reach=10):
    """An estimate whose best fit lies on the edge of its range."""
    from dataclasses import replace

    seen = build.mapped({place: 0.99, (3, 3): 0.01}, reach=reach)
    best = build.ambiguous((0, 0), [place], (0.0, 0.99)).alternatives
    return replace(build.blank(), map=seen.map, alternatives=best, reason="on the edge")


def test_a_best_fit_on_the_edge_speaks_for_the_edge_and_all_beyond_it(build):
    seen = on_the_edge(build, (4, 10))
    assert leads_beyond(seen)
    found = likelihood(seen, 14, blur=0)
    inside = np.s_[8:-8, 8:-8]
    assert np.ptp(found[:4]) == 0
    assert found[0, 0] == pytest.approx(found[14 + 4, 14 + 10], rel=0.01)
    assert found[0, 0] > 20 * found[inside].max()


def test_a_maximum_on_the_edge_is_no_shift(build):
    assert mode_near(on_the_edge(build, (4, 10)), Shift(4, 10)) is None
    assert mode_near(on_the_edge(build, (4, 9)), Shift(4, 9)) is not None


def test_noise_that_is_highest_on_the_edge_leads_nowhere(build):
    from dataclasses import replace

    seen = on_the_edge(build, (4, 10))
    faint = tuple(replace(a, probability=0.02) for a in seen.alternatives)
    assert not leads_beyond(replace(seen, alternatives=faint))
    assert not leads_beyond(build.blank())
    assert not leads_beyond(build.mapped({(2, 2): 1.0}))
