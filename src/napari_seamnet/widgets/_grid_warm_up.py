"""What would make the window stand still when a grid is first shown, done before in a thread."""

from __future__ import annotations

import threading

_began = threading.Event()


def warm_up() -> None:
    """Load what the first layer needs, once, in the background."""
    if not _began.is_set():
        _began.set()
        threading.Thread(target=_load, name="seamnet-warm-up", daemon=True).start()


def _load() -> None:
    import dask.array
    import pint
    import scipy.sparse.linalg  # noqa: F401

    # The units' definitions are read when the first unit is asked for: half a second.
    pint.get_application_registry().Unit("micrometer")
    dask.array.zeros((1, 1))
