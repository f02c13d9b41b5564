import numpy as np
import pytest
from skimage.registration import phase_cross_correlation

from napari_seamnet.seams import Overlap
from napari_seamnet.shifts.phase import CONFIDENCE_LIMIT, PhaseMethod, phase_map


def test_within_the_range_the_shift_is_scikit_images(cut):
    seam = cut(4, -9)
    expected, _, _ = phase_cross_correlation(
        seam.first.astype(float), seam.second.astype(float), upsample_factor=20
    )
    assert tuple(PhaseMethod().estimate(seam).shift) == pytest.approx(tuple(expected))


def test_a_peak_beyond_the_range_is_not_taken_and_named(cut):
    seam = cut(4, -9)
    estimate = PhaseMethod().estimate(seam, max_shift=6)
    assert max(abs(estimate.shift.dy), abs(estimate.shift.dx)) <= 6
    assert "(4.0, -9.0), lies outside the range of ±6 px" in estimate.reason
    assert estimate.confidence <= 0.5
    assert estimate.status.needs_person


def test_the_map_peaks_at_a_circular_shift_with_the_height_of_a_perfect_match():
    crop = np.random.default_rng(1).random((48, 40))
    heights = phase_map(crop, np.roll(crop, (3, -5), axis=(0, 1)), 8)
    assert np.unravel_index(heights.argmax(), heights.shape) == (8 - 3, 8 + 5)
    assert heights.max() == pytest.approx(np.sqrt(48 * 40), rel=0.01)


def test_unrelated_crops_have_heights_of_unit_deviation():
    first, second = np.random.default_rng(2).normal(size=(2, 128, 96))
    heights = phase_map(first, second, 15)
    assert heights.std() == pytest.approx(1, abs=0.1)


def test_shifts_of_more_than_half_the_crop_are_unknown():
    first, second = np.random.default_rng(3).normal(size=(2, 12, 40))
    heights = phase_map(first, second, 10)
    np.testing.assert_array_equal(np.isnan(heights).all(axis=1), np.abs(np.arange(-10, 11)) >= 6)


def test_it_never_claims_to_be_certain(cut):
    assert PhaseMethod().estimate(cut(2, 3)).confidence <= CONFIDENCE_LIMIT


def test_of_crops_with_a_margin_the_nominal_overlap_is_compared(scene):
    first, second = scene[40:160, 40:110], scene[43:163, 52:122]  # origin (0, 10), shift (3, 2)
    with_margin = Overlap(first, second, (0, 10))
    assert PhaseMethod().estimate(with_margin).shift.whole() == (3, 2)
