import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_seamnet.seams import Overlap, shared_pixels
from napari_seamnet.shifts.correlation import (
    LEAST_SHARED,
    correlation_coefficient,
    mean_squared_difference,
    no_evidence,
    overlapped_sums,
)

sizes = st.tuples(st.integers(1, 13), st.integers(1, 13))
origins = st.tuples(st.integers(-6, 6), st.integers(-6, 6))


def crop(shape, seed, holes=0.0):
    rng = np.random.default_rng(seed)
    values = rng.normal(3, 2, size=shape)
    values[rng.random(shape) < holes] = np.nan
    return values


def by_brute_force(first, second, origin, dy, dx):
    """The six sums, over the pixels themselves."""
    y, x = origin[0] + dy, origin[1] + dx
    sums = np.zeros(6)
    for (i, j), b in np.ndenumerate(second):
        if 0 <= i + y < first.shape[0] and 0 <= j + x < first.shape[1]:
            a = first[i + y, j + x]
            if np.isfinite(a) and np.isfinite(b):
                sums += 1, a, b, a * a, b * b, a * b
    return sums


@settings(deadline=None)
@given(sizes, sizes, origins, st.integers(0, 5), st.sampled_from([0.0, 0.3]), st.integers(0, 99))
def test_every_sum_equals_brute_force(size, other, origin, max_shift, holes, seed):
    first, second = crop(size, seed, holes), crop(other, seed + 100, holes)
    sums = overlapped_sums(first, second, origin, max_shift)
    found = np.stack(
        [sums.n, sums.first, sums.second, sums.first_squared, sums.second_squared, sums.cross]
    )
    for i, j in np.ndindex(*sums.n.shape):
        expected = by_brute_force(first, second, origin, i - max_shift, j - max_shift)
        np.testing.assert_allclose(found[:, i, j], expected, atol=1e-9)


def test_a_range_wider_than_the_crops_finds_nothing_overlapped_beyond_them():
    sums = overlapped_sums(crop((5, 4), 1), crop((5, 4), 2), (0, 0), 20)
    assert sums.n.max() == sums.n[20, 20] == 20
    assert sums.n[20 - 5].max() == sums.n[:, 20 + 4].max() == 0
    assert sums.cross[sums.n == 0].tolist() == [0] * int((sums.n == 0).sum())


def test_the_coefficient_is_that_of_exactly_the_overlapped_pixels():
    seam = Overlap(crop((30, 11), 1), crop((26, 12), 2), (3, -1))
    found = correlation_coefficient(overlapped_sums(seam.first, seam.second, seam.origin, 4))
    for i, j in np.ndindex(9, 9):
        first, second = shared_pixels(seam, i - 4, j - 4)
        expected = np.corrcoef(first.ravel(), second.ravel())[0, 1]
        assert found[i, j] == pytest.approx(expected, abs=1e-9)


def test_single_precision_is_good_to_a_millionth():
    first, second = crop((400, 60), 1) - 3, crop((400, 60), 2) - 3
    exact = correlation_coefficient(overlapped_sums(first, second, (0, 0), 6))
    fast = correlation_coefficient(
        overlapped_sums(first.astype(np.float32), second.astype(np.float32), (0, 0), 6)
    )
    np.testing.assert_allclose(fast, exact, atol=2e-6)


def test_a_shift_that_overlaps_too_little_does_not_count():
    sums = overlapped_sums(crop((20, 20), 1), crop((20, 20), 2), (0, 0), 19)
    for measure in (mean_squared_difference(sums), correlation_coefficient(sums)):
        np.testing.assert_array_equal(np.isnan(measure), sums.n < LEAST_SHARED * 400)


def test_a_constant_part_has_no_correlation_there_and_a_difference_all_the_same():
    first, second = crop((20, 12), 1), crop((20, 12), 2)
    second[:] = 5.0
    sums = overlapped_sums(first, second, (0, 0), 2)
    assert np.isnan(correlation_coefficient(sums)).all()
    assert np.isfinite(mean_squared_difference(sums)).all()


def test_a_negative_range_is_refused():
    with pytest.raises(ValueError, match="cannot be negative, but is -1 px"):
        overlapped_sums(crop((5, 4), 1), crop((5, 4), 2), (0, 0), -1)


def test_what_cannot_be_compared_is_named():
    good, even = np.array([[1, 2]]), np.array([[2, 2]])
    assert no_evidence(good, good) == ""
    assert no_evidence(even, good) == "the first crop is constant"
    assert no_evidence(good, np.array([[np.nan, 2.0]])) == "the second crop is constant"
    assert no_evidence(good, np.array([[np.nan]])) == "the second crop has no finite pixel"
