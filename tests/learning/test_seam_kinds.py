"""Simulated seams with one difference at a time: their truth is true, and a seed says it all."""

import numpy as np
import pytest

from napari_seamnet.learning import scenes
from napari_seamnet.learning.seam_kinds import Difference, draw_seam, simulate_seam
from napari_seamnet.seams import Overlap
from napari_seamnet.shifts import get_method


def simulate(difference, seed=3, noise=0.0, shape=(160, 120), reach=6):
    rng = np.random.default_rng(seed)
    return simulate_seam(scenes.texture_scene, shape, reach, noise, difference, rng)


@pytest.mark.parametrize("difference", [d for d in Difference if d is not Difference.REVERSED])
@pytest.mark.parametrize("seed", range(3))
def test_the_second_crop_shows_what_the_first_shows_a_shift_away(difference, seed):
    pair = simulate(difference, seed)
    found = get_method("median").estimate(Overlap(pair.first, pair.second), max_shift=9)
    limit = 1.5 if difference in (Difference.WARPED, Difference.DARKENED) else 0.6
    assert found.shift.distance(pair.shift) < limit


@pytest.mark.parametrize("difference", Difference)
def test_a_seed_says_it_all(difference):
    one, other = simulate(difference, noise=0.2), simulate(difference, noise=0.2)
    assert np.array_equal(one.first, other.first)
    assert np.array_equal(one.second, other.second)
    assert one.shift == other.shift
    assert not np.array_equal(one.first, simulate(difference, seed=4, noise=0.2).first)


def test_each_difference_makes_the_second_crop_another():
    plain = simulate(Difference.SAME)
    for difference in Difference:
        if difference is not Difference.SAME:
            assert not np.array_equal(simulate(difference).second, plain.second)
    reversed_ = simulate(Difference.REVERSED).second.astype(float)
    assert np.corrcoef(reversed_.ravel(), plain.second.ravel())[0, 1] < 0.9


def test_noise_is_as_strong_as_was_said_and_on_both_sides():
    clean, noisy = simulate(Difference.SAME), simulate(Difference.SAME, noise=0.05)
    for side in ("first", "second"):
        off = getattr(noisy, side).astype(float) - getattr(clean, side)
        assert off.std() == pytest.approx(0.05 * 255, rel=0.1)


def test_vias_and_sparse_arrays_are_drawn_in_grey_levels():
    rng = np.random.default_rng(0)
    for draw in (scenes.via_scene, scenes.sparse_array_scene):
        scene = draw(200, rng)
        assert scene.shape == (200, 200)
        assert 0 <= scene.min() < scene.max() <= 255


@pytest.mark.parametrize("difference", Difference)
def test_a_clean_seam_is_what_is_simulated_without_noise(difference):
    shape, reach = (60, 90), 6
    clean = draw_seam(scenes.texture_scene, shape, reach, difference, np.random.default_rng(4))
    pair = simulate_seam(
        scenes.texture_scene, shape, reach, 0.0, difference, np.random.default_rng(4)
    )
    assert clean.shift == pair.shift
    for crop, seen in zip(clean.crops(), (pair.first, pair.second), strict=True):
        assert np.array_equal(np.clip(np.rint(crop), 0, 255), seen)
