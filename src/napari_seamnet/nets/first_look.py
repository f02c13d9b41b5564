"""A first look at a long seam: plain pictures only, quarter by quarter. Most seams need no other.

How their maps come about is here; whether they settle a seam, in `inference.py`; what they are
worth, in SeamNet's second weigher.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import torch

from .correlation import correlation_maps_and_own
from .plain_maps import standardise

PARTS = 4
"""Parts along a seam that all must tell the same: one alone cannot speak for a bent seam."""
LEAST_LENGTH = 48
"""px along the seam of a part."""
FILTERS: tuple[tuple[float, ...], ...] = (
    (),
    (1.0,),
    (1.5,),
    (3.0,),
    (5.0,),
    (1.0, 4.0),
    (2.0, 6.0),
)
"""Of each map: none, a Gaussian's standard deviation, or those of a difference of two, in px."""
BEYOND = 24
"""Lags, in px, around the range that the filters need."""


@dataclass(frozen=True, eq=False)
class FirstLook:
    """What plain pictures show of a seam.

    Parameters
    ----------
    maps : (PARTS, filters, 2R+1, 2R+1) tensor
        Correlation coefficients of each part, nearly: they may exceed 1 a little.
    joint : (1, filters, 2R+1, 2R+1) tensor
        The same of all parts together, which is not their mean: covariances add.
    area : int
        Pixels of all parts.
    """

    maps: torch.Tensor
    joint: torch.Tensor
    area: int


def first_look(
    first: torch.Tensor, second: torch.Tensor, max_shift: int, origin: tuple[int, int] = (0, 0)
) -> FirstLook | None:
    """Correlate the parts of a seam at every shift, as if they had been filtered before.

    Parameters
    ----------
    first, second : (1, 1, H, W) float32 tensor
        Crops, the wider the more exact; sizes may differ.
    max_shift : int
        Search range R, in px each way.
    origin : (y, x)
        Where second's pixel (0, 0) lies in first, at shift (0, 0).

    Returns
    -------
    FirstLook or None
        Without the ends of the seam that the first crop does not show at every shift; None where
        the parts would be too short.

    Notes
    -----
    A covariance of filtered crops is the unfiltered ones', convolved with the filter's correlation
    with itself, and so are both variances, at no lag. Pixels near borders count a little
    differently than if the crops were filtered, and each shift has the spread of just the pixels
    that it shares.
    """
    axis = 0 if second.shape[-2] >= second.shape[-1] else 1
    low = max(0, max_shift - origin[axis])
    high = min(second.shape[2 + axis], first.shape[2 + axis] - max_shift - origin[axis])
    length = (high - low) // PARTS
    if length < LEAST_LENGTH:
        return None
    ahead, at = origin[axis] - max_shift, list(origin)
    at[axis] = max_shift
    ones = _parts(standardise(first), axis, low + ahead, length, 2 * max_shift)
    twos = _parts(standardise(second), axis, low, length, 0)
    both, _, own = correlation_maps_and_own(ones, twos, max_shift + BEYOND, (at[0], at[1]), BEYOND)
    energy = [sums[..., BEYOND, BEYOND, None, None].clamp(min=1e-12) for sums in own]
    maps, joint = [], []
    for sigmas in FILTERS:
        # What filtering leaves of both sides' spreads.
        spreads = [
            (_filtered(sums, sigmas) / whole).clamp(min=1e-6).sqrt()
            for sums, whole in zip(own, energy, strict=True)
        ]
        map_ = _filtered(both, sigmas) / (spreads[0] * spreads[1])
        share = spreads[0] * spreads[1] * (energy[0] * energy[1]).sqrt()
        maps.append(map_)
        joint.append((share * map_).sum(0, keepdim=True) / share.sum().clamp(min=1e-6))
    return FirstLook(torch.cat(maps, 1), torch.cat(joint, 1), twos.numel())


def _parts(crop: torch.Tensor, axis: int, low: int, length: int, more: int) -> torch.Tensor:
    """Cut (1, 1, H, W) into `PARTS` along an axis, a `length` apart and `more` longer."""
    starts = range(low, low + PARTS * length, length)
    return torch.cat([crop.narrow(2 + axis, start, length + more) for start in starts])


def _filtered(maps: torch.Tensor, sigmas: tuple[float, ...]) -> torch.Tensor:
    """Filter (B, 1, N + 2 BEYOND, N + 2 BEYOND) maps, as both crops would be; (B, 1, N, N)."""
    if not sigmas:
        return maps[..., BEYOND:-BEYOND, BEYOND:-BEYOND]
    if len(sigmas) == 1:
        return _smoothed(maps, 2 * sigmas[0] ** 2)
    a, b = (sigma**2 for sigma in sigmas)
    return _smoothed(maps, 2 * a) - 2 * _smoothed(maps, a + b) + _smoothed(maps, 2 * b)


def _smoothed(maps: torch.Tensor, variance: float) -> torch.Tensor:
    line = _gaussian(variance, maps.shape[-1] - 2 * BEYOND).to(maps.device)
    return line @ maps @ line.T


@lru_cache(maxsize=64)
def _gaussian(variance: float, n: int) -> torch.Tensor:
    """(n, n + 2 BEYOND): each row a Gaussian around its own place."""
    away = torch.arange(n)[:, None] + BEYOND - torch.arange(n + 2 * BEYOND)
    bell = torch.exp(-(away.double() ** 2) / (2 * variance)) / (2 * torch.pi * variance) ** 0.5
    return bell.float()
