"""Hand alignments from tables: known offsets in CSV files of three kinds.

Only reading is here; recording what was read is in `hand_files.py`. A row read twice gives the
same id twice, so that reading a table again adds nothing.
"""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid5

from ..frames import FrameError, open_frame
from ..geometry import Offset, OverlapError, Shift, Side, nominal_offset
from ..pair_files import read_pairs
from ..shifts.estimate import Status
from .hand_alignment import Decided, HandAlignment
from .hand_journal import HandFileError
from .truth_files import FILES, is_truth_file, read_truth

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SEAM_COLUMNS = ("first", "second", "nominal_dy", "nominal_dx", "dy", "dx", "status")
SIDES = {"h": Side.RIGHT, "v": Side.BELOW}


def from_table(
    path: Path, page: int | None = None, folder: Path | None = None
) -> list[HandAlignment]:
    """Read a CSV of any of the three kinds, told apart by its columns.

    Parameters
    ----------
    path : Path
        As one of the three readers below takes it.
    page : int, optional
        Page of files with several, counted from 0.
    folder : Path, optional
        What the table's names are relative to; its own folder by default.

    Raises
    ------
    HandFileError, TruthFileError, PairsFileError, FrameError
        As the three readers below.
    """
    if is_truth_file(path):
        return from_truth_csv(path, page=page, folder=folder)
    if {"nominal_dy", "nominal_dx"} <= set(_columns(path)):
        return from_seams_csv(path, page=page, folder=folder)
    return from_pairs_csv(path, page=page, folder=folder)


def from_pairs_csv(
    path: Path, page: int | None = None, folder: Path | None = None
) -> list[HandAlignment]:
    """Take the pairs of a file for or from ``align --pairs``.

    Parameters
    ----------
    path : Path
        With the columns ``first,second,dy,dx``: files relative to its folder, and the second
        frame's offset in px. ``shift_dy,shift_dx``, if there, are added to it. Where there is a
        ``status``, only rows with "hand", "certain" or nothing in it are taken.
    page : int, optional
        Page of files with several, counted from 0.
    folder : Path, optional
        Where the frames are; the file's own folder by default.

    Returns
    -------
    list of HandAlignment
        In the order of the file; decided by hand where the status says so, else known.

    Raises
    ------
    PairsFileError, HandFileError
        If the file cannot be read, or a row's frames do not open or overlap; the row is named.
    """
    taken = []
    for row in read_pairs(path):
        status = row.columns.get("status", "").strip()
        if status not in ("", Status.HAND, Status.CERTAIN):
            continue
        where = f"{path} row {row.number}"
        shift = _pair(row.columns, ("shift_dy", "shift_dx"), where, default="0")
        offset = Offset(row.nominal.dy + shift[0], row.nominal.dx + shift[1])
        decided = Decided.HAND if status == Status.HAND else Decided.TRUTH
        nominal = Offset(*row.nominal.whole())
        files = _moved(row.first, path, folder), _moved(row.second, path, folder)
        taken.append(_make(where, path, *files, nominal, offset, decided, page))
    return taken


def from_truth_csv(
    path: Path, page: int | None = None, folder: Path | None = None
) -> list[HandAlignment]:
    """Take the pairs of a file of measured offsets that can be trusted.

    Parameters
    ----------
    path : Path
        As `truth_files.read_truth`, which decides on trust. Its ``axis`` ("h" or "v") and
        ``nominal_overlap_px`` give the nominal offset; without them, or where the measured one
        is further off than that overlap, it is the measured one in whole px.
    page : int, optional
        Page of files with several, counted from 0.
    folder : Path, optional
        Where the frames are; the file's own folder by default.

    Returns
    -------
    list of HandAlignment
        In the order of the file.

    Raises
    ------
    TruthFileError, HandFileError
        If the file cannot be read, or a row's frames do not open or overlap; the pair is named.
    """
    expected = {tuple(row.get(name) for name in FILES): row for row in _rows(path)}
    taken = []
    for pair in read_truth(path):
        where = f"{path}, {pair.name}"
        row = expected[pair.first.name, pair.second.name] if expected else {}
        nominal = Offset(*pair.offset.whole())
        files = _moved(pair.first, path, folder), _moved(pair.second, path, folder)
        try:
            if row.get("axis") and row.get("nominal_overlap_px"):
                one, two = (open_frame(file, page).shape for file in files)
                overlap = int(row["nominal_overlap_px"])
                level = nominal_offset(one, two, SIDES[row["axis"]], overlap)
                # Columns that do not start level: a layout missed by more is none.
                if max(abs(value) for value in pair.offset - level) <= overlap:
                    nominal = level
        except FrameError as error:
            raise HandFileError(f"{where}: {error}") from error
        except (KeyError, ValueError) as error:
            raise HandFileError(
                f"{where}: axis {row['axis']!r} and nominal_overlap_px "
                f"{row['nominal_overlap_px']!r} give no offset; write h or v, and px that the "
                "frames can share"
            ) from error
        taken.append(_make(where, path, *files, nominal, pair.offset, Decided.TRUTH, page))
    return taken


def from_seams_csv(
    path: Path, folder: Path | None = None, page: int | None = None
) -> list[HandAlignment]:
    """Take the seams of a stitched grid that a person corrected.

    Parameters
    ----------
    path : Path
        As ``stitch --seams`` writes it: ``first,second,nominal_dy,nominal_dx,dy,dx,...,status``,
        dy and dx being the measured offset. Only rows with the status "hand" are taken.
    folder : Path, optional
        Where the frames are; the file's own folder by default.
    page : int, optional
        Page of files with several, counted from 0.

    Returns
    -------
    list of HandAlignment
        In the order of the file.

    Raises
    ------
    HandFileError
        If the file cannot be read, or a row's frames do not open or overlap; the row is named.
    """
    if missing := [name for name in SEAM_COLUMNS if name not in _columns(path)]:
        raise HandFileError(f"{path} has no column {', '.join(missing)}; name a file of seams")
    folder = path.parent if folder is None else folder
    taken = []
    for number, row in enumerate(_rows(path), start=2):
        if row["status"] != Status.HAND:
            continue
        where = f"{path} row {number}"
        nominal = Offset(*Offset(*_pair(row, ("nominal_dy", "nominal_dx"), where)).whole())
        offset = Offset(*_pair(row, ("dy", "dx"), where))
        files = folder / row["first"], folder / row["second"]
        taken.append(_make(where, path, *files, nominal, offset, Decided.HAND, page))
    return taken


def _moved(file: Path, table: Path, folder: Path | None) -> Path:
    """Where a table's frame lies, if its names are relative to another folder than its own."""
    if folder is None or not file.is_relative_to(table.parent):
        return file
    return folder / file.relative_to(table.parent)


def _make(
    where: str,
    table: Path,
    first: Path,
    second: Path,
    nominal: Offset,
    offset: Offset,
    decided: Decided,
    page: int | None = None,
) -> HandAlignment:
    """Make the hand alignment of a row; its id and time depend on the table and frames alone."""
    try:
        frames = open_frame(first, page), open_frame(second, page)
        one = HandAlignment.make(*frames, nominal, _rounded(offset - nominal), decided)
    except (FrameError, OverlapError) as error:
        raise HandFileError(f"{where}: {error}") from error
    known_by = (one.first.sha256, one.second.sha256, page, *one.nominal, *one.shift, decided)
    # The table's own time: read again, it must not look newer than a correction made since.
    time = datetime.fromtimestamp(table.stat().st_mtime, UTC).isoformat(timespec="microseconds")
    return replace(one, id=uuid5(NAMESPACE_URL, repr(known_by)).hex, time=time)


def _rounded(shift: Shift) -> Shift:
    """Without the dust that a difference of decimal fractions leaves behind."""
    return Shift(round(shift.dy, 6) + 0.0, round(shift.dx, 6) + 0.0)


def _pair(
    row: Mapping[str, str], names: tuple[str, str], where: str, default: str = ""
) -> tuple[float, float]:
    """Two finite numbers of a row."""
    texts = [row.get(name) or default for name in names]
    try:
        shift = Shift(*(float(text) for text in texts))
    except ValueError as error:
        raise HandFileError(
            f"{where}: {', '.join(names)} must be numbers of px, not {', '.join(texts)}"
        ) from error
    return shift.dy, shift.dx


def _columns(path: Path) -> list[str]:
    return list(csv.DictReader(_lines(path)).fieldnames or ())


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        rows = list(csv.DictReader(_lines(path), strict=True))
    except csv.Error as error:
        raise HandFileError(f"{path} is not a CSV file: {error}") from error
    for number, row in enumerate(rows, start=2):
        if None in row or None in row.values():
            raise HandFileError(f"{path} row {number} has not as many values as there are columns")
    return rows


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise HandFileError(f"{path} is not a CSV file in UTF-8: {error}") from error
    except OSError as error:
        raise HandFileError(f"{path} cannot be read: {error.strerror}") from error
