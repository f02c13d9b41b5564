"""A glance at a few places of a long seam: which they are, and when they are enough."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from napari_seamnet.nets import inference
from napari_seamnet.nets.glance import PLACES, places


def scene(height=1300, width=300, seed=0):
    rng = np.random.default_rng(seed)
    return (40 * ndimage.gaussian_filter(rng.standard_normal((height, width)), 1.5)).astype(
        np.float32
    )


def crops(shift=(4, -3), length=1000, width=120, margin=0):
    whole = scene()
    y, x = 150, 80
    first = whole[y - margin : y + length + margin, x - margin : x + width + margin]
    second = whole[y + shift[0] : y + shift[0] + length, x + shift[1] : x + shift[1] + width]
    return first, second, (margin, margin)


@settings(deadline=None, max_examples=30)
@given(st.integers(-15, 15), st.integers(-15, 15), st.sampled_from([0, 20]), st.booleans())
def test_a_place_shows_the_same_things_at_the_seams_own_shift(dy, dx, margin, lies):
    first, second, origin = crops((dy, dx), margin=margin)
    if lies:
        first, second, origin, (dy, dx) = first.T, second.T, origin[::-1], (dx, dy)
    found = places(first, second, origin, 15)
    assert len(found) == PLACES
    for one, two, (oy, ox) in found:
        assert one.shape == found[0][0].shape
        assert two.shape == found[0][1].shape
        y, x = oy + dy, ox + dx
        rows = slice(max(0, -y), min(two.shape[0], one.shape[0] - y))
        columns = slice(max(0, -x), min(two.shape[1], one.shape[1] - x))
        same = one[rows.start + y : rows.stop + y, columns.start + x : columns.stop + x]
        assert np.array_equal(two[rows, columns], same)
        assert two[rows, columns].size > 0.7 * two.size


def test_places_lie_where_there_is_something_to_see_one_in_each_third():
    first, second, origin = crops()
    flat = second.copy()
    flat[:] = 0
    for start in (40, 450, 800):
        flat[start : start + 120] = second[start : start + 120]
    found = places(first, flat, origin, 15)
    assert len(found) == PLACES
    assert all((two.std(axis=1) > 0).mean() > 0.8 for _, two, _ in found)


def test_small_seams_and_odd_ones_are_looked_at_in_full():
    first, second, origin = crops(length=300)
    assert places(first, second, origin, 15) == []
    first, second, origin = crops()
    assert places(first, second, origin, 200) == []
    assert places(first[:400], second, origin, 15) == []  # the first crop ends early


@pytest.fixture
def looks(monkeypatch):
    """What the network was shown."""
    seen = []
    encode = inference.SeamNet.encode

    def noted(network, shown):
        seen.append(tuple(shown.shape))
        return encode(network, shown)

    monkeypatch.setattr(inference.SeamNet, "encode", noted)
    return seen


def peak(found):
    n = found.logits.shape[0] // 2
    y, x = divmod(int(found.logits.argmax()), 2 * n + 1)
    return y - n, x - n


def test_a_clear_seam_needs_no_more_than_a_glance(looks):
    first, second, origin = crops((4, -3))
    assert peak(inference.compare(first, second, origin, 15, device="cpu")) == (4, -3)
    assert all(shape[0] == PLACES for shape in looks)


def test_a_warped_seam_is_looked_at_in_full(looks):
    first, _, origin = crops()
    whole = scene()
    rows = np.arange(1000)[:, None] + 150 + np.linspace(-5, 5, 1000)[:, None]
    columns = np.arange(120)[None, :] + 80.0
    second = ndimage.map_coordinates(whole, np.broadcast_arrays(rows, columns), order=1)
    inference.compare(first, second.astype(np.float32), origin, 15, device="cpu")
    assert (1, 1, 1000, 120) in looks


def test_noise_is_looked_at_in_full(looks):
    rng = np.random.default_rng(0)
    first, second = rng.standard_normal((2, 1000, 120)).astype(np.float32)
    inference.compare(first, second, (0, 0), 15, device="cpu")
    assert (1, 1, 1000, 120) in looks


def test_half_precision_changes_no_answer():
    network = inference.loaded(None, "cpu")
    first, second, _ = crops((2, 5), length=500)
    rng = np.random.default_rng(1)
    second = second + 20 * rng.standard_normal(second.shape).astype(np.float32)
    before = network.encoder.convolves_in
    answers = []
    try:
        for dtype in (None, torch.bfloat16):
            network.encoder.convolves_in = dtype
            with torch.inference_mode():
                tensors = [torch.from_numpy(crop)[None, None] for crop in (first, second)]
                maps, n_pixels = network.maps(*tensors, 15)
                logits = network.weigh(maps, n_pixels)[0]
                answers.append((int(logits.argmax()), torch.softmax(logits.flatten(), 0).max()))
    finally:
        network.encoder.convolves_in = before
    assert answers[0][0] == answers[1][0]
    assert float(answers[0][1]) == pytest.approx(float(answers[1][1]), abs=0.02)
