"""Traits of pairs whose noise, contrast and period are known because we made them."""

import itertools

import numpy as np
import pytest
import tifffile
from scipy import ndimage

from napari_seamnet.frames import FrameNotFoundError, open_frame
from napari_seamnet.geometry import Offset, Shift
from napari_seamnet.learning import diversity
from napari_seamnet.learning.diversity import Traits, contrast, full_range, missing, period
from napari_seamnet.learning.hand import Decided, HandAlignment
from napari_seamnet.learning.scenes import grain_scene, lattice_scene, speck_scene, texture_scene


def exposed(scene, sigma, seed=0):
    """Two crops of one scene, each with noise of its own; sigma is a share of the full range."""
    rng = np.random.default_rng(seed)
    return [
        np.clip(np.rint(scene + rng.normal(0, 255 * sigma, scene.shape)), 0, 255).astype(np.uint8)
        for _ in range(2)
    ]


def scene_of(draw, seed, shape=(500, 120)):
    return draw(560, np.random.default_rng(seed))[: shape[0], : shape[1]]


def grid(pitch_y, pitch_x, shape=(400, 130)):
    """Round dots on a grid, of one pitch each way."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    dots = (y % pitch_y - pitch_y / 2) ** 2 + (x % pitch_x - pitch_x / 2) ** 2
    return ndimage.gaussian_filter(np.where(dots < 9, 200.0, 60.0), 0.8)


# ---- noise -----------------------------------------------------------------------------------


@pytest.mark.parametrize("sigma", [0.01, 0.03, 0.1])
@pytest.mark.parametrize("draw", [texture_scene, grain_scene, lattice_scene, speck_scene])
def test_noise_is_measured_whatever_the_scene(draw, sigma):
    for seed in range(2):
        first, second = exposed(scene_of(draw, seed), sigma, seed)
        assert diversity.noise(first, second) / 255 == pytest.approx(sigma, rel=0.2)


@pytest.mark.parametrize("draw", [texture_scene, grain_scene])
def test_structure_that_both_frames_show_is_no_noise(draw):
    rough = scene_of(draw, 3) + 12 * np.random.default_rng(5).normal(size=(500, 120))
    alone, aligned = exposed(rough, 0.01)
    other = exposed(scene_of(draw, 4), 0.01)[0]
    assert diversity.noise(alone, aligned) / 255 == pytest.approx(0.01, rel=0.3)
    assert diversity.noise(alone, other) / 255 > 0.04


def test_a_few_sharp_things_that_both_frames_show_do_not_hide_the_noise():
    dots = np.full((300, 100), 60.0)
    dots[5::14, 5::14] = 250
    assert diversity.noise(*exposed(dots, 0.04)) / 255 == pytest.approx(0.04, rel=0.1)


def test_noise_that_is_cut_off_at_black_and_white_still_counts_as_strong():
    first, second = exposed(scene_of(texture_scene, 1), 0.3)
    assert (first == 0).mean() + (first == 255).mean() > 0.05
    assert diversity.noise(first, second) / 255 > 0.2


def test_a_blank_field_has_no_noise_and_no_contrast():
    blank = np.full((40, 50), 7, np.uint8)
    assert diversity.noise(blank, blank) == contrast(blank) == 0
    assert period(blank, blank) is None


# ---- contrast --------------------------------------------------------------------------------


def test_contrast_runs_from_dark_to_bright_and_noise_adds_little():
    halves = np.repeat([[60.0, 188.0]], 300, axis=0).repeat(60, axis=1)
    clean, _ = exposed(halves, 0)
    noisy, _ = exposed(halves, 0.05)
    assert contrast(clean) == 128
    assert contrast(noisy) == pytest.approx(128, abs=25)
    assert np.ptp(np.percentile(noisy, diversity.PERCENTILES)) > 170


@pytest.mark.parametrize(
    ("pixels", "span"),
    [
        (np.array([3, 9], np.uint8), 255),
        (np.array([3, 3900], np.uint16), 4095),
        (np.array([3, 200], np.uint16), 255),
        (np.array([0, 65535], np.uint16), 65535),
        (np.array([0.1, 0.4]), 1),
        (np.array([-2.0, np.nan, 6.0]), 8),
        (np.array([np.nan]), 1),
    ],
)
def test_the_full_range_is_what_a_camera_of_these_values_has(pixels, span):
    assert full_range(pixels) == span


# ---- period ----------------------------------------------------------------------------------


@pytest.mark.parametrize("pitches", [(12, 20), (30, 17), (25, 25)])
@pytest.mark.parametrize("sigma", [0, 0.2])
def test_the_period_is_the_shorter_pitch_noise_or_not(pitches, sigma):
    assert period(*exposed(grid(*pitches), sigma)) == min(pitches)


def test_wires_have_a_period_across_and_none_along():
    y = np.arange(300)[:, None] + np.zeros((1, 140))
    wires = ndimage.gaussian_filter(np.where(y % 16 < 7, 180.0, 80.0), 1)
    assert period(*exposed(wires, 0.05)) == pytest.approx(16, rel=0.02)
    assert period(*exposed(wires.T, 0.05)) == pytest.approx(16, rel=0.02)
    one_edge = np.where(y < 150, 180.0, 80.0)
    assert period(*exposed(one_edge, 0.05)) is None


def test_slow_shading_hides_no_period_and_is_none():
    shading = np.linspace(0, 90, 400)[:, None] + np.zeros((1, 130))
    assert period(*exposed(grid(18, 24) * 0.5 + shading, 0.02)) == 18
    assert period(*exposed(shading, 0.02)) is None


@pytest.mark.parametrize("sigma", [0, 0.3])
def test_memory_arrays_are_regular_and_textures_grains_and_specks_are_not(sigma):
    regular = [period(*exposed(scene_of(lattice_scene, seed), sigma)) for seed in range(6)]
    assert sum(found is not None for found in regular) >= 5
    assert all(found is None or 4 <= found <= 85 for found in regular)
    for draw, seed in itertools.product((texture_scene, grain_scene, speck_scene), range(4)):
        assert period(*exposed(scene_of(draw, seed), sigma)) is None, (draw, seed)


def test_a_sliver_has_no_period():
    assert period(np.ones((300, 5)), np.ones((300, 5))) is None


# ---- one pair --------------------------------------------------------------------------------


@pytest.fixture
def pair(tmp_path):
    """A pair of 12-bit frames above each other, the second noisier; the first half as bright."""
    scene = grid(16, 20, (280, 200)) * 16
    rng = np.random.default_rng(0)
    for name, top, gain, sigma in (("a", 0, 0.5, 20.0), ("b", 100, 1.0, 200.0)):
        pixels = scene[top : top + 180] * gain + rng.normal(0, sigma, (180, 200))
        tifffile.imwrite(tmp_path / f"{name}.tif", np.clip(pixels, 0, 4095).astype(np.uint16))
    frames = [open_frame(tmp_path / f"{name}.tif") for name in "ab"]
    return HandAlignment.make(*frames, Offset(105, 4), Shift(-5, -4), Decided.HAND)


def test_a_pair_has_the_traits_of_its_poorer_frame(pair):
    found = diversity.traits(pair)
    assert (found.shift, found.period, found.side) == (5, 16, "vertical")
    assert found.noise == pytest.approx(200 / 4095, rel=0.15)
    assert contrast(open_frame(pair.first.path).read()[100:]) / 4095 == pytest.approx(
        found.contrast, rel=0.01
    )


def test_a_pair_is_measured_once_and_again_when_it_was_corrected(pair):
    found = diversity.traits(pair)
    pair.first.path.unlink()
    assert diversity.traits(pair) is found
    corrected = HandAlignment(**(vars(pair) | {"shift": Shift(-4, -4)}))
    with pytest.raises(FrameNotFoundError):
        diversity.traits(corrected)


def test_of_a_large_overlap_the_middle_is_measured(tmp_path):
    scene = np.zeros((1300, 1100), np.uint8)
    scene[100:1200, 20:1080:2] = 200
    for name in "ab":
        tifffile.imwrite(tmp_path / f"{name}.tif", scene)
    frames = [open_frame(tmp_path / f"{name}.tif") for name in "ab"]
    one = HandAlignment.make(*frames, Offset(0, 0), Shift(0, 0), Decided.TRUTH)
    found = diversity.traits(one)
    assert found.noise == 0
    assert found.is_horizontal is (one.side in ("right", "left"))


# ---- the whole set ---------------------------------------------------------------------------

PLAIN = Traits(shift=5, contrast=0.3, noise=0.05, period=None, is_horizontal=True)


def everything():
    """A set that lacks nothing."""
    rare = [
        Traits(9, 0.1, 0.2, 14.0, False),
        Traits(0, 0.8, 0.01, None, True),
    ]
    return [PLAIN] * 18 + rare


def test_a_diverse_set_lacks_nothing():
    assert missing(everything()) == []


def test_no_pair_at_all_is_said_in_one_sentence():
    assert missing([]) == ["no pair yet; aim for 20 or more"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"is_horizontal": True}, "no vertical neighbours"),
        ({"is_horizontal": False}, "no horizontal neighbours"),
        ({"shift": 2}, "all shifts are within 2 px"),
        ({"noise": 0.04}, "no pair with strong noise; no pair with little noise"),
        ({"noise": 0.3}, "no pair with little noise"),
        ({"noise": 0.0}, "no pair with strong noise"),
        ({"contrast": 0.3}, "no pair with weak contrast; no pair with strong contrast"),
        ({"contrast": 0.9}, "no pair with weak contrast"),
        ({"period": None}, "no regular structure"),
        ({"period": 8.0}, "no irregular structure"),
    ],
)
def test_what_all_pairs_share_is_what_is_missing(change, said):
    alike = [Traits(**(vars(one) | change)) for one in everything()]
    assert "; ".join(missing(alike)) == said


@pytest.mark.parametrize(
    ("n", "said"), [(1, "only 1 pair"), (3, "only 3 pairs"), (19, "only 19 p")]
)
def test_a_small_set_is_said_first(n, said):
    assert missing(everything()[-n:])[0].startswith(said)
    assert missing(everything()[-n:])[0].endswith("; aim for 20 or more")


def test_where_most_is_saturated_noise_is_measured_in_the_rest():
    field = np.full((500, 120), 253.0)
    field[:50] = 60
    assert diversity.noise(*exposed(field, 20 / 255)) == pytest.approx(20, rel=0.1)
