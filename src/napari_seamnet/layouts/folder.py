"""Folders and lists of files: which of them are frames, and what their names say.

Entries come out; nothing is opened here but the headers that may hold stage positions. Files of
positions are read in files of their own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from . import mist, ome, table
from .entries import Entry, Listing, Progress
from .errors import LayoutError
from .guess import Guess, guess_pattern
from .name_numbers import texts_of
from .names import PICTURES, NamePattern, natural_key
from .serial import Place, serial_places

if TYPE_CHECKING:
    from collections.abc import Sequence

SHOWN = 5
"""Names that a note lists before it says "and so on"."""
TABLES_LOOKED_AT = 20
"""Text files of a folder of which the first line is read, to tell a person of them."""


@dataclass(frozen=True)
class Series:
    """How a series fills a grid; see `serial_places`.

    Parameters
    ----------
    rows, cols : int or None
        Size of the grid, both None where nobody said that the frames are a series.
    start, order, first : str
        Words of `serial_order`.
    missing : tuple of (row, col)
        Places that were not visited.
    """

    rows: int | None = None
    cols: int | None = None
    start: str = "top left"
    order: str = "snake"
    first: str = "rows"
    missing: tuple[Place, ...] = ()

    @property
    def is_given(self) -> bool:
        """Whether there is enough to lay out a series."""
        return self.rows is not None or self.cols is not None

    def describe(self, rows: int, cols: int) -> str:
        """Say it in words."""
        along = "along rows" if self.first == "rows" else "down columns"
        return f"{rows} x {cols}, {self.order} {along}, from the {self.start}"


def read_folder(
    folder: Path,
    pattern: NamePattern | None,
    series: Series,
    page: int | None = None,
    progress: Progress | None = None,
) -> Listing:
    """Lay out the pictures of a folder, by what is known about them.

    Parameters
    ----------
    folder : Path
        That holds them.
    pattern : NamePattern or None
        Which files to take, and what their names say. By default stage positions in the files are
        looked for, then the names are guessed at.
    series : Series
        For names that only count.
    page : int, optional
        Plane whose stage position is asked for.
    progress : callable, optional
        Told of files that are looked into.

    Returns
    -------
    Listing
        With all that was passed over in its notes.

    Raises
    ------
    LayoutError
        If there is no picture, or the names do not say enough.
    """
    if pattern is not None and "/" in pattern.text:
        names = [p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()]
    else:
        names = [one.name for one in folder.iterdir() if one.is_file()]
    names = sorted(
        (name for name in names if not Path(name).name.startswith(".")), key=natural_key
    )
    pictures = [name for name in names if Path(name).suffix.casefold() in PICTURES]
    if not pictures and pattern is None:
        raise LayoutError(
            f"{folder} holds no picture (TIFF, PNG, JPEG, BMP); name the folder of the frames"
        )
    notes = _positions_beside(folder, names)
    if pattern is None and not series.is_given:
        listing, note = ome.read_folder(folder, pictures, page, progress)
        notes += [note] if note else []
        if listing is not None:
            used = {entry.file for entry in listing.entries}
            notes += _left_out([name for name in pictures if name not in used])
            return replace(listing, notes=(*listing.notes, *notes))
    listing = read_names(pictures if pattern is None else names, folder, pattern, series)
    return replace(listing, source=f"{listing.source} in {folder}", notes=(*listing.notes, *notes))


def read_names(
    names: Sequence[str], folder: Path, pattern: NamePattern | None, series: Series
) -> Listing:
    """Lay out files by their names alone.

    Parameters
    ----------
    names : sequence of str
        Files, relative to `folder`.
    folder : Path
        Not looked into.
    pattern : NamePattern or None
        Guessed from the names by default.
    series : Series
        For names that only count, or do not even that: then their order counts.

    Returns
    -------
    Listing
        Rows and columns, or positions.

    Raises
    ------
    LayoutError
        If the names do not say enough.
    """
    if pattern is None and len(names) == 1:
        return Listing((Entry(names[0], (0.0, 0.0)),), folder, "a single frame")
    try:
        guess = _taken(pattern, names, folder) if pattern is not None else guess_pattern(names)
    except LayoutError:
        # Names that are alike but for numbers have an order, which a person must then tell.
        is_alike = len({texts_of(name) for name in names}) < len(names)
        if pattern is not None or not series.is_given or is_alike:
            raise
        order = f"the names say no order; they were taken as they are sorted, {names[0]} first"
        return _as_series(list(names), list(range(len(names))), folder, series, "", (order,))
    notes = [*guess.notes, *_left_out(guess.left_out)]
    source = f"names like {guess.pattern.text}"
    found = [(name, guess.pattern.match(name) or {}) for name in guess.names]
    if guess.pattern.says_position:
        _refuse_series(series, source)
        entries = [
            Entry(
                name,
                (value["y"], value["x"]),
                *(_whole(value, key) for key in ("row", "col", "serial")),
            )
            for name, value in found
        ]
        return Listing(
            tuple(entries),
            folder,
            source,
            guess.unit or "",
            notes=tuple(notes),
            is_stage=True,
        )
    if guess.pattern.says_place:
        if series.missing:
            raise LayoutError(f"{source} say where each frame lies; leave missing out")
        return _as_grid(found, folder, series, source, notes)
    numbers = [int(value["serial"]) for _, value in found]
    if len(set(numbers)) < len(numbers):
        first_of = dict(zip(reversed(numbers), reversed(guess.names), strict=True))
        name, other = next(
            (name, first_of[number])
            for number, name in zip(numbers, guess.names, strict=True)
            if first_of[number] != name
        )
        raise LayoutError(
            f"{other} and {name} bear the same number; remove one, or give a pattern that only "
            "one of them fits"
        )
    if not series.is_given:
        raise LayoutError(_ask_for_grid(len(found), source, guess.names[0]))
    return _as_series([name for name, _ in found], numbers, folder, series, source, tuple(notes))


def _taken(pattern: NamePattern, names: Sequence[str], folder: Path) -> Guess:
    """The names that fit a given pattern."""
    fit = tuple(name for name in names if pattern.match(name) is not None)
    if not fit:
        raise LayoutError(
            f"no file in {folder} fits the pattern {pattern.text!r}"
            + (f"; there is, for example, {names[0]}" if names else "")
        )
    others = [n for n in names if n not in set(fit) and Path(n).suffix.casefold() in PICTURES]
    return Guess(pattern, fit, tuple(others))


def _as_grid(
    found: Sequence[tuple[str, dict[str, float]]],
    folder: Path,
    series: Series,
    source: str,
    notes: list[str],
) -> Listing:
    axes = {key: [int(value.get(key, 0)) for _, value in found] for key in ("row", "col")}
    for key, values in axes.items():
        low = min(values)
        step = math.gcd(*(value - low for value in values))
        if step > 1:
            notes.append(f"{key}s are numbered in steps of {step}: {low}, {low + step}, ...")
        if low not in (0, 1):
            notes.append(f"{key}s are numbered from {low}")
        axes[key] = [(value - low) // max(1, step) for value in values]
    numbers = [_whole(value, "serial") for _, value in found]
    rank_of = {
        number: rank for rank, number in enumerate(sorted(n for n in numbers if n is not None))
    }
    places = list(zip(axes["row"], axes["col"], strict=True))
    first_of: dict[Place, str] = {}
    for (name, _), place in zip(found, places, strict=True):
        if place in first_of:
            raise LayoutError(
                f"{first_of[place]} and {name} bear the same row and column; remove one, or give "
                "a pattern that only one of them fits"
            )
        first_of[place] = name
    size = (1 + max(axes["row"]), 1 + max(axes["col"]))
    for given, there, what in zip((series.rows, series.cols), size, ("rows", "cols"), strict=True):
        if given is not None and given < there:
            raise LayoutError(
                f"the {source} say that there are {there} {what}, not {given}; leave {what} out, "
                "or give a pattern with {serial} if the names only count"
            )
    entries = tuple(
        Entry(name, None, *place, None if number is None else rank_of[number])
        for (name, _), place, number in zip(found, places, numbers, strict=True)
    )
    return Listing(entries, folder, source, notes=tuple(notes))


def _as_series(
    names: Sequence[str],
    numbers: Sequence[int],
    folder: Path,
    series: Series,
    source: str,
    notes: tuple[str, ...],
) -> Listing:
    """Let frames fill a grid in the order of their numbers."""
    order = sorted(range(len(names)), key=lambda k: numbers[k])
    span = numbers[order[-1]] - numbers[order[0]] + 1
    ranks = {k: rank for rank, k in enumerate(order)}
    if span > len(names):
        gaps = span - len(names)
        room = None
        if series.rows is not None and series.cols is not None:
            room = series.rows * series.cols - len(set(series.missing))
        # A number that is left out is a frame that is lost, if there is a place for it.
        if (room is None and gaps < len(names)) or (room is not None and span <= room):
            notes += (
                f"{gaps} of the numbers from {numbers[order[0]]} to {numbers[order[-1]]} are left "
                "out: their places are taken to be empty",
            )
            ranks = {k: numbers[k] - numbers[order[0]] for k in order}
        else:
            notes += (
                f"{gaps} of the numbers from {numbers[order[0]]} to {numbers[order[-1]]} are left "
                "out, and there is no place for them: only their order counts",
            )
    places, rows, cols = serial_places(
        [ranks[k] for k in order],
        series.rows,
        series.cols,
        series.start,
        series.order,
        series.first,
        series.missing,
    )
    words = f"series of {len(names)} frames, {series.describe(rows, cols)}"
    entries = tuple(
        Entry(names[k], None, *place, ranks[k]) for k, place in zip(order, places, strict=True)
    )
    return Listing(entries, folder, f"{words} ({source})" if source else words, notes=notes)


def _refuse_series(series: Series, source: str) -> None:
    if series.is_given or series.missing:
        raise LayoutError(f"{source} say where each frame lies; leave rows, cols and missing out")


def _ask_for_grid(n: int, source: str, example: str) -> str:
    pairs = [(r, n // r) for r in range(1, n + 1) if n % r == 0]
    near = sorted(pairs, key=lambda pair: abs(pair[0] - pair[1]))[:4]
    shapes = ", ".join(f"{r} x {c}" for r, c in sorted(near))
    return (
        f"{n} frames are one series ({source}, such as {example}), which does not tell rows and "
        f"columns; give rows or cols ({shapes} would fit), and order, start and first where they "
        "are not a snake along rows from the top left"
    )


def _whole(values: dict[str, float], key: str) -> int | None:
    return int(values[key]) if key in values else None


def _left_out(names: Sequence[str]) -> list[str]:
    if not names:
        return []
    shown = ", ".join(names[:SHOWN]) + (" and so on" if len(names) > SHOWN else "")
    files = "1 other picture" if len(names) == 1 else f"{len(names)} other pictures"
    return [f"left out: {files} ({shown})"]


def _positions_beside(folder: Path, names: Sequence[str]) -> list[str]:
    """Tell of files of positions in the folder, which nobody named and so are not used."""
    there = []
    texts = [n for n in names if Path(n).suffix.casefold() in (".txt", ".csv", ".tsv", ".ome")]
    for name in texts[:TABLES_LOOKED_AT]:
        with (folder / name).open(encoding="utf-8-sig", errors="replace") as file:
            head = file.read(2000)
        first = head.partition("\n")[0]
        if (
            mist.is_mist(head)
            or "\ndim" in f"\n{head}"
            or (name.casefold().endswith(("csv", "tsv")) and table.is_table(first))
            or name.casefold().endswith(".companion.ome")
        ):
            there.append(name)
    return [
        f"{name} lies in the folder and was not used; to use its positions, open it instead of "
        "the folder"
        for name in there
    ]
