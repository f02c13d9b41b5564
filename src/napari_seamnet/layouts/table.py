"""Positions as CSV: ``file,y,x``, and whatever of ``row,col,number,page,status`` is known.

Only this dialect is here; it is the project's own, so y stands before x.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING

from ..saving import written_whole
from .entries import Entry, Listing, entries_to_write, number_text, plain_name, read_text
from .errors import LayoutError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from os import PathLike

    from .layout import Layout

COLUMNS = ("file", "row", "col", "y", "x")
"""Written always, in this order; then come number and page if any frame has one, then status."""
DELIMITERS = ",;\t"


def is_table(header: str) -> bool:
    """Whether a CSV with this first line is one of positions or of places."""
    names = set(_header(header)[1])
    return "file" in names and (names >= {"y", "x"} or names >= {"row", "col"})


def read(path: str | PathLike[str]) -> Listing:
    """Read a CSV of positions, or of rows and columns.

    Parameters
    ----------
    path : path
        First line: names of columns, in any order. ``file`` and ``y,x`` (px) or ``row,col`` are
        needed; ``number`` (rank in time) and ``page`` are read, all others passed over. Separated
        by comma, semicolon or tab; with the latter two, decimals may have a comma.

    Returns
    -------
    Listing
        Files are relative to the folder of the CSV.

    Raises
    ------
    LayoutError
        If columns are missing, or a cell cannot be read (the line is named).
    """
    path = Path(path)
    text = read_text(path)
    lines = text.splitlines()
    delimiter, names = _header(lines[0] if lines else "")
    has = set(names)
    if "file" not in has or not (has >= {"y", "x"} or has >= {"row", "col"}):
        raise LayoutError(
            f"{path} has the columns {', '.join(names) or 'none'}; it needs file, and y and x (in "
            "px) or row and col"
        )
    entries = []
    for line, cells in _lines(text, delimiter, path):
        where = f"{path}, line {line}"
        row = dict(zip(names, (cell.strip() for cell in cells), strict=False))
        if not row.get("file"):
            raise LayoutError(f"{where}: no file is named; name one, or remove the line")
        entries.append(
            Entry(
                plain_name(row["file"], path.parent),
                (_number(row, "y", where, delimiter), _number(row, "x", where, delimiter))
                if has >= {"y", "x"}
                else None,
                *(_whole(row, name, where) for name in ("row", "col", "number", "page")),
            )
        )
    if not has >= {"y", "x"} and any(e.row is None or e.col is None for e in entries):
        raise LayoutError(f"{path} has frames without row or col; fill them in, or give y and x")
    return Listing(tuple(entries), path.parent, str(path))


def write(
    path: str | PathLike[str],
    frames: Layout | Sequence[str | PathLike[str]],
    positions: Sequence[tuple[float, float]] | None = None,
    *,
    places: Sequence[tuple[int, int]] | None = None,
    statuses: Sequence[str] | None = None,
) -> None:
    """Write a CSV of positions.

    Parameters
    ----------
    path : path
        File to write; a file of that name is replaced when the new one is whole.
    frames : Layout, or sequence of paths
        Paths are relative to the folder of `path`.
    positions : sequence of (y, x), optional
        In px; of a layout, its nominal positions by default.
    places : sequence of (row, col), optional
        Of a layout, its own by default; empty cells where there are none.
    statuses : sequence of str, optional
        What is said of each frame, in a last column ``status``.

    Raises
    ------
    LayoutError
        If numbers of frames and positions differ, or a name holds a line break.
    SavingError
        If the folder cannot be written to.
    """
    path = Path(path)
    entries = entries_to_write(path, frames, positions)
    optional = [
        name
        for name in ("number", "page")
        if any(getattr(entry, name) is not None for entry in entries)
    ]
    rows: list[list[object]] = [[*COLUMNS, *optional, *(["status"] if statuses else [])]]
    for k, entry in enumerate(entries):
        y, x = entry.position or (0.0, 0.0)
        row, col = (entry.row, entry.col) if places is None else places[k]
        cells = [entry.file, row, col, number_text(y), number_text(x)]
        cells += [getattr(entry, name) for name in optional]
        rows.append([*cells, *([str(statuses[k])] if statuses else [])])
    with (
        written_whole(path) as beside,
        beside.open("w", encoding="utf-8", newline="") as file,
    ):
        csv.writer(file, lineterminator="\n").writerows(rows)


def _header(line: str) -> tuple[str, list[str]]:
    """Delimiter and names of the columns."""
    line = line.lstrip("\ufeff")
    delimiter = max(DELIMITERS, key=line.count)
    names = next(csv.reader([line], delimiter=delimiter), [])
    return delimiter, [name.strip().casefold() for name in names]


def _lines(text: str, delimiter: str, path: Path) -> Iterator[tuple[int, list[str]]]:
    """The lines below the header that are not empty, with their numbers."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        next(reader)
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, cells
    except csv.Error as error:
        raise LayoutError(
            f"{path}, line {reader.line_num}, cannot be read as CSV ({error})"
        ) from error


def _number(row: Mapping[str, str], name: str, where: str, delimiter: str) -> float:
    text = row.get(name, "")
    try:
        return float(text if delimiter == "," else text.replace(",", "."))
    except ValueError as error:
        raise LayoutError(f"{where}: {name} is {text!r}; give a number of px") from error


def _whole(row: Mapping[str, str], name: str, where: str) -> int | None:
    text = row.get(name, "")
    if not text:
        return None
    try:
        return int(text)
    except ValueError as error:
        raise LayoutError(f"{where}: {name} is {text!r}; give a whole number") from error
