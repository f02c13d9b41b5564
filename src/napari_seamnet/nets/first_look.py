"""A first look at a long seam: plain pictures only, quarter by quarter. Most seams need no other.

How their maps come about is here; whether they settle a seam, in `inference.py`; what they are
worth, in SeamNet's second weigher.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import torch
from torch.nn import functional

from .correlation import correlation_maps_and_own
from .lengths import fast_size
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
WHITENED = (1.0, 1.5, 2.5)
"""Besides, maps whose frequencies count alike, smoothed by a Gaussian of so many px against noise.
Wires as wide as their gaps fit nearly as well when they are moved by one: what tells is detail,
and that has little power."""
FLOOR = 0.3
"""Power, as a share of the mean, from which down frequencies count less: it may be noise."""
BEYOND = 24
"""Lags, in px, around the range that the filters need."""
LEVEL, LEVELLED = 9, 0.75
"""px at half size: side of the squares that `levelled_map` makes equally bright and rich, and what
its whitened map is smoothed by."""
N_MAPS = len(FILTERS) + len(WHITENED)
REPEATS_IN = len(FILTERS) + WHITENED.index(1.5)
"""The map that shows whether a seam nearly repeats."""


@dataclass(frozen=True, eq=False)
class FirstLook:
    """What plain pictures show of some seams of equal size.

    Parameters
    ----------
    maps : (B, PARTS, N_MAPS, 2R+1, 2R+1) tensor
        Correlation coefficients of each part, nearly: they may exceed 1 a little.
    joint : (B, N_MAPS, 2R+1, 2R+1) tensor
        The same of all parts together, which is not their mean: covariances add.
    area : int
        Pixels of all parts of a seam.
    """

    maps: torch.Tensor
    joint: torch.Tensor
    area: int


def first_look(
    first: torch.Tensor, second: torch.Tensor, max_shift: int, origin: tuple[int, int] = (0, 0)
) -> FirstLook | None:
    """Correlate the parts of seams at every shift, as if they had been filtered before.

    Parameters
    ----------
    first, second : (B, 1, H, W) float32 tensor
        Crops, the wider the more exact; first's size may be another than second's.
    max_shift : int
        Search range R, in px each way.
    origin : (y, x)
        Where second's pixel (0, 0) lies in first, at shift (0, 0).

    Returns
    -------
    FirstLook or None
        Without the ends of the seams that the first crops do not show at every shift; None where
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
    found, _, own_found = correlation_maps_and_own(
        ones, twos, max_shift + BEYOND, (at[0], at[1]), BEYOND
    )
    both, *own = (maps.unflatten(0, (len(first), PARTS)) for maps in (found, *own_found))
    energy = [sums[..., BEYOND, BEYOND, None, None].clamp(min=1e-12) for sums in own]
    kernels = _whitening(own, WHITENED)
    passed = [torch.cat([_filtered(sums), _convolved(sums, kernels)], 2) for sums in (both, *own)]
    # What filtering leaves of both sides' spreads.
    spreads = [
        (sums / whole).clamp(min=1e-6).sqrt()
        for sums, whole in zip(passed[1:], energy, strict=True)
    ]
    maps = passed[0] / (spreads[0] * spreads[1])
    share = spreads[0] * spreads[1] * (energy[0] * energy[1]).sqrt()
    joint = (share * maps).sum(1) / share.sum(1).clamp(min=1e-6)
    return FirstLook(maps, joint, twos.numel() // len(second))


def levelled_map(
    first: torch.Tensor, second: torch.Tensor, max_shift: int, origin: tuple[int, int] = (0, 0)
) -> torch.Tensor:
    """Correlate crops at half size, where all places and all frequencies count alike.

    Parameters
    ----------
    first, second, max_shift, origin
        As for `first_look`.

    Returns
    -------
    (B, N, N) tensor
        Correlation at every other shift, in no unit, N = 2 (R // 2 + 1) + 1; shift 0 is in the
        middle.

    Notes
    -----
    Where a part of one crop is brighter than the rest, as beside a strip that was exposed twice,
    plain pictures may fit best where that part lies outside of the other crop, and every part of
    the seam says so.
    """
    crops = [_levelled(functional.avg_pool2d(standardise(crop), 2)) for crop in (first, second)]
    beyond, half = BEYOND // 2, (origin[0] // 2, origin[1] // 2)
    reach = max_shift // 2 + 1 + beyond
    both, _, own = correlation_maps_and_own(crops[0], crops[1], reach, half, beyond)
    both, *own = (maps[:, None] for maps in (both, *own))  # a single part
    return _convolved(both, _whitening(own, (LEVELLED,)))[:, 0, 0]


def _levelled(crops: torch.Tensor) -> torch.Tensor:
    """(B, 1, H, W) crops less their local mean, by their local spread; outliers clipped at ±4."""
    off = crops - _local_mean(crops)
    return (off / (_local_mean(off**2).sqrt() + 0.1)).clamp(-4, 4)


def _local_mean(crops: torch.Tensor) -> torch.Tensor:
    padded = functional.pad(crops, (LEVEL // 2 + 1, LEVEL // 2) * 2, mode="replicate")
    # Differences of running sums, in double precision: pooling takes five times as long.
    sums = padded.double().cumsum(-1)
    sums = (sums[..., LEVEL:] - sums[..., :-LEVEL]).cumsum(-2)
    mean: torch.Tensor = (sums[..., LEVEL:, :] - sums[..., :-LEVEL, :]) / LEVEL**2
    return mean.to(crops.dtype)


def _parts(crop: torch.Tensor, axis: int, low: int, length: int, more: int) -> torch.Tensor:
    """Cut (B, 1, H, W) into `PARTS` along an axis, a `length` apart and `more` longer.

    (B PARTS, 1, h, w), the parts of a seam one after the other.
    """
    starts = range(low, low + PARTS * length, length)
    parts = [crop.narrow(2 + axis, start, length + more) for start in starts]
    return torch.stack(parts, 1).flatten(0, 1)


def _filtered(maps: torch.Tensor) -> torch.Tensor:
    """Filter (B, P, 1, N + 2 BEYOND, N + 2 BEYOND) maps as both crops would be, by `FILTERS`.

    (B, P, len(FILTERS), N, N).
    """
    n = maps.shape[-1] - 2 * BEYOND
    lines = _gaussians(n).to(maps.device)
    smooth = (lines.flatten(0, 1) @ maps).unflatten(-2, lines.shape[:2])
    smooth = smooth[:, :, 0] @ lines.mT
    plain = maps[..., BEYOND:-BEYOND, BEYOND:-BEYOND]
    everything = torch.cat([plain, smooth], 2)
    return torch.einsum("fv,bpvyx->bpfyx", _mixture().to(maps.device), everything)


def _variances() -> list[float]:
    """Of all the Gaussians that `_filtered` needs; sides are smoothed both, so maps twice."""
    found = {a * a + b * b for sigmas in FILTERS for a in sigmas for b in sigmas}
    return sorted(found)


# Not in inference mode, or no training could use them later.
@lru_cache(maxsize=1)
@torch.inference_mode(False)
def _mixture() -> torch.Tensor:
    """What each filter takes of the maps as they are, and of those of `_variances`."""
    variances = _variances()
    shares = torch.zeros(len(FILTERS), 1 + len(variances))
    for k, sigmas in enumerate(FILTERS):
        if not sigmas:
            shares[k, 0] = 1
        # The product of two differences of Gaussians has four terms.
        for sign, a in zip((1, -1), sigmas, strict=False):
            for other, b in zip((1, -1), sigmas, strict=False):
                shares[k, 1 + variances.index(a * a + b * b)] += sign * other
    return shares


@lru_cache(maxsize=64)
@torch.inference_mode(False)
def _gaussians(n: int) -> torch.Tensor:
    """(V, n, n + 2 BEYOND): of each variance, each row a Gaussian around its own place."""
    away = torch.arange(n)[:, None] + BEYOND - torch.arange(n + 2 * BEYOND)
    variances = torch.tensor(_variances(), dtype=torch.float64)[:, None, None]
    bells = torch.exp(-(away.double() ** 2) / (2 * variances)) / (2 * torch.pi * variances) ** 0.5
    return bells.float()


def _whitening(own: list[torch.Tensor], sigmas: tuple[float, ...]) -> torch.Tensor:
    """Kernels that give all frequencies of a seam the same power, and smooth by Gaussians.

    (B, 1, len(sigmas), n, n), from `own`, (B, P, 1, n, n): its crops' sums of products with
    themselves at all lags around 0.
    """
    n = own[0].shape[-1]
    line = torch.hann_window(n + 2, periodic=False, device=own[0].device)[1:-1]
    taper = line[:, None] * line
    power = []
    for sums in own:
        tapered = torch.fft.ifftshift(sums.sum((1, 2)) * taper, dim=(-2, -1))
        spectrum = torch.fft.rfft2(tapered).real.clamp(min=0)
        power.append(spectrum / spectrum.mean((-2, -1), keepdim=True).clamp(min=1e-12))
    even = 1 / ((power[0] * power[1]).sqrt() + FLOOR)
    down, across = torch.fft.fftfreq(n)[:, None], torch.fft.rfftfreq(n)
    square = (2 * torch.pi) ** 2 * (down**2 + across**2).to(even.device)
    # Both crops are smoothed, hence twice half the square.
    kernels = [torch.fft.irfft2(even * torch.exp(-square * s**2), s=(n, n)) for s in sigmas]
    return torch.fft.fftshift(torch.stack(kernels, 1), dim=(-2, -1))[:, None] * taper


def _convolved(maps: torch.Tensor, kernels: torch.Tensor) -> torch.Tensor:
    """Convolve (B, P, 1, M, M) maps with (B, 1, K, n, n) symmetric kernels.

    (B, P, K, M-n+1, M-n+1).
    """
    if maps.shape[-1] == kernels.shape[-1]:
        return (maps * kernels).sum((-2, -1), keepdim=True)
    n, beyond = maps.shape[-1], kernels.shape[-1] - 1
    size = fast_size((n, n))
    spectrum = torch.fft.rfft2(maps, s=size) * torch.fft.rfft2(kernels, s=size)
    return torch.fft.irfft2(spectrum, s=size)[..., beyond:n, beyond:n]
