"""Files of measured offsets: pairs of frames whose true offset somebody has worked out.

Reading them, and telling what in them can be trusted, is here. Such a file says (x, y); what
comes out of it is in (y, x), as everywhere. What `align --pairs` reads and writes is in
`pair_files.py`.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..geometry import Offset

if TYPE_CHECKING:
    from pathlib import Path

FILES = ("left_or_top_file", "right_or_bottom_file")
TRUSTED_LOOP = 1.0
"""px; an offset is trusted where the loops through it close to within this ..."""
TRUSTED_SQUARES = 10.0
"""px; ... or, where there is no loop, no square along the seam lies further off than this."""


class TruthFileError(ValueError):
    """A file of measured offsets cannot be read; the message names the file and the pair."""


@dataclass(frozen=True)
class TruePair:
    """Two frames' files and the measured offset of the second, in px."""

    first: Path
    second: Path
    offset: Offset

    @property
    def name(self) -> str:
        """The two files' names, without endings."""
        return f"{self.first.stem} - {self.second.stem}"


def is_truth_file(path: Path) -> bool:
    """Tell whether a CSV has the columns of such a file.

    Raises
    ------
    TruthFileError
        If it cannot be read.
    """
    return {*FILES, "dx", "dy"} <= set(_read(path)[0])


def read_truth(path: Path) -> list[TruePair]:
    """Read the pairs that can be trusted.

    Parameters
    ----------
    path : Path
        A CSV with the columns ``left_or_top_file,right_or_bottom_file,dx,dy``: files relative to
        its folder, and the second frame's offset in px. ``loop_error``, if there, says by how many
        px the loops of neighbours through this pair fail to close; ``local_dev_max_px`` in a
        ``pairs_extra.csv`` beside it, how far the squares along the seam lie from its one offset.

    Returns
    -------
    list of TruePair
        In the order of the file. Left out are pairs whose loops close worse than `TRUSTED_LOOP`,
        and pairs without loops whose squares differ by more than `TRUSTED_SQUARES`.

    Raises
    ------
    TruthFileError
        If the file cannot be read, or holds something else than numbers in these columns.
    """
    _, rows = _read(path)
    beside = path.with_name("pairs_extra.csv")
    extra = _read(beside)[1] if beside.is_file() else []
    spread = {_names(row): row.get("local_dev_max_px") for row in extra}
    pairs = []
    for row in rows:
        names = _names(row)
        try:
            offset = Offset(float(row["dy"]), float(row["dx"]))
            loop = float(row["loop_error"]) if row.get("loop_error") else None
            squares = float(spread.get(names) or 0)
        except (KeyError, TypeError, ValueError) as error:
            raise TruthFileError(f"{path}, {names[0]} - {names[1]}: {error}") from error
        if squares <= TRUSTED_SQUARES if loop is None else loop <= TRUSTED_LOOP:
            pairs.append(TruePair(path.parent / names[0], path.parent / names[1], offset))
    return pairs


def _read(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            return list(reader.fieldnames or ()), list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TruthFileError(f"{path} cannot be read: {error}") from error


def _names(row: dict[str, str]) -> tuple[str, str]:
    return row.get(FILES[0]) or "", row.get(FILES[1]) or ""
