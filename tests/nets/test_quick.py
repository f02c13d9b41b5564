"""Quick maps against pictures that are really filtered."""

import numpy as np
import pytest
import torch
from scipy import ndimage

from napari_seamnet.nets.correlation import correlation_maps
from napari_seamnet.nets.quick import quick_maps
from napari_seamnet.nets.seamnet import FINE_FILTERS as FILTERS
from napari_seamnet.shifts.posterior import parabola_peak


def crops(seed, shape=(700, 200), shift=(4, -3), noise=0.5):
    rng = np.random.default_rng(seed)
    scene = ndimage.gaussian_filter(rng.standard_normal((shape[0] + 40, shape[1] + 40)), 1.2)
    scene /= scene.std()
    dy, dx = shift
    sides = scene[20:-20, 20:-20], scene[20 + dy :, 20 + dx :][: shape[0], : shape[1]]
    return [side + noise * rng.standard_normal(shape) for side in sides]


def filtered(crop, sigmas):
    blurred = [ndimage.gaussian_filter(crop, sigma, mode="nearest") for sigma in sigmas]
    return blurred[0] - blurred[1] if len(sigmas) > 1 else blurred[0]


def tensor(crop):
    return torch.from_numpy(np.ascontiguousarray(crop, np.float32))[None, None]


def peak(values):
    y, x = np.unravel_index(values.argmax(), values.shape)
    fraction = parabola_peak(values, y, x)
    middle = len(values) // 2
    return np.array([y - middle + fraction[0], x - middle + fraction[1]])


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("which", range(len(FILTERS)))
def test_they_are_those_of_filtered_pictures(seed, which):
    first, second = crops(seed)
    quick = quick_maps(tensor(first), tensor(second), 12, (0, 0), FILTERS)[which].double().numpy()
    sides = [tensor(filtered(side, FILTERS[which])) for side in (first, second)]
    exact = correlation_maps(*sides, 12)[0][0, 0].double().numpy()
    assert quick.shape == exact.shape == (25, 25)
    assert np.abs(quick / quick.max() - exact / exact.max()).max() < 0.1
    assert np.abs(peak(quick) - peak(exact)).max() < 0.03
    assert np.abs(peak(quick) - (4, -3)).max() < 0.05


def test_a_margin_on_one_side():
    first, second = crops(0)
    inner = second[30:-30, 25:-25]
    quick = quick_maps(tensor(first), tensor(inner), 12, (30, 25), FILTERS)
    for one in quick:
        assert np.abs(peak(one.double().numpy()) - (4, -3)).max() < 0.05
