"""Correlation of two stacks of maps at every whole-pixel shift, differentiable, in torch.

Only sums over the overlapped rectangle are here. The same for one pair of numpy arrays, with
masks, is in `shifts/correlation.py`.
"""

from __future__ import annotations

import torch
from scipy.fft import next_fast_len


def correlation_maps(
    first: torch.Tensor, second: torch.Tensor, max_shift: int, origin: tuple[int, int] = (0, 0)
) -> tuple[torch.Tensor, torch.Tensor]:
    """Correlate channel by channel, at every shift within ±`max_shift`.

    Parameters
    ----------
    first : (B, C, H1, W1) float32 tensor
        Channels of the first crop.
    second : (B, C, H2, W2) float32 tensor
        Channels of the second crop.
    max_shift : int
        Search range R, in px each way.
    origin : (y, x)
        Where second's pixel (0, 0) lies in first, at shift (0, 0).

    Returns
    -------
    correlation : (B, C, 2R+1, 2R+1) tensor
        Correlation coefficient (-1..1) of exactly the pixels that lie on each other; 0 where they
        are fewer than 16 or one side is constant.
    n_pixels : (2R+1, 2R+1) tensor
        How many pixels lie on each other.
    """
    # The mean of the whole crop goes first: the sums' differences below then keep their digits.
    first = first - first.mean((-2, -1), keepdim=True)
    second = second - second.mean((-2, -1), keepdim=True)
    size = tuple(
        # Long enough that neither end of the range of lags wraps around onto pixels.
        next_fast_len(max(a + max(0, max_shift - o), b + max(0, max_shift + o)), real=True)
        for a, b, o in zip(first.shape[-2:], second.shape[-2:], origin, strict=True)
    )
    spectrum = torch.fft.rfft2(first, s=size) * torch.fft.rfft2(second, s=size).conj()
    circular = torch.fft.irfft2(spectrum, s=size)
    shifts = torch.arange(-max_shift, max_shift + 1, device=first.device)
    rows, cols = ((shifts + o) % n for o, n in zip(origin, size, strict=True))
    products = circular[..., rows[:, None], cols]

    rectangles = [
        _overlapped(a, b, o, shifts)
        for a, b, o in zip(first.shape[-2:], second.shape[-2:], origin, strict=True)
    ]
    (top, bottom, top2, bottom2), (left, right, left2, right2) = rectangles
    n_pixels = ((bottom - top)[:, None] * (right - left)).to(first.dtype)
    n = n_pixels.clamp(min=1)
    sum1, energy1 = _box_sums(first, top, bottom, left, right)
    sum2, energy2 = _box_sums(second, top2, bottom2, left2, right2)
    covariance = products - sum1 * sum2 / n
    variance1 = (energy1 - sum1**2 / n).clamp(min=0)
    variance2 = (energy2 - sum2**2 / n).clamp(min=0)
    spread = (variance1 * variance2).sqrt()
    enough = (n_pixels >= 16) & (spread > 1e-4 * n)
    correlation = torch.where(enough, covariance / spread.clamp(min=1e-6), 0.0)
    return correlation.clamp(-1, 1), n_pixels


def _overlapped(
    n_first: int, n_second: int, origin: int, shifts: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """On one axis, for each shift: start and stop of the shared pixels in first and in second."""
    place = origin + shifts
    start = place.clamp(min=0, max=n_first)
    stop = torch.maximum((place + n_second).clamp(max=n_first), start)
    return start, stop, (start - place).clamp(0, n_second), (stop - place).clamp(0, n_second)


def _box_sums(
    maps: torch.Tensor,
    top: torch.Tensor,
    bottom: torch.Tensor,
    left: torch.Tensor,
    right: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Sum of values and of squares in every rectangle, by running sums in double precision."""
    sums = []
    for values in (maps, maps**2):
        running = torch.nn.functional.pad(values.double().cumsum(-2).cumsum(-1), (1, 0, 1, 0))
        total = (
            running[..., bottom[:, None], right]
            - running[..., top[:, None], right]
            - running[..., bottom[:, None], left]
            + running[..., top[:, None], left]
        )
        sums.append(total.to(maps.dtype))
    return sums[0], sums[1]
