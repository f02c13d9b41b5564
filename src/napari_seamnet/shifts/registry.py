"""The methods there are, by name: ours, and those that other packages add.

Another package adds a method with an entry point in the group ``napari_seamnet.methods`` whose
value is a class (or a function without arguments) that gives a `Method`. Nothing is imported
before it is asked for.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .estimate import Method

ENTRY_POINT_GROUP = "napari_seamnet.methods"
DEFAULT_METHOD = "seamnet"

_OURS = {
    "seamnet": ".seamnet:SeamNetMethod",
    "smoothed": ".smoothed:SmoothedMethod",
    "search": ".search:SearchMethod",
    "median": ".denoised:MedianMethod",
    "bilateral": ".denoised:BilateralMethod",
    "vector": ".vector:VectorMethod",
    "phase": ".phase:PhaseMethod",
}
_NETWORKS = ("seamnet",)


class UnknownMethodError(ValueError):
    """No method has this name; the message lists those there are."""


class BrokenMethodError(ValueError):
    """Another package's method cannot be imported; the message says where it should be."""


def method_names() -> tuple[str, ...]:
    """Name every method there is, ours first."""
    others = {e.name for e in entry_points(group=ENTRY_POINT_GROUP)} - _OURS.keys()
    return (*_OURS, *sorted(others))


def get_method(name: str, *, device: str = "auto", **settings: object) -> Method:
    """Make the method of this name.

    Parameters
    ----------
    name : str
        One of `method_names`.
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
    BrokenMethodError
        If another package's method cannot be imported.
    """
    if name in _NETWORKS:
        settings["device"] = device
    if name in _OURS:
        module, _, attribute = _OURS[name].partition(":")
        method: Method = getattr(import_module(module, __package__), attribute)(**settings)
        return method
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
    raise UnknownMethodError(
        f"there is no method {name!r}; choose one of {', '.join(method_names())}"
    )
