import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_seamnet.seams import Overlap, shared_pixels, similarity
from napari_seamnet.shifts import Status
from napari_seamnet.shifts.correlation import LEAST_SHARED
from napari_seamnet.shifts.search import SearchMethod, difference_map


def noise(shape, seed):
    return np.random.default_rng(seed).integers(0, 256, shape).astype(np.uint8)


def every_difference(seam, max_shift):
    """D of every shift, by cutting the pixels out and comparing them."""
    span = range(-max_shift, max_shift + 1)
    return np.array([[similarity(*shared_pixels(seam, dy, dx)) for dx in span] for dy in span])


@settings(deadline=None, max_examples=60)
@given(
    st.tuples(st.integers(1, 20), st.integers(1, 20)),
    st.integers(0, 22),
    st.integers(0, 99),
)
def test_every_difference_of_the_range_equals_brute_force(shape, max_shift, seed):
    seam = Overlap(noise(shape, seed), noise(shape, seed + 100))
    found, _ = difference_map(seam.first * 1.0, seam.second * 1.0, (0, 0), max_shift)
    expected = every_difference(seam, max_shift)
    counts = ~np.isnan(found)
    np.testing.assert_allclose(found[counts], expected[counts], rtol=1e-9, atol=1e-7)
    span = np.abs(np.arange(-max_shift, max_shift + 1))
    area = np.outer(*(np.maximum(0, n - span) for n in shape))
    np.testing.assert_array_equal(counts, area >= max(2, LEAST_SHARED * shape[0] * shape[1]))


def test_with_origin_and_holes_every_difference_equals_brute_force():
    first, second = (noise(shape, s).astype(float) for s, shape in ((1, (30, 14)), (2, (25, 17))))
    # Black and white in both, so that brute force keeps the scale whatever it cuts out.
    first[::5, ::3] = np.nan
    second[4:9, 5] = np.inf
    found, _ = difference_map(first, second, (3, -2), 5)
    for i, j in np.ndindex(11, 11):
        one, other = shared_pixels(Overlap(first, second, (3, -2)), i - 5, j - 5)
        both = np.isfinite(one) & np.isfinite(other)
        assert found[i, j] == pytest.approx(((one - other)[both] ** 2).mean(), rel=1e-9)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_the_smallest_difference_wins_though_another_peak_is_broader(dtype):
    # A sharp match at (4, 6) that is perfect, on structure that nearly matches around (-5, -5).
    rng = np.random.default_rng(3)
    broad = np.add.outer(np.sin(np.arange(80) / 6), np.sin(np.arange(70) / 6)) * 30
    scene = broad + rng.normal(0, 12, broad.shape) + 120
    seam = Overlap(scene[10:60, 10:60].astype(dtype), scene[14:64, 16:66].astype(dtype))
    estimate = SearchMethod().estimate(seam, max_shift=12)
    expected, _ = difference_map(seam.first * 1.0, seam.second * 1.0, (0, 0), 12)
    best = np.argwhere(expected == np.nanmin(expected))[0] - 12
    assert estimate.shift.whole() == tuple(best) == (4, 6)


def test_of_equal_minima_the_one_nearest_to_zero_wins():
    # Period 5 across the stripes (so shifts 2 and -3 fit alike), no structure along them.
    period = np.array([0, 90, 30, 200, 60])
    stripes = np.tile(period, 20)
    first = np.tile(stripes[:60], (40, 1)).astype(np.uint8)
    second = np.tile(stripes[2:62], (40, 1)).astype(np.uint8)
    seam = Overlap(first, second)
    differences = every_difference(seam, 8)
    assert (differences == 0).sum() == 17 * 4  # every dy, and dx = -8, -3, 2, 7
    estimate = SearchMethod().estimate(seam, max_shift=8)
    assert estimate.shift.whole() == (0, 2)
    mirrored = SearchMethod().estimate(Overlap(second, first), max_shift=8)
    assert mirrored.shift.whole() == (0, -2)


def test_identical_crops_lie_where_they_are():
    crop = noise((60, 40), 1)
    estimate = SearchMethod().estimate(Overlap(crop, crop.copy()))
    assert tuple(estimate.shift) == pytest.approx((0, 0), abs=0.05)
    assert estimate.status is Status.CERTAIN


def test_the_answer_does_not_depend_on_the_scale_of_floats(cut):
    seam = cut(3, -7)
    plain = SearchMethod().estimate(seam)
    scaled = SearchMethod().estimate(Overlap(seam.first * 1e-4 + 7, seam.second * 1e-4 + 7))
    assert tuple(scaled.shift) == pytest.approx(tuple(plain.shift), abs=1e-6)
    assert scaled.confidence == pytest.approx(plain.confidence, abs=1e-6)


def test_a_crop_too_small_for_any_shift_is_undetermined():
    estimate = SearchMethod().estimate(Overlap(np.uint8([[1, 9]]), np.uint8([[9, 1]])))
    assert estimate.status is Status.UNDETERMINED
    assert estimate.reason
