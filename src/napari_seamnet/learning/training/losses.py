"""What SeamNet's trainings have in common: the loss, the schedule, processes that draw pairs."""

from __future__ import annotations

import math
import signal

import torch


def shift_loss(logits: torch.Tensor, shifts: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of a map of logits against sub-pixel shifts.

    Parameters
    ----------
    logits : (B, 2R+1, 2R+1) tensor
        As `SeamNet` gives them.
    shifts : (B, 2) tensor
        True (dy, dx), in px, within ±R.

    Returns
    -------
    (B,) tensor
        In nats. The target is shared out among the four whole-pixel shifts around the true one,
        as in linear interpolation, so that it stays as narrow as a map can show.
    """
    n = logits.shape[-1]
    log_p = logits.flatten(1).log_softmax(-1)
    place = shifts + n // 2
    low = place.floor().clamp(0, n - 2)
    fraction = place - low
    loss = torch.zeros(len(logits), device=logits.device)
    for y in (0, 1):
        for x in (0, 1):
            weight_y = fraction[:, 0] if y else 1 - fraction[:, 0]
            weight_x = fraction[:, 1] if x else 1 - fraction[:, 1]
            index = ((low[:, 0] + y) * n + low[:, 1] + x).long()
            loss = loss - weight_y * weight_x * log_p.gather(1, index[:, None])[:, 0]
    return loss


def learning_rate(step: int, steps: int, peak: float) -> float:
    """One cycle: up in a twentieth of the steps, then down to nearly nothing by a cosine."""
    rise = max(1, steps // 20)
    if step < rise:
        return peak * (step + 1) / rise
    return peak * (0.005 + 0.995 * 0.5 * (1 + math.cos(math.pi * (step - rise) / (steps - rise))))


def peaks(logits: torch.Tensor) -> torch.Tensor:
    """Whole-pixel shifts with the largest logit, (B, 2)."""
    n = logits.shape[-1]
    place = logits.flatten(1).argmax(-1)
    return torch.stack([place // n, place % n], -1).to(logits.dtype) - n // 2


def leave_ctrl_c_to_the_parent(worker: int) -> None:
    """A process that draws pairs ends with its parent, without a traceback of its own."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
