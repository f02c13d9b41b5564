"""Files of pairs: which two frames, where the second is expected, and what was found.

A CSV with the columns ``first,second,dy,dx`` is read, checked, aligned and written again here,
with its results. One pair is aligned in `pairs.py`.

A run is all or nothing: every frame and every overlap is looked at before the first pair is
aligned, and one that is missing or broken ends the run, named by its row, before anything is
written.
"""

from __future__ import annotations

import csv
import json
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .frames import FrameError, open_frame
from .geometry import Offset, OverlapError, Shift, overlap_boxes
from .pairs import DEFAULT_MAX_SHIFT, align_pair
from .saving import written_whole
from .shifts import Status

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from .frames import Frame
    from .shifts import Estimate, Method
    from .shifts.estimate import Progress

COLUMNS = ("first", "second", "dy", "dx")
RESULTS = ("shift_dy", "shift_dx", "confidence", "status", "alternatives")


class PairsFileError(ValueError):
    """A file of pairs cannot be used; the message names the row (the header is row 1)."""


@dataclass(frozen=True)
class PairRow:
    """One pair of the file.

    Parameters
    ----------
    number : int
        Line of the row in the file, the header being line 1.
    columns : dict
        The row as it was read, other people's columns included.
    first, second : Path
        The two frames' files.
    nominal : Offset
        Nominal offset of the second frame, in px, as it was read.
    """

    number: int
    columns: dict[str, str]
    first: Path
    second: Path
    nominal: Offset


def read_pairs(path: Path) -> list[PairRow]:
    """Read a file of pairs.

    Parameters
    ----------
    path : Path
        A CSV with the columns ``first,second,dy,dx`` and any others. Names of frames are relative
        to its folder.

    Returns
    -------
    list of PairRow
        In the order of the file.

    Raises
    ------
    PairsFileError
        If the file is missing, is no such CSV, or a value in it cannot be used.
    """
    rows = []
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, strict=True)
            missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
            if missing:
                raise PairsFileError(
                    f"{path} has no column {', '.join(missing)}; its first line must name the "
                    f"columns {','.join(COLUMNS)}, with commas between"
                )
            names = list(reader.fieldnames or ())
            if twice := [name for name in COLUMNS if names.count(name) > 1]:
                raise PairsFileError(f"{path} names the column {twice[0]} twice; name each once")
            for columns in reader:
                rows.append(_row(path, reader.line_num, columns))
    except OSError as error:
        raise PairsFileError(f"{path} cannot be read: {error.strerror}") from error
    except (csv.Error, UnicodeDecodeError) as error:
        raise PairsFileError(f"{path} is not a CSV file in UTF-8: {error}") from error
    return rows


def _row(path: Path, number: int, columns: dict[str, str]) -> PairRow:
    """Check one row and turn its text into paths and numbers."""
    if None in columns or None in columns.values():
        raise PairsFileError(f"{path} row {number} has not as many values as there are columns")
    numbers = []
    for name in ("dy", "dx"):
        try:
            numbers.append(float(columns[name]))
        except ValueError as error:
            raise PairsFileError(
                f"{path} row {number}: {name} must be a number of pixels, not {columns[name]!r}"
            ) from error
    for name in ("first", "second"):
        if not columns[name].strip():
            raise PairsFileError(f"{path} row {number}: {name} names no file")
    try:
        nominal = Offset(*numbers)
    except ValueError as error:
        raise PairsFileError(f"{path} row {number}: {error}") from error
    folder = path.parent
    return PairRow(number, columns, folder / columns["first"], folder / columns["second"], nominal)


def open_frames(rows: Sequence[PairRow], page: int | None = None) -> dict[Path, Frame]:
    """Open every frame once, and look whether every overlap exists, before any long work.

    Parameters
    ----------
    rows : sequence of PairRow
        The pairs.
    page : int, optional
        Page of files with several, counted from 0.

    Returns
    -------
    dict of Path to Frame
        Only headers were read.

    Raises
    ------
    PairsFileError
        If a frame is missing or broken, or two frames do not overlap; the row is named.
    """
    # All names first: that is quick, and a wrong folder is the commonest mistake.
    for row in rows:
        for path in (row.first, row.second):
            if not path.is_file():
                raise PairsFileError(f"row {row.number}: there is no file {path}")
    frames: dict[Path, Frame] = {}
    for row in rows:
        with _named(row):
            for path in (row.first, row.second):
                if path not in frames:
                    frames[path] = open_frame(path, page)
            overlap_boxes(frames[row.first].shape, frames[row.second].shape, row.nominal)
    return frames


@contextmanager
def _named(row: PairRow) -> Iterator[None]:
    """Name the row that an error of the block belongs to."""
    try:
        yield
    except (FrameError, OverlapError) as error:
        raise PairsFileError(f"row {row.number}: {error}") from error


def align_pairs(
    rows: Sequence[PairRow],
    frames: Mapping[Path, Frame],
    method: Method,
    *,
    max_shift: int = DEFAULT_MAX_SHIFT,
    progress: Progress | None = None,
) -> list[Estimate]:
    """Align every pair of a file, with one method.

    Parameters
    ----------
    rows : sequence of PairRow
        The pairs.
    frames : mapping of Path to Frame
        The opened frames, as `open_frames` gives them.
    method : Method
        Used for all pairs, so that a network is loaded once.
    max_shift : int
        Search range, in px each way on each axis.
    progress : callable, optional
        Called as ``progress(done, total, what)`` before each pair and at the end.

    Returns
    -------
    list of Estimate
        One a row; each shift is relative to the nominal offset in whole pixels.

    Raises
    ------
    PairsFileError
        If a frame turns out to be broken; the row is named.
    """
    estimates = []
    for done, row in enumerate(rows):
        if progress is not None:
            progress(done, len(rows), f"{row.first.name} - {row.second.name}")
        with _named(row):
            estimates.append(
                align_pair(
                    frames[row.first],
                    frames[row.second],
                    offset=row.nominal,
                    method=method,
                    max_shift=max_shift,
                )
            )
    if progress is not None:
        progress(len(rows), len(rows), "")
    return estimates


def write_pairs(path: Path, rows: Sequence[PairRow], estimates: Sequence[Estimate]) -> None:
    """Write the rows again, with what was found.

    Parameters
    ----------
    path : Path
        File to write; it appears whole or not at all.
    rows, estimates : sequences of equal length
        The pairs, and their estimates.
    """
    names = [*(rows[0].columns if rows else COLUMNS)]
    names += [name for name in RESULTS if name not in names]
    with (
        written_whole(path) as beside,
        beside.open("w", newline="", encoding="utf-8") as file,
    ):
        writer = csv.DictWriter(file, names, lineterminator="\n")
        writer.writeheader()
        for row, estimate in zip(rows, estimates, strict=True):
            writer.writerow(row.columns | result_columns(estimate, row.nominal))


def result_columns(estimate: Estimate, nominal: Offset) -> dict[str, str]:
    """Put an estimate into the columns `RESULTS`."""
    shift = relative_to(estimate.shift, nominal)
    if estimate.status is Status.UNDETERMINED:
        shift = estimate.shift  # no evidence: the nominal offset stands, fraction and all
    return {
        "shift_dy": str(rounded(shift.dy)),
        "shift_dx": str(rounded(shift.dx)),
        "confidence": str(rounded(estimate.confidence, 4)),
        "status": str(estimate.status),
        "alternatives": json.dumps(list_alternatives(estimate, nominal)),
    }


def rounded(value: float, digits: int = 3) -> float:
    """Round for a file: a thousandth of a pixel is below what any method knows; no minus zero."""
    return round(value, digits) + 0.0


def relative_to(shift: Shift, nominal: Offset) -> Shift:
    """Refer a shift to a nominal offset that is not in whole pixels.

    Frames are cut at whole pixels, so an estimate is relative to the rounded nominal offset.
    """
    whole = Offset(*nominal.whole())
    return shift + (whole - nominal)


def list_alternatives(estimate: Estimate, nominal: Offset) -> list[dict[str, float]]:
    """Put the alternatives of an estimate into plain values, for JSON."""
    return [
        {
            "dy": rounded(relative_to(other.shift, nominal).dy),
            "dx": rounded(relative_to(other.shift, nominal).dx),
            "probability": rounded(other.probability, 4),
        }
        for other in estimate.alternatives
    ]
