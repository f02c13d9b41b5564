"""Seams whose parts lie apart, and seams that only seem to be such."""

import numpy as np
import pytest
from scipy import ndimage

from napari_seamnet.seams import Overlap
from napari_seamnet.shifts import Status, get_method
from napari_seamnet.shifts.bend import find_bend
from napari_seamnet.shifts.patches import patches_of
from napari_seamnet.shifts.refine import refine_and_parts


def bent(ends, shape=(400, 90), noise=0.02, seed=0, axis=0):
    """Two crops; the second lies aside by `ends[0]` px at its begin to `ends[1]` at its end."""
    rng = np.random.default_rng(seed)
    scene = ndimage.gaussian_filter(rng.standard_normal([n + 40 for n in shape]), 2.0)
    scene /= scene.std()
    y, x = np.mgrid[: shape[0], : shape[1]] + 20.0
    along = np.linspace(*ends, shape[0])[:, None]
    second = ndimage.map_coordinates(scene, [y + (axis == 0) * along, x + (axis == 1) * along])
    sides = scene[20:-20, 20:-20], second
    return Overlap(*(side + noise * rng.standard_normal(shape) for side in sides))


def found(overlap, at=(0, 0), off=(0.0, 0.0)):
    patches = patches_of(overlap, at)
    _, parts = refine_and_parts(patches, np.array(off))
    return find_bend(patches, np.array(off), parts)


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("shape", [(400, 90), (3000, 120)])
def test_each_part_gets_a_shift_of_its_own(axis, shape):
    bend = found(bent((-2.4, 2.4), shape, axis=axis))
    assert bend is not None
    assert bend.is_known
    other = 1 - axis
    parts = np.array([-1.8, -0.6, 0.6, 1.8])
    assert bend.parts[:, axis] == pytest.approx(parts, abs=0.35)
    assert bend.parts[:, other] == pytest.approx(np.zeros(4), abs=0.15)
    assert bend.apart == pytest.approx(3.6, abs=0.6)
    assert np.abs(bend.middle).max() < 0.1


def test_an_even_seam_is_not_bent_however_noisy():
    for seed, noise in enumerate((0.0, 0.3, 1.0, 2.0, 4.0)):
        assert found(bent((0, 0), noise=noise, seed=seed)) is None


def test_a_pixel_is_not_much():
    assert found(bent((-0.5, 0.5))) is None


def test_a_part_that_tells_nothing_is_told():
    overlap = bent((-2.4, 2.4), noise=0.0)
    overlap.first[:100] = overlap.second[:100] = 0
    bend = found(overlap)
    assert bend is not None
    assert not bend.is_known
    assert np.isnan(bend.parts[0]).all()
    assert bend.middle[0] == pytest.approx(0.6, abs=0.2)


def test_a_short_seam_has_no_parts():
    assert found(bent((-2, 2), shape=(50, 40))) is None


def test_what_is_half_blank_and_bent_is_not_certain():
    overlap = bent((-2.4, 2.4), noise=0.05)
    overlap.first[:100] = overlap.second[:100] = 0
    estimate = get_method("seamnet").estimate(overlap)
    assert estimate.status is not Status.CERTAIN
