"""Run a network of the source on squares: numpy in, numpy out, on whatever device there is.

Batches, smaller ones where memory is short, and falling back to the CPU are here; what the shifts
of squares say of a seam is `shifts/thesis.py`'s business.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from .device import FAILURES, choose_device, hand_over
from .thesis import ThesisNet
from .weights import WeightsError, loaded_network

if TYPE_CHECKING:
    from pathlib import Path

BATCH = 32
"""Squares that are looked at together at most; on the CPU, ``final`` takes 0.4 GB for them."""


def shifts_of_squares(
    squares: np.ndarray, weights: Path, device: str = "auto"
) -> tuple[np.ndarray, str]:
    """Let a network of the source answer for each square.

    Parameters
    ----------
    squares : (n, 2, S, S) float32 array
        The first frame's squares and the second's, 0..1.
    weights : Path
        A ``.safetensors`` file with its card beside it.
    device : {"auto", "cpu", "cuda", "mps"}
        Where to run. A device that runs out of memory gets fewer squares at a time, and hands over
        to the CPU, with a warning, where even one is too much.

    Returns
    -------
    shifts : (n, 2) float64 array
        (dy, dx) of each square, in px.
    device : str
        Where it was computed.

    Raises
    ------
    DeviceError
        If the device asked for is not there.
    WeightsError
        If the weights cannot be used.
    SquareSizeError
        If the squares have another size than the network takes.
    """
    chosen = choose_device(device)
    batch = min(BATCH, max(1, len(squares)))
    while True:
        try:
            return _shifts_on(chosen, squares, weights, batch), chosen.type
        except FAILURES as error:
            if batch > 1 and isinstance(error, torch.OutOfMemoryError):
                batch //= 2
            else:
                chosen = hand_over(chosen, error, f"squares of {squares.shape[-1]} px")
                batch = min(BATCH, len(squares))


def _shifts_on(device: torch.device, squares: np.ndarray, weights: Path, batch: int) -> np.ndarray:
    network = loaded_network(weights, device.type)
    if not isinstance(network, ThesisNet):
        raise WeightsError(
            f"the weights {weights} are of no network that looks at squares; choose others"
        )
    found = []
    with torch.inference_mode():
        for start in range(0, len(squares), batch):
            some = torch.from_numpy(squares[start : start + batch]).to(device)
            found.append(network.shifts(network(some)).double().cpu().numpy())
    return np.concatenate(found) if found else np.empty((0, 2))
