"""The lines of a file of hand alignments: appended and flushed, never rewritten.

What a line means is in `hand.py`. Here is what a crash may do to it: a process that dies while it
appends leaves at most one torn line, the one it was writing; the next line starts afresh, and
readers pass over the torn one for ever after.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class HandFileError(ValueError):
    """A file of hand alignments, or a frame it names, cannot be used; the message says which."""


@dataclass(frozen=True)
class Journal:
    """What was read from a file of lines.

    Parameters
    ----------
    lines : tuple of (int, dict)
        Every whole line, with its number in the file from 1 on.
    torn : tuple of int
        Numbers of the lines that a crash cut short.
    """

    lines: tuple[tuple[int, dict[str, Any]], ...]
    torn: tuple[int, ...]


def read_journal(path: Path) -> Journal:
    """Read a file of JSON lines.

    Parameters
    ----------
    path : Path
        One JSON object a line, in UTF-8.

    Returns
    -------
    Journal
        Torn lines are counted, and passed over.

    Raises
    ------
    HandFileError
        If the file is not there, or holds lines that no crash can have made of ours.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise HandFileError(f"{path}: there is no such file of hand alignments") from error
    except OSError as error:
        raise HandFileError(f"{path} cannot be read: {error.strerror}") from error
    lines, torn = [], []
    for number, line in enumerate(content.split(b"\n"), start=1):
        # After a power cut some file systems show zeros where the last bytes should be.
        line = line.strip(b"\0").strip()
        if not line:
            continue
        try:
            value = json.loads(line)
        except ValueError as error:  # UnicodeDecodeError is one, too
            if not line.startswith(b"{"):
                raise HandFileError(
                    f"{path} line {number} is no line of hand alignments; name a file of JSON "
                    "lines, as `napari-seamnet hand add` writes it"
                ) from error
            torn.append(number)
            continue
        if not isinstance(value, dict):
            raise HandFileError(f"{path} line {number} is {line[:40]!r}, not a JSON object")
        lines.append((number, value))
    return Journal(tuple(lines), tuple(torn))


def append(path: Path, lines: Sequence[dict[str, Any]]) -> None:
    """Append lines, and return when the disk has them.

    Parameters
    ----------
    path : Path
        Is made if it is not there; its folder must be.
    lines : sequence of dict
        Become one JSON object a line, in this order.

    Raises
    ------
    HandFileError
        If they cannot be written; a line that was begun then counts as torn.
    """
    if not lines:
        return
    data = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    is_new = not path.exists()
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
    try:
        handle = os.open(path, flags, 0o666)
        try:
            if not _ends_a_line(handle):
                data = b"\n" + data
            written = 0
            # One call as a rule, so that two programs' lines do not mix.
            while written < len(data):
                written += os.write(handle, data[written:])
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        raise HandFileError(
            f"{path} cannot be written: {error.strerror}; choose another place"
        ) from error
    if is_new:
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make a new name in a folder last through a power cut, where the system lets us (POSIX)."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _ends_a_line(handle: int) -> bool:
    """Whether an open file is empty, or its last byte ends a line."""
    size = os.lseek(handle, 0, os.SEEK_END)
    if size == 0:
        return True
    os.lseek(handle, size - 1, os.SEEK_SET)
    return os.read(handle, 1) == b"\n"
