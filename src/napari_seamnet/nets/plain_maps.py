"""Fixed channels that stand beside the learned ones: a network that has them can only win.

Smoothed and band-passed copies of a crop, and a pair of crops filtered by the weights that are
best for their own noise. No parameter is learned here.
"""

from __future__ import annotations

import torch
from torch.nn import functional

SMOOTHED = (0.0, 1.5, 3.0)
"""Standard deviations of the Gaussian copies, in px; 0 is the crop itself."""
BANDS = ((1.0, 4.0), (2.5, 10.0))
"""Narrow minus wide Gaussian, in px: what is left has no shading."""
CORNER = 0.05
"""Frequency, in cycles per px, from which on pictures' power falls off; below it is about even."""
FALL = 3.0
"""Power of the frequency with which it falls."""
SMEAR = 0.8
"""px; distortion and jitter blur what noise leaves: fine detail is trusted the less."""
LOWEST = 0.003
"""Frequency, in cycles per px, below which there is only shading."""

N_PLAIN = len(SMOOTHED) + len(BANDS) + 1


def gaussian(crops: torch.Tensor, sigma: float) -> torch.Tensor:
    """Blur (B, 1, H, W) crops by a Gaussian of `sigma` px, borders repeated."""
    if sigma == 0:
        return crops
    reach = min(int(3 * sigma + 0.5), 40)
    steps = torch.arange(-reach, reach + 1, dtype=crops.dtype, device=crops.device)
    kernel = torch.exp(-0.5 * (steps / sigma) ** 2)
    kernel = kernel / kernel.sum()
    crops = functional.pad(crops, (reach, reach, reach, reach), mode="replicate")
    crops = functional.conv2d(crops, kernel.view(1, 1, -1, 1))
    return functional.conv2d(crops, kernel.view(1, 1, 1, -1))


def standardise(crops: torch.Tensor) -> torch.Tensor:
    """Bring (B, 1, H, W) crops to mean 0 and spread 1, outliers clipped at ±5."""
    mean = crops.mean((-2, -1), keepdim=True)
    spread = crops.std((-2, -1), keepdim=True).clamp(min=1e-6)
    return ((crops - mean) / spread).clamp(-5, 5)


def plain_channels(first: torch.Tensor, second: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Compute the fixed channels of two crops.

    Parameters
    ----------
    first, second : (B, 1, H, W) float32 tensor
        Standardised crops; their sizes may differ.

    Returns
    -------
    first, second : (B, N_PLAIN, H, W) tensor
        In the order of `SMOOTHED`, `BANDS`, then the matched filter of `matched`.
    """
    stacks = []
    for crops, filtered in zip((first, second), matched(first, second), strict=True):
        copies = [gaussian(crops, sigma) for sigma in SMOOTHED]
        copies += [gaussian(crops, narrow) - gaussian(crops, wide) for narrow, wide in BANDS]
        stacks.append(torch.cat([*copies, filtered], dim=1))
    return stacks[0], stacks[1]


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
