import numpy as np
import pytest
from scipy import ndimage

from napari_seamnet.seams import Overlap, shared_pixels
from napari_seamnet.shifts import Status
from napari_seamnet.shifts.correlation import correlation_coefficient, overlapped_sums
from napari_seamnet.shifts.smoothed import SmoothedMethod, smooth


@pytest.mark.parametrize("smoothing", ["gaussian", "median"])
@pytest.mark.parametrize("shift", [(6, -11), (-14, 3)])
def test_brightness_contrast_and_noise_do_not_hide_the_shift(cut, shift, smoothing):
    seam, rng = cut(*shift), np.random.default_rng(1)
    first = seam.first + rng.normal(0, 60, seam.first.shape)
    second = seam.second * 0.5 + 90 + rng.normal(0, 30, seam.second.shape)
    estimate = SmoothedMethod(smoothing).estimate(Overlap(first, second))
    assert estimate.shift.whole() == shift
    assert estimate.status is Status.CERTAIN


@pytest.mark.parametrize("shift", [(0.0, 0.0), (0.5, -0.5), (3.3, -7.8), (-6.25, 2.6)])
def test_a_fraction_of_a_pixel_is_found_to_a_twentieth(cut_between_pixels, shift):
    estimate = SmoothedMethod().estimate(cut_between_pixels(*shift))
    assert tuple(estimate.shift) == pytest.approx(shift, abs=0.05)


def test_every_overlapped_pixel_counts(cut):
    seam = cut(0, 0)
    first, second = smooth(seam.first), smooth(seam.second[::-1])
    found = correlation_coefficient(overlapped_sums(first, second, (0, 0), 15))
    one, other = shared_pixels(Overlap(first, second), -15, 15)
    assert one.shape == (125, 45)
    assert found[0, 30] == pytest.approx(np.corrcoef(one.ravel(), other.ravel())[0, 1], abs=1e-5)


def test_periodic_stripes_are_ambiguous_and_the_lattice_shift_is_an_alternative():
    # Stripes of period 8 px, and rows of any brightness, so that dy is sure and dx is not.
    rng = np.random.default_rng(5)
    rows = ndimage.gaussian_filter(rng.normal(0, 150, 200), 2)
    scene = np.add.outer(rows, 60 * np.sin(2 * np.pi * np.arange(120) / 8))
    noise = rng.normal(0, 60, (2, 150, 60))
    seam = Overlap(scene[20:170, 30:90] + noise[0], scene[22:172, 33:93] + noise[1])
    estimate = SmoothedMethod().estimate(seam)
    assert estimate.status is Status.AMBIGUOUS
    assert "shifts fit" in estimate.reason
    shifts = [estimate.shift, *(a.shift for a in estimate.alternatives)]
    for lattice in (-5, 3, 11):
        assert min(abs(shift.dx - lattice) for shift in shifts) < 0.6
    assert all(a.probability <= estimate.confidence for a in estimate.alternatives)


def test_weak_contrast_on_a_high_level_is_not_lost(cut):
    seam = cut(2, 5)
    weak = [(1e6 + crop * 1e-3).astype(float) for crop in (seam.first, seam.second)]
    assert SmoothedMethod().estimate(Overlap(*weak)).shift.whole() == (2, 5)


def test_smoothing_leaves_mean_zero_and_the_sources_memory_alone():
    crop = np.random.default_rng(2).integers(0, 60000, (50, 40)).astype(np.uint16)
    before = crop.copy()
    out = smooth(crop)
    assert out.dtype == np.float32
    assert abs(out.mean()) < 0.05
    np.testing.assert_array_equal(crop, before)


def test_an_unknown_smoothing_is_refused():
    with pytest.raises(ValueError, match="'wavelet' is not a valid Smoothing"):
        SmoothedMethod("wavelet")


@pytest.mark.frames
def test_real_confocal_seams_are_all_within_two_pixels(real_frames):
    import csv

    import tifffile

    from napari_seamnet.geometry import Offset, overlap_boxes

    folder = real_frames / "train" / "lscm_tensile_Ref"
    rng = np.random.default_rng(7)
    errors = []
    with (folder / "pairs.csv").open() as table:
        for row in list(csv.DictReader(table))[::3]:
            first, second = (
                tifffile.imread(folder / row[name])
                for name in ("left_or_top_file", "right_or_bottom_file")
            )
            true = np.array([float(row["dy"]), float(row["dx"])])  # the table has x first
            nominal = np.rint(true).astype(int) + rng.integers(-10, 11, 2)
            boxes = overlap_boxes(first.shape, second.shape, Offset(*nominal))
            crops = (f[box.slices] for f, box in zip((first, second), boxes, strict=True))
            estimate = SmoothedMethod().estimate(Overlap(*crops))
            errors.append(np.abs(np.array(tuple(estimate.shift)) - (true - nominal)).max())
    assert len(errors) == 8
    assert max(errors) <= 2
