"""Fixed channels that stand beside the learned ones: a network that has them can only win.

Smoothed and band-passed copies of a crop, and a pair of crops filtered by the weights that are
best for their own noise. No parameter is learned here.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import torch

from .lengths import fast_size

if TYPE_CHECKING:
    from collections.abc import Sequence

SMOOTHED = (0.0, 1.5, 3.0)
"""Standard deviations of the Gaussian copies, in px; 0, the first, is the crop itself."""
BANDS = ((1.0, 4.0), (2.5, 10.0))
"""Narrow minus wide Gaussian, in px: what is left has no shading."""
EDGES = (1.5, 3.0)
"""Standard deviations, in px, of those Gaussian copies whose gradient's size is a channel: where
one detector shows dark what the other shows bright, edges still lie on edges."""
CORNER = 0.05
"""Frequency, in cycles per px, from which on pictures' power falls off; below it is about even."""
FALL = 3.0
"""Power of the frequency with which it falls."""
SMEAR = 0.8
"""px; distortion and jitter blur what noise leaves: fine detail is trusted the less."""
LOWEST = 0.003
"""Frequency, in cycles per px, below which there is only shading."""

MOST_REACH = 40
"""px: a wider Gaussian is cut off here."""

N_PLAIN = len(SMOOTHED) + len(BANDS) + 1 + len(EDGES)


def gaussian(crops: torch.Tensor, sigma: float) -> torch.Tensor:
    """Blur (B, 1, H, W) crops by a Gaussian of `sigma` px, borders repeated."""
    return filtered(crops, [(sigma,)])[0] if sigma else crops


def filtered(crops: torch.Tensor, filters: Sequence[tuple[float, ...]]) -> list[torch.Tensor]:
    """Filter (B, 1, H, W) crops by Gaussians, or by differences of two, borders repeated.

    Parameters
    ----------
    crops : (B, 1, H, W) float32 tensor
        Any sizes.
    filters : sequence of tuple of float
        For each a standard deviation, or a narrow and a wide one, in px; all positive.

    Returns
    -------
    list of (B, 1, H, W) tensor
        One a filter.

    Notes
    -----
    By Fourier transforms: a convolution of one channel leaves most of a processor idle.
    """
    margin = max(_reach(sigma) for sigmas in filters for sigma in sigmas)
    height, width = crops.shape[-2:]
    # Replicated by index: `pad` does so only by less than the picture's own size.
    rows, columns = (
        torch.arange(-margin, n + margin, device=crops.device).clamp(0, n - 1)
        for n in (height, width)
    )
    padded = crops[..., rows[:, None], columns]
    size = fast_size(padded.shape[-2:])
    spectrum = torch.fft.rfft2(padded, s=size)
    found = []
    for sigmas in filters:
        passed = [_passed(sigma, size).to(spectrum.device) for sigma in sigmas]
        whole = torch.fft.irfft2(
            spectrum * (passed[0] - passed[1] if len(passed) > 1 else passed[0]), s=size
        )
        found.append(whole[..., margin : margin + height, margin : margin + width])
    return found


def _reach(sigma: float) -> int:
    return min(int(3 * sigma + 0.5), MOST_REACH)


def _passed(sigma: float, size: tuple[int, int]) -> torch.Tensor:
    """What a Gaussian does to each frequency of a half-plane."""
    down, across = (_transfer(sigma, _reach(sigma), n) for n in size)
    return down[:, None] * across[: size[1] // 2 + 1]


@lru_cache(maxsize=256)
def _transfer(sigma: float, reach: int, n: int) -> torch.Tensor:
    """What a Gaussian, cut off at `reach` px, does to each frequency of a line of n px."""
    steps = torch.arange(-reach, reach + 1, dtype=torch.float64)
    kernel = torch.exp(-0.5 * (steps / sigma) ** 2)
    line = torch.zeros(n, dtype=torch.float64)
    line.index_add_(0, steps.long() % n, kernel / kernel.sum())
    return torch.fft.fft(line).real.float()


def standardise(crops: torch.Tensor) -> torch.Tensor:
    """Bring (B, 1, H, W) crops to mean 0 and spread 1, outliers clipped at ±5."""
    crops = crops - crops.mean((-2, -1), keepdim=True)
    n = crops.shape[-2] * crops.shape[-1]
    # `std` is several times as slow.
    spread = torch.linalg.vector_norm(crops, dim=(-2, -1), keepdim=True) / max(1, n - 1) ** 0.5
    return (crops / spread.clamp(min=1e-6)).clamp(-5, 5)


def plain_channels(first: torch.Tensor, second: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Compute the fixed channels of two crops.

    Parameters
    ----------
    first, second : (B, 1, H, W) float32 tensor
        Standardised crops; their sizes may differ.

    Returns
    -------
    first, second : (B, N_PLAIN, H, W) tensor
        In the order of `SMOOTHED`, `BANDS`, the matched filter of `matched`, `EDGES`.
    """
    stacks = []
    filters = [*((sigma,) for sigma in SMOOTHED if sigma), *BANDS]
    for crops, matching in zip((first, second), matched(first, second), strict=True):
        copies = dict(zip(filters, filtered(crops, filters), strict=True))
        edges = [_steepness(copies[sigma,]) for sigma in EDGES]
        stacks.append(torch.cat([crops, *copies.values(), matching, *edges], dim=1))
    return stacks[0], stacks[1]


def _steepness(maps: torch.Tensor) -> torch.Tensor:
    """Size of the gradient of (B, 1, H, W) maps, from central differences."""
    height, width = maps.shape[-2:]
    rows, columns = (torch.arange(n, device=maps.device) for n in (height, width))
    down = maps[..., (rows + 1).clamp(max=height - 1), :] - maps[..., (rows - 1).clamp(min=0), :]
    across = maps[..., (columns + 1).clamp(max=width - 1)] - maps[..., (columns - 1).clamp(min=0)]
    return torch.hypot(down, across)


def matched(first: torch.Tensor, second: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Filter two crops so that their correlation weighs each frequency by what it is worth.

    Parameters
    ----------
    first, second : (B, 1, H, W) float32 tensor
        Standardised crops.

    Returns
    -------
    first, second : (B, 1, H, W) tensor
        Both filtered by the same zero-phase filter.

    Notes
    -----
    The weights are those of the maximum-likelihood generalised cross-correlation, Knapp and
    Carter (1976), doi:10.1109/TASSP.1976.1162830, at low coherence:
    ``S / (N1 N2 + S1 N2 + S2 N1)`` for the signal's and the noises' power. The noise is taken to
    be white and read off the high frequencies of each crop; of the signal only the strength is
    measured, its spectrum is that of pictures in general. Spectra measured on single seams, the
    textbook's way, were clearly worse on noisy real frames: their own scatter passes noise.
    """
    shape = [max(a, b) for a, b in zip(first.shape[-2:], second.shape[-2:], strict=True)]
    fy = torch.fft.fftfreq(shape[0], device=first.device)[:, None]
    fx = torch.fft.rfftfreq(shape[1], device=first.device)
    frequency = torch.hypot(fy.expand(-1, len(fx)), fx.expand(len(fy), -1))
    model = torch.exp(-((2 * torch.pi * SMEAR * frequency) ** 2))
    model = model / (1 + (frequency / CORNER) ** FALL) * (frequency > LOWEST)
    band = (frequency > LOWEST) & (frequency < 0.12)
    noises, signals = [], []
    for crops in (first, second):
        power = _power(crops, shape)
        noise = power[..., frequency > 0.35].mean(-1)[..., None, None]
        strength = (power[..., band].mean(-1)[..., None, None] - noise) / model[band].mean()
        noises.append(noise.clamp(min=1e-6))
        signals.append(strength.clamp(min=1e-3) * model)
    weight = (signals[0] * signals[1]).sqrt() / (
        noises[0] * noises[1] + signals[0] * noises[1] + signals[1] * noises[0]
    )
    amplitude = weight.sqrt()
    filtered = []
    for crops in (first, second):
        out = torch.fft.irfft2(torch.fft.rfft2(crops, s=shape) * amplitude, s=shape)
        filtered.append(standardise(out[..., : crops.shape[-2], : crops.shape[-1]]))
    return filtered[0], filtered[1]


def _power(crops: torch.Tensor, shape: list[int]) -> torch.Tensor:
    """Power per pixel of tapered crops on the half-plane of frequencies of `shape`."""
    height, width = crops.shape[-2:]
    taper = (
        torch.hann_window(height + 2, periodic=False, device=crops.device)[1:-1, None]
        * torch.hann_window(width + 2, periodic=False, device=crops.device)[1:-1]
    )
    return torch.fft.rfft2(crops * taper, s=shape).abs() ** 2 / (taper**2).sum()
