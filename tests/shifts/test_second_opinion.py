"""What least squares make of an estimate that was read from a map."""

import numpy as np
import pytest
from scipy import ndimage

from napari_seamnet.geometry import Shift
from napari_seamnet.seams import Overlap
from napari_seamnet.shifts import Status
from napari_seamnet.shifts.estimate import undetermined
from napari_seamnet.shifts.posterior import estimate_from_map
from napari_seamnet.shifts.second_opinion import by_least_squares

REACH = 10


def overlap(true, noise=0.01, seed=0, shape=(300, 90)):
    """Two crops of smooth noise, the second off by `true`."""
    rng = np.random.default_rng(seed)
    scene = ndimage.gaussian_filter(rng.standard_normal([n + 40 for n in shape]), 2.5)
    scene /= scene.std()
    y, x = np.mgrid[: shape[0], : shape[1]] + 20.0
    second = ndimage.map_coordinates(scene, [y + true[0], x + true[1]], order=5)
    sides = scene[20:-20, 20:-20], second
    return Overlap(*(side + noise * rng.standard_normal(shape) for side in sides))


def estimate(at, wide, rival=0.0):
    """A posterior that is a Gaussian hill around a shift, `wide` px."""
    y, x = np.mgrid[-REACH : REACH + 1, -REACH : REACH + 1]
    hill = np.exp(-((y - at[0]) ** 2 + (x - at[1]) ** 2) / (2 * wide**2))
    other = np.exp(-((y - 7) ** 2 + (x + 6) ** 2) / (2 * wide**2))
    posterior = (1 - rival) * hill / hill.sum() + rival * other / other.sum()
    return estimate_from_map(np.log(posterior + 1e-15), method="test")


def test_a_flat_peak_is_certain_where_the_pixels_leave_no_doubt():
    found = estimate((2.2, -3.4), 0.75)
    assert found.status is Status.DOUBTFUL
    better = by_least_squares(found, overlap((2.25, -3.5)))
    assert better.status is Status.CERTAIN
    assert better.confidence > found.confidence
    assert better.reason == ""
    assert better.shift.distance(Shift(2.25, -3.5)) < 0.02


@pytest.mark.parametrize("off", [0.0, 0.2, 0.9])
def test_a_first_look_must_be_confirmed(off):
    found = estimate((2.25, -3.5 + off), 0.2)
    assert found.status is Status.CERTAIN
    seen = by_least_squares(found, overlap((2.25, -3.5)), is_first_look=True)
    assert (seen.status is Status.CERTAIN) == (off < 0.5)
    assert ("confirm" in seen.reason) == (off > 0.5)
    assert by_least_squares(found, overlap((2.25, -3.5))).status is Status.CERTAIN


def test_a_first_look_by_most_of_the_seam():
    seam = overlap((2.25, -3.5))
    rng = np.random.default_rng(1)
    found = estimate((2.2, -3.4), 0.2)
    seen = []
    for rows in (slice(0, 75), slice(0, 150)):
        seam.second[rows] = rng.standard_normal(seam.second[rows].shape)
        seen.append(by_least_squares(found, seam, is_first_look=True))
    assert [one.status for one in seen] == [Status.CERTAIN, Status.DOUBTFUL]
    assert by_least_squares(found, seam).status is Status.CERTAIN


def test_where_contrast_is_partly_reversed_edges_tell_the_fraction():
    seam = overlap((2.25, -3.5), noise=0.02)
    # As another detector would show it: what is bright or dark here is both bright there.
    other = Overlap(seam.first, np.abs(seam.second - 0.2) + 0.1 * seam.second)
    found = estimate((2.0, -3.2), 0.35)
    better = by_least_squares(found, other)
    assert better.shift.distance(Shift(2.25, -3.5)) < 0.06 < found.shift.distance(better.shift)
    assert better.status is found.status


def test_where_too_little_is_shared_for_the_pixels_to_tell_a_first_look_is_not_enough():
    found = estimate((0.0, 0.0), 0.2)
    tiny = Overlap(np.eye(9), np.eye(9))
    assert by_least_squares(found, tiny) == found
    seen = by_least_squares(found, tiny, is_first_look=True)
    assert (seen.status, seen.shift) == (Status.DOUBTFUL, found.shift)
    assert seen.confidence < 0.99


@pytest.mark.parametrize("quarters", [(1,), (3,), (0, 2)])
def test_what_one_part_alone_tells_is_doubtful(quarters):
    seam = overlap((2.25, -3.5))
    first, second = (0.01 * np.random.default_rng(k).standard_normal((300, 90)) for k in (1, 2))
    for k in quarters:
        rows = slice(75 * k + 10, 75 * k + 65)
        first[rows], second[rows] = seam.first[rows], seam.second[rows]
    found = estimate((2.2, -3.4), 0.3)
    assert found.status is Status.CERTAIN
    again = by_least_squares(found, Overlap(first, second))
    if len(quarters) > 1:
        assert again.status is Status.CERTAIN
        return
    assert again.status is Status.DOUBTFUL
    assert again.reason == "only one part of the seam tells its shift"
    assert again.confidence <= 0.9
    assert again.shift.distance(Shift(2.25, -3.5)) < 0.2


def test_another_peak_is_not_argued_away():
    found = estimate((2.2, -3.4), 0.5, rival=0.04)
    assert found.status is Status.DOUBTFUL
    assert by_least_squares(found, overlap((2.25, -3.5))).status is Status.DOUBTFUL


@pytest.mark.parametrize("noise", [5.0, 20.0])
def test_noise_changes_nothing(noise):
    found = estimate((2.0, -3.0), 0.75)
    same = by_least_squares(found, overlap((2.0, -3.0), noise=noise))
    assert (same.status, same.confidence) == (found.status, found.confidence)
    assert same.shift.distance(found.shift) < 0.07


def test_what_was_undetermined_or_too_small_stays():
    found = estimate((0.0, 0.0), 0.75)
    tiny = Overlap(np.zeros((6, 90)), np.zeros((6, 90)))
    assert by_least_squares(found, tiny) == found
    nothing = undetermined("test", "blank")
    assert by_least_squares(nothing, overlap((0, 0))).status is Status.UNDETERMINED


@pytest.mark.parametrize("seed", range(12))
def test_identical_crops_are_certain(seed):
    scene = ndimage.gaussian_filter(np.random.default_rng(seed).standard_normal((160, 64)), 2)
    crop = np.clip(128 + 300 * scene, 0, 255).astype(np.uint8)
    found = by_least_squares(estimate((0.0, 0.0), 0.75), Overlap(crop, crop.copy()))
    assert found.status is Status.CERTAIN
    assert found.shift.distance(Shift(0, 0)) < 0.01


def test_a_rival_three_pixels_off_is_not_one_s_own():
    y, x = np.mgrid[-REACH : REACH + 1, -REACH : REACH + 1]
    posterior = 0.953 * np.exp(-((y - 0.45) ** 2 + x**2) / 0.3) + 1e-12
    posterior /= posterior.sum() / 0.953
    posterior[REACH + 3, REACH] += 0.047
    found = estimate_from_map(np.log(posterior), method="test")
    assert found.status is Status.DOUBTFUL
    seen = by_least_squares(found, overlap((0.6, 0.0)))
    assert seen.confidence + sum(a.probability for a in seen.alternatives) <= 1.0001
    assert seen.status is not Status.CERTAIN


def bent(shifts, seed=3):
    """Four parts of a seam, each with a shift of its own along x."""
    rng = np.random.default_rng(seed)
    scene = ndimage.gaussian_filter(rng.standard_normal((440, 140)), 2.0)
    y, x = np.mgrid[:400, :90] + 20.0
    x = x + np.repeat(shifts, 100)[:, None]
    return Overlap(scene[20:420, 20:110], ndimage.map_coordinates(scene, [y, x], order=3))


def test_the_mean_of_a_bent_seam_counts_while_it_is_near():
    found = by_least_squares(estimate((0.0, 3.0), 0.3), bent((0.6, 3.0, 3.2, 3.0)))
    assert found.status is Status.CERTAIN
    assert found.shift.dx == pytest.approx(2.45, abs=0.15)


def test_a_mean_far_from_the_peak_makes_doubtful():
    found = by_least_squares(estimate((0.0, 3.0), 0.3), bent((-1.0, 0.5, 2.0, 3.0)))
    assert found.status is Status.DOUBTFUL
    assert "apart" in found.reason
    assert found.map is not None
    assert np.isfinite(found.map.at(found.shift))
