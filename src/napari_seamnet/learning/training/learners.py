"""What is learned from a batch: one class for the source's networks, one for SeamNet.

Where batches come from is in `batches.py`, in which order they are learned from in `fit.py`.
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Protocol

import torch

from .losses import peaks, shift_loss
from .simulated import AUXILIARY

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from torch import nn

    from ...nets.seamnet import SeamNet
    from ...nets.thesis import ThesisNet


class Learner(Protocol):
    """A network and what it learns."""

    @property
    def network(self) -> nn.Module:
        """Trained in place."""
        ...

    def learns(self) -> list[nn.Parameter]:
        """The parameters that training may change."""
        ...

    def learn(
        self, pixels: torch.Tensor, shifts: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Look at a batch: its mean loss, (), and the shifts found, (B, 2) in px."""
        ...


class SquareLearner:
    """One of the source's networks: squares in, shifts out.

    Parameters
    ----------
    network : ThesisNet
        Trained in place.
    is_mixed : bool
        Whether to compute in bfloat16 where that is safe.
    """

    def __init__(self, network: ThesisNet, is_mixed: bool = False) -> None:
        # Channels last: faster on a CPU, too.
        self.network: ThesisNet = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.is_mixed = is_mixed

    def learns(self) -> list[nn.Parameter]:
        """All parameters."""
        return list(self.network.parameters())

    def learn(
        self, pixels: torch.Tensor, shifts: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """See `Learner`; the loss is the network's own."""
        squares = (pixels.float() / 255).contiguous(memory_format=torch.channels_last)
        with _mixed(pixels.device, self.is_mixed):
            output = self.network(squares).float()
        return self.network.loss(output, shifts), self.network.shifts(output).float()


class SeamLearner:
    """SeamNet: crops of any size in, a posterior over shifts out.

    Parameters
    ----------
    network : SeamNet
        Trained in place.
    reach : int
        Search range, in px each way.
    is_mixed : bool
        Whether to compute the features in bfloat16.
    """

    def __init__(
        self,
        network: SeamNet,
        reach: int = 15,
        is_mixed: bool = False,
    ) -> None:
        self.network = network
        self.reach = reach
        self.is_mixed = is_mixed

    def learns(self) -> list[nn.Parameter]:
        """All parameters."""
        return list(self.network.parameters())

    def learn(
        self, pixels: torch.Tensor, shifts: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """See `Learner`; the loss is the cross-entropy of the posterior as it will be used."""
        first, second = pixels[:, :1].float(), pixels[:, 1:].float()
        with _mixed(pixels.device, self.is_mixed):
            features = [self.network.encode(crop) for crop in (first, second)]
        maps, n_pixels = self.network.correlate(
            first, second, features[0].float(), features[1].float(), self.reach
        )
        logits = self.network.weigh(maps, n_pixels)
        loss = shift_loss(logits, shifts)
        loss = loss + AUXILIARY * shift_loss(self.network.learned_logits(maps), shifts)
        return loss.mean(), peaks(logits.detach())


def _mixed(device: torch.device, is_mixed: bool) -> AbstractContextManager[object]:
    # bfloat16 has float32's range: no loss needs to be scaled.
    return torch.autocast(device.type, torch.bfloat16) if is_mixed else nullcontext()
