"""Which pixels least squares look at."""

import numpy as np
import pytest

from napari_seamnet.seams import Overlap
from napari_seamnet.shifts.patches import MOST_PIXELS, PARTS, edges_of, parts_of, patches_of
from napari_seamnet.shifts.refine import refine, refine_and_parts


def overlap(shape, seed=0):
    rng = np.random.default_rng(seed)
    return Overlap(*(rng.normal(size=shape).cumsum(0).cumsum(1) for _ in range(2)))


@pytest.mark.parametrize("make", [patches_of, edges_of])
@pytest.mark.parametrize("shape", [(400, 90), (90, 400), (4000, 120), (120, 4000), (900, 900)])
def test_all_of_a_small_overlap_and_parts_along_a_large_one(make, shape):
    patches = make(overlap(shape), (2, -3))
    shared = (shape[0] - 2, shape[1] - 3)
    if np.prod(shared) <= MOST_PIXELS:
        assert patches.one.shape == patches.two.shape == (1, *shared)
    else:
        assert patches.one.shape == patches.two.shape
        assert len(patches.one) == PARTS
        assert 0.5 * MOST_PIXELS < patches.one.size <= MOST_PIXELS
    parts = parts_of(patches)
    assert len(parts) == PARTS
    assert {part.one.shape[0] for part in parts} == {1}
    long = int(np.argmax(shape))
    assert all(part.one.shape[1 + long] >= 64 for part in parts)


def test_nothing_where_hardly_a_line_is_shared():
    for make in (patches_of, edges_of):
        assert make(overlap((100, 60)), (0, 48)) is None
        assert make(overlap((100, 60)), (0, 600)) is None


def test_a_short_seam_has_no_parts():
    patches = patches_of(overlap((50, 40)), (0, 0))
    assert parts_of(patches) == []
    assert refine_and_parts(patches, np.zeros(2))[1] == []


@pytest.mark.parametrize("shape", [(400, 90), (90, 300), (2000, 120)])
def test_the_whole_and_its_parts_are_those_of_each_by_itself(shape):
    """Sums over parts and over what lies between them are those over all pixels."""
    rng = np.random.default_rng(1)
    scene = 20 * overlap(shape).first
    noisy = Overlap(*(scene + rng.normal(size=shape) for _ in range(2)))
    patches = patches_of(noisy, (0, 0))
    fit, parts = refine_and_parts(patches, np.array([0.1, -0.1]))
    alone = refine(patches, np.array([0.1, -0.1]))
    assert fit.off == pytest.approx(alone.off, abs=1e-9)
    assert fit.covariance == pytest.approx(alone.covariance, rel=1e-6)
    assert len(parts) == PARTS
    for part, own in zip(parts, parts_of(patches), strict=True):
        assert part.off == pytest.approx(refine(own, fit.off).off, abs=0.002)
