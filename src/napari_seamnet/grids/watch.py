"""Frames as they arrive: which files of a folder are completely written.

Nothing is estimated here. A file counts as complete when it has not changed for a while and can be
decoded to its last pixel.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..frames import FrameError, open_frame
from .errors import GridError

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator

POLL_S = 1.0
SETTLE_S = 2.0
"""Seconds without a change after which a file is looked into: microscopes write in one go."""
RETRY_S = 30.0
"""Seconds after which a file that stands still and cannot be read is looked into again."""
ENDINGS = (".tif", ".tiff", ".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp")
"""Files that are taken for frames where nobody says otherwise."""

Stamp = tuple[int, int]


@dataclass
class _Seen:
    """What is known of one file between two looks."""

    stamp: Stamp
    since: float
    given: bool = False
    looked: float | None = None


def is_frame_name(path: Path) -> bool:
    """Whether a file is taken for a frame by its name; hidden files are not.

    Examples
    --------
    >>> is_frame_name(Path("a.TIF")), is_frame_name(Path(".a.tif")), is_frame_name(Path("a.txt"))
    (True, False, False)
    """
    return path.suffix.lower() in ENDINGS and not path.name.startswith(".")


def watch_folder(
    folder: str | os.PathLike[str],
    wanted: Callable[[Path], bool] = is_frame_name,
    *,
    poll: float = POLL_S,
    settle: float = SETTLE_S,
    stop: threading.Event | Callable[[], bool] | None = None,
    page: int | None = None,
    on_trouble: Callable[[Path, str], None] | None = None,
) -> Iterator[tuple[Path, ...]]:
    """Wait for frames in a folder, and give each as soon as it is completely written.

    Parameters
    ----------
    folder : path
        Looked at without its subfolders.
    wanted : callable
        Tells by its path whether a file is one of the frames; by default by its ending.
    poll : float, default 1.0
        Seconds between two looks at the folder.
    settle : float, default 2.0
        Seconds for which size and time of a file must stay the same.
    stop : threading.Event or callable, optional
        Set, or true, when it is time to stop; looked at several times a second.
    page : int, optional
        Page of files with several, see `open_frame`.
    on_trouble : callable, optional
        Called as ``on_trouble(path, reason)``, once a file, for one that does not change any more
        and cannot be read all the same. It is tried again when it changes, and twice a minute.

    Yields
    ------
    tuple of Path
        Files that have become complete since the last time, at least one, oldest first. A file
        that is written anew is given again.

    Raises
    ------
    GridError
        If there is no such folder, or it is gone later on.
    """
    folder = Path(folder)
    seen: dict[Path, _Seen] = {}
    while True:
        stamps = _look(folder, wanted)
        now = time.monotonic()
        for path in seen.keys() - stamps.keys():
            del seen[path]  # gone, or renamed when it was finished
        ready = []
        for path, stamp in sorted(stamps.items(), key=lambda one: (one[1][1], one[0].name)):
            if path not in seen or seen[path].stamp != stamp:
                seen[path] = _Seen(stamp, now)
            elif not seen[path].given and _is_due(seen[path], now, settle):
                if _stopped(stop):
                    return
                if _is_whole(path, seen[path], page, on_trouble):
                    ready.append(path)
        if ready:
            yield tuple(ready)
        if _wait(poll, stop):
            return


def _look(folder: Path, wanted: Callable[[Path], bool]) -> dict[Path, Stamp]:
    """Size and time of every wanted file."""
    try:
        there = list(folder.iterdir())
    except OSError as error:
        raise GridError(
            f"the folder {folder} cannot be watched: {error.strerror}; check its name"
        ) from error
    stamps = {}
    for path in there:
        if not wanted(path):
            continue
        try:
            about = path.stat()
        except FileNotFoundError:
            continue  # renamed between two calls
        if path.is_file() and about.st_size:
            stamps[path] = (about.st_size, about.st_mtime_ns)
    return stamps


def _is_due(file: _Seen, now: float, settle: float) -> bool:
    """Whether a file has stood still long enough to be looked into."""
    if file.looked is not None:
        return now - file.looked >= RETRY_S
    return now - file.since >= settle


def _is_whole(
    path: Path,
    file: _Seen,
    page: int | None,
    on_trouble: Callable[[Path, str], None] | None,
) -> bool:
    """Whether a file can be decoded in full, and did not change meanwhile."""
    first_time, file.looked = file.looked is None, time.monotonic()
    try:
        open_frame(path, page).read()
        about = path.stat()
    except (FrameError, OSError) as error:
        if on_trouble is not None and first_time:
            on_trouble(path, str(error))
        return False
    file.given = (about.st_size, about.st_mtime_ns) == file.stamp
    return file.given


def _stopped(stop: threading.Event | Callable[[], bool] | None) -> bool:
    if stop is None:
        return False
    return stop.is_set() if isinstance(stop, threading.Event) else bool(stop())


def _wait(seconds: float, stop: threading.Event | Callable[[], bool] | None) -> bool:
    """Wait, but not when it is time to stop; tell whether it is."""
    if isinstance(stop, threading.Event):
        return stop.wait(seconds)
    until = time.monotonic() + seconds
    while not _stopped(stop):
        left = until - time.monotonic()
        if left <= 0:
            return False
        time.sleep(min(left, 0.2))
    return True
