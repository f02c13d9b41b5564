"""Where a network runs: CUDA, Apple's MPS or the CPU."""

from __future__ import annotations

import torch

DEVICES = ("auto", "cpu", "cuda", "mps")


class DeviceError(ValueError):
    """A device was asked for that this machine has not; the message says what it has."""


def choose_device(name: str = "auto") -> torch.device:
    """Turn a setting into a device.

    Parameters
    ----------
    name : {"auto", "cpu", "cuda", "mps"}
        "auto" takes CUDA, else MPS, else the CPU.

    Returns
    -------
    torch.device

    Raises
    ------
    DeviceError
        If the name is none of these, or this machine has no such device.
    """
    there = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if name == "auto":
        return torch.device(next(kind for kind, found in there.items() if found))
    if name not in there:
        raise DeviceError(f"there is no device {name!r}; choose one of {', '.join(DEVICES)}")
    if not there[name]:
        found = ", ".join(kind for kind, is_there in there.items() if is_there)
        raise DeviceError(f"this machine has no {name} device for torch; choose auto, {found}")
    return torch.device(name)
