"""What would make the window stand still when a grid is first shown, done before."""

from __future__ import annotations

import threading

import pint

_began = threading.Event()


def warm_up() -> None:
    """Load what the first layer needs, once: units here, the rest in the background."""
    if not _began.is_set():
        _began.set()
        # The units' definitions are read when the first unit is asked for: a quarter of a second.
        # Never in a thread: pint shows a registry that is half read to whoever asks meanwhile, and
        # napari, asking for "pixel", would be told that there is no such unit.
        pint.get_application_registry().Unit("micrometer")
        threading.Thread(target=_load, name="seamnet-warm-up", daemon=True).start()


def _load() -> None:
    import dask.array
    import scipy.sparse.linalg  # noqa: F401

    dask.array.zeros((1, 1))
