"""MIST's ``global-positions`` files: one line a frame, x first, column before row.

Only this dialect is here. Positions are (y, x) as soon as they are read.
"""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import TYPE_CHECKING

from ..saving import written_whole
from .entries import Entry, Listing, entries_to_write, number_text, plain_name, read_text
from .errors import LayoutError
from .layout import Layout
from .steps import find_places, typical_shape

if TYPE_CHECKING:
    from collections.abc import Sequence
    from os import PathLike

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_LINE = re.compile(
    r"file:\s*(?P<file>.+?)\s*;\s*corr:\s*(?P<corr>[^;]*?)\s*;"
    rf"\s*position:\s*\(\s*(?P<x>{_NUMBER})\s*,\s*(?P<y>{_NUMBER})\s*\)\s*"
    r"(?:;\s*grid:\s*\(\s*(?P<col>\d+)\s*,\s*(?P<row>\d+)\s*\)\s*)?;?\s*"
)


def is_mist(text: str) -> bool:
    """Whether a file that begins with this text is one of MIST's."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    return first.lstrip("\ufeff ").startswith("file:") and "position:" in first


def read(path: str | PathLike[str]) -> Listing:
    """Read a file of global positions.

    Parameters
    ----------
    path : path
        Such as ``img-global-positions-0.txt``; the frames are named relative to its folder.

    Returns
    -------
    Listing
        Positions in px, rows and columns where the file has them. The correlations are not kept.

    Raises
    ------
    LayoutError
        If a line cannot be read (it is named).
    """
    path = Path(path)
    entries = []
    for number, line in enumerate(read_text(path).splitlines(), 1):
        if not line.strip():
            continue
        found = _LINE.fullmatch(line.strip())
        if found is None:
            raise LayoutError(
                f"{path}, line {number}: {line.strip()[:60]!r} cannot be read; a line looks like "
                "'file: frame.tif; corr: 0.9; position: (x, y); grid: (col, row);'"
            )
        row, col = (None if found[name] is None else int(found[name]) for name in ("row", "col"))
        entries.append(
            Entry(
                plain_name(found["file"], path.parent),
                (float(found["y"]), float(found["x"])),
                row,
                col,
            )
        )
    return Listing(tuple(entries), path.parent, str(path))


def write(
    path: str | PathLike[str],
    frames: Layout | Sequence[str | PathLike[str]],
    positions: Sequence[tuple[float, float]] | None = None,
    *,
    places: Sequence[tuple[int, int]] | None = None,
    correlations: Sequence[float] | None = None,
) -> None:
    """Write a file of global positions.

    Parameters
    ----------
    path : path
        File to write; a file of that name is replaced when the new one is whole.
    frames : Layout, or sequence of paths
        Paths are relative to the folder of `path`.
    positions : sequence of (y, x), optional
        In px; of a layout, its nominal positions by default. MIST itself writes whole px.
    places : sequence of (row, col), optional
        Of a layout, its own by default. Where there are none they are told from the positions,
        and where that cannot be, the frames are numbered in one row.
    correlations : sequence of float, optional
        One for each frame, -1 to 1; 1 by default.

    Raises
    ------
    LayoutError
        If numbers of frames and positions differ, or a name holds a line break.
    SavingError
        If the folder cannot be written to.
    """
    path = Path(path)
    entries = entries_to_write(path, frames, positions)
    if places is None:
        places = _places(frames, entries)
    lines = []
    for k, entry in enumerate(entries):
        if entry.page is not None:
            raise LayoutError(
                f"{entry.file} holds several frames, which MIST's file cannot name one by one; "
                "write a CSV of positions, or save each frame as a file of its own"
            )
        corr = 1.0 if correlations is None else correlations[k]
        y, x = entry.position or (0.0, 0.0)
        row, col = places[k]
        lines.append(
            f"file: {entry.file}; corr: {corr if math.isfinite(corr) else -1.0:.10g}; "
            f"position: ({number_text(x)}, {number_text(y)}); grid: ({col}, {row});"
        )
    with written_whole(path) as beside:
        beside.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _places(
    frames: Layout | Sequence[str | PathLike[str]], entries: Sequence[Entry]
) -> tuple[tuple[int, int], ...]:
    known = [(e.row, e.col) for e in entries]
    if all(row is not None and col is not None for row, col in known):
        return tuple((row or 0, col or 0) for row, col in known)
    if isinstance(frames, Layout):
        shape = typical_shape([frame.shape for frame in frames.frames])
        found = find_places([e.position or (0.0, 0.0) for e in entries], [shape])
        if found is not None:
            return found
    return tuple((0, k) for k in range(len(entries)))
