import numpy as np
import pytest
from scipy import ndimage

from napari_seamnet.learning.exposure import BORDER, Conditions, expose, expose_pair
from napari_seamnet.learning.scenes import texture_scene
from napari_seamnet.seams import Overlap, shared_pixels

CLEAN = Conditions(noise=0, photons=1e6, distortion=0, drift=0, defects=0)


@pytest.fixture(scope="module")
def scene():
    return texture_scene(420, np.random.default_rng(1))


def correlation_at(pair, dy, dx):
    first, second = shared_pixels(Overlap(pair.first, pair.second), dy, dx)
    return np.corrcoef(first.ravel(), second.ravel())[0, 1]


@pytest.mark.parametrize("seed", range(5))
def test_the_shift_is_that_of_the_convention(scene, seed):
    """First[y + dy, x + dx] shows what second[y, x] shows."""
    pair = expose_pair(scene, (150, 120), 8, np.random.default_rng(seed), CLEAN)
    dy, dx = pair.shift.whole()
    here = correlation_at(pair, dy, dx)
    assert here > 0.97
    assert here > correlation_at(pair, -dy, -dx) or (dy, dx) == (0, 0)
    for step in ((3, 0), (-3, 0), (0, 3), (0, -3)):
        assert here > correlation_at(pair, dy + step[0], dx + step[1])


def test_shifts_fill_the_range_and_never_leave_it(scene):
    rng = np.random.default_rng(3)
    found = [expose_pair(scene, (40, 40), 5, rng, CLEAN).shift for _ in range(60)]
    largest = [max(abs(s.dy), abs(s.dx)) for s in found]
    assert max(largest) <= 5
    assert max(largest) > 4
    assert min(largest) < 3


def test_the_two_exposures_are_independent(scene):
    rng = np.random.default_rng(0)
    noisy = Conditions(noise=60, photons=20)
    first, second = (
        expose(scene, (100.0, 100.0), (150, 150), rng, noisy, (40.0, 1e6)) for _ in range(2)
    )
    clean = expose(scene, (100.0, 100.0), (150, 150), np.random.default_rng(0), CLEAN, (0.0, 1e6))
    noise = [crop.astype(float) - clean for crop in (first, second)]
    fine = [n - np.roll(n, 1, axis=1) for n in noise]
    assert abs(np.corrcoef(fine[0].ravel(), fine[1].ravel())[0, 1]) < 0.1
    assert fine[0].std() > 20


@pytest.mark.parametrize(
    "worst",
    [
        Conditions(),
        Conditions(noise=150, photons=0.5, distortion=4, drift=1, defects=1),
        Conditions(defects=1),
    ],
)
def test_whatever_the_conditions_crops_are_eight_bits_of_the_size_asked_for(scene, worst):
    rng = np.random.default_rng(9)
    for _ in range(15):
        pair = expose_pair(scene, (60, 130), 10, rng, worst, "texture")
        for crop in (pair.first, pair.second):
            assert crop.shape == (60, 130)
            assert crop.dtype == np.uint8
        assert pair.content == "texture"


def test_slow_distortion_leaves_the_mean_shift(scene):
    """Bent both ways by half, with mean zero: the best whole shift stays the true one."""
    bent = Conditions(noise=0, photons=1e6, distortion=2, drift=0, defects=0)
    off = []
    for seed in range(12):
        pair = expose_pair(scene, (200, 200), 4, np.random.default_rng(seed), bent)
        scores = {
            (dy, dx): correlation_at(pair, dy, dx) for dy in range(-6, 7) for dx in range(-6, 7)
        }
        best = max(scores, key=scores.get)
        off.append(max(abs(best[0] - pair.shift.dy), abs(best[1] - pair.shift.dx)))
    assert np.median(off) < 1
    assert max(off) < 3


def test_a_scene_just_large_enough_is_large_enough(scene):
    side = 2 * (BORDER + 10) + 4
    piece = scene[: 100 + side, : 80 + side]
    for seed in range(20):
        expose_pair(piece, (100, 80), 10, np.random.default_rng(seed), Conditions())


def test_another_detector_shows_dark_what_is_bright(scene):
    quiet = Conditions(noise=0, photons=1e6, distortion=0, drift=0, defects=0, reversal=1.0)
    picture = np.tile(np.linspace(40, 200, scene.shape[1], dtype=np.float32), (len(scene), 1))
    seen = expose(picture, (60, 60), (20, 200), np.random.default_rng(3), quiet, (0.0, 1e6))
    steps = np.diff(ndimage.gaussian_filter(seen.astype(float).mean(0), 4))
    assert steps.max() > 0
    assert steps.min() < 0
    plain = Conditions(noise=0, photons=1e6, distortion=0, drift=0, defects=0)
    seen = expose(picture, (60, 60), (20, 200), np.random.default_rng(3), plain, (0.0, 1e6))
    assert np.diff(ndimage.gaussian_filter(seen.astype(float).mean(0), 4)).min() >= 0
