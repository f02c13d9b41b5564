"""Correlations of a whole seam as if it were filtered, from the unfiltered one: quick, not exact.

The fraction of a pixel is read from them where the network took but a glance at the seam.
"""

from __future__ import annotations

from functools import lru_cache

import torch

from .correlation import correlation_maps

BEYOND = 16
"""Lags, in px, around the range that a filter needs."""


def quick_maps(
    first: torch.Tensor,
    second: torch.Tensor,
    max_shift: int,
    origin: tuple[int, int],
    filters: tuple[tuple[float, ...], ...],
) -> torch.Tensor:
    """Correlate two crops at every shift, as if they had been filtered before.

    Parameters
    ----------
    first, second : (1, 1, H, W) float32 tensor
        Crops, the wider the more exact; sizes may differ.
    max_shift : int
        Search range R, in px each way.
    origin : (y, x)
        Where second's pixel (0, 0) lies in first, at shift (0, 0).
    filters : tuple of tuple of float
        For each a Gaussian's standard deviation, or those of a difference of two, in px.

    Returns
    -------
    (filters, 2R+1, 2R+1) tensor
        The unfiltered crops' correlation coefficients, filtered.

    Notes
    -----
    A covariance of filtered crops is the unfiltered ones', convolved with the filter's correlation
    with itself. Pixels near borders count a little differently than if the crops were filtered,
    and each shift has the spread of just the pixels that it shares.
    """
    maps, _ = correlation_maps(first, second, max_shift + BEYOND, origin)
    kernels = (_kernel(sigmas).to(maps) for sigmas in filters)
    return torch.cat([torch.nn.functional.conv2d(maps, kernel) for kernel in kernels])[:, 0]


@lru_cache(maxsize=16)
def _kernel(sigmas: tuple[float, ...]) -> torch.Tensor:
    """A filter's correlation with itself, (1, 1, 2 BEYOND + 1, 2 BEYOND + 1)."""
    steps = torch.arange(-BEYOND, BEYOND + 1, dtype=torch.float64)
    square = steps[:, None] ** 2 + steps**2

    def gauss(a: float, b: float) -> torch.Tensor:
        variance = a**2 + b**2
        return torch.exp(-square / (2 * variance)) / (2 * torch.pi * variance)

    if len(sigmas) == 1:
        kernel = gauss(sigmas[0], sigmas[0])
    else:
        a, b = sigmas
        kernel = gauss(a, a) - 2 * gauss(a, b) + gauss(b, b)
    return kernel.float()[None, None]
