"""Sets of tiles on disk: a folder of PNG pictures, or one compact file.

Sets are opened, read and written here. One picture's file is in `tile_png.py`, the compact format
in `tile_compact.py`; how tiles are made from hand alignments is in `tiles.py`.
"""

from __future__ import annotations

import csv
import json
import os
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from ..locking import check_no_run, only_run
from ..saving import written_whole
from .tile_compact import SUFFIX, compact_start, read_compact
from .tile_label import TileError, read_tile
from .tile_png import peek, read_picture

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ..shifts.estimate import Progress

__all__ = [
    "INDEX",
    "LOCK",
    "PLAN",
    "TRAIN",
    "VALIDATION",
    "TileError",
    "TileFolder",
    "Tiles",
    "only_writer",
    "open_tiles",
    "write_compact",
    "write_index",
]

TRAIN, VALIDATION = "train", "validation"
"""Names of the splits, and of their folders."""
INDEX, PLAN, LOCK = "tiles.csv", "tiles.json", ".lock"
COLUMNS = ("file", "split", "pair", "dy", "dx", "y", "x", "swapped")
"""Of the index: y, x is where the first square was cut, in the pixels of its frame; swapped is 1
where that frame is the pair's second one. Empty where it is not known."""
_BLOCK = 256  # tiles at a time while writing: 11 MB at 150 px


class Source(Protocol):
    """Where the pixels of tiles come from."""

    def read(self, rows: np.ndarray) -> np.ndarray:
        """Give the (n, 2, S, S) uint8 squares of some rows."""
        ...


@dataclass(frozen=True)
class TileFolder:
    """Pictures in a folder; `files` are relative to it."""

    folder: Path
    files: tuple[str, ...]
    size: int

    def read(self, rows: np.ndarray) -> np.ndarray:
        """See `Source`; decodes one file after the other, safe from any thread."""
        pixels = np.empty((len(rows), 2, self.size, self.size), np.uint8)
        for squares, row in zip(pixels, rows, strict=True):
            path = self.folder / self.files[row]
            first, second, _ = read_tile(read_picture(path))
            if len(first) != self.size:
                raise TileError(
                    f"{path} was {self.size} px when the folder was opened and is {len(first)} "
                    "px now; open it again"
                )
            squares[0], squares[1] = first, second
        return pixels


@dataclass(frozen=True, eq=False)
class Tiles:
    """Acts like an immutable sequence of tiles; their pixels are read on use.

    Made by `open_tiles`. Holds no open file, can be used from several threads, and can be sent to
    another process.

    Parameters
    ----------
    shifts : (N, 2) int16 array
        (dy, dx) in px: ``first[y + dy, x + dx]`` shows what ``second[y, x]`` shows.
    pairs : (N,) int32 array
        Number of the seed pair; -1 where it is not known.
    splits : (N,) bool array
        True for validation.
    size : int
        Side of the squares, in px.
    source : Source
        Where the pixels come from.
    rows : (N,) int array
        Which rows of the source the tiles are.
    """

    shifts: np.ndarray
    pairs: np.ndarray
    splits: np.ndarray
    size: int
    source: Source
    rows: np.ndarray

    def __len__(self) -> int:
        return len(self.shifts)

    def pixels(self, indices: np.ndarray | Sequence[int] | slice) -> np.ndarray:
        """Read some tiles.

        Parameters
        ----------
        indices : (n,) array of int, or slice
            Which ones.

        Returns
        -------
        (n, 2, S, S) uint8 array
            First and second square of each; writable.

        Raises
        ------
        TileError
            If a file is gone or damaged.
        """
        return self.source.read(self.rows[_as_index(indices)])

    def select(self, indices: np.ndarray | Sequence[int] | slice) -> Tiles:
        """Some of the tiles, in the given order, without reading a pixel."""
        at = _as_index(indices)
        return Tiles(
            self.shifts[at],
            self.pairs[at],
            self.splits[at],
            self.size,
            self.source,
            self.rows[at],
        )

    def of_split(self, split: str) -> Tiles:
        """The tiles of "train" or of "validation"; there may be none."""
        if split not in (TRAIN, VALIDATION):
            raise TileError(f"there is no split {split!r}; choose {TRAIN} or {VALIDATION}")
        return self.select(np.flatnonzero(self.splits == (split == VALIDATION)))


def open_tiles(path: str | os.PathLike[str]) -> Tiles:
    """Open a set of tiles; of each picture only the label is read, of a compact file no pixel.

    Parameters
    ----------
    path : path
        A folder of RGB PNG tiles, searched with all its folders (what lies in one named
        "validation" is for validation), or a compact ``.safetensors`` file. Labels are taken from
        the pictures; of the index ``tiles.csv``, where there is one, only the pair's number.

    Returns
    -------
    Tiles
        Of a folder: in the order of the files' names.

    Raises
    ------
    TileError
        If there are no tiles, or one is damaged or of another size, or their making was stopped.
    LockedError
        If they are just being made.
    """
    path = Path(path)
    if path.is_dir():
        return _open_folder(path)
    if not path.exists():
        raise TileError(f"there is no {path}; give a folder of tiles or a {SUFFIX} file")
    if path.suffix != SUFFIX:
        raise TileError(f"{path} is no set of tiles; give a folder of tiles or a {SUFFIX} file")
    found = read_compact(path)
    n, _, size, _ = found.pixels.shape
    return Tiles(found.shifts, found.pairs, found.validation, size, found.pixels, np.arange(n))


def write_compact(
    tiles: Tiles, path: str | os.PathLike[str], progress: Progress | None = None
) -> None:
    """Write tiles as one file, which trains at full speed; memory is needed for 256 of them.

    Parameters
    ----------
    tiles : Tiles
        From a folder or from another compact file.
    path : path
        Ends in ``.safetensors``. Replaced, if it is there, when the new file is whole.
    progress : callable, optional
        See `Progress`. Stopped by it, nothing is left.

    Raises
    ------
    TileError, SavingError
        If the name has another ending, a tile is damaged, or the folder is not there.
    LockedError
        If another run is writing this file now.
    """
    path = Path(path)
    check_suffix(path)
    with only_writer(path), written_whole(path) as part, part.open("wb") as file:
        file.write(compact_start(tiles.shifts, tiles.pairs, tiles.splits, tiles.size, {}))
        for start in range(0, len(tiles), _BLOCK):
            file.write(tiles.pixels(slice(start, start + _BLOCK)).data)
            if progress is not None:
                progress(min(start + _BLOCK, len(tiles)), len(tiles), f"writing {path.name}")
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def only_writer(out: Path) -> Iterator[None]:
    """Hold a place while a set of tiles is written to it, so that a second run is refused there.

    Parameters
    ----------
    out : Path
        A folder or a compact file, there or not.

    Raises
    ------
    LockedError
        If another run makes, sieves or packs tiles there now.

    Notes
    -----
    The lock lies beside the place, since a folder has to be empty for a whole set to be put there.
    """
    # Two names of one folder are one place; a file's link is replaced, not what it points to.
    place = out.resolve() if out.is_dir() else out.parent.resolve() / out.name
    with ExitStack() as held:
        # Where nothing can be put beside it, no set can be put there as a whole either.
        with suppress(OSError):
            held.enter_context(only_run(out, place.parent / f"{LOCK}-{place.name}"))
        yield


def check_suffix(path: Path) -> None:
    """Raise `TileError` unless a name is one of a compact file."""
    if path.suffix != SUFFIX:
        raise TileError(
            f"a compact set of tiles is one file, but {path} does not end in {SUFFIX}; add it"
        )


def write_index(folder: Path, rows: Iterable[Sequence[object]]) -> None:
    """Write ``tiles.csv``: one row a tile, with the columns `COLUMNS`."""
    with (
        written_whole(folder / INDEX) as part,
        part.open("w", newline="", encoding="utf-8") as file,
    ):
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(rows)


def read_index(folder: Path) -> dict[str, dict[str, str]]:
    """Read ``tiles.csv``, by file; nothing where there is none."""
    if not (folder / INDEX).is_file():
        return {}
    with (folder / INDEX).open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file, restval=""))
    return {row["file"]: row for row in rows if row.get("file")}


def _open_folder(folder: Path) -> Tiles:
    _check_finished(folder)
    paths = [
        path
        for path in folder.rglob("*")
        if path.suffix.lower() == ".png" and not path.name.startswith(".")
    ]
    files = tuple(sorted(path.relative_to(folder).as_posix() for path in paths))
    if not files:
        raise TileError(
            f"{folder} holds no PNG tile; make some with `napari-seamnet tiles generate`"
        )
    sizes, labels = zip(*(peek(folder / file) for file in files), strict=True)
    if odd := [file for file, size in zip(files, sizes, strict=True) if size != sizes[0]]:
        raise TileError(
            f"the tiles of {folder} are not of one size: {files[0]} is {sizes[0]} px and "
            f"{odd[0]} is not; keep each size in a folder of its own"
        )
    index = read_index(folder)
    try:
        pairs = [int(index.get(file, {}).get("pair") or -1) for file in files]
    except ValueError as error:
        raise TileError(f"{folder / INDEX} is damaged ({error}); delete it") from error
    return Tiles(
        np.array([tuple(shift) for shift in labels], np.int16),
        np.array(pairs, np.int32),
        np.array([VALIDATION in Path(file).parts[:-1] for file in files]),
        sizes[0],
        TileFolder(folder.absolute(), files, sizes[0]),
        np.arange(len(files)),
    )


def _check_finished(folder: Path) -> None:
    """A set that lacks whole pairs looks like any other, so it is refused while it says so."""
    if not (folder / PLAN).is_file():
        return
    try:
        finished = json.loads((folder / PLAN).read_text("utf-8")).get("complete")
    except (AttributeError, ValueError) as error:
        raise TileError(f"{folder / PLAN} is damaged ({error}); delete it") from error
    if finished is False:
        check_no_run(folder, folder / LOCK)
        raise TileError(
            f"the tiles in {folder} are not finished; run the same `tiles generate` again, or "
            f"delete {PLAN} there to use what there is"
        )


def _as_index(indices: np.ndarray | Sequence[int] | slice) -> np.ndarray | slice:
    if isinstance(indices, slice):
        return indices
    at = np.asarray(indices)
    return at.astype(np.intp) if at.size == 0 else at
