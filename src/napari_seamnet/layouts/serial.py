"""Serial order: from when a frame was taken to its row and column.

Only orders and places are here; where a place lies in px is in `steps.py`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .errors import LayoutError

if TYPE_CHECKING:
    from collections.abc import Sequence

CORNERS = ("top left", "top right", "bottom left", "bottom right")
ORDERS = ("snake", "raster")
FIRSTS = ("rows", "columns")

Place = tuple[int, int]
"""(row, col), from 0 on, counted from the top left."""


def serial_order(
    rows: int,
    cols: int,
    start: str = "top left",
    order: str = "snake",
    first: str = "rows",
) -> tuple[Place, ...]:
    """List the places of a grid in the order in which the stage visits them.

    Parameters
    ----------
    rows, cols : int
        Size of the grid.
    start : {"top left", "top right", "bottom left", "bottom right"}
        Corner of the first frame.
    order : {"snake", "raster"}
        A snake turns at the end of each line and comes back along the next; a raster starts each
        line on the same side.
    first : {"rows", "columns"}
        What is run through first: along a row, or down a column.

    Returns
    -------
    tuple of (row, col)
        Every place once.

    Raises
    ------
    LayoutError
        If a word is none of these, or the grid has no place.

    Examples
    --------
    >>> serial_order(2, 3)
    ((0, 0), (0, 1), (0, 2), (1, 2), (1, 1), (1, 0))
    >>> serial_order(2, 2, start="bottom left", order="raster", first="columns")
    ((1, 0), (0, 0), (1, 1), (0, 1))
    """
    start = _one_of("start", start.replace("-", " ").replace("_", " "), CORNERS)
    order = _one_of("order", order, ORDERS)
    first = _one_of("first", "columns" if first == "cols" else first, FIRSTS)
    if rows < 1 or cols < 1:
        raise LayoutError(f"a grid of {rows} x {cols} holds no frame; give at least one row")
    by_rows = first == "rows"
    n_lines, length = (rows, cols) if by_rows else (cols, rows)
    far_line = ("bottom" in start) if by_rows else ("right" in start)
    far_end = ("right" in start) if by_rows else ("bottom" in start)
    places = []
    for i in range(n_lines):
        line = n_lines - 1 - i if far_line else i
        back = far_end ^ (order == "snake" and i % 2 == 1)
        for j in range(length):
            along = length - 1 - j if back else j
            places.append((line, along) if by_rows else (along, line))
    return tuple(places)


def serial_places(
    numbers: Sequence[int],
    rows: int | None,
    cols: int | None,
    start: str = "top left",
    order: str = "snake",
    first: str = "rows",
    missing: Sequence[Place] = (),
) -> tuple[tuple[Place, ...], int, int]:
    """Give every frame of a series its place.

    Parameters
    ----------
    numbers : sequence of int
        When each frame was taken, from 0 on, not necessarily in order: 0 for the first place that
        the stage visits. A number that is left out leaves its place empty.
    rows, cols : int or None
        Size of the grid; one of the two may be None, and is what the frames need.
    start, order, first : str
        See `serial_order`.
    missing : sequence of (row, col)
        Places that the stage did not visit: the numbers go on behind them.

    Returns
    -------
    places : tuple of (row, col)
        In the order of `numbers`.
    rows, cols : int
        Size of the grid. Places behind the last frame stay empty.

    Raises
    ------
    LayoutError
        If the frames do not fit into the grid, or a missing place lies outside it.

    Examples
    --------
    >>> serial_places([0, 1, 2, 3, 4], rows=None, cols=3)
    (((0, 0), (0, 1), (0, 2), (1, 2), (1, 1)), 2, 3)
    """
    if rows is None and cols is None:
        raise LayoutError("a series needs rows or cols, or both")
    needed = max(numbers) + 1 + len(set(missing))
    lacking = needed if rows is None or cols is None else 0
    rows = math.ceil(lacking / (cols or 1)) if rows is None else rows
    cols = math.ceil(lacking / max(1, rows)) if cols is None else cols
    visits = serial_order(rows, cols, start, order, first)
    if outside := [place for place in missing if place not in set(visits)]:
        raise LayoutError(
            f"the missing place {outside[0]} lies outside a grid of {rows} rows and {cols} "
            f"columns; places are (row, col) from (0, 0) to ({rows - 1}, {cols - 1})"
        )
    gaps = set(missing)
    visits = tuple(place for place in visits if place not in gaps)
    if max(numbers) >= len(visits):
        raise LayoutError(
            f"{max(numbers) + 1} frames do not fit into {rows} rows and {cols} columns"
            + (f" with {len(gaps)} missing places" if gaps else "")
            + "; give more rows or columns, or leave one of the two out"
        )
    return tuple(visits[number] for number in numbers), rows, cols


def _one_of(what: str, word: str, choice: Sequence[str]) -> str:
    if word not in choice:
        raise LayoutError(f"there is no {what} {word!r}; choose one of {', '.join(choice)}")
    return word
