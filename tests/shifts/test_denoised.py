import numpy as np
import pytest
from scipy import ndimage

from napari_seamnet.seams import Overlap
from napari_seamnet.shifts.denoised import BilateralMethod, MedianMethod, filter_finite
from napari_seamnet.shifts.search import SearchMethod


def with_salt(seam, part, seed):
    """White dots in both crops, at other places in each: what a median is made for."""
    rng = np.random.default_rng(seed)
    crops = [seam.first.copy(), seam.second.copy()]
    for crop in crops:
        crop[rng.random(crop.shape) < part] = 255
    return Overlap(*crops)


def test_the_median_makes_dots_harmless(cut):
    seam = with_salt(cut(3, -7), 0.2, seed=1)
    denoised, raw = MedianMethod().estimate(seam), SearchMethod().estimate(seam)
    assert denoised.shift.whole() == (3, -7)
    assert np.nanmin(-denoised.map.values) < np.nanmin(-raw.map.values)
    assert denoised.confidence > raw.confidence


def test_a_median_of_one_pixel_is_the_search_itself(cut):
    seam = cut(2, 5)
    plain, filtered = SearchMethod().estimate(seam), MedianMethod(1).estimate(seam)
    assert tuple(filtered.shift) == pytest.approx(tuple(plain.shift), abs=1e-9)


def test_the_bilateral_filter_takes_noise_and_keeps_steps():
    rng = np.random.default_rng(2)
    step = np.where(np.arange(60) < 30, 40.0, 200.0) + np.zeros((50, 1))
    smooth = BilateralMethod(sigma_grey=40)._filter(step + rng.normal(0, 10, step.shape))
    assert np.abs(smooth - step).mean() < 3
    assert smooth[:, 30].mean() - smooth[:, 29].mean() > 145


def test_the_bilateral_filter_keeps_the_scale_of_signed_pixels():
    crop = np.random.default_rng(3).normal(-90, 30, (40, 40))
    smooth = BilateralMethod()._filter(crop)
    assert smooth.mean() == pytest.approx(crop.mean(), abs=2)


@pytest.mark.parametrize("shape", [(40, 1), (1, 40)])
def test_a_strip_of_one_pixel_can_be_filtered(shape):
    line = np.random.default_rng(5).normal(90, 30, shape)
    smooth = BilateralMethod()._filter(line)
    assert smooth.shape == shape
    assert smooth.std() < line.std()


def test_holes_stay_holes_and_do_not_spread():
    crop = np.random.default_rng(4).random((30, 30))
    holed = crop.copy()
    holed[10:13, 20] = np.nan
    filtered = filter_finite(holed, lambda values: ndimage.median_filter(values, 5))
    np.testing.assert_array_equal(np.isnan(filtered), np.isnan(holed))
    np.testing.assert_array_equal(filtered[:, :17], ndimage.median_filter(crop, 5)[:, :17])


@pytest.mark.parametrize("size", [0, -3, 4])
def test_a_median_without_a_middle_is_refused(size):
    with pytest.raises(ValueError, match=f"odd number of px wide, not {size}"):
        MedianMethod(size)
