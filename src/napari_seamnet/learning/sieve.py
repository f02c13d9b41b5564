"""Choose from many tiles: by their largest shift, and so that it is evenly spread.

Which tiles, and copying them, is here. How a set is opened and written is in `tile_files.py`.
"""

from __future__ import annotations

import os
import shutil
from bisect import bisect_right
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..geometry import Shift
from ..saving import check_folder
from .tile_compact import SUFFIX
from .tile_files import (
    COLUMNS,
    TRAIN,
    VALIDATION,
    TileError,
    TileFolder,
    Tiles,
    only_writer,
    open_tiles,
    read_index,
    write_compact,
    write_index,
)
from .tile_png import write_tile

if TYPE_CHECKING:
    from ..shifts.estimate import Progress


def histogram(shifts: np.ndarray, reach: int | None = None) -> np.ndarray:
    """Count tiles by their largest shift.

    Parameters
    ----------
    shifts : (N, 2) int array
        (dy, dx) in px.
    reach : int, optional
        Largest value to count; by default, the largest there is. Larger shifts are not counted.

    Returns
    -------
    (reach + 1,) int array
        How many tiles have ``max(|dy|, |dx|)`` of 0, 1, 2, ... px.

    Examples
    --------
    >>> import numpy as np
    >>> histogram(np.array([[0, 0], [-2, 1], [0, 2]])).tolist()
    [1, 0, 2]
    """
    largest = _largest(shifts)
    reach = int(largest.max(initial=0)) if reach is None else reach
    return np.bincount(largest, minlength=reach + 1)[: reach + 1]


def sieve(
    tiles: Tiles,
    largest: int | None = None,
    even: bool = True,
    count: int | None = None,
    seed: int = 0,
) -> np.ndarray:
    """Choose tiles; training and validation are sieved each by itself, and keep their ratio.

    Parameters
    ----------
    tiles : Tiles
        To choose from.
    largest : int, optional
        Leave out tiles with ``max(|dy|, |dx|)`` above this, in px.
    even : bool, default True
        Choose equally many of each value of ``max(|dy|, |dx|)`` that there is.
    count : int, optional
        How many in all. By default, as many as can be even. More than that is possible: values
        with too few tiles then give all they have, and the others share the rest evenly.
    seed : int, default 0
        Decides among tiles of the same shift.

    Returns
    -------
    (n,) int array
        Which tiles, in ascending order. Among those of one largest shift, every (dy, dx) is taken
        about equally often.

    Raises
    ------
    TileError
        If `count` is more than there are.
    """
    ring = _largest(tiles.shifts)
    allowed = np.ones(len(tiles), bool) if largest is None else ring <= largest
    total = int(allowed.sum())
    if count is not None and not 1 <= count <= total:
        raise TileError(
            f"{count} tiles cannot be chosen from {total}"
            + ("" if largest is None else f" with shifts up to {largest} px")
            + f"; ask for 1 to {total}"
        )
    rng = np.random.default_rng(seed)
    order = _by_turns(tiles.shifts, rng)
    held = int((allowed & tiles.splits).sum())
    wanted_held = None if count is None else round(count * held / total)
    chosen = [np.empty(0, np.intp)]
    for split, wanted in (
        (False, None if count is None or wanted_held is None else count - wanted_held),
        (True, wanted_held),
    ):
        own = order[(allowed & (tiles.splits == split))[order]]
        if not even:
            chosen.append(own if wanted is None else rng.permutation(own)[:wanted])
            continue
        supply = np.bincount(ring[own])
        for value, quota in enumerate(_quotas(supply, wanted)):
            chosen.append(own[ring[own] == value][:quota])
    return np.sort(np.concatenate(chosen))


def copy_sieved(
    source: str | os.PathLike[str],
    out: str | os.PathLike[str],
    largest: int | None = None,
    even: bool = True,
    count: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Tiles:
    """Copy the chosen tiles of a set; see `sieve` for the choice.

    Parameters
    ----------
    source : path
        Folder of tiles, from anywhere, or a compact file.
    out : path
        New or empty folder, which the pictures are copied to, byte by byte and under their names;
        or a ``.safetensors`` file. It appears when all are copied.
    largest, even, count, seed
        See `sieve`.
    progress : callable, optional
        See `Progress`. Stopped by it, nothing is left.

    Returns
    -------
    Tiles
        The copies.

    Raises
    ------
    TileError, SavingError
        If there is nothing to copy, or `out` is not empty, or has no folder to be in.
    LockedError
        If another run is making the tiles of `source`, or writing some to `out`, now.
    """
    tiles = open_tiles(source)
    chosen = tiles.select(sieve(tiles, largest, even, count, seed))
    if len(chosen) == 0:
        raise TileError(f"no tile of {source} has shifts up to {largest} px; allow larger ones")
    out = Path(out)
    if out.suffix == SUFFIX:
        write_compact(chosen, out, progress)
    else:
        with only_writer(out):
            _copy_folder(chosen, out, progress)
    return open_tiles(out)


def _copy_folder(chosen: Tiles, out: Path, progress: Progress | None) -> None:
    """Put a folder of copies in its place, when all are there."""
    if out.is_dir() and any(out.iterdir()):
        raise TileError(f"{out} is not empty; give a new or empty folder")
    if not out.is_dir():
        check_folder(out)
    part = out.with_name(f".part-{os.getpid()}-{out.name}")
    try:
        part.mkdir()
        _copy_pictures(chosen, part, progress)
        if out.is_dir():
            out.rmdir()  # empty, as was seen; some systems rename onto no folder
        part.rename(out)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _copy_pictures(tiles: Tiles, folder: Path, progress: Progress | None) -> None:
    """Copy pictures, or make them where the source is compact, and write their index."""
    index = {}
    if isinstance(tiles.source, TileFolder):
        names = [tiles.source.files[row] for row in tiles.rows]
        index = read_index(tiles.source.folder)
    else:
        names = [
            f"{VALIDATION if held else TRAIN}/{row:06}.png"
            for row, held in zip(tiles.rows, tiles.splits, strict=True)
        ]
    lines = []
    for at, name in enumerate(names):
        to = folder / name
        to.parent.mkdir(parents=True, exist_ok=True)
        dy, dx = (int(value) for value in tiles.shifts[at])
        if isinstance(tiles.source, TileFolder):
            shutil.copyfile(tiles.source.folder / name, to)
        else:
            first, second = tiles.pixels([at])[0]
            write_tile(to, first, second, Shift(dy, dx))
        split = VALIDATION if tiles.splits[at] else TRAIN
        known = index.get(name, {})
        rest = [known.get(column, "") for column in COLUMNS[5:]]
        lines.append([name, split, int(tiles.pairs[at]), dy, dx, *rest])
        if progress is not None and (len(lines) % 32 == 0 or len(lines) == len(names)):
            progress(len(lines), len(names), "copying tiles")
    write_index(folder, lines)


def _largest(shifts: np.ndarray) -> np.ndarray:
    # To int first: |-32768| has no place in int16.
    return np.abs(shifts.astype(np.int64)).max(axis=1, initial=0)


def _by_turns(shifts: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """An order in which every shift comes once before any comes twice; random otherwise."""
    order = rng.permutation(len(shifts))
    _, kind = np.unique(shifts[order], axis=0, return_inverse=True)
    kind = kind.reshape(-1)
    grouped = np.argsort(kind, kind="stable")
    starts = np.flatnonzero(np.diff(kind[grouped], prepend=-1))
    lap = np.empty(len(order), np.int64)
    lap[grouped] = np.arange(len(order)) - np.repeat(starts, np.diff(starts, append=len(order)))
    return order[np.argsort(lap, kind="stable")]


def _quotas(supply: np.ndarray, wanted: int | None) -> np.ndarray:
    """How many of each value to take: as even as the supply allows."""
    there = supply > 0
    if not there.any():
        return np.zeros_like(supply)
    if wanted is None:
        return np.where(there, supply[there].min(), 0)
    level = bisect_right(
        range(int(supply.max())), wanted, key=lambda n: int(np.minimum(supply, n + 1).sum())
    )
    quotas = np.minimum(supply, level)
    more = np.flatnonzero(supply > level)[: wanted - int(quotas.sum())]
    quotas[more] += 1
    return quotas
