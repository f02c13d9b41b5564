"""Which networks there are, by name, and how each is built.

Names, sizes and the place of the bundled weights are here, without torch, so that they can be
listed at once. The layers are in `thesis.py` and `seamnet.py`, files of weights in `weights.py`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn

WEIGHTS_FOLDER = Path(__file__).parent / "weights"
SIZE = 150
"""Side of the source's squares, in px."""

_PLANS: dict[str, dict[str, Any]] = {
    "zero": {"filters": (32, 64), "dense": (1024,), "dropout": 0.0, "delta": 10},
    "first-2": {"filters": (32, 64), "dense": (1024,), "dropout": 0.0},
    "first-3": {"filters": (32, 64, 96), "dense": (1024,), "dropout": 0.0},
    "second": {"filters": (32, 64, 96, 128), "dense": (1024, 512), "dropout": 0.0},
    "second-wide": {"filters": (64, 96, 128, 160), "dense": (1024, 512), "dropout": 0.0},
    "final": {"filters": (64, 96, 128, 160), "dense": (1024, 512), "dropout": 0.25},
}
THESIS_NETWORKS = tuple(_PLANS)
"""The six networks of the source, in the order in which it came to them."""
NETWORKS = ("seamnet", *THESIS_NETWORKS)
"""Every network that `build` knows."""


class UnknownNetworkError(ValueError):
    """No network has this name; the message lists those there are."""


def build(name: str, size: int = SIZE, **settings: Any) -> nn.Module:
    """Build a network with fresh weights.

    Parameters
    ----------
    name : str
        One of `NETWORKS`.
    size : int, default 150
        Side of the squares that it takes, in px; of no account for ``seamnet``, which takes crops
        of any size.
    **settings
        What differs from the plan of that name: ``filters``, ``dense``, ``dropout`` (see
        `napari_seamnet.nets.thesis.ThesisNet`), ``delta`` of ``zero``; ``width``, ``blocks`` and
        ``features`` of ``seamnet``.

    Returns
    -------
    torch.nn.Module
        On the CPU, in training mode. Its ``settings`` build it again: ``build(name, **settings)``.

    Raises
    ------
    UnknownNetworkError
        If there is no such network.
    TypeError
        If the network has no such setting.
    ValueError
        If a setting makes no sense, such as a size of 0.

    Notes
    -----
    Source: thesis, the six networks. Filter counts of the early ones are given there only in part:
    2 packs have 32 and 64, 3 packs 32, 64 and 96. ``zero`` has the packs of ``first-2``, once for
    each axis. Most of the parameters of a network stand between the last map and the first dense
    layer, so the networks with few packs are by far the largest: at 150 px ``zero`` has 189
    million, ``first-2`` 95 million, ``first-3`` 36 million, ``final`` 18 million.

    Examples
    --------
    >>> build("first-2", size=20).settings["size"]
    20
    """
    if name not in NETWORKS:
        raise UnknownNetworkError(
            f"there is no network {name!r}; choose one of {', '.join(NETWORKS)}"
        )
    if name == "seamnet":
        from .seamnet import SeamNet

        return SeamNet(**settings)
    from .thesis import ThesisNet, ZeroNet

    plan = {**_PLANS[name], "size": size, **settings}
    return ZeroNet(**plan) if name == "zero" else ThesisNet(**plan)


def bundled_weights(name: str) -> Path:
    """Where the weights of a network lie that come with the plugin, if they do."""
    return WEIGHTS_FOLDER / f"{name}.safetensors"


def has_weights(name: str) -> bool:
    """Whether weights of this network come with the plugin."""
    return name in NETWORKS and bundled_weights(name).is_file()
