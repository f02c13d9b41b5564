import numpy as np
import pytest
import torch
from scipy import ndimage

from napari_seamnet.nets.plain_maps import N_PLAIN
from napari_seamnet.nets.seamnet import SeamNet


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return SeamNet(width=8, blocks=1, features=4).eval()


@pytest.mark.parametrize("shape", [(40, 61), (33, 32)])
@pytest.mark.parametrize("reach", [3, 9])
def test_any_size_and_any_range_give_a_map_of_the_range(network, shape, reach):
    logits = network(torch.rand(2, 1, *shape), torch.rand(2, 1, *shape), reach)
    assert logits.shape == (2, 2 * reach + 1, 2 * reach + 1)
    assert torch.isfinite(logits).all()


def test_untrained_it_already_finds_the_shift_of_clean_crops(network):
    picture = torch.rand(1, 1, 90, 100)
    # By the convention of geometry.py: first[y + dy, x + dx] shows what second[y, x] shows.
    first, second = picture[..., 10:70, 10:80], picture[..., 10 - 4 : 70 - 4, 10 + 6 : 80 + 6]
    logits = network(first, second, 8)[0]
    place = int(logits.argmax())
    assert (place // 17 - 8, place % 17 - 8) == (-4, 6)


def test_swapping_the_crops_mirrors_the_map(network):
    first, second = torch.rand(1, 1, 50, 60), torch.rand(1, 1, 50, 60)
    there = network(first, second, 5)
    back = network(second, first, 5)
    torch.testing.assert_close(there, back.flip(-1, -2), atol=1e-3, rtol=1e-3)


def test_a_margin_is_accounted_for_by_the_origin(network):
    picture = torch.rand(1, 1, 80, 90)
    second = picture[..., 20:60, 20:70]
    logits = network(picture[..., 12:70, 14:80], second, 6, origin=(8, 6))[0]
    assert int(logits.argmax()) == 6 * 13 + 6


def test_brightness_and_contrast_of_a_side_do_not_matter(network):
    first, second = torch.rand(1, 1, 50, 60), torch.rand(1, 1, 50, 60)
    plain = network(first, second, 4)
    changed = network(200 * first + 30, second, 4)
    torch.testing.assert_close(plain, changed, atol=1e-2, rtol=1e-2)


def test_maps_hold_learned_channels_their_mean_and_the_plain_ones(network):
    first = torch.rand(1, 1, 40, 40)
    maps, n_pixels = network.maps(first, first, 5)
    assert maps.shape == (1, 4 + 1 + N_PLAIN, 11, 11)
    torch.testing.assert_close(maps[:, 4], maps[:, :4].mean(1))
    assert n_pixels[5, 5] == 1600


def spoiled_pair(bend, noise):
    """Two crops of one texture with coarse and fine detail, bent and noisy."""
    rng = np.random.default_rng(3)
    layers = [ndimage.gaussian_filter(rng.standard_normal((300, 200)), s) for s in (1.2, 5)]
    scene = sum(layer / layer.std() for layer in layers)
    y, x = np.mgrid[20:280, 20:180].astype(float)
    crops = []
    for side in (-0.5, 0.5):
        seen = ndimage.map_coordinates(scene, [y, x + side * bend * np.sin(y / 40)], order=3)
        seen += noise * rng.standard_normal(seen.shape)
        crops.append(torch.from_numpy(seen.astype(np.float32))[None, None])
    return crops


@pytest.mark.parametrize(
    ("bend", "noise", "is_warped"),
    [(0.0, 0.0, False), (0.5, 0.0, False), (6.0, 0.0, True), (0.0, 2.0, False), (6.0, 2.0, False)],
)
def test_bent_crops_are_told_from_even_and_from_noisy_ones(network, bend, noise, is_warped):
    maps, _ = network.maps(*spoiled_pair(bend, noise), 8)
    assert network.is_warped(maps).tolist() == [is_warped]


def test_a_blank_part_gives_no_feature_that_is_not_a_number(network):
    crop = torch.full((1, 1, 300, 120), 75.0)
    crop[..., :60, :] += 40 * torch.rand(60, 120, generator=torch.Generator().manual_seed(0))
    assert torch.isfinite(network.encode(crop)).all()
    assert torch.isfinite(network(crop, crop, 8)).all()
