"""Which places of a seam speak for one shift against another: the terms of what decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from ..geometry import Box
from .correlation import correlation_maps
from .device import choose_device, with_cpu_behind
from .inference import loaded, seam_of
from .plain_maps import plain_channels, standardise

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np


def votes(
    first: np.ndarray,
    second: np.ndarray,
    origin: tuple[int, int],
    max_shift: int,
    chosen: tuple[int, int],
    rival: tuple[int, int],
    *,
    device: str = "auto",
    weights: Path | None = None,
) -> np.ndarray:
    """What each place of a seam says to one shift against another.

    Parameters
    ----------
    first, second, origin, max_shift, device, weights
        As for `compare`.
    chosen, rival : (dy, dx)
        Two whole-pixel shifts within the range.

    Returns
    -------
    (H, W) float32 array
        For each pixel of the second crop, in nats: positive where it speaks for `chosen`. The sum
        is the difference of the two shifts' logits, with all of the seam looked at.

    Raises
    ------
    DeviceError, WeightsError
        As `compare`.

    Notes
    -----
    A logit is a weighted sum of correlations, and a correlation a sum over pixels, so that this is
    no approximation of what decided, but its terms.
    """

    def votes_on(target: torch.device) -> np.ndarray:
        network = loaded(weights, target.type)
        with torch.inference_mode():
            crops = [torch.from_numpy(crop).to(target)[None, None] for crop in (first, second)]
            learned = [network.encode(crop) for crop in crops]
            plain = plain_channels(*(standardise(crop) for crop in crops))
            channels = [torch.cat(both, 1) for both in zip(learned, plain, strict=True)]
            maps, n_pixels = correlation_maps(channels[0], channels[1], max_shift, origin)
            n_learned = learned[0].shape[1]
            maps = network.joined(maps[:, :n_learned], maps[:, n_learned:])
            worth = network.worth(maps, n_pixels)[0]
            # The mean of the learned maps counts as each of them, by its share.
            shares = torch.cat(
                [worth[:n_learned] + worth[n_learned] / n_learned, worth[n_learned + 1 :]]
            )
            told = torch.zeros(second.shape, device=target)
            for sign, (dy, dx) in ((1, chosen), (-1, rival)):
                y, x = origin[0] + dy, origin[1] + dx
                box = Box.of_shape(second.shape).meet(Box.of_shape(first.shape, (-y, -x)))
                if box.is_empty:
                    continue
                one = channels[0][0, :, *box.moved(y, x).slices]
                two = channels[1][0, :, *box.slices]
                one, two = (side - side.mean((-2, -1), keepdim=True) for side in (one, two))
                spread = ((one**2).sum((-2, -1)) * (two**2).sum((-2, -1))).sqrt().clamp(min=1e-6)
                each = torch.einsum("c,chw->hw", shares / spread, one * two)
                told[box.slices] += sign * each
        return told.float().cpu().numpy()

    return with_cpu_behind(choose_device(device), votes_on, seam_of(first))
