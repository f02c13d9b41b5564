"""A small memory of decoded pictures, for formats that can only be decoded whole.

How a picture is decoded is the business of `tiff.py` and `picture.py`.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    import numpy as np

DECODED_BYTES = 256 * 2**20
"""Most that is remembered, over all frames: those around a chunk of a mosaic, not a grid."""


class DecodedCache:
    """Acts like a dict of decoded pictures that forgets the least recently used beyond a size.

    Safe from several threads: a picture that two threads want at once is decoded once.

    Parameters
    ----------
    limit : int
        Most bytes to remember; a picture that is larger by itself is not remembered.
    """

    def __init__(self, limit: int = DECODED_BYTES) -> None:
        self.limit = limit
        self._pictures: OrderedDict[Hashable, np.ndarray] = OrderedDict()
        self._decoding: dict[Hashable, threading.Lock] = {}
        self._lock = threading.Lock()

    @property
    def n_bytes(self) -> int:
        """Bytes remembered now."""
        with self._lock:
            return sum(picture.nbytes for picture in self._pictures.values())

    def get(self, key: Hashable, decode: Callable[[], np.ndarray]) -> np.ndarray:
        """Return the picture of this key, decoding it if it is not remembered.

        Parameters
        ----------
        key : hashable
            Path, page, size and time of the file, so that a rewritten file is decoded again.
        decode : callable
            Gives the picture; what it raises passes through, and nothing is remembered.

        Returns
        -------
        array
            Read-only, and shared by all who ask.
        """
        with self._lock:
            if key in self._pictures:
                self._pictures.move_to_end(key)
                return self._pictures[key]
            turn = self._decoding.setdefault(key, threading.Lock())
        with turn:
            with self._lock:
                if key in self._pictures:
                    return self._pictures[key]
            try:
                picture = decode()
                picture.flags.writeable = False
            finally:
                with self._lock:
                    self._decoding.pop(key, None)
            self._remember(key, picture)
            return picture

    def _remember(self, key: Hashable, picture: np.ndarray) -> None:
        with self._lock:
            if picture.nbytes > self.limit:
                return
            self._pictures[key] = picture
            total = sum(one.nbytes for one in self._pictures.values())
            while total > self.limit:
                total -= self._pictures.popitem(last=False)[1].nbytes


decoded = DecodedCache()
"""The one memory of this process: its limit holds for all frames together."""
