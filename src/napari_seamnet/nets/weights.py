"""Weights into networks and out of them: safetensors beside JSON. Nothing is unpickled.

What a card says, and whether it may be trusted, is in `cards.py`; running a network in
`inference.py` and `squares.py`.
"""

from __future__ import annotations

import hashlib
import json
import threading
from contextlib import nullcontext
from functools import lru_cache
from typing import TYPE_CHECKING

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save_file

from ..saving import written_whole
from . import cards
from .build import WEIGHTS_FOLDER, build, bundled_weights
from .cards import WeightsError
from .seamnet import SeamNet

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from torch import nn

__all__ = [
    "BUNDLED",
    "WEIGHTS_FOLDER",
    "WeightsError",
    "load_network",
    "load_seamnet",
    "loaded_network",
    "read_card",
    "save_weights",
]

BUNDLED = bundled_weights("seamnet")

_FIRST_WEIGHER = "first_weigher."

_loading = threading.Lock()


def save_weights(path: Path, tensors: dict[str, torch.Tensor], card: dict[str, object]) -> None:
    """Write weights and their card, each beside its final name first.

    Parameters
    ----------
    path : Path
        The ``.safetensors`` file; the card gets the same name and ``.json``.
    tensors : dict of str to tensor
        A network's state.
    card : dict
        Network, architecture, training data, recipe, metrics; the file's sha256 is added.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(path.with_suffix(".json")) as new_card, written_whole(path) as new:
        save_file({k: v.detach().cpu().contiguous() for k, v in tensors.items()}, new)
        digest = hashlib.sha256(new.read_bytes()).hexdigest()
        new_card.write_text(json.dumps({**card, "sha256": digest}, indent=2) + "\n", "utf-8")


def read_card(path: Path = BUNDLED) -> dict:
    """Read the card of a file of weights; see `napari_seamnet.nets.cards.read_card`."""
    return cards.read_card(path)


def load_network(path: Path = BUNDLED) -> nn.Module:
    """Build the network that a file of weights belongs to, ready to estimate.

    Parameters
    ----------
    path : Path
        A ``.safetensors`` file with its card beside it; the bundled SeamNet by default. Weights
        in half precision are widened.

    Returns
    -------
    torch.nn.Module
        On the CPU, in evaluation mode, in float32: of whichever kind the card says.

    Raises
    ------
    WeightsError
        If the file or its card is missing, damaged, or of another network.

    Notes
    -----
    A SeamNet saved before there was a first look, or when it had other maps, gets the bundled
    file's weigher of them, so that a person's own weights outlive an update. That weigher sees
    correlations of fixed filters and no feature of the network: it serves whatever else was
    trained. The file stays as it is.
    """
    card, content = cards.read_checked(path)
    kind = "SeamNet" if card["network"] == "seamnet" else f"network {card['network']!r}"
    try:
        with _without_memory(card):
            network = build(card["network"], **card["architecture"])
        state = _widened(content)
        if isinstance(network, SeamNet):
            state = _with_first_weigher(state, network)
        network.load_state_dict(state, assign=True)
    except (KeyError, TypeError, ValueError, RuntimeError, SafetensorError) as error:
        raise WeightsError(f"the weights {path} do not fit a {kind}: {error}") from error
    return network.eval()


def _widened(content: bytes) -> dict[str, torch.Tensor]:
    return {
        name: value.float() if value.is_floating_point() else value
        for name, value in load(content).items()
    }


def _with_first_weigher(
    state: dict[str, torch.Tensor], network: SeamNet
) -> dict[str, torch.Tensor]:
    """Take the weigher of first looks from the bundled file where a network's own does not fit."""
    shapes, wanted = (
        {name: value.shape for name, value in tensors.items() if name.startswith(_FIRST_WEIGHER)}
        for tensors in (state, network.state_dict())
    )
    if shapes == wanted:
        return state
    # Its numbers, not `load_network`: were the bundled ones to lack it too, that would not end.
    bundled = _widened(cards.read_checked(BUNDLED)[1])
    own = {name: value for name, value in state.items() if name not in shapes}
    return own | {name: value for name, value in bundled.items() if name in wanted}


def _without_memory(card: dict) -> AbstractContextManager[object]:
    """On "meta" nothing is drawn at random, and a card that asks for terabytes gets none.

    But its first use imports half of torch, which takes 0.8 s and holds Python's lock for up to
    130 ms at a time: not for a SeamNet of some sensible size, whose window would stand still.
    """
    sizes = card["architecture"].values()
    is_small = card["network"] == "seamnet" and all(size <= 256 for size in sizes)
    return nullcontext() if is_small else torch.device("meta")


def load_seamnet(path: Path = BUNDLED) -> SeamNet:
    """Build the SeamNet that a file of weights belongs to; see `load_network`."""
    network = load_network(path)
    if not isinstance(network, SeamNet):
        raise WeightsError(
            f"the weights {path} do not fit a SeamNet: their card is of "
            f"{read_card(path)['network']!r}; choose one of seamnet"
        )
    return network


def loaded_network(path: Path, device: str) -> nn.Module:
    """The network of a file on a device, loaded once however many threads ask for it at a time.

    A file that was replaced meanwhile is loaded anew.
    """
    try:
        stat = path.stat()
    except OSError as error:
        raise WeightsError(f"the weights {path} cannot be read: {error}") from error
    with _loading:
        return _load(path, (stat.st_mtime_ns, stat.st_size), device)


@lru_cache(maxsize=4)
def _load(path: Path, stamp: tuple[int, int], device: str) -> nn.Module:
    return load_network(path).to(torch.device(device))
