import numpy as np
import torch

from napari_seamnet.nets.plain_maps import (
    N_PLAIN,
    gaussian,
    matched,
    plain_channels,
    standardise,
)


def crop(seed=0, shape=(90, 70)):
    rng = np.random.default_rng(seed)
    return torch.from_numpy(rng.normal(size=shape).astype(np.float32))[None, None]


def test_gaussian_is_that_of_scipy():
    from scipy import ndimage

    picture = crop()
    expected = ndimage.gaussian_filter(picture[0, 0].numpy(), 1.5, mode="nearest", truncate=3.0)
    np.testing.assert_allclose(gaussian(picture, 1.5)[0, 0].numpy(), expected, atol=2e-3)


def test_standardised_crops_have_mean_zero_and_spread_one_and_no_outliers():
    picture = crop() * 30 + 500
    picture[0, 0, 0, 0] = 1e6
    done = standardise(crop() * 30 + 500)
    assert abs(float(done.mean())) < 1e-2
    assert abs(float(done.std()) - 1) < 1e-2
    assert float(standardise(picture).max()) == 5


def test_both_stacks_have_all_channels_and_keep_their_sizes():
    first, second = plain_channels(crop(shape=(61, 40)), crop(shape=(55, 47)))
    assert first.shape == (1, N_PLAIN, 61, 40)
    assert second.shape == (1, N_PLAIN, 55, 47)


def test_the_matched_filter_moves_nothing():
    """A zero-phase filter: the correlation of a crop with itself still peaks at no shift."""
    from napari_seamnet.nets.correlation import correlation_maps

    first, second = matched(crop(), crop())
    maps, _ = correlation_maps(first, second, 5)
    assert int(maps.flatten().argmax()) == 5 * 11 + 5


def test_the_matched_filter_smooths_more_where_there_is_more_noise():
    y, x = np.mgrid[:120, :120]
    smooth = torch.from_numpy((np.sin(x / 9) + np.cos(y / 7)).astype(np.float32))[None, None]
    noise = crop(3, (120, 120))

    def roughness(strength):
        out, _ = matched(*[standardise(smooth + strength * noise)] * 2)
        inner = out[..., 20:100, 20:100]
        return float(inner.diff(dim=-1).std() / inner.std())

    # Of the noisy crop's own roughness (1.3) almost nothing may be left, either way.
    assert roughness(0.05) < 0.4
    assert roughness(2.0) < 0.6


def test_blurring_by_fourier_transforms_is_a_convolution_with_repeated_borders():
    from scipy import ndimage

    from napari_seamnet.nets.plain_maps import filtered

    rng = np.random.default_rng(0)
    for shape in ((37, 150), (12, 9), (200, 31)):
        crop = rng.standard_normal(shape).astype(np.float32)
        sigmas = (1.0, 2.5, 10.0)
        filters = [*((sigma,) for sigma in sigmas), (1.0, 2.5)]
        got = filtered(torch.from_numpy(crop)[None, None], filters)
        assert torch.allclose(got[3], got[0] - got[1], atol=1e-5)
        for sigma, one in zip(sigmas, got, strict=False):
            radius = min(int(3 * sigma + 0.5), 40)
            expected = ndimage.gaussian_filter(crop, sigma, mode="nearest", radius=radius)
            assert np.abs(one[0, 0].numpy() - expected).max() < 1e-4


def test_edges_lie_on_edges_whichever_side_is_bright():
    from scipy import ndimage

    from napari_seamnet.nets.correlation import correlation_maps
    from napari_seamnet.nets.plain_maps import EDGES, plain_channels, standardise

    rng = np.random.default_rng(1)
    crop = ndimage.gaussian_filter(rng.standard_normal((80, 90)), 2).astype(np.float32)
    first, second = (standardise(torch.from_numpy(c)[None, None]) for c in (crop, -crop))
    maps, _ = correlation_maps(*plain_channels(first, second), 4)
    n = len(EDGES)
    assert maps[0, -n:, 4, 4].min() > 0.99
    assert maps[0, :-n, 4, 4].max() < -0.9
