"""Which file is which: what files were like when a project was saved; finding them again.

Only names, sizes, times and hashes are looked at; pictures are opened elsewhere.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..frames.errors import decoding
from ..learning.frame_file import sha256_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..shifts.estimate import Progress


@dataclass(frozen=True)
class Stamp:
    """What a file was like.

    Parameters
    ----------
    size : int
        In bytes.
    mtime_ns : int
        When it was last written, in ns since 1970; another machine's copy may have its own.
    sha256 : str or None
        Of its content, in 64 hexadecimal digits, if it was read for that.
    """

    size: int
    mtime_ns: int
    sha256: str | None = None

    def __post_init__(self) -> None:
        if self.sha256 is not None and not re.fullmatch("[0-9a-f]{64}", self.sha256):
            raise ValueError(f"{self.sha256!r} is no SHA-256 of 64 digits")

    @classmethod
    def of(cls, path: Path, hashed: bool = False) -> Stamp:
        """Look at a file.

        Raises
        ------
        FrameError
            If it is gone, or cannot be read.
        """
        with decoding(path):
            about = path.stat()
        return cls(about.st_size, about.st_mtime_ns, sha256_of(path) if hashed else None)

    def is_untouched(self, other: Stamp) -> bool:
        """Whether size and time are the same, so that nobody wrote to the file in between."""
        return (self.size, self.mtime_ns) == (other.size, other.mtime_ns)


def stamp_files(
    paths: Iterable[Path],
    known: Mapping[Path, Stamp],
    hashes: bool = True,
    progress: Progress | None = None,
) -> dict[Path, Stamp]:
    """Look at files, and hash those whose hash is not known.

    Parameters
    ----------
    paths : iterable of Path
        The files; each is looked at once.
    known : mapping of Path to Stamp
        Earlier stamps; an untouched file is not read again.
    hashes : bool
        Whether files are read at all.
    progress : callable, optional
        Called as ``progress(done, total, "hashing frames")``; what it raises stops the work.

    Raises
    ------
    FrameError
        If a file is gone, or cannot be read.
    """
    wanted = list(dict.fromkeys(paths))
    stamps = {}
    for k, path in enumerate(wanted):
        stamp = Stamp.of(path)
        before = known.get(path)
        if before is not None and before.is_untouched(stamp):
            stamp = before
        if hashes and stamp.sha256 is None:
            stamp = replace(stamp, sha256=sha256_of(path))
        stamps[path] = stamp
        if progress is not None and hashes:
            progress(k + 1, len(wanted), "hashing frames")
    return stamps


def shared_folder(paths: Iterable[Path]) -> Path | None:
    """The deepest folder that holds all files, absolute; None if they are on several drives."""
    folders = [os.path.abspath(path.parent) for path in paths]
    try:
        return Path(os.path.commonpath(folders)) if folders else None
    except ValueError:
        return None


def find_files(wanted: Mapping[str, Stamp], root: Path) -> dict[str, Path]:
    """Find files again below a folder: by their relative path, by name and content, by content.

    Parameters
    ----------
    wanted : mapping of str to Stamp
        Paths as they were, relative to another folder, and what the files were like.
    root : Path
        Where they should be now, in folders of any depth.

    Returns
    -------
    dict of str to Path
        Those that were found.
    """
    found = {name: root / name for name in wanted if (root / name).is_file()}
    left = {name: stamp for name, stamp in wanted.items() if name not in found}
    if not left:
        return found
    by_name: dict[str, list[Path]] = {}
    by_size: dict[int, list[Path]] = {}
    sizes = {stamp.size for stamp in left.values()}
    names = {Path(name).name for name in left}
    for folder, _, files in os.walk(root):
        for file in files:
            path = Path(folder) / file
            if file in names:
                by_name.setdefault(file, []).append(path)
            size = _size(path)
            if size in sizes:
                by_size.setdefault(size, []).append(path)
    taken = set(found.values())
    for name, stamp in left.items():
        same = [path for path in by_name.get(Path(name).name, []) if path not in taken]
        chosen = _choose(same, name, stamp)
        if chosen is None and stamp.sha256 is not None:  # renamed
            alike = (path for path in by_size.get(stamp.size, []) if path not in taken)
            chosen = next((path for path in alike if sha256_of(path) == stamp.sha256), None)
        if chosen is not None:
            found[name] = chosen
            taken.add(chosen)
    return found


def what_changed(path: Path, before: Stamp) -> str:
    """Say how a file differs from what it was; empty if it is the same, as far as can be told.

    A file of another time is read, if its hash was kept: copies often have times of their own.

    Raises
    ------
    FrameError
        If it is gone, or cannot be read.
    """
    now = Stamp.of(path)
    if now.is_untouched(before):
        return ""
    if now.size != before.size:
        return f"has changed: {now.size} bytes, was {before.size}"
    if before.sha256 is None:
        return "was written again, and may have changed: its content was not kept as a hash"
    if sha256_of(path) != before.sha256:
        return "has changed: the same size, other content"
    return ""


def _choose(paths: list[Path], name: str, stamp: Stamp) -> Path | None:
    """Of files of one name, the one that was meant; None if that cannot be told."""
    if len(paths) <= 1:
        return paths[0] if paths else None
    alike = [path for path in paths if _size(path) == stamp.size]
    if len(alike) > 1 and stamp.sha256 is not None:
        alike = [path for path in alike if sha256_of(path) == stamp.sha256]
    if len(alike) == 1:
        return alike[0]
    # Equal files, or changed ones: the one whose folders are called the same.
    tail = Path(name).parts
    depths = [_shared_tail(path.parts, tail) for path in alike or paths]
    best = max(depths)
    return (alike or paths)[depths.index(best)] if depths.count(best) == 1 else None


def _shared_tail(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    n = 0
    for a, b in zip(reversed(one), reversed(other), strict=False):
        if a != b:
            break
        n += 1
    return n


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # a dangling link: no frame
        return -1
