import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_seamnet.geometry import Shift
from napari_seamnet.shifts import Status
from napari_seamnet.shifts.posterior import (
    correlation_log_likelihood,
    estimate_from_map,
    find_peaks,
    neighbourhood_mass,
    parabola_peak,
    to_probability,
)


def hills(*tops, reach=10, width=1.0):
    """A log-likelihood of Gaussian hills: (dy, dx, log-height) each."""
    dy, dx = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    heights = [h - ((dy - y) ** 2 + (dx - x) ** 2) / (2 * width**2) for y, x, h in tops]
    return np.max(heights, axis=0)


def read(log_likelihood, **settings):
    return estimate_from_map(log_likelihood, method="test", **settings)


@pytest.mark.parametrize("shift", [(3, -4), (0, 0), (-8, 9)])
def test_one_sharp_hill_is_certain(shift):
    estimate = read(hills((*shift, 0), width=0.3))
    assert tuple(estimate.shift) == pytest.approx(shift)
    assert estimate.status is Status.CERTAIN
    assert estimate.reason == ""
    assert estimate.alternatives == ()


def test_the_top_of_a_hill_is_found_between_the_pixels():
    assert tuple(read(hills((2.3, -3.4, 0))).shift) == pytest.approx((2.3, -3.4))


def test_the_fraction_can_come_from_another_map():
    estimate = read(hills((2, -3, 0), width=0.5), peaks_of=hills((2.2, -3.1, 0), width=3))
    assert tuple(estimate.shift) == pytest.approx((2.2, -3.1))


def test_two_hills_are_ambiguous_and_the_lower_is_the_alternative():
    estimate = read(hills((3, -4, 0), (-5, 4, np.log(0.5)), width=0.4))
    assert estimate.status is Status.AMBIGUOUS
    assert estimate.reason == "2 shifts fit"
    assert estimate.confidence == pytest.approx(2 / 3, abs=0.01)
    (other,) = estimate.alternatives
    assert tuple(other.shift) == pytest.approx((-5, 4))
    assert other.probability == pytest.approx(1 / 3, abs=0.01)


def test_of_equal_hills_the_one_nearest_to_zero_wins_wherever_it_stands():
    for order in (1, -1):
        estimate = read(hills(*[(-6, -5, 0), (4, 3, 0), (6, 7, 0)][::order], width=0.5))
        assert estimate.shift.whole() == (4, 3)
        assert len(estimate.alternatives) == 2


def test_a_broad_hill_beats_a_needle_and_the_tie_rule_leaves_it_so():
    broad = hills((6, 6, 0), width=3)
    broad[8, 8] = 0.2  # higher, nearer to zero, but a single pixel
    assert read(broad).shift.whole() == (6, 6)
    assert read(broad, best=(8, 8)).shift.whole() == (-2, -2)


def test_an_alternative_at_the_foot_of_a_hill_is_not_lost():
    probability = np.full((21, 21), 1e-9)
    probability[10, 10] = 0.5
    probability[10, 11:14] = 0.15, 0.1, 0.09  # the foot, falling
    probability[10, 15] = 0.08
    assert (10, 15) in find_peaks(probability / probability.sum())


@pytest.mark.parametrize("shift", [(10, 0), (0, -10), (-10, 10)])
def test_the_best_on_the_edge_is_undetermined_and_remembered(shift):
    estimate = read(hills((*shift, 0)))
    assert estimate.status is Status.UNDETERMINED
    assert estimate.shift == Shift(0, 0)
    assert estimate.confidence == 0
    assert "edge of the range of ±10 px" in estimate.reason
    assert estimate.alternatives[0].shift.whole() == shift


def test_the_best_beside_what_could_not_be_compared_is_on_the_edge_too():
    values = hills((3, 4, 0))
    values[:, 15:] = np.nan
    assert read(values).status is Status.UNDETERMINED


def test_nothing_to_compare_is_undetermined():
    assert read(np.full((5, 5), np.nan)).status is Status.UNDETERMINED
    flat = read(np.zeros((5, 5)))
    assert flat.status is Status.UNDETERMINED
    assert "every shift fits alike" in flat.reason


def test_shifts_that_could_not_be_compared_are_impossible():
    values = hills((1, 1, 0))
    values[0] = np.nan
    probability = to_probability(values)
    assert probability[0].sum() == 0
    assert probability.sum() == pytest.approx(1)


def test_no_more_is_claimed_than_the_method_may():
    estimate = read(hills((1, 1, 0), width=0.3), confidence_limit=0.9)
    assert estimate.confidence == 0.9
    assert estimate.status is Status.DOUBTFUL


def test_huge_log_likelihoods_do_not_overflow():
    estimate = read(hills((3, -4, 0), width=0.3) * 1e6 + 1e9)
    assert estimate.shift.whole() == (3, -4)
    assert estimate.confidence == pytest.approx(1)


@settings(deadline=None)
@given(st.integers(0, 999))
def test_probabilities_of_peaks_never_exceed_one_together(seed):
    values = np.random.default_rng(seed).normal(0, 3, (15, 15))
    estimate = read(values)
    best = estimate.confidence or 0.0
    # Neighbourhoods of two peaks 3 px apart touch but never share a pixel.
    assert best + sum(a.probability for a in estimate.alternatives) <= 1 + 1e-9
    order = [a.probability for a in estimate.alternatives]
    if estimate.status is not Status.UNDETERMINED:
        assert order == sorted(order, reverse=True)


def test_the_neighbourhood_is_one_pixel_each_way():
    probability = np.zeros((7, 7))
    probability[2:5, 2:5] = 1 / 9
    mass = neighbourhood_mass(probability)
    assert mass[3, 3] == pytest.approx(1)
    assert mass[3, 4] == pytest.approx(6 / 9)
    assert mass[6, 6] == 0


@pytest.mark.parametrize(
    ("line", "fraction"),
    [([0, 1, 0], 0), ([0, 4, 3], 0.3), ([3, 4, 0], -0.3), ([1, 1, 1], 0), ([np.nan, 1, 0], 0)],
)
def test_a_parabola_goes_through_three_values(line, fraction):
    values = np.tile(np.array(line, float), (3, 1))
    assert parabola_peak(values, 1, 1) == pytest.approx((0, fraction))
    assert parabola_peak(values.T, 1, 1) == pytest.approx((fraction, 0))


def test_evidence_grows_with_correlation_and_pixels_and_holes_stay_holes():
    weak, strong = correlation_log_likelihood(np.array([0.2, 0.8]), 1e4)
    assert 0 < weak < strong
    assert correlation_log_likelihood(np.array([0.8]), 2e4)[0] == pytest.approx(2 * strong)
    assert correlation_log_likelihood(np.array([-0.8]), 1e4)[0] == pytest.approx(-strong)
    assert np.isnan(correlation_log_likelihood(np.array([np.nan]), 1e4)[0])
    assert np.isfinite(correlation_log_likelihood(np.array([1.0, -1.0]), 1e4)).all()


def test_a_flat_map_holds_no_evidence_and_its_best_is_only_listed():
    rng = np.random.default_rng(0)
    flat = rng.normal(0, 0.1, (31, 31))
    flat[19:22, 8:11] = 1.0
    flat[20, 9] = 1.1
    found = estimate_from_map(flat, method="test")
    assert found.status is Status.UNDETERMINED
    assert found.shift == Shift(0, 0)
    assert "no shift stands out" in found.reason
    assert found.alternatives[0].shift.whole() == (5, -6)


def test_a_finer_map_gives_the_fraction_only_while_it_means_the_same_peak():
    y, x = np.mgrid[-5:6, -5:6]

    def hill(cy, cx):
        return -((y - cy) ** 2 + (x - cx) ** 2) / 2.0

    near = estimate_from_map(hill(1.2, 0.1), method="test", peaks_of=hill(1.0, 0.3))
    assert near.shift.distance(Shift(1.0, 0.3)) < 1e-6
    far = estimate_from_map(hill(1.2, 0.1), method="test", peaks_of=hill(0.6, 0.1))
    assert far.shift.distance(Shift(1.2, 0.1)) < 1e-6
