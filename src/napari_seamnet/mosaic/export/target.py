"""Where a mosaic is written: which format a name means, and how it appears whole or not at all.

What is in a file is the business of `ome_zarr.py` and `ome_tiff.py`.
"""

from __future__ import annotations

import os
import shutil
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ...saving import written_whole
from ..errors import MosaicError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

TIFF_ENDINGS = (".tif", ".tiff")
ZARR_ENDING = ".zarr"


def checked_path(path: Path, keep: Iterable[Path] = ()) -> Path:
    """Return the path if a mosaic can be saved there; call it before the long work.

    Parameters
    ----------
    path : Path
        Ends in ``.ome.zarr`` or ``.ome.tif`` (``.zarr``, ``.tif`` and ``.tiff`` will do).
    keep : iterable of Path
        Files that must not be replaced: the frames.

    Raises
    ------
    MosaicError
        If the name says no format, the folder is not there or read-only, or what stands there
        must not be replaced.
    """
    is_zarr = is_ome_zarr(path)
    if not path.parent.is_dir():
        raise MosaicError(f"there is no folder {path.parent} to write {path.name} to; make it")
    if is_zarr and path.exists() and not _holds_zarr(path):
        what = "a folder that holds no Zarr" if path.is_dir() else "a file"
        raise MosaicError(f"{path} is {what}, and is not replaced; choose another name")
    if not is_zarr and path.is_dir():
        raise MosaicError(f"{path} is a folder; choose another name")
    final = path.resolve()
    if any(final in (frame, *frame.parents) for frame in (one.resolve() for one in keep)):
        where = "holds" if is_zarr else "is"
        raise MosaicError(f"{path} {where} one of the frames of this mosaic; choose another name")
    if not os.access(path.parent, os.W_OK):
        raise MosaicError(f"{path} cannot be written: the folder {path.parent} is read-only")
    return path


def is_ome_zarr(path: Path) -> bool:
    """Whether a name means OME-Zarr; if not, it means OME-TIFF.

    Raises
    ------
    MosaicError
        If it means neither.
    """
    suffix = path.suffix.lower()
    if suffix == ZARR_ENDING:
        return True
    if suffix in TIFF_ENDINGS:
        return False
    name = bare_name(path)
    raise MosaicError(
        f"{path} can be neither an OME-TIFF nor an OME-Zarr by its name; call it {name}.ome.tif "
        f"or {name}.ome.zarr"
    )


def bare_name(path: Path) -> str:
    """Name of a file without ``.ome.tif`` or its like."""
    return path.stem.removesuffix(".ome")


@contextmanager
def written_file(path: Path) -> Iterator[Path]:
    """As `saving.written_whole`; what the disk refuses becomes a `MosaicError`."""
    with _told(path), written_whole(path) as unfinished:
        yield unfinished


@contextmanager
def written_folder(path: Path) -> Iterator[Path]:
    """Give a folder beside `path` to write to, and put it at `path` when all went well.

    Parameters
    ----------
    path : Path
        Final name; a Zarr that stands there stays as it is until the new one is whole.

    Yields
    ------
    Path
        A new, hidden folder beside it. It is removed if the block raises, Ctrl-C included.
    """
    path = path.resolve()  # the folder itself, if the name is a link to it
    mark = uuid.uuid4().hex[:8]
    beside, replaced = (path.with_name(f".{one}-{mark}-{path.name}") for one in ("part", "old"))
    with _told(path):
        try:
            beside.mkdir()
            yield beside
            if path.exists():
                path.rename(replaced)  # a folder with something in it cannot be replaced at once
            try:
                beside.rename(path)
            except OSError:
                if replaced.exists():
                    replaced.rename(path)
                raise
        finally:
            shutil.rmtree(beside, ignore_errors=True)
            if path.exists():
                shutil.rmtree(replaced, ignore_errors=True)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if isinstance(error, ValueError):
            raise  # a frame's own error, which says it better
        raise MosaicError(
            f"{path} cannot be written ({error.strerror or error}); choose another place"
        ) from error


def _holds_zarr(path: Path) -> bool:
    return any((path / name).is_file() for name in ("zarr.json", ".zgroup", ".zarray"))
