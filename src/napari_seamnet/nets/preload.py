"""Load torch's shared libraries ahead of time, without holding up any other thread.

``import torch`` opens them while it holds the interpreter's lock, some 200 ms in one go, in which
a window stands still. A foreign call by ctypes gives the lock away meanwhile. torch itself is not
imported here; what is opened already costs its import nothing.
"""

from __future__ import annotations

import ctypes
import os
import sys
from importlib.util import find_spec
from pathlib import Path

LIBRARIES = ("libc10", "libtorch_cpu", "libtorch", "libtorch_python")
"""In the order in which they need each other."""


def preload_libraries() -> None:
    """Open torch's libraries, on Linux and macOS; call it in a thread, as early as may be.

    Whatever is not there or cannot be opened is left to ``import torch``, which will tell.
    """
    ending = {"linux": ".so", "darwin": ".dylib"}.get(sys.platform)
    spec = find_spec("torch") if ending and "torch" not in sys.modules else None
    if spec is None or spec.origin is None:
        return
    # CDLL(path) would hold the lock while it opens the library; calling C's own dlopen does not.
    dlopen = ctypes.CDLL(None).dlopen
    dlopen.restype, dlopen.argtypes = ctypes.c_void_p, (ctypes.c_char_p, ctypes.c_int)
    for name in LIBRARIES:
        library = Path(spec.origin).parent / "lib" / f"{name}{ending}"
        if library.is_file():
            dlopen(os.fsencode(library), os.RTLD_NOW)
