"""What makes a seam the same seam: the pixels of its frames, and what the answer depends on.

Only identities are here. Files are known by their content: moved, copied or touched, a file stays
the same, and a file that was written anew does not. A file is read in full for it once; as long as
its size and time stay, its hash is looked up in the journal.
"""

from __future__ import annotations

import hashlib
import json
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..frames import FrameError
from ..frames.errors import decoding

if TYPE_CHECKING:
    from ..frames import Frame
    from ..geometry import Offset
    from ..shifts import Method
    from .journal import Journal

RESULTS = 2
"""Raise it when a method's answers change: what older versions computed is then computed anew."""
BLOCK = 2**20
_OURS = __name__.partition(".")[0]


class Identities:
    """Names the pixels of frames, and remembers; safe from several threads.

    Parameters
    ----------
    journal : Journal
        Where the hashes of files are noted.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._found: dict[str, str] = {}
        self._turns: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    def known(self, frame: Frame) -> str | None:
        """The identity of a frame, if no file need be read for it."""
        return self._identity(frame, read=False)

    def of(self, frame: Frame) -> str:
        """The identity of a frame; its file is read if it was not yet, or has changed.

        Raises
        ------
        FrameError
            If the file cannot be read, or has changed since the frame was opened.
        """
        with self._lock:
            turn = self._turns.setdefault(frame.token, threading.Lock())
        with turn:
            found = self._identity(frame, read=True)
        if found is None:
            raise FrameError(f"{frame.name} cannot be told from others; open it again")
        return found

    def _identity(self, frame: Frame, *, read: bool) -> str | None:
        if frame.path is None:
            return f"array {frame.token}"
        with self._lock:
            if frame.token in self._found:
                return self._found[frame.token]
        hashes = []
        # The pixels of an OME-TIFF may lie in another file of its set.
        for path in dict.fromkeys((frame.path, Path(getattr(frame.source, "path", frame.path)))):
            with decoding(path):
                about = path.stat()
            size, mtime = about.st_size, about.st_mtime_ns
            _check_unchanged(frame, path, size, mtime)
            digest = self._journal.known_hash(path.resolve(), size, mtime)
            if digest is None:
                if not read:
                    return None
                digest = hash_file(path)
                if not self._journal.read_only:
                    self._journal.note_hash(path.resolve(), size, mtime, digest)
            hashes.append(digest)
        identity = f"file {' '.join(hashes)} {_plane(frame)}"
        with self._lock:
            self._found[frame.token] = identity
        return identity


def hash_file(path: Path) -> str:
    """The sha256 of a file's content, in hex digits.

    Raises
    ------
    FrameError
        If it cannot be read.
    """
    digest = hashlib.sha256()
    with decoding(path), path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def method_settings(method: Method) -> dict[str, Any]:
    """What a method's answers depend on: its kind, its name and its settings.

    Parameters
    ----------
    method : Method
        Ours keep their settings as attributes; so should others.

    Returns
    -------
    dict
        Plain values. Weights stand for themselves by the sha256 of their card, wherever they lie;
        the device is left out, since it changes nothing.
    """
    kind = type(method)
    settings: dict[str, Any] = {}
    for name, value in sorted(vars(method).items()):
        if name == "device" or name.startswith("_"):
            continue
        settings[name] = value
    if hasattr(method, "weights") and kind.__module__.startswith(f"{_OURS}."):
        from ..nets.build import bundled_weights
        from ..nets.cards import read_card

        weights = method.weights or bundled_weights("seamnet")
        settings["weights"] = read_card(Path(weights))["sha256"]
    about = {"kind": f"{kind.__module__}.{kind.__qualname__}", "name": method.name}
    return about | json.loads(json.dumps(settings, default=repr))


def seam_key(
    first: str, second: str, nominal: Offset, settings: dict[str, Any], max_shift: int
) -> str:
    """Name a seam's result by all that it depends on.

    Parameters
    ----------
    first, second : str
        Identities of the two frames, see `Identities`.
    nominal : Offset
        Nominal offset; only its whole pixels count.
    settings : dict
        See `method_settings`.
    max_shift : int
        Search range, in px.

    Returns
    -------
    str
        64 hex digits.
    """
    parts = [RESULTS, first, second, nominal.whole(), settings, max_shift]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _check_unchanged(frame: Frame, path: Path, size: int, mtime_ns: int) -> None:
    """Raise if a file is no longer what the frame was opened from: its header may lie now."""
    ours = frame.path is not None and path == frame.path
    begin = f"{path.resolve()}-"
    if ours and frame.token.startswith(begin):
        stamp = f"{begin}{mtime_ns}-{size}"
        if frame.token != stamp and not frame.token.startswith(f"{stamp}-"):
            raise FrameError(f"{path} has changed since it was opened; open the layout again")


def _plane(frame: Frame) -> str:
    """Which plane of its file a frame is: what `open_frame` wrote at the end of its token."""
    path = frame.path
    if path is None:
        return ""
    rest = frame.token.removeprefix(f"{path.resolve()}-")
    return rest.partition("-")[2].partition("-")[2]
