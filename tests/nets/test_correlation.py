import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_seamnet.nets.correlation import correlation_maps
from napari_seamnet.seams import Overlap, shared_pixels


@settings(max_examples=25, deadline=None)
@given(
    sizes=st.tuples(*[st.integers(8, 30)] * 4),
    origin=st.tuples(st.integers(-6, 6), st.integers(-6, 6)),
    reach=st.integers(1, 7),
    seed=st.integers(0, 99),
)
def test_every_shift_equals_the_correlation_of_the_shared_pixels(sizes, origin, reach, seed):
    rng = np.random.default_rng(seed)
    first = rng.normal(size=sizes[:2]).astype(np.float32)
    second = rng.normal(size=sizes[2:]).astype(np.float32)
    maps, n_pixels = correlation_maps(
        torch.from_numpy(first)[None, None], torch.from_numpy(second)[None, None], reach, origin
    )
    # Equal shapes without origin are what Overlap wants; any other pair needs one.
    overlap = Overlap.__new__(Overlap)
    object.__setattr__(overlap, "first", first)
    object.__setattr__(overlap, "second", second)
    object.__setattr__(overlap, "origin", origin)
    for dy in range(-reach, reach + 1):
        for dx in range(-reach, reach + 1):
            a, b = shared_pixels(overlap, dy, dx)
            assert n_pixels[reach + dy, reach + dx] == a.size
            found = float(maps[0, 0, reach + dy, reach + dx])
            if a.size < 16:
                assert found == 0
            else:
                expected = np.corrcoef(a.ravel(), b.ravel())[0, 1]
                assert found == pytest.approx(expected, abs=1e-4)


def test_a_large_pedestal_costs_no_digits():
    rng = np.random.default_rng(0)
    first = torch.from_numpy(rng.normal(size=(1, 1, 60, 40)).astype(np.float32))
    plain, _ = correlation_maps(first, first.flip(-1), 4)
    raised, _ = correlation_maps(first + 1000, first.flip(-1) - 1000, 4)
    torch.testing.assert_close(plain, raised, atol=2e-3, rtol=0)


def test_a_constant_side_correlates_with_nothing():
    first = torch.rand(1, 1, 20, 20)
    maps, _ = correlation_maps(first, torch.full((1, 1, 20, 20), 7.0), 3)
    assert (maps == 0).all()


def test_gradients_reach_both_sides():
    first = torch.rand(2, 3, 24, 20, requires_grad=True)
    second = torch.rand(2, 3, 24, 20, requires_grad=True)
    maps, _ = correlation_maps(first, second, 3)
    maps[:, :, 3, 4].sum().backward()
    for side in (first, second):
        assert torch.isfinite(side.grad).all()
        assert (side.grad.abs().sum((-2, -1)) > 0).all()


def test_only_the_range_is_transformed_back():
    from napari_seamnet.nets.correlation import _inverse_at

    maps = torch.randn(2, 3, 24, 31, generator=torch.Generator().manual_seed(0))
    for size in ((24, 31), (24, 30), (27, 36)):
        whole = torch.fft.irfft2(torch.fft.rfft2(maps, s=size), s=size)
        got = _inverse_at(torch.fft.rfft2(maps, s=size), size, range(-4, 7), range(-9, 3))
        rows, cols = torch.arange(-4, 7), torch.arange(-9, 3)
        expected = whole[..., (rows % size[0])[:, None], cols % size[1]]
        assert torch.allclose(got, expected, atol=1e-5)


def test_what_was_computed_without_gradients_can_be_trained_with():
    first, second = torch.randn(2, 1, 1, 37, 29, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        correlation_maps(first, second, 4)
    maps, _ = correlation_maps(first.requires_grad_(), second, 4)
    maps.sum().backward()
    assert first.grad.abs().sum() > 0


def test_gradients_are_numbers_where_nothing_is_shared():
    """A crop narrower than the range, and a constant one: there, roots of zero are taken."""
    crops = torch.rand(2, 1, 20, 6)
    crops[1] = 0.5
    first = crops.clone().requires_grad_()
    maps, n_pixels = correlation_maps(first, crops.flip(-1), 8)
    assert (n_pixels == 0).any()
    maps.sum().backward()
    assert torch.isfinite(first.grad).all()
    assert first.grad.abs().sum() > 0
