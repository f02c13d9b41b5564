"""Where a network runs: CUDA, Apple's MPS or the CPU."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, TypeVar

import torch

if TYPE_CHECKING:
    from collections.abc import Callable

Result = TypeVar("Result")

DEVICES = ("auto", "cpu", "cuda", "mps")
FAILURES = (RuntimeError, TypeError)
"""What devices raise that have no room, or lack an operation or a type; see `hand_over`."""


class DeviceError(ValueError):
    """A device was asked for that this machine has not; the message says what it has."""


def choose_device(name: str = "auto") -> torch.device:
    """Turn a setting into a device.

    Parameters
    ----------
    name : {"auto", "cpu", "cuda", "mps"}
        "auto" takes CUDA, else the CPU. MPS is for those who ask for it: what we compute has not
        been tried there, and it lacks double precision.

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
        return torch.device("cuda" if there["cuda"] else "cpu")
    if name not in there:
        raise DeviceError(f"there is no device {name!r}; choose one of {', '.join(DEVICES)}")
    if not there[name]:
        found = ", ".join(kind for kind, is_there in there.items() if is_there)
        raise DeviceError(f"this machine has no {name} device for torch; choose auto, {found}")
    return torch.device(name)


def with_cpu_behind(
    device: torch.device, work: Callable[[torch.device], Result], what: str
) -> Result:
    """Do some work on a device, and on the CPU where the device fails.

    Parameters
    ----------
    device : torch.device
        Where to begin.
    work : callable
        Called with the device.
    what : str
        What is computed, for the warning.

    Returns
    -------
    object
        What `work` gave.
    """
    try:
        return work(device)
    except FAILURES as error:
        device = hand_over(device, error, what)
    # Outside the handler: inside, its traceback would keep the tensors that there was no room for.
    return work(device)


def hand_over(device: torch.device, error: Exception, what: str) -> torch.device:
    """Name the CPU, with a warning, where it is the device that failed.

    Parameters
    ----------
    device : torch.device
        Where the error came from.
    error : Exception
        Raised again unless it tells that memory ran out, or, on MPS, that something is lacking.
    what : str
        What was computed, for the warning.

    Returns
    -------
    torch.device
        The CPU.
    """
    if not is_at_fault(device, error):
        raise error
    ran_out = isinstance(error, torch.OutOfMemoryError)
    reason = "ran out of memory" if ran_out else f"failed ({str(error).splitlines()[0]})"
    warnings.warn(
        f"the {device.type} device {reason} on {what}; it is computed on the CPU instead",
        stacklevel=3,
    )
    return torch.device("cpu")


def is_at_fault(device: torch.device, error: Exception) -> bool:
    """Whether the CPU may do what a device could not: it has no room, or, MPS, lacks something."""
    if device.type == "cpu":
        return False
    return device.type == "mps" or isinstance(error, torch.OutOfMemoryError)


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
