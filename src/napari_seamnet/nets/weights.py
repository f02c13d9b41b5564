"""Weights and their cards: safetensors beside JSON, written whole. Nothing is unpickled."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from ..saving import written_whole
from .seamnet import SeamNet

if TYPE_CHECKING:
    import torch

WEIGHTS_FOLDER = Path(__file__).parent / "weights"
BUNDLED = WEIGHTS_FOLDER / "seamnet.safetensors"


class WeightsError(ValueError):
    """Weights cannot be used; the message names the file and the way out."""


def save_weights(path: Path, tensors: dict[str, torch.Tensor], card: dict[str, object]) -> None:
    """Write weights and their card, each beside its final name first.

    Parameters
    ----------
    path : Path
        The ``.safetensors`` file; the card gets the same name and ``.json``.
    tensors : dict of str to tensor
        A network's state.
    card : dict
        Architecture, training data, recipe, metrics; the file's sha256 is added.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(path.with_suffix(".json")) as new_card, written_whole(path) as new:
        save_file({k: v.detach().cpu().contiguous() for k, v in tensors.items()}, new)
        digest = hashlib.sha256(new.read_bytes()).hexdigest()
        new_card.write_text(json.dumps({**card, "sha256": digest}, indent=2) + "\n", "utf-8")


def read_card(path: Path = BUNDLED) -> dict:
    """Read the card of a file of weights.

    Raises
    ------
    WeightsError
        If there is none, or it is not JSON.
    """
    card_path = path.with_suffix(".json")
    try:
        card = json.loads(card_path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise WeightsError(
            f"the card {card_path} of the weights cannot be read ({error}); "
            "keep the .json that was written with the .safetensors beside it"
        ) from error
    return dict(card)


def load_seamnet(path: Path = BUNDLED) -> SeamNet:
    """Build the SeamNet that a file of weights belongs to, ready to estimate.

    Parameters
    ----------
    path : Path
        A ``.safetensors`` file with its card beside it; the bundled weights by default.

    Returns
    -------
    SeamNet
        On the CPU, in evaluation mode.

    Raises
    ------
    WeightsError
        If the file or its card is missing, damaged, or of another network.
    """
    card = read_card(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise WeightsError(f"the weights {path} cannot be read: {error}") from error
    if hashlib.sha256(content).hexdigest() != card.get("sha256"):
        raise WeightsError(f"the weights {path} are not those of their card; install them again")
    try:
        network = SeamNet(**card["architecture"])
        network.load_state_dict(load_file(path))
    except (KeyError, TypeError, RuntimeError, SafetensorError) as error:
        raise WeightsError(f"the weights {path} do not fit a SeamNet: {error}") from error
    return network.eval()
