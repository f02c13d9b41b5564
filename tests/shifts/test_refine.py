import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_seamnet.geometry import Shift
from napari_seamnet.seams import Overlap
from napari_seamnet.shifts.patches import patches_of
from napari_seamnet.shifts.refine import refine


def pair_of(dy, dx, shape=(120, 90), noise=0.0, seed=1, gain=1.0):
    """Two crops of waves, exact at any fraction of a pixel, the second weaker by `gain`."""
    rng = np.random.default_rng(seed)
    waves = rng.normal(size=(60, 2)) * 0.4, rng.uniform(0, 6.3, 60), rng.normal(size=60)
    y, x = np.mgrid[: shape[0], : shape[1]].astype(float)

    def seen(oy, ox):
        phases = (
            fy * (y + oy) + fx * (x + ox) + at for (fy, fx), at in zip(*waves[:2], strict=True)
        )
        return sum(size * np.sin(phase) for size, phase in zip(waves[2], phases, strict=True))

    first, second = seen(0, 0), gain * seen(dy, dx) + 3
    return (side + noise * rng.standard_normal(shape) for side in (first, second))


def refined(overlap, shift):
    whole = shift.whole()
    patches = patches_of(overlap, whole)
    fit = refine(patches, np.subtract(tuple(shift), whole)) if patches else None
    return None if fit is None else Shift(*(whole + fit.off))


@settings(max_examples=20, deadline=None)
@given(st.floats(-6, 6), st.floats(-6, 6), st.floats(-0.4, 0.4), st.floats(-0.4, 0.4))
def test_any_fraction_is_found_to_a_few_thousandths(dy, dx, off_y, off_x):
    first, second = pair_of(dy, dx, gain=0.4)
    found = refined(Overlap(first, second), Shift(dy + off_y, dx + off_x))
    assert found is not None
    assert found.distance(Shift(dy, dx)) < 0.01


def test_noise_costs_little_more_than_it_must():
    """Against the bound of Robinson and Milanfar (2004), over 40 seams."""
    off = []
    for seed in range(40):
        first, second = pair_of(1.3, -2.6, noise=1.5, seed=seed)
        clean, _ = pair_of(1.3, -2.6, seed=seed)
        gy, gx = np.gradient(clean)
        bound = np.sqrt(2 * 1.5**2 / np.array([(gy**2).sum(), (gx**2).sum()]))
        found = refined(Overlap(first, second), Shift(1.2, -2.4))
        assert found is not None
        off.append(np.subtract(tuple(found), (1.3, -2.6)) / bound)
    assert np.sqrt(np.mean(np.square(off))) < 1.6


def test_a_margin_and_crops_of_different_sizes():
    first, second = pair_of(0.4, -0.7, (150, 150))
    found = refined(Overlap(first, second[20:140, 30:110], (20, 30)), Shift(0.1, -0.5))
    assert found is not None
    assert found.distance(Shift(0.4, -0.7)) < 0.01


def test_a_long_seam_is_looked_at_in_parts():
    first, second = pair_of(2.25, -1.5, (2000, 100))
    found = refined(Overlap(first, second), Shift(2, -1))
    assert found is not None
    assert found.distance(Shift(2.25, -1.5)) < 0.01


@pytest.mark.parametrize("shape", [(1500, 1500), (700, 1900)])
def test_a_large_overlap_is_looked_at_in_part(shape):
    first, second = pair_of(1.25, -0.5, shape)
    overlap = Overlap(first, second)
    assert patches_of(overlap, (1, 0)).one.size <= 80_000
    found = refined(overlap, Shift(1, 0))
    assert found is not None
    assert found.distance(Shift(1.25, -0.5)) < 0.01


def test_what_cannot_be_refined_is_left_alone():
    first, second = pair_of(0, 0)
    assert refined(Overlap(first, -second), Shift(0, 0)) is None  # opposite contrast
    assert refined(Overlap(np.zeros((50, 50)), np.zeros((50, 50))), Shift(0, 0)) is None
    assert refined(Overlap(first, second), Shift(118, 0)) is None  # two lines are shared
    assert refined(Overlap(first, second), Shift(500, 0)) is None
    lines = np.repeat(np.random.default_rng(0).normal(size=(1, 90)), 120, axis=0)
    assert refined(Overlap(lines, lines), Shift(0, 0)) is None  # they may slide along


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float64])
def test_pixels_of_any_type(dtype):
    first, second = (np.clip(120 + 12 * side, 0, 255).astype(dtype) for side in pair_of(0.5, 0.25))
    found = refined(Overlap(first, second), Shift(0, 0))
    assert found is not None
    assert found.distance(Shift(0.5, 0.25)) < 0.05
