"""Lines of uneven brightness are levelled, and nothing else is touched."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_seamnet.learning import scenes
from napari_seamnet.learning.seam_kinds import Difference, simulate_seam
from napari_seamnet.seams import Overlap
from napari_seamnet.shifts import Status, get_method
from napari_seamnet.shifts.flicker import without_flicker

SCENES = {
    "wires": scenes.chip_scene,
    "vias": scenes.via_scene,
    "texture": scenes.texture_scene,
    "tissue": scenes.grain_scene,
}


def seam_of(scene, shape=(400, 90), noise=0.03, seed=0, difference=Difference.SAME):
    pair = simulate_seam(SCENES[scene], shape, 10, noise, difference, np.random.default_rng(seed))
    return Overlap(pair.first.astype(np.float32), pair.second.astype(np.float32)), pair.shift


def flickering(overlap, strength, axis, seed=1):
    """The same, every line of both crops a little brighter or darker."""
    rng = np.random.default_rng(seed)
    crops = []
    for crop in (overlap.first, overlap.second):
        shape = (len(crop), 1) if axis == 0 else (1, crop.shape[1])
        crops.append((crop + rng.normal(0, strength, shape)).astype(np.float32))
    return Overlap(*crops, overlap.origin)


@settings(max_examples=30, deadline=None)
@given(
    st.sampled_from(list(SCENES)),
    st.sampled_from([0.0, 0.05, 0.3]),
    st.sampled_from(list(Difference)),
    st.booleans(),
    st.integers(0, 50),
)
def test_what_does_not_flicker_stays_as_it_is(scene, noise, difference, is_wide, seed):
    shape = (90, 400) if is_wide else (400, 90)
    overlap, _ = seam_of(scene, shape, noise, seed, difference)
    if difference is not Difference.REVERSED:  # 1 of 420 such seams is taken for flicker
        assert without_flicker(overlap, 15) is overlap


@settings(max_examples=15, deadline=None)
@given(
    st.sampled_from(["texture", "tissue"]),
    st.floats(20, 80),
    st.sampled_from([0, 1]),
    st.integers(0, 50),
)
def test_flicker_is_taken_away_to_the_last_bit_of_it(scene, strength, axis, seed):
    overlap, _ = seam_of(scene, (300, 280), seed=seed)
    level = without_flicker(flickering(overlap, strength, axis), 15)
    for crop, clean in ((level.first, overlap.first), (level.second, overlap.second)):
        rest = crop - (clean - clean.mean(1 - axis, keepdims=True))
        assert np.ptp(rest) < 0.01
        np.testing.assert_allclose(crop.mean(1 - axis), crop.mean(), atol=0.01)


def test_lines_that_both_frames_show_are_no_flicker():
    rng = np.random.default_rng(3)
    shown = np.repeat(rng.normal(100, 30, (430, 1)), 90, 1)
    first, second = (
        (shown[start : start + 400] + rng.normal(0, 3, (400, 90))).astype(np.float32)
        for start in (0, 7)
    )
    overlap = Overlap(first, second)
    assert without_flicker(overlap, 15) is overlap


def test_blank_lines_without_any_noise_are_left_for_others_to_judge():
    lines = np.random.default_rng(4).normal(100, 20, (2, 200, 1)).astype(np.float32)
    overlap = Overlap(*np.repeat(lines, 80, 2))
    assert without_flicker(overlap, 15) is overlap


def test_a_margin_counts():
    overlap, _ = seam_of("texture", (400, 120))
    inner = Overlap(overlap.first, overlap.second[30:370, 20:100], (30, 20))
    assert without_flicker(inner, 15) is inner
    level = without_flicker(flickering(inner, 40, 0), 15)
    assert level.origin == (30, 20)
    assert level.second.shape == (340, 80)


@pytest.mark.parametrize("axis", [0, 1])
def test_seamnet_finds_what_drowns_in_flicker(axis):
    wrong = []
    for seed in range(4):
        overlap, truth = seam_of("tissue", (400, 90) if axis == 0 else (90, 400), 0.05, seed)
        found = get_method("seamnet").estimate(flickering(overlap, 100, axis), max_shift=15)
        assert found.status is Status.CERTAIN
        wrong.append(found.shift.distance(truth))
    assert max(wrong) < 0.3, wrong
