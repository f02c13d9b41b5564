"""Files that appear whole or not at all.

How a file is put under its final name is here; what is in it is the caller's business.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


class SavingError(ValueError):
    """A file cannot be written where it was wanted; the message names the folder."""


def check_folder(path: Path, keep: Iterable[Path] = ()) -> None:
    """Raise `SavingError` unless a file can be made at `path`; call it before the long work.

    Parameters
    ----------
    path : Path
        File to be written.
    keep : iterable of Path
        The frames, which nothing may replace.
    """
    if path.resolve() in {frame.resolve() for frame in keep}:
        raise SavingError(f"{path} is one of the frames; give another name")
    if not path.parent.is_dir():
        raise SavingError(f"{path} cannot be written: there is no folder {path.parent}; make it")
    if path.is_dir():
        raise SavingError(f"{path} cannot be written: it is a folder; give the name of a file")
    if not os.access(path.parent, os.W_OK):
        raise SavingError(f"{path} cannot be written: the folder {path.parent} is read-only")


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Give a name beside `path` to write to, and rename it to `path` when all went well.

    Parameters
    ----------
    path : Path
        Final name; a file that stands there stays as it is until the new one is whole.

    Yields
    ------
    Path
        The name to write to, in the same folder, with the same ending. Whatever was written is
        removed if the block raises, Ctrl-C included.

    Raises
    ------
    SavingError
        If the folder is not there, or cannot be written to.
    """
    check_folder(path)
    # The whole ending is kept, since writers choose the format by it (".ome.tif").
    beside = path.with_name(f".part-{os.getpid()}-{path.name}")
    try:
        yield beside
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
