import csv

import numpy as np
import pytest
from scipy import ndimage

from napari_seamnet import Offset, Shift, Side, align_pair, open_frame
from napari_seamnet.geometry import nominal_offset
from napari_seamnet.learning.exposure import Conditions, expose
from napari_seamnet.nets.device import DeviceError
from napari_seamnet.nets.weights import WeightsError
from napari_seamnet.seams import Overlap
from napari_seamnet.shifts import Cancelled, Status
from napari_seamnet.shifts.seamnet import SeamNetMethod, fill

NOISY = Conditions(drift=0.2, defects=0.0)


@pytest.fixture(scope="module")
def method():
    return SeamNetMethod(device="cpu")


@pytest.fixture(scope="module")
def scene():
    """Irregular texture at two scales, of medium contrast."""
    rng = np.random.default_rng(8)
    layers = [ndimage.gaussian_filter(rng.standard_normal((640, 640)), s) for s in (2, 6)]
    return (120 + 30 * sum(layer / layer.std() for layer in layers)).astype(np.float32)


def take(scene, y, x, shape=(200, 220), seed=0, noise=(20.0, 40.0)):
    return expose(scene, (float(y), float(x)), shape, np.random.default_rng(seed), NOISY, noise)


@pytest.mark.parametrize("side", list(Side))
def test_noisy_frames_are_aligned_on_every_side(scene, side):
    nominal = nominal_offset((200, 220), (200, 220), side, 80)
    first = take(scene, 210, 210, seed=1)
    second = take(scene, 210 + nominal.dy + 5, 210 + nominal.dx - 7, seed=2)
    found = align_pair(first, second, side, overlap=80, device="cpu")
    assert found.status is Status.CERTAIN
    assert found.shift.distance(Shift(5, -7)) < 0.5
    assert found.device == "cpu"


def test_fractions_of_a_pixel_are_found(method, scene):
    for k, (dy, dx) in enumerate([(0.5, -2.25), (3.3, 0.4), (-1.7, 2.8)]):
        first = take(scene, 200, 200, (150, 150), seed=k, noise=(3.0, 1e6))
        second = take(scene, 200 + dy, 200 + dx, (150, 150), seed=k + 9, noise=(3.0, 1e6))
        found = method.estimate(Overlap(first, second), max_shift=8)
        assert found.shift.distance(Shift(dy, dx)) < 0.15


def test_the_confidence_of_independent_noise_is_low(method):
    rng = np.random.default_rng(0)
    for _ in range(5):
        first, second = rng.integers(0, 256, (2, 300, 100)).astype(np.uint8)
        found = method.estimate(Overlap(first, second), max_shift=15)
        assert found.status in (Status.UNDETERMINED, Status.DOUBTFUL, Status.AMBIGUOUS)
        assert found.confidence < 0.5


@pytest.mark.parametrize("blank", [np.zeros((60, 40)), np.full((60, 40), np.nan)])
def test_a_blank_side_is_undetermined_and_the_nominal_position_stands(method, blank):
    rng = np.random.default_rng(0)
    found = method.estimate(Overlap(rng.normal(size=(60, 40)), blank), max_shift=5)
    assert found.status is Status.UNDETERMINED
    assert found.shift == Shift(0, 0)
    assert found.confidence == 0
    assert "second" in found.reason


def test_a_perfect_lattice_is_ambiguous_and_its_period_among_the_alternatives(method):
    """A period of 12 px in x: within ±15 px at least two shifts fit alike."""
    y, x = np.mgrid[:400, :160]
    pattern = 90.0 * ((x % 12 < 5) & (y % 17 < 8)) + 60
    pattern = ndimage.gaussian_filter(pattern, 1.0)
    for seed in range(4):
        rng = np.random.default_rng(seed)
        first = pattern[:300, :100] + rng.normal(0, 12, (300, 100))
        second = pattern[2:302, 3:103] + rng.normal(0, 12, (300, 100))
        found = method.estimate(Overlap(first, second), max_shift=15)
        assert found.status is not Status.CERTAIN
        fits = [found.shift, *(a.shift for a in found.alternatives)]
        assert any(fit.distance(Shift(2, 3)) <= 1 for fit in fits)
        others = [fit for fit in fits if fit.distance(found.shift) > 2]
        apart = [fit.dx - found.shift.dx for fit in others]
        assert any(abs(dx - 12 * round(dx / 12)) < 1.2 for dx in apart)


def test_missing_pixels_are_left_to_the_rest(method, scene):
    first = take(scene, 200, 200, (150, 120), seed=3).astype(float)
    second = take(scene, 204, 197, (150, 120), seed=4).astype(float)
    first[40:60] = np.nan
    second[:, 100:] = np.nan
    found = method.estimate(Overlap(first, second), max_shift=10)
    assert found.shift.distance(Shift(4, -3)) < 1


def test_sixteen_bits_on_a_pedestal_and_floats_give_the_same_answer(method, scene):
    first = take(scene, 200, 200, (150, 120), seed=3)
    second = take(scene, 204, 197, (150, 120), seed=4)
    plain = method.estimate(Overlap(first, second), max_shift=10)
    deep = method.estimate(
        Overlap(first.astype(np.uint16) + 60000, second.astype(np.uint16) + 60000), max_shift=10
    )
    small = method.estimate(Overlap(first / 2550.0, second / 2550.0), max_shift=10)
    assert deep.shift.distance(plain.shift) < 0.02
    assert small.shift.distance(plain.shift) < 0.02


def test_a_margin_gives_the_shift_of_the_nominal_overlap(method, scene):
    frames = take(scene, 200, 60, (200, 250), seed=5), take(scene, 205, 222, (200, 250), seed=6)
    from napari_seamnet.frames import as_frame

    first, second = (as_frame(frame) for frame in frames)
    for margin in (0, 15):
        overlap = Overlap.cut(first, second, Offset(0, 170), margin=margin)
        found = method.estimate(overlap, max_shift=15)
        assert found.shift.distance(Shift(5, -8)) < 0.6


def test_cancelling_stops_between_two_steps(method, scene):
    def cancel(done, total, what):
        if done == 2:
            raise Cancelled

    crop = take(scene, 200, 200, (60, 60))
    with pytest.raises(Cancelled):
        method.estimate(Overlap(crop, crop), max_shift=5, progress=cancel)


def test_a_device_that_is_not_there_is_named(scene):
    crop = take(scene, 200, 200, (60, 60))
    with pytest.raises(DeviceError, match="'abacus'"):
        SeamNetMethod(device="abacus").estimate(Overlap(crop, crop))


def test_a_device_that_is_not_there_is_named_even_where_nothing_can_be_compared():
    blank = np.zeros((60, 60))
    with pytest.raises(DeviceError, match="'abacus'"):
        SeamNetMethod(device="abacus").estimate(Overlap(blank, blank))


def test_weights_that_are_not_there_are_named(scene, tmp_path):
    crop = take(scene, 200, 200, (60, 60))
    with pytest.raises(WeightsError, match=r"mine\.safetensors"):
        SeamNetMethod(weights=tmp_path / "mine.safetensors").estimate(Overlap(crop, crop))


def test_filling_keeps_small_contrast_on_a_large_pedestal():
    crop = np.array([[1e9, 1e9 + 1], [1e9 + 2, np.nan]])
    np.testing.assert_allclose(fill(crop), [[0, 1], [2, 1]])


@pytest.mark.frames
def test_real_frames_of_stitch2d_are_within_one_pixel(method, real_frames):
    folder = real_frames / "test" / "stitch2d"
    rng = np.random.default_rng(3)
    with open(folder / "pairs.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        first = open_frame(folder / row["left_or_top_file"])
        second = open_frame(folder / row["right_or_bottom_file"])
        truth = Offset(float(row["dy"]), float(row["dx"]))
        dy, dx = truth.whole()
        jitter = rng.integers(-10, 11, 2)
        nominal = Offset(dy + int(jitter[0]), dx + int(jitter[1]))
        found = align_pair(first, second, offset=nominal, method=method)
        assert found.shift.distance(truth - nominal) <= 1, row
        assert found.status is Status.CERTAIN


def test_votes_are_the_terms_of_what_decided(method, scene):
    first, second = take(scene, 200, 200, seed=1), take(scene, 205, 193, seed=2)
    overlap = Overlap(first[:, 140:], second[:, 140:])
    chosen, rival = Shift(5, -7), Shift(-3, 4)
    votes = method.votes(overlap, chosen, rival, max_shift=12)
    assert votes.shape == overlap.second.shape
    found = method.estimate(overlap, max_shift=12)
    expected = found.map.at(chosen) - found.map.at(rival)
    assert votes.sum() == pytest.approx(expected, rel=0.02)
    # Against itself a shift has nothing to say.
    assert not method.votes(overlap, chosen, chosen, max_shift=12).any()


def test_votes_are_where_there_is_something_to_see(method, scene):
    rng = np.random.default_rng(3)
    blank = np.full_like(scene, 120)
    blank[250:330] = scene[250:330]
    crops = [
        blank[200 + y : 400 + y, 200 + x : 280 + x] + rng.normal(0, 4, (200, 80))
        for y, x in ((0, 0), (3, -2))
    ]
    votes = method.votes(Overlap(*crops), Shift(3, -2), Shift(-5, 5), max_shift=10)
    seen = np.zeros(votes.shape, bool)
    seen[40:135] = True
    assert votes[seen].sum() > 10 * abs(votes[~seen].sum())


def test_votes_of_a_blank_seam_or_beyond_the_range_are_refused(method, scene):
    blank = Overlap(np.zeros((50, 50)), np.zeros((50, 50)))
    with pytest.raises(ValueError, match="no place"):
        method.votes(blank, Shift(0, 0), Shift(1, 1))
    crop = take(scene, 200, 200)
    with pytest.raises(ValueError, match="beyond the range"):
        method.votes(Overlap(crop, crop), Shift(0, 20), Shift(1, 1))


@pytest.mark.parametrize("strength", [0.0, 6.0])
def test_what_nearly_repeats_is_shown_to_the_network(looks, strength):
    rng = np.random.default_rng(5)
    irregular = ndimage.gaussian_filter(rng.standard_normal((660, 260)), 1.5)
    cell = np.cos(np.arange(660) * 2 * np.pi / 14)[:, None] * np.cos(
        np.arange(260) * 2 * np.pi / 12
    )
    scene = strength * cell + irregular / irregular.std()
    overlap = Overlap(scene[30:630, 30:230], scene[33:633, 26:226])
    found = SeamNetMethod(device="cpu").estimate(overlap, max_shift=15)
    assert found.shift.distance(Shift(3, -4)) < 0.1
    assert len(looks) == (2 if strength else 0)
