"""Cards of weights: what they are of, and whether a file is the one that its card speaks of.

No torch here, so that files of weights can be listed and copied at once. Building the network is
in `weights.py`.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from safetensors import SafetensorError, safe_open

from .build import NETWORKS, SIZE

if TYPE_CHECKING:
    from pathlib import Path


class WeightsError(ValueError):
    """Weights cannot be used; the message names the file and the way out."""


def read_card(path: Path) -> dict:
    """Read the card of a file of weights.

    Parameters
    ----------
    path : Path
        The ``.safetensors`` file; its card has the same name and ``.json``.

    Returns
    -------
    dict
        "network" (``seamnet`` where the card names none), "architecture", "sha256", and whatever
        else was noted: training data, recipe, metrics.

    Raises
    ------
    WeightsError
        If there is none, or it is not the card of a network that we know.
    """
    card_path = path.with_suffix(".json")
    if not path.is_file() and not card_path.is_file():
        raise WeightsError(
            f"there are no weights {path}, nor their card {card_path.name}; give the full name of "
            "a .safetensors file"
        )
    try:
        card = json.loads(card_path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise WeightsError(
            f"the card {card_path} of the weights cannot be read ({error}); "
            "keep the .json that was written with the .safetensors beside it"
        ) from error
    if not isinstance(card, dict):
        raise WeightsError(f"{card_path} is no card of weights, but other JSON; keep it elsewhere")
    network = card.setdefault("network", "seamnet")
    if network not in NETWORKS:
        raise WeightsError(
            f"the card {card_path} is of a network {network!r}, but those known are "
            f"{', '.join(NETWORKS)}; a newer version of napari-seamnet may know it"
        )
    for entry, kind in (("architecture", dict), ("sha256", str)):
        if not isinstance(card.get(entry), kind):
            raise WeightsError(
                f"the card {card_path} does not say its {entry}, so its weights do not fit a "
                "network; keep the .json that was written with the .safetensors"
            )
    return card


def square_size(path: Path) -> int:
    """Side of the squares, in px, that the network of a file takes, by its card."""
    size = read_card(path)["architecture"].get("size", SIZE)
    if not isinstance(size, int):
        raise WeightsError(
            f"the card of {path} gives {size!r} as the squares' size; keep the .json that was "
            "written with the .safetensors"
        )
    return size


def check_header(path: Path) -> None:
    """Raise `WeightsError` unless a file is a whole ``.safetensors``; its numbers are not read."""
    try:
        with safe_open(path, framework="numpy"):
            pass
    except (OSError, SafetensorError) as error:
        raise WeightsError(f"the weights {path} cannot be read: {error}") from error


def read_checked(path: Path) -> tuple[dict, bytes]:
    """Read a card and the content of its file, and check that they belong together.

    Returns
    -------
    card : dict
        See `read_card`.
    content : bytes
        The whole ``.safetensors`` file.

    Raises
    ------
    WeightsError
        If the file or its card is missing or damaged.
    """
    card = read_card(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise WeightsError(f"the weights {path} cannot be read: {error}") from error
    if hashlib.sha256(content).hexdigest() != card["sha256"]:
        raise WeightsError(f"the weights {path} are not those of their card; install them again")
    return card, content
