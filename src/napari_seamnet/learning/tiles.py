"""Make tiles from hand alignments, as a folder of pictures or as one compact file.

Only the making is here: which tiles is decided in `tile_plan.py`, where they can be cut in
`tile_cut.py`, and what the files look like in `tile_files.py`. A run that was stopped, even
killed, goes on where it was when it is started again with the same plan. One run at a time writes
tiles to a place: two would throw away and mix up what the other is writing.
"""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..geometry import Shift
from ..locking import only_run
from ..saving import check_folder, written_whole
from .tile_compact import CompactPixels, compact_start, continue_compact, read_compact
from .tile_cut import Strips
from .tile_files import (
    LOCK,
    PLAN,
    TRAIN,
    VALIDATION,
    TileError,
    TileFolder,
    Tiles,
    check_suffix,
    only_writer,
    write_index,
)
from .tile_plan import PlannedTiles, TilePlan, plan_hash, plan_tiles
from .tile_png import write_tile

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..shifts.estimate import Progress
    from .hand import HandAlignment

__all__ = ["PlannedTiles", "TilePlan", "generate_tiles", "plan_tiles"]

_BATCH = 32
"""Tiles between two reports of progress, so the longest that a cancel waits: 50 ms."""
_THREADS = min(8, os.cpu_count() or 1)
_PNG_END = b"IEND\xaeB`\x82"


def generate_tiles(
    alignments: Sequence[HandAlignment],
    out: str | os.PathLike[str],
    plan: TilePlan | None = None,
    progress: Progress | None = None,
    compact: bool = False,
) -> Tiles:
    """Cut labelled tiles from hand-aligned pairs.

    Parameters
    ----------
    alignments : sequence of HandAlignment
        The seed pairs, whose decided offsets, rounded to whole pixels, count as the truth.
    out : path
        Folder to make, or to continue, with the folders ``train`` and ``validation``, the index
        ``tiles.csv``, and the plan in ``tiles.json``; with `compact`, a ``.safetensors`` file.
    plan : TilePlan, optional
        How many, how large, how far shifted.
    progress : callable, optional
        See `Progress`. What it raises stops the work; a folder then says that it is not finished,
        and a compact file is not there yet. Either is continued by the same call.
    compact : bool, default False
        Write one file, which trains at full speed, and no pictures.

    Returns
    -------
    Tiles
        What was made.

    Raises
    ------
    TileError
        If `out` holds something else, or the pairs do not suffice (see `plan_tiles`).
    LockedError
        If another run is writing tiles there now.
    FrameError, HandFileError
        If a frame is gone, damaged, or no longer the one that was aligned.

    Notes
    -----
    Source: thesis, training set. There, squares are cut from the nominal overlap only; here, they
    reach beyond it where the frame does, so that a shift brings no border.
    """
    plan = plan or TilePlan()
    planned = plan_tiles(alignments, plan)
    out = Path(out)
    name = plan_hash(alignments, plan)
    if compact:
        check_suffix(out)
        check_folder(out)
        with only_writer(out):
            return _generate_compact(alignments, out, plan, planned, name, progress)
    _check_claim(out, plan, name)
    with only_writer(out):
        out.mkdir(exist_ok=True)
        # In the folder too: the one that it lies in may be read-only, and readers look here.
        with only_run(out, out / LOCK):
            return _generate_folder(alignments, out, plan, planned, name, progress)


def _generate_folder(
    alignments: Sequence[HandAlignment],
    out: Path,
    plan: TilePlan,
    planned: PlannedTiles,
    name: str,
    progress: Progress | None,
) -> Tiles:
    files = _file_names(planned)
    finished = _claim(out, plan, name)
    missing = np.array([not _is_whole(out / file) for file in files])
    done, total = int(np.sum(~missing)), len(planned)
    made = Tiles(
        *_labels(planned),
        size=plan.size,
        source=TileFolder(out.absolute(), tuple(files), plan.size),
        rows=np.arange(total),
    )
    if finished:
        if done == total:
            return made
        _write_plan(out, plan, name, complete=False)
    pool = ThreadPoolExecutor(_THREADS)
    try:
        for pair, strips, rows in _by_pair(alignments, planned, plan, np.flatnonzero(missing)):
            batches = [rows[at : at + _BATCH] for at in range(0, len(rows), _BATCH)]

            def write(batch: np.ndarray, strips: Strips = strips) -> int:
                for row in batch:
                    squares = _cut(strips, planned, row, plan.size)
                    shift = Shift(int(planned.dy[row]), int(planned.dx[row]))
                    write_tile(out / files[row], *squares, shift)
                return len(batch)

            _report(progress, done, total, alignments[pair])
            for n in pool.map(write, batches):
                done += n
                _report(progress, done, total, alignments[pair])
    finally:
        pool.shutdown(cancel_futures=True)
    write_index(out, zip(files, *_index_columns(planned), strict=True))
    _write_plan(out, plan, name, complete=True)
    return made


def _generate_compact(
    alignments: Sequence[HandAlignment],
    out: Path,
    plan: TilePlan,
    planned: PlannedTiles,
    name: str,
    progress: Progress | None,
) -> Tiles:
    labels = _labels(planned)
    start = compact_start(*labels, plan.size, {"plan": name})
    total = len(planned)
    if out.exists():
        if read_compact(out).about.get("plan") != name:
            raise TileError(f"{out} is there and holds other tiles; give another name")
    else:
        # A name of its own, which a later run finds again; `written_whole` would throw it away.
        part = out.with_name(f".part-{out.name}")
        done = continue_compact(part, start, 2 * plan.size**2)
        with part.open("ab") as file:
            for pair, strips, rows in _by_pair(alignments, planned, plan, np.arange(done, total)):
                for at in range(0, len(rows), _BATCH):
                    _report(progress, done, total, alignments[pair])
                    batch = rows[at : at + _BATCH]
                    squares = [_cut(strips, planned, row, plan.size) for row in batch]
                    file.write(np.array(squares).tobytes())
                    done += len(batch)
                _report(progress, done, total, alignments[pair])
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, out)
    pixels = CompactPixels(out.absolute(), len(start), (total, 2, plan.size, plan.size))
    return Tiles(*labels, size=plan.size, source=pixels, rows=np.arange(total))


def _by_pair(
    alignments: Sequence[HandAlignment],
    planned: PlannedTiles,
    plan: TilePlan,
    rows: np.ndarray,
) -> Iterator[tuple[int, Strips, np.ndarray]]:
    """Read one pair after the other, and only those that tiles are wanted of."""
    from .hand import open_frames

    for pair in dict.fromkeys(planned.pair[rows].tolist()):
        alignment = alignments[pair]
        first, second = open_frames(alignment)
        strips = Strips.read(first, second, alignment.offset.whole(), plan.reach)
        yield pair, strips, rows[planned.pair[rows] == pair]


def _cut(
    strips: Strips, planned: PlannedTiles, row: int, size: int
) -> tuple[np.ndarray, np.ndarray]:
    return strips.cut(
        int(planned.y[row]),
        int(planned.x[row]),
        int(planned.dy[row]),
        int(planned.dx[row]),
        size,
        bool(planned.swapped[row]),
    )


def _report(progress: Progress | None, done: int, total: int, alignment: HandAlignment) -> None:
    if progress is not None:
        progress(done, total, f"tiles of {alignment.name}")


def _check_claim(out: Path, plan: TilePlan, name: str) -> bool:
    """Find the folder free, or ours, and say whether it is finished."""
    finished = False
    check_folder(out / PLAN) if out.is_dir() else check_folder(out)
    if (out / PLAN).is_file():
        try:
            found = json.loads((out / PLAN).read_text("utf-8"))
            same, others = found["hash"] == name, found.get("plan")
            finished = bool(found.get("complete"))
        except (AttributeError, KeyError, TypeError, ValueError):
            same, others = False, "unknown"
        if not same:
            raise TileError(
                f"{out} holds tiles of another plan or of other pairs (plan {others}, wanted "
                f"{asdict(plan)}); give another folder, or empty this one"
            )
    elif out.is_dir() and any(not _is_ours(path.name) for path in out.iterdir()):
        raise TileError(f"{out} is not empty, and not made by this; give a new or empty folder")
    return finished


def _is_ours(name: str) -> bool:
    """Whether a name is one that a run leaves which was killed before it wrote its plan."""
    return name == LOCK or name.startswith(".part-")


def _claim(out: Path, plan: TilePlan, name: str) -> bool:
    """Make the folder ours, or find it so, and say whether it is finished."""
    finished = _check_claim(out, plan, name)
    if not finished:
        # Before all else: killed right after this, the folder still says whose it is.
        _write_plan(out, plan, name, complete=False)
    for folder in (out, out / TRAIN, out / VALIDATION):
        folder.mkdir(exist_ok=True)
        for left in folder.glob(".part-*"):  # what a killed run was just writing
            left.unlink()
    return finished


def _write_plan(out: Path, plan: TilePlan, name: str, complete: bool) -> None:
    text = json.dumps({"plan": asdict(plan), "hash": name, "complete": complete}, indent=1)
    with written_whole(out / PLAN) as part:
        part.write_text(text + "\n", "utf-8")


def _is_whole(path: Path) -> bool:
    """Whether a picture is there down to its end: files may be lost when a machine goes down."""
    try:
        with path.open("rb") as file:
            file.seek(-len(_PNG_END), os.SEEK_END)
            return file.read() == _PNG_END
    except OSError:
        return False


def _file_names(planned: PlannedTiles) -> list[str]:
    return [
        f"{VALIDATION if validation else TRAIN}/{row:06}.png"
        for row, validation in enumerate(planned.validation)
    ]


def _labels(planned: PlannedTiles) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    shifts = np.stack([planned.dy, planned.dx], axis=-1).astype(np.int16)
    return shifts, planned.pair.astype(np.int32), planned.validation


def _index_columns(planned: PlannedTiles) -> list[list[object]]:
    splits: list[object] = [VALIDATION if held else TRAIN for held in planned.validation]
    numbers = (planned.pair, planned.dy, planned.dx, planned.y, planned.x, planned.swapped * 1)
    return [splits, *(column.tolist() for column in numbers)]
