"""SeamNet: a network that is a correlation, and says how sharp it is.

The network knows no files and no window: two crops in, one map of logits over shifts out. How the
logits become an estimate is in `shifts/seamnet.py`.
"""

from __future__ import annotations

import math
from contextlib import nullcontext
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

from .correlation import correlation_maps
from .first_look import FILTERS, N_MAPS
from .plain_maps import BANDS, N_PLAIN, gaussian, plain_channels, standardise
from .plain_maps import SMOOTHED as SIGMAS

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

RAW, SMOOTHED, NARROW, WIDE = 0, 1, 3, 4
"""Plain channels: the crop, its Gaussian copy of 1.5 px, the narrow and the wide band-pass."""
FINE_CHANNELS = {SMOOTHED: 1.0, NARROW: 0.3}
"""Plain channels, and their share, that the sub-pixel part is read from. Chosen on real frames
without noise, where it is more exact than either: `benchmarks/real_frames.py`."""
FINE_AT_FIRST = {
    FILTERS.index((SIGMAS[SMOOTHED],)): FINE_CHANNELS[SMOOTHED],
    FILTERS.index(BANDS[0]): FINE_CHANNELS[NARROW],
}
"""The same of the maps of a first look."""
WARPED_CHANNELS = {SMOOTHED: 1.0, WIDE: 0.25}
"""The same where `is_warped`."""
WARPED, NOISELESS = 0.75, 0.6
"""See `SeamNet.is_warped`. Both lie in gaps of the real frames: without noise, vem_s2 has 0.58 to
0.77 where sets that are hardly warped have 0.77 and more (lscm lies between); raw pixels keep 0.67
and more of the smoothed ones' correlation without noise, 0.53 and less with noise of 0.15."""


def _convolving(device: str, dtype: torch.dtype | None) -> AbstractContextManager:
    """Compute convolutions in a type; None leaves it to whoever trains in mixed precision."""
    return nullcontext() if dtype is None else torch.autocast(device, dtype)


class Block(nn.ModuleList):
    """Two 3x3 convolutions beside a straight way through."""

    def __init__(self, width: int) -> None:
        super().__init__(nn.Conv2d(width, width, 3, padding=1) for _ in range(2))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (B, width, H, W) to the same shape."""
        inner = self[0](functional.leaky_relu(x, 0.1))
        changed: torch.Tensor = x + self[1](functional.leaky_relu(inner, 0.1))
        return changed


class Encoder(nn.Module):
    """Learned features: the same for both crops, at full resolution.

    Parameters
    ----------
    width : int
        Channels of the hidden layers, at half resolution.
    blocks : int
        Residual blocks of two 3x3 convolutions.
    features : int
        Feature maps that come out.

    Attributes
    ----------
    convolves_in : torch.dtype or None
        What convolutions are computed in; None for what comes in, or what `autocast` says.
    """

    LOCAL_SIGMA = 8.0  # px; the local mean and spread that are taken out of the second input

    def __init__(self, width: int = 32, blocks: int = 3, features: int = 8) -> None:
        super().__init__()
        self.head = nn.Conv2d(8, width, 3, padding=1)
        self.blocks = nn.Sequential(*(Block(width) for _ in range(blocks)))
        self.tail = nn.Conv2d(width, 4 * features, 3, padding=1)
        self.convolves_in: torch.dtype | None = None
        for block in self.blocks:
            first, second = (p for p in block.parameters() if p.dim() == 4)
            nn.init.kaiming_normal_(first, 0.1)
            nn.init.zeros_(second)  # a block begins as the identity

    def forward(self, crops: torch.Tensor) -> torch.Tensor:
        """Map (B, 1, H, W) standardised crops to (B, features, H, W)."""
        height, width = crops.shape[-2:]
        local = crops - gaussian(crops, self.LOCAL_SIGMA)
        # Of a blank part it is zero but for rounding, which may be negative.
        spread = gaussian(local**2, self.LOCAL_SIGMA).clamp(min=0).sqrt() + 0.1
        x = torch.cat([crops, (local / spread).clamp(-4, 4)], dim=1)
        x = functional.pad(x, (0, width % 2, 0, height % 2), mode="replicate")
        with _convolving(x.device.type, self.convolves_in):
            x = functional.leaky_relu(self.head(functional.pixel_unshuffle(x, 2)), 0.1)
            x = self.blocks(x)
            x = functional.pixel_shuffle(self.tail(functional.leaky_relu(x, 0.1)), 2)
        # Transforms and sums over places are twice as slow on channels that lie side by side.
        return x[..., :height, :width].to(crops.dtype).contiguous()


class Weigher(nn.Module):
    """Say how much each channel's map is worth on this seam, from what the maps look like.

    Parameters
    ----------
    channels : int
        Maps of a seam.
    hidden : int
        Width of its layers.
    """

    STATISTICS = 11

    def __init__(self, channels: int, hidden: int = 48) -> None:
        super().__init__()
        self.channels = channels
        self.own = nn.Linear(self.STATISTICS + channels, hidden)
        self.shared = nn.Linear(2 * hidden, hidden)
        self.both = nn.Linear(2 * hidden, hidden)
        self.out = nn.Linear(hidden, 1)
        self.sharpness = nn.Linear(hidden, 1)
        for last, bias in ((self.out, -2.0), (self.sharpness, 0.0)):
            nn.init.zeros_(last.weight)
            nn.init.constant_(last.bias, bias)

    def forward(self, maps: torch.Tensor, area: torch.Tensor) -> torch.Tensor:
        """What each of (B, C, N, N) maps of (B,) pixels counts, (B, C), in nats a unit."""
        seen = self.statistics(maps, area)
        name = torch.eye(self.channels, device=maps.device).expand(len(maps), -1, -1)
        own = functional.leaky_relu(self.own(torch.cat([seen, name], -1)), 0.1)
        together = torch.cat([own.mean(1), own.amax(1)], -1)
        shared = functional.leaky_relu(self.shared(together), 0.1)
        both = torch.cat([own, shared[:, None].expand_as(own)], -1)
        both = functional.leaky_relu(self.both(both), 0.1)
        worth = torch.exp(self.out(both)[..., 0].clamp(-8, 5))
        sharpness = torch.exp(self.sharpness(shared).clamp(-3, 3))
        return sharpness * worth / maps.std((-2, -1)).clamp(min=1e-4)

    @staticmethod
    def statistics(maps: torch.Tensor, area: torch.Tensor) -> torch.Tensor:
        """What the weigher sees of each map, (B, C, STATISTICS), brought to about ±1.

        The last but one tell how far a map agrees with all others: on that rests how sure one can
        be, since what deceives one map seldom deceives another.
        """
        n = maps.shape[-1]
        flat = maps.flatten(2)
        mean, spread = flat.mean(-1), flat.std(-1).clamp(min=1e-4)
        standard = (flat - mean[..., None]) / spread[..., None]
        peak, place = flat.max(-1)
        y, x = place // n, place % n
        steps = torch.arange(n, device=maps.device)
        near = ((steps[:, None] - y[..., None, None]).abs() <= 3) & (
            (steps - x[..., None, None]).abs() <= 3
        )
        rival = maps.masked_fill(near, -1.0).flatten(2).amax(-1)
        joint = standard.mean(1).argmax(-1)
        there = standard.gather(2, joint[:, None, None].expand(-1, maps.shape[1], 1))[..., 0]
        away = torch.maximum((y - joint[:, None] // n).abs(), (x - joint[:, None] % n).abs())
        size = torch.log(area)[:, None].expand_as(peak)
        # 22500 px (one square of the source) is the middle of the sizes, ±15 px of the ranges.
        return torch.stack(
            [
                peak,
                torch.atanh(peak.clamp(-0.999, 0.999)),
                (peak - mean) / spread / 5,
                (peak - rival) / spread,
                torch.log(spread) / 2 + 1.5,
                mean,
                (size - 10.0) / 1.5,
                there / 5,
                away.clamp(max=10) / 10,
                (away <= 1).to(maps.dtype),
                torch.full_like(peak, math.log(n / 31)),
            ],
            -1,
        )


class SeamNet(nn.Module):
    """Logits over all shifts of a seam, from learned and plain correlations side by side.

    Parameters
    ----------
    width, blocks, features : int
        See `Encoder`.
    """

    def __init__(self, width: int = 32, blocks: int = 3, features: int = 8) -> None:
        super().__init__()
        self.settings = {"width": width, "blocks": blocks, "features": features}
        self.encoder = Encoder(width, blocks, features)
        # The learned features count once each, and once more all together.
        self.weigher = Weigher(features + 1 + N_PLAIN)
        self.first_weigher = Weigher(N_MAPS)
        self.sharpness = nn.Parameter(torch.tensor(3.0))

    def forward(
        self,
        first: torch.Tensor,
        second: torch.Tensor,
        max_shift: int = 15,
        origin: tuple[int, int] = (0, 0),
    ) -> torch.Tensor:
        """Compute the logits of every shift.

        Parameters
        ----------
        first : (B, 1, H1, W1) float32 tensor
            First crops, in any intensities.
        second : (B, 1, H2, W2) float32 tensor
            Second crops.
        max_shift : int
            Search range R, in px each way; free at run time.
        origin : (y, x)
            Where second's pixel (0, 0) lies in first at shift (0, 0).

        Returns
        -------
        (B, 2R+1, 2R+1) float32 tensor
            Logits; their softmax is the posterior over shifts, ``[R + dy, R + dx]``.
        """
        maps, n_pixels = self.maps(first, second, max_shift, origin)
        return self.weigh(maps, n_pixels)

    def maps(
        self,
        first: torch.Tensor,
        second: torch.Tensor,
        max_shift: int,
        origin: tuple[int, int] = (0, 0),
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Correlate every channel; (B, C, 2R+1, 2R+1) and the number of pixels per shift."""
        return self.correlate(
            first, second, self.encode(first), self.encode(second), max_shift, origin
        )

    def encode(self, crops: torch.Tensor) -> torch.Tensor:
        """Compute the learned features of (B, 1, H, W) crops in any intensities."""
        features: torch.Tensor = self.encoder(standardise(crops))
        return features

    def correlate(
        self,
        first: torch.Tensor,
        second: torch.Tensor,
        learned_first: torch.Tensor,
        learned_second: torch.Tensor,
        max_shift: int,
        origin: tuple[int, int] = (0, 0),
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Correlate learned and plain channels of two crops; see `maps`."""
        learned, _ = correlation_maps(learned_first, learned_second, max_shift, origin)
        plain, n_pixels = self.plain_maps(first, second, max_shift, origin)
        return self.joined(learned, plain), n_pixels

    def plain_maps(
        self,
        first: torch.Tensor,
        second: torch.Tensor,
        max_shift: int,
        origin: tuple[int, int] = (0, 0),
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Correlate the plain channels alone, and count the pixels per shift."""
        with torch.no_grad():
            channels = plain_channels(standardise(first), standardise(second))
            return correlation_maps(*channels, max_shift, origin)

    @staticmethod
    def joined(learned: torch.Tensor, plain: torch.Tensor) -> torch.Tensor:
        """Put learned and plain maps together as `weigh` expects them."""
        return torch.cat([learned, learned.mean(1, keepdim=True), plain], 1)

    def fine_map(self, maps: torch.Tensor) -> torch.Tensor:
        """The map whose peak is read to a fraction of a pixel, (B, 2R+1, 2R+1)."""
        plain = maps[:, -N_PLAIN:]
        even, warped = (blended(plain, shares) for shares in (FINE_CHANNELS, WARPED_CHANNELS))
        return torch.where(self.is_warped(maps)[:, None, None], warped, even)

    def is_warped(self, maps: torch.Tensor) -> torch.Tensor:
        """Whether no single shift fits all of a seam, (B,) bool.

        Where frames are warped, fine detail lies on itself in a part of the seam only: its peak is
        that part's shift, and lower than that of coarse detail, which averages over the seam. So
        does noise lower it; then raw pixels agree much less than smoothed ones.
        """
        peak = maps[:, -N_PLAIN:].amax((-2, -1))
        loses_detail = peak[:, NARROW] < WARPED * peak[:, WIDE]
        return loses_detail & (peak[:, RAW] > NOISELESS * peak[:, SMOOTHED])

    def learned_logits(self, maps: torch.Tensor) -> torch.Tensor:
        """Logits from the learned features alone, (B, 2R+1, 2R+1); only training looks at them."""
        logits: torch.Tensor = self.sharpness.exp() * maps[:, -N_PLAIN - 1]
        return logits

    def weigh(self, maps: torch.Tensor, n_pixels: torch.Tensor) -> torch.Tensor:
        """Sum the standardised maps, each times its worth on this seam, to logits.

        Parameters
        ----------
        maps : (B, C, 2R+1, 2R+1) tensor
            As `correlate` gives them.
        n_pixels : (2R+1, 2R+1) or (B,) tensor
            Pixels per shift, as `correlate` gives them, or the most of each seam.

        Returns
        -------
        (B, 2R+1, 2R+1) tensor
            Logits.
        """
        return weighted(maps, self.worth(maps, n_pixels))

    def worth(self, maps: torch.Tensor, n_pixels: torch.Tensor) -> torch.Tensor:
        """What each map counts on a seam, (B, C), in nats per unit of correlation; see `weigh`."""
        area = n_pixels if n_pixels.dim() == 1 else n_pixels.max().expand(len(maps))
        worth: torch.Tensor = self.weigher(maps, area)
        return worth


def blended(maps: torch.Tensor, shares: dict[int, float]) -> torch.Tensor:
    """Sum some of (B, C, N, N) maps, each by its share, to (B, N, N)."""
    return torch.stack([share * maps[:, c] for c, share in shares.items()]).sum(0)


def weighted(maps: torch.Tensor, worth: torch.Tensor) -> torch.Tensor:
    """Sum (B, C, N, N) maps, each times its (B, C) worth, to (B, N, N) logits."""
    mean = maps.mean((-2, -1), keepdim=True)
    return (worth[..., None, None] * (maps - mean)).sum(1)
