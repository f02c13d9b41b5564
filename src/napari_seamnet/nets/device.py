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


def convolves_in(device: str) -> torch.dtype | None:
    """Tell the type that convolutions are fast in without changing an answer; None for float32.

    Only bfloat16 with instructions of its own: emulated, it is slower than float32.
    """
    if device != "cpu":
        return None
    for asks in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"):
        supported = getattr(torch.cpu, asks, None)
        if supported is not None and supported():
            return torch.bfloat16
    return None
