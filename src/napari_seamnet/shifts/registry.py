"""The methods there are, by name: ours, a person's own weights, and those of other packages.

Another package adds a method with an entry point in the group ``napari_seamnet.methods`` whose
value is a class (or a function without arguments) that gives a `Method`. Nothing is imported
before it is asked for. Where a person's weights lie is in `user_weights.py`.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING

from .. import user_weights
from ..nets.build import NETWORKS, THESIS_NETWORKS, has_weights
from ..nets.cards import read_card

if TYPE_CHECKING:
    from .estimate import Method

ENTRY_POINT_GROUP = "napari_seamnet.methods"
DEFAULT_METHOD = user_weights.DEFAULT_METHOD

_OURS = {
    "seamnet": ".seamnet:SeamNetMethod",
    "smoothed": ".smoothed:SmoothedMethod",
    "search": ".search:SearchMethod",
    "median": ".denoised:MedianMethod",
    "bilateral": ".denoised:BilateralMethod",
    "vector": ".vector:VectorMethod",
    "phase": ".phase:PhaseMethod",
}


class UnknownMethodError(ValueError):
    """No method has this name; the message lists those there are."""


class UntrainedNetworkError(UnknownMethodError):
    """A network of this name has no weights yet; the message says how to get some."""


class BrokenMethodError(ValueError):
    """Another package's method cannot be imported; the message says where it should be."""


def method_names() -> tuple[str, ...]:
    """Name every method there is: ours, a person's own weights, other packages'."""
    ours = (*_OURS, *(name for name in THESIS_NETWORKS if has_weights(name)))
    own = tuple(found.name for found in user_weights.list_weights() if not found.broken)
    others = {e.name for e in entry_points(group=ENTRY_POINT_GROUP)} - {*ours, *own, *NETWORKS}
    return (*ours, *own, *sorted(others))


def reserved_names() -> frozenset[str]:
    """Names that a person's weights cannot have: those of methods and networks."""
    others = {e.name for e in entry_points(group=ENTRY_POINT_GROUP)}
    return frozenset({*_OURS, *NETWORKS, *others})


def runs_on_device(name: str) -> bool:
    """Whether a method of this name is a network of ours, so that a device can be chosen."""
    if name in NETWORKS or _is_path(name):
        return True
    return any(found.name == name for found in user_weights.list_weights())


def get_method(name: str, *, device: str = "auto", **settings: object) -> Method:
    """Make the method of this name.

    Parameters
    ----------
    name : str
        One of `method_names`, or the path of a ``.safetensors`` file with its card beside it.
    device : {"auto", "cpu", "cuda", "mps"}
        Where a network runs; of no account for a method without one.
    **settings
        Passed to the method's constructor, such as ``size=3`` for ``median``.

    Returns
    -------
    Method
        Ready to estimate; a network's weights are loaded at its first estimate.

    Raises
    ------
    UnknownMethodError
        If there is no such method.
    UntrainedNetworkError
        If it is a network without weights.
    BrokenMethodError
        If another package's method cannot be imported.
    UserWeightsError, WeightsError
        If it is a file of weights that cannot be used.
    """
    if _is_path(name):
        path = Path(name).expanduser()
        return _network(read_card(path)["network"], name=path.name, weights=path, device=device)
    if name in _OURS:
        if name in NETWORKS:
            settings["device"] = device
        module, _, attribute = _OURS[name].partition(":")
        method: Method = getattr(import_module(module, __package__), attribute)(**settings)
        return method
    if name in THESIS_NETWORKS:
        if not has_weights(name) and "weights" not in settings:
            raise UntrainedNetworkError(
                f"the network {name!r} has no weights yet: train them with `napari-seamnet train "
                f"--network {name} --tiles TILES -o FILE.safetensors`, and give that file as the "
                "method"
            )
        return _network(name, name=name, device=device, **settings)
    own = {found.name: found for found in user_weights.list_weights()}
    if name in own and not own[name].broken:
        network = own[name].card["network"]
        return _network(network, name=name, weights=own[name].path, device=device)
    for entry in entry_points(group=ENTRY_POINT_GROUP):
        if entry.name == name:
            try:
                make = entry.load()
            except (ImportError, AttributeError) as error:
                raise BrokenMethodError(
                    f"the method {name!r} ({entry.value}) of another package cannot be imported: "
                    f"{error}; install that package anew, or choose another method"
                ) from error
            added: Method = make(**settings)
            return added
    if name in own:
        user_weights.find_weights(name)  # raises, and says what is wrong with them
    raise UnknownMethodError(
        f"there is no method {name!r}; choose one of {', '.join(method_names())}"
    )


def _is_path(name: str) -> bool:
    return name.endswith(".safetensors")


def _network(network: str, **settings: object) -> Method:
    """A method of a network of ours, with whichever weights the settings name."""
    if network == "seamnet":
        from .seamnet import SeamNetMethod as Method
    else:
        from .thesis import ThesisMethod as Method  # type: ignore[assignment]
    return Method(**settings)  # type: ignore[arg-type]
