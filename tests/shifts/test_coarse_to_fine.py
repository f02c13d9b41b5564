"""A wide search, coarse to fine."""

import numpy as np
import pytest
from scipy import ndimage

from napari_seamnet.geometry import Shift
from napari_seamnet.learning.scenes import sparse_array_scene
from napari_seamnet.nets.inference import Comparison
from napari_seamnet.seams import Overlap
from napari_seamnet.shifts import Cancelled, Status
from napari_seamnet.shifts.coarse_to_fine import (
    FAR,
    MOST_PLACES,
    WIDE,
    compare_wide,
    places,
    reduction,
)
from napari_seamnet.shifts.seamnet import SeamNetMethod


@pytest.fixture(scope="module")
def method():
    return SeamNetMethod(device="cpu")


@pytest.fixture(scope="module")
def scene():
    rng = np.random.default_rng(4)
    layers = [ndimage.gaussian_filter(rng.standard_normal((700, 900)), s) for s in (2, 7)]
    return 120 + 30 * sum(layer / layer.std() for layer in layers)


def seam_of(scene, shift, margin, shape=(400, 150), noise=12.0, at=(250, 300)):
    """Crops as they are cut with a margin: the first is larger by so much on each side."""
    rng = np.random.default_rng(1)
    y, x = at
    first = scene[y - margin : y + shape[0] + margin, x - margin : x + shape[1] + margin]
    top, left = y + shift[0], x + shift[1]
    second = scene[top : top + shape[0], left : left + shape[1]]
    crops = [np.clip(c + noise * rng.standard_normal(c.shape), 0, 255) for c in (first, second)]
    return Overlap(*(crop.astype(np.uint8) for crop in crops), (margin, margin))


@pytest.mark.parametrize(("shift", "reach"), [((-37, 55), 61), ((88, -93), 100), ((7, 171), 200)])
def test_a_far_shift_is_found_to_a_fraction(method, scene, shift, reach):
    found = method.estimate(seam_of(scene, shift, min(reach, 50)), max_shift=reach)
    assert found.shift.distance(Shift(*shift)) < 0.3
    # 29 px are shared at the far end: there, a doubt is only fair.
    assert found.status is Status.CERTAIN or reach == 200
    assert found.map.max_shift == reach
    assert np.isfinite(found.map.values).all()


def test_just_beyond_the_usual_range_it_says_what_it_says_within(method, scene):
    overlap = seam_of(scene, (5, -3), 30)
    near, wide = (method.estimate(overlap, max_shift=reach) for reach in (WIDE, WIDE + 1))
    assert near.status is wide.status is Status.CERTAIN
    assert near.shift.distance(wide.shift) < 0.05


def test_strangers_are_not_certain_however_far_one_looks(method):
    rng = np.random.default_rng(8)
    for _ in range(3):
        noise = [ndimage.gaussian_filter(rng.normal(size=(300, 120)), 2) for _ in range(2)]
        found = method.estimate(Overlap(*noise), max_shift=80)
        assert found.status is not Status.CERTAIN


def test_progress_rises_and_may_cancel(method, scene):
    overlap = seam_of(scene, (5, -3), 30)
    told = []
    method.estimate(overlap, max_shift=60, progress=lambda *step: told.append(step))
    done = [step for step, _, _ in told]
    assert done == sorted(done)
    assert told[-1][0] == told[-1][1]

    def stop(done, total, what):
        raise Cancelled

    with pytest.raises(Cancelled):
        method.estimate(overlap, max_shift=60, progress=stop)


def test_many_are_what_they_are_one_by_one(method, scene):
    overlaps = [seam_of(scene, shift, 30) for shift in ((5, -3), (-20, 50))]
    for one, many in zip(overlaps, method.estimate_many(overlaps, max_shift=60), strict=True):
        alone = method.estimate(one, max_shift=60)
        assert many.shift.distance(alone.shift) < 1e-3
        assert many.status is alone.status


def test_narrow_crops_are_reduced_less_and_small_ones_not_at_all():
    assert reduction([(400, 150), (400, 150)], 200) == 10
    assert reduction([(400, 40), (400, 40)], 200) == 3
    assert reduction([(20, 20)], 200) == 1


def test_places_are_the_most_probable_ones_and_few():
    probability = np.full((9, 9), 1e-9)
    probability[2, 2], probability[2, 3], probability[7, 7] = 0.6, 0.3, 0.1
    first, second = places(probability)
    assert first == (2, 2, pytest.approx(0.9, abs=1e-6))
    assert second == (7, 7, pytest.approx(0.1, abs=1e-6))
    assert len(places(np.full((99, 99), 1.0))) == MOST_PLACES


def compare_with_peaks_at(*shifts, by):
    """A comparison that sees, of reduced crops, as many equal peaks; and what it was asked."""
    asked = []

    def compare(first, second, origin, reach):
        asked.append((first.shape, origin, reach))
        steps = np.arange(-reach, reach + 1)
        logits = np.zeros((2 * reach + 1, 2 * reach + 1))
        for dy, dx in shifts:
            y, x = (dy / by, dx / by) if len(asked) == 1 else (0, 0)
            logits += 20 * np.exp(-((steps[:, None] - y) ** 2 + (steps - x) ** 2))
        return Comparison(logits, logits, False, False, "cpu")

    return compare, asked


def test_one_promising_place_is_looked_at_closer():
    crops = np.zeros((2, 400, 160), np.float32)
    compare, asked = compare_with_peaks_at((30, -48), by=3)
    seen, _ = compare_wide(compare, *crops, (0, 0), 60)
    assert asked == [((133, 53), (0, 0), 20), ((400, 160), (30, -48), 8)]
    assert np.unravel_index(seen.logits.argmax(), seen.logits.shape) == (60 + 30, 60 - 48)


def test_several_promising_places_ask_for_a_look_everywhere():
    crops = np.zeros((2, 400, 160), np.float32)
    compare, asked = compare_with_peaks_at((30, -48), (-36, 12), by=3)
    seen, coarse = compare_wide(compare, *crops, (0, 0), 60)
    assert seen is None
    assert len(asked) == 1
    assert coarse.shape == (121, 121)
    top = coarse.max()
    for dy, dx in ((30, -48), (-36, 12)):
        assert (coarse[59 + dy : 62 + dy, 59 + dx : 62 + dx] > top - 0.1).all()
    assert (coarse > top - 0.1).sum() == 18
    assert np.isfinite(coarse).all()
    assert coarse.min() > top - 10  # a coarse look rules nothing out


def test_farther_out_several_places_are_looked_at_closer_each():
    crops = np.zeros((2, 900, 300), np.float32)
    compare, asked = compare_with_peaks_at((60, -120), (-90, 30), by=10)
    seen, _ = compare_wide(compare, *crops, (0, 0), FAR + 40)
    assert seen is not None
    assert [reach for _, _, reach in asked] == [20, 20, 20]


@pytest.mark.parametrize("seed", [0, 1])
def test_what_breaks_an_array_decides_among_the_many_cells_of_a_wide_range(method, seed):
    """A look at four places, of all the cells that fit, had 98.7 % and 99.8 %."""
    scene = sparse_array_scene(700, np.random.default_rng(seed))
    overlap = seam_of(scene, (22, -31), 45, noise=10.0, at=(100, 120))
    found = method.estimate(overlap, max_shift=45)
    assert found.status is Status.CERTAIN
    assert found.confidence > 0.999
    assert found.shift.distance(Shift(22, -31)) < 0.1
