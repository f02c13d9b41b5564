"""A first look by plain pictures: what its maps are, and when they are enough."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from napari_seamnet.nets import inference
from napari_seamnet.nets.correlation import correlation_maps
from napari_seamnet.nets.first_look import (
    FILTERS,
    N_MAPS,
    PARTS,
    REPEATS_IN,
    first_look,
    levelled_map,
)
from napari_seamnet.nets.plain_maps import standardise
from napari_seamnet.nets.second_peak import two_heights
from napari_seamnet.shifts.posterior import parabola_peak


def scene(seed=0, height=1300, width=400):
    rng = np.random.default_rng(seed)
    return (40 * ndimage.gaussian_filter(rng.standard_normal((height, width)), 1.5)).astype(
        np.float32
    )


def crops(shift=(4, -3), length=1000, width=120, margin=0, noise=0.0, seed=0):
    whole = scene(seed)
    y, x = 150, 80
    first = whole[y - margin : y + length + margin, x - margin : x + width + margin]
    second = whole[y + shift[0] : y + shift[0] + length, x + shift[1] : x + shift[1] + width]
    rng = np.random.default_rng(seed)
    first, second = (
        side + (noise * rng.standard_normal(side.shape)).astype(np.float32)
        for side in (first, second)
    )
    return first, second, (margin, margin)


def tensor(crop):
    return torch.from_numpy(np.ascontiguousarray(crop, np.float32))[None, None]


def peak(values):
    y, x = np.unravel_index(values.argmax(), values.shape)
    fraction = parabola_peak(values, y, x)
    middle = len(values) // 2
    return np.array([y - middle + fraction[0], x - middle + fraction[1]])


@settings(deadline=None, max_examples=20)
@given(st.integers(-12, 12), st.integers(-12, 12), st.sampled_from([0, 7, 20]), st.booleans())
def test_every_part_has_its_peak_at_the_seams_shift(dy, dx, margin, lies):
    first, second, origin = crops((dy, dx), length=600, margin=margin)
    if lies:
        first, second, (dy, dx) = first.T, second.T, (dx, dy)
    seen = first_look(tensor(first), tensor(second), 15, origin)
    assert seen.maps.shape == (1, PARTS, N_MAPS, 31, 31)
    assert 0.85 * second.size < seen.area <= second.size
    for part in seen.maps[0]:
        for one, sigmas in zip(part, FILTERS, strict=False):
            assert np.abs(peak(one.numpy()) - (dy, dx)).max() < (
                0.1 if max(sigmas, default=0) < 2 else 0.7
            )
        for one in part[len(FILTERS) :]:
            assert np.abs(peak(one.numpy()) - (dy, dx)).max() < 0.2
        assert part[0].max() > 0.999


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("which", range(len(FILTERS)))
def test_maps_are_those_of_filtered_pictures(seed, which):
    first, second, _ = crops(noise=10.0, seed=seed)
    quick = first_look(tensor(first), tensor(second), 12).joint[0, which].numpy()
    sides = [standardise(tensor(side))[0, 0].numpy() for side in (first, second)]
    blurred = [
        [ndimage.gaussian_filter(side, sigma, mode="nearest") for sigma in FILTERS[which] or (0,)]
        for side in sides
    ]
    made = [tensor(of[0] - of[1] if len(of) > 1 else of[0]) for of in blurred]
    exact = correlation_maps(made[0], made[1], 12)[0][0, 0].numpy()
    assert quick.shape == exact.shape == (25, 25)
    assert np.abs(quick - exact).max() < 0.15
    widest = max(FILTERS[which], default=0)
    assert np.abs(peak(quick) - (4, -3)).max() < max(0.05, 0.04 * widest)


def wires(seed=0, height=1100, width=300, pitch=8):
    """Stripes as wide as their gaps, each with a gap somewhere."""
    rng = np.random.default_rng(seed)
    columns = np.arange(width)
    made = np.where(columns % pitch < pitch // 2, 160.0, 60.0) * np.ones((height, 1))
    for start in range(0, width, pitch):
        top = int(rng.integers(0, height - 40))
        made[top : top + 40, start : start + pitch // 2] = 60
    return ndimage.gaussian_filter(made, 0.8) + 3 * rng.standard_normal(made.shape)


def test_wires_that_seem_to_repeat_do_not_where_all_frequencies_count_alike():
    whole = wires()
    first, second = whole[50:1050, 50:200], whole[53:1053, 45:195]
    seen = first_look(tensor(first), tensor(second), 15)
    assert np.abs(peak(seen.joint[0, REPEATS_IN].numpy()) - (3, -5)).max() < 0.2
    heights = [two_heights(seen.joint[0, k].numpy(), (18, 10), 2) for k in range(N_MAPS)]
    shares = [other / own for own, other in heights]
    assert shares[REPEATS_IN] < 0.75 < min(shares[:3])
    assert inference.compare(
        first.astype(np.float32), second.astype(np.float32), (0, 0), 15, device="cpu"
    ).is_first_look


@pytest.mark.parametrize("shift", [(0, 0), (4, -6), (-9, 12), (3, 5)])
@pytest.mark.parametrize("margin", [0, 16, 9])
def test_a_levelled_map_is_that_of_every_other_shift(shift, margin):
    first, second, origin = crops(shift, margin=margin, noise=4.0)
    found = levelled_map(tensor(first), tensor(second), 15, origin)[0]
    assert found.shape == (17, 17)
    # An odd origin lies between two places of half size.
    assert np.abs(2 * peak(found.numpy()) - shift).max() < 0.4 + margin % 2


def test_a_bright_strip_does_not_deceive_a_levelled_map():
    first, second, _ = (side.copy() for side in (*crops(noise=4.0)[:2], np.zeros(1)))
    first[:, :12] *= 6
    first[:, :12] += 500
    second[:, -12:] *= 6
    second[:, -12:] += 500
    found = levelled_map(tensor(first), tensor(second), 15)[0]
    assert np.abs(2 * peak(found.numpy()) - (4, -3)).max() < 0.7


def test_a_pure_array_is_shown_to_the_network(looks):
    y, x = np.mgrid[:900, :140]
    cells = 50 * (np.sin(2 * np.pi * y / 11) + np.sin(2 * np.pi * x / 9))
    rng = np.random.default_rng(0)
    first, second = (
        (side + 4 * rng.standard_normal(side.shape)).astype(np.float32)
        for side in (cells[:, :130], cells[:, 5:135])
    )
    assert not inference.compare(first, second, (0, 0), 15, device="cpu").is_first_look
    assert looks


def test_a_speck_does_not_outshine_a_seam():
    first, second, origin = crops(noise=10.0)
    for side, place in ((first, (300, 50)), (second, (310, 40))):
        side[place[0] : place[0] + 4, place[1] : place[1] + 4] = 300
    seen = first_look(tensor(first), tensor(second), 15, origin)
    for part in seen.maps[0]:
        assert np.abs(peak(part[1].numpy()) - (4, -3)).max() < 0.5


def test_short_seams_and_odd_ones_get_none():
    first, second, origin = (*(tensor(side) for side in crops()[:2]), (0, 0))
    assert first_look(first[..., :200, :], second[..., :200, :], 15, origin) is None
    assert first_look(first, second, 450, origin) is None
    assert first_look(first[..., :200, :], second, 15, origin) is None  # the first ends early


@pytest.mark.parametrize("noise", [0.0, 2.0])
def test_a_clear_seam_needs_no_network(looks, noise):
    first, second, origin = crops(noise=noise)
    found = inference.compare(first, second, origin, 15, device="cpu")
    assert found.is_first_look
    assert np.abs(peak(found.logits) - (4, -3)).max() < 0.5
    assert np.abs(peak(found.fine) - (4, -3)).max() < 0.05
    assert looks == []


def test_it_does_where_one_wants_it(looks):
    first, second, origin = crops()
    found = inference.compare(first, second, origin, 15, in_full=True, device="cpu")
    assert not found.is_first_look
    assert len(looks) == 2


def test_a_warped_seam_is_shown_to_the_network(looks):
    first, _, origin = crops()
    rows = np.arange(1000)[:, None] + 150 + np.linspace(-5, 5, 1000)[:, None]
    columns = np.arange(120)[None, :] + 80.0
    second = ndimage.map_coordinates(scene(), np.broadcast_arrays(rows, columns), order=1)
    inference.compare(first, second.astype(np.float32), origin, 15, device="cpu")
    assert (1, 1, 1000, 120) in looks


def test_so_is_what_fits_in_a_part_only(looks):
    first, second, origin = crops()
    second[:300] = crops(seed=1)[1][:300]
    inference.compare(first, second, origin, 15, device="cpu")
    assert (1, 1, 1000, 120) in looks


def test_so_is_noise(looks):
    rng = np.random.default_rng(0)
    first, second = rng.standard_normal((2, 1000, 120)).astype(np.float32)
    inference.compare(first, second, (0, 0), 15, device="cpu")
    assert (1, 1, 1000, 120) in looks


@pytest.mark.parametrize(("length", "width"), [(200, 220), (800, 40)])
def test_so_is_a_seam_that_is_too_short_for_parts_or_too_small(looks, length, width):
    first, second, origin = crops(length=length, width=width)
    inference.compare(first, second, origin, 15, device="cpu")
    assert (1, 1, length, width) in looks
