"""Correlation of two stacks of maps at every whole-pixel shift, differentiable, in torch.

Only sums over the overlapped rectangle are here. The same for one pair of numpy arrays, with
masks, is in `shifts/correlation.py`.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from torch.nn import functional

from .lengths import fast_size

MANY_ROWS = 64
"""Of more rows, a whole inverse transform takes less time than one at just these."""


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
    maps, n_pixels, _ = _correlate(first, second, max_shift, origin)
    return maps, n_pixels


def correlation_maps_and_own(
    first: torch.Tensor,
    second: torch.Tensor,
    max_shift: int,
    origin: tuple[int, int],
    lags: int,
) -> tuple[torch.Tensor, torch.Tensor, list[torch.Tensor]]:
    """Correlate channel by channel, and each side with itself, from the same transforms.

    Parameters
    ----------
    first, second, max_shift, origin
        As for `correlation_maps`.
    lags : int
        How far each side is correlated with itself, in px each way.

    Returns
    -------
    correlation, n_pixels : tensor
        As `correlation_maps` gives them.
    own : list of two (B, C, 2 lags + 1, 2 lags + 1) tensors
        Sums of products of each side, less its mean, with itself.
    """
    maps, n_pixels, (spectra, size) = _correlate(first, second, max_shift, origin, lags)
    own = [_own_at(of.real**2 + of.imag**2, size, lags) for of in spectra]
    return maps, n_pixels, own


def _correlate(
    first: torch.Tensor,
    second: torch.Tensor,
    max_shift: int,
    origin: tuple[int, int],
    lags: int = 0,
) -> tuple[torch.Tensor, torch.Tensor, tuple[list[torch.Tensor], tuple[int, ...]]]:
    """See `correlation_maps`; besides, both sides' spectra and their size, padded for `lags`."""
    # The mean of the whole crop goes first: the sums' differences below then keep their digits.
    first = first - first.mean((-2, -1), keepdim=True)
    second = second - second.mean((-2, -1), keepdim=True)
    size = fast_size(
        # Long enough that neither end of the range of lags wraps around onto pixels.
        max(a + max(0, max_shift - o, lags), b + max(0, max_shift + o, lags))
        for a, b, o in zip(first.shape[-2:], second.shape[-2:], origin, strict=True)
    )
    spectra = [torch.fft.rfft2(side, s=size) for side in (first, second)]
    shifts = torch.arange(-max_shift, max_shift + 1, device=first.device)
    rows, cols = (range(at - max_shift, at + max_shift + 1) for at in origin)
    products = _inverse_at(spectra[0] * spectra[1].conj(), size, rows, cols)
    return *_coefficients(first, second, products, shifts, origin), (spectra, size)


def _coefficients(
    first: torch.Tensor,
    second: torch.Tensor,
    products: torch.Tensor,
    shifts: torch.Tensor,
    origin: tuple[int, int],
) -> tuple[torch.Tensor, torch.Tensor]:
    """Make sums of products at each shift correlation coefficients, and count the pixels."""
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
    # Not from zero, as where nothing is shared: there a root's slope is endless, and its gradient
    # not a number.
    spread = (variance1 * variance2).clamp(min=1e-12).sqrt()
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


def _inverse_at(
    spectrum: torch.Tensor, size: tuple[int, ...], rows: range, cols: range
) -> torch.Tensor:
    """Inverse of `rfft2` at a few rows and columns."""
    if len(rows) > MANY_ROWS:
        whole = torch.fft.irfft2(spectrum, s=size)
        chosen = (
            torch.arange(of.start, of.stop, device=whole.device) % n
            for of, n in zip((rows, cols), size, strict=True)
        )
        return _at(whole, *chosen)
    # The range is small beside the crops: two thin products of matrices.
    down = _turns_down(rows, size[0], spectrum.device)
    cosines, sines = _turns_across(cols, size[1], spectrum.device)
    inner = down.to(spectrum.dtype) @ spectrum
    return inner.real @ cosines - inner.imag @ sines


def _at(whole: torch.Tensor, rows: torch.Tensor, cols: torch.Tensor) -> torch.Tensor:
    """Some rows and columns of (B, C, H, W)."""
    # Rows are chosen several times as fast as columns.
    return whole.index_select(-2, rows).mT.contiguous().index_select(-2, cols).mT


def _own_at(power: torch.Tensor, size: tuple[int, ...], lags: int) -> torch.Tensor:
    """Inverse of `rfft2` at all lags around 0, of a power spectrum: real, and even in the lag."""
    down = _turns_down(range(lags + 1), size[0], power.device)
    cosines, sines = _turns_across(range(-lags, lags + 1), size[1], power.device)
    half = (down.real @ power) @ cosines - (down.imag @ power) @ sines
    return torch.cat([half[..., 1:, :].flip(-2, -1), half], -2)


# Seams of a grid are of few sizes. Not in inference mode, or no training could use them later.
@lru_cache(maxsize=64)
@torch.inference_mode(False)
def _turns_down(rows: range, height: int, device: torch.device) -> torch.Tensor:
    """What each frequency of a column of pixels is in some rows, (len(rows), height)."""
    places = torch.arange(rows.start, rows.stop, device=device)
    turns = -torch.outer(places, torch.arange(height, device=device)) % height
    return torch.polar(
        torch.full(turns.shape, 1 / height, device=device),
        turns.float() * (-2 * torch.pi / height),
    )


@lru_cache(maxsize=64)
@torch.inference_mode(False)
def _turns_across(
    cols: range, width: int, device: torch.device
) -> tuple[torch.Tensor, torch.Tensor]:
    """The same along a row, for half of the frequencies: real and imaginary part."""
    half = torch.arange(width // 2 + 1, device=device)
    places = torch.arange(cols.start, cols.stop, device=device)
    angle = (torch.outer(half, places) % width).float() * (2 * torch.pi / width)
    # Each frequency but the first, and the last of an even width, stands for its conjugate, too.
    twice = torch.full((len(half), 1), 2 / width, device=device)
    twice[0] = 1 / width
    if width % 2 == 0:
        twice[-1] = 1 / width
    return twice * angle.cos(), twice * angle.sin()


def _box_sums(
    maps: torch.Tensor,
    top: torch.Tensor,
    bottom: torch.Tensor,
    left: torch.Tensor,
    right: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Sum of values and of squares in every rectangle.

    All rectangles begin and end near the borders, at few different places: between these, pixels
    are summed once, and what each rectangle has of these sums is a difference of running sums, in
    double precision.
    """
    ys, xs = torch.cat([top, bottom]).unique(), torch.cat([left, right]).unique()
    down = torch.searchsorted(ys, top), torch.searchsorted(ys, bottom)
    across = torch.searchsorted(xs, left), torch.searchsorted(xs, right)
    sums = []
    for values in (maps, maps * maps):
        # The longer axis first: what is left is small.
        if maps.shape[-2] >= maps.shape[-1]:
            blocks = _between(_between(values, ys, -2), xs, -1)
        else:
            blocks = _between(_between(values, xs, -1), ys, -2)
        # Rows are chosen several times as fast as columns.
        lines = _sums_of_rows(blocks.double(), *down).mT.contiguous()
        sums.append(_sums_of_rows(lines, *across).mT.to(maps.dtype))
    return sums[0], sums[1]


def _sums_of_rows(blocks: torch.Tensor, start: torch.Tensor, stop: torch.Tensor) -> torch.Tensor:
    """Sum the rows of (B, C, M, K) from each start to before each stop, (B, C, N, K)."""
    running = functional.pad(blocks.cumsum(-2), (0, 0, 1, 0))
    return running.index_select(-2, stop) - running.index_select(-2, start)


def _between(maps: torch.Tensor, edges: torch.Tensor, axis: int) -> torch.Tensor:
    """Sum between each two of the sorted edges along an axis."""
    ends = edges.tolist()
    parts, k = [maps.narrow(axis, 0, 0)], 0
    while k < len(ends) - 1:
        # Next to the borders every line is a part of its own: these are taken as they are.
        last = k
        while last < len(ends) - 1 and ends[last + 1] - ends[last] == 1:
            last += 1
        if last > k:
            parts.append(maps.narrow(axis, ends[k], last - k))
            k = last
        else:
            lines = maps.narrow(axis, ends[k], ends[k + 1] - ends[k])
            parts.append(lines.sum(axis, keepdim=True))
            k += 1
    return torch.cat(parts, axis)
