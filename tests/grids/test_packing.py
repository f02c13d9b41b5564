import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from napari_seamnet.geometry import Shift
from napari_seamnet.grids.packing import COLUMNS, LEAST_LOG, pack, unpack
from napari_seamnet.shifts.estimate import Alternative, Estimate, ShiftMap, Status

px = st.floats(-100, 100)
chance = st.floats(0, 1)
others = st.lists(st.builds(Alternative, st.builds(Shift, px, px), chance), max_size=4)


@given(st.builds(Shift, px, px), st.sampled_from(Status), chance, others, st.text(max_size=9))
def test_all_but_the_map_comes_back_to_the_last_bit(shift, status, confidence, alternatives, why):
    before = Estimate(shift, status, confidence, tuple(alternatives), None, "m", why, "cuda")
    values = pack(before)
    assert set(values) == set(COLUMNS)
    after = unpack(values)
    for name in ("shift", "status", "confidence", "alternatives", "map", "method", "reason"):
        assert getattr(after, name) == getattr(before, name)
    assert after.device == "cuda"


def through(values, meaning="log-probability"):
    estimate = Estimate(Shift(0, 0), Status.DOUBTFUL, 0.5, map=ShiftMap(values, meaning))
    return unpack(pack(estimate)).map


logs = npst.arrays(float, (7, 7), elements=st.floats(-300, 3000) | st.just(np.nan))


@given(logs)
def test_a_maps_holes_its_best_value_and_what_is_near_it_stay(values):
    after = through(values).values
    np.testing.assert_array_equal(np.isnan(after), np.isnan(values))
    if np.isnan(values).all():
        return
    best = np.nanmax(values)
    # Rounding of the sum with the best value is not the journal's.
    slack = 1e-12 * abs(best)
    assert np.nanmax(after) == best
    np.testing.assert_array_equal(
        (after == best) | np.isnan(after), (values >= best - slack) | np.isnan(values)
    )
    wanted = np.maximum(values - best, LEAST_LOG)
    np.testing.assert_allclose(after - best, wanted, rtol=2**-11, atol=1e-7 + 2 * slack)


def test_the_order_of_shifts_near_the_peak_stays():
    rng = np.random.default_rng(0)
    values = rng.normal(0, 2, (31, 31)) + 5000.0
    after = through(values).values
    top = np.argsort(-values, axis=None)[:5]
    np.testing.assert_array_equal(np.argsort(-after, axis=None, kind="stable")[:5], top)


def test_a_correlation_keeps_its_scale_and_its_meaning():
    rng = np.random.default_rng(0)
    values = rng.uniform(-1, 1, (21, 21))
    after = through(values, "correlation")
    assert after.meaning == "correlation"
    assert np.argmax(after.values) == np.argmax(values)
    np.testing.assert_allclose(after.values, values, atol=1e-3)


def test_impossible_shifts_stay_impossible():
    values = np.zeros((3, 3))
    values[0, 0] = -np.inf
    assert through(values).values[0, 0] == LEAST_LOG


@pytest.mark.parametrize("change", [{"status": "sure"}, {"alternatives": "{"}, {"map": b"x"}])
def test_values_that_are_none_are_refused(change):
    values = pack(Estimate(Shift(0, 0), Status.DOUBTFUL, 0.5, map=ShiftMap(np.zeros((3, 3)), "x")))
    with pytest.raises(ValueError):  # noqa: PT011
        unpack(values | change)
