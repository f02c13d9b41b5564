"""Who owns which pixel of a mosaic.

Only boxes are looked at here, never a pixel. A region is cut, at the frames' edges, into
rectangles in which every frame that is there at all is everywhere; most of them have one frame,
and are done. Only in the overlaps, a tenth of a usual grid, is anything computed for each pixel.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .errors import MosaicError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..geometry import Box
    from .placement import Placement

NOBODY = -1
"""Owner of the pixels that no frame shows."""
SMALL = 64 * 64
"""Area, in px, below which a rectangle is not cut further: computing it costs less than cutting,
and a heap of a thousand frames on one spot ends there."""


class Ownership(StrEnum):
    """Which frame is shown where several overlap."""

    NEAREST_CENTRE = "nearest centre"
    """The one whose centre is nearest: a hard cut where two centres are equally far, the pixels
    on the cut the earlier frame's. The best pixels of a lens and the least exposed of a sample."""
    FIRST = "first"
    """The earliest placed on top."""
    LAST = "last"
    """The latest placed on top."""

    @classmethod
    def named(cls, name: str) -> Ownership:
        """Find an ownership by its name.

        Raises
        ------
        MosaicError
            If there is none of this name.
        """
        try:
            return cls(name)
        except ValueError:
            names = ", ".join(repr(str(one)) for one in cls)
            raise MosaicError(f"there is no ownership {name!r}; choose one of {names}") from None


class Piece(NamedTuple):
    """A rectangle of a region in which some pixels have one owner.

    Parameters
    ----------
    rows, columns : slice
        Of the region's own grid (every `step`-th of its pixels).
    owner : int
        Index of the placement.
    owned : (h, w) bool array or None
        Which pixels of the rectangle it owns; None if all.
    """

    rows: slice
    columns: slice
    owner: int
    owned: np.ndarray | None


def stack_boxes(placements: Sequence[Placement]) -> np.ndarray:
    """Put the placements' boxes into one table, so that a thousand are searched at once.

    Returns
    -------
    (N, 4) int64 array
        Top, left, bottom, right of each, in mosaic pixels; bottom and right exclusive.
    """
    boxes = [placement.box for placement in placements]
    return np.array(
        [(box.y, box.x, box.y + box.height, box.x + box.width) for box in boxes], np.int64
    ).reshape(-1, 4)


def owners(
    table: np.ndarray, region: Box, ownership: Ownership = Ownership.NEAREST_CENTRE, step: int = 1
) -> np.ndarray:
    """Tell which placement owns each pixel of a region.

    Parameters
    ----------
    table : (N, 4) int64 array
        From `stack_boxes`.
    region : Box
        In mosaic pixels.
    ownership : Ownership
        Who is shown where several overlap.
    step : int, default 1
        Only every `step`-th row and column of the region, starting with its first.

    Returns
    -------
    (h, w) int32 array
        Index of the owner; -1 where there is none.
    """
    who = np.full(grid_shape(region, step), NOBODY, np.int32)
    for rows, columns, owner, owned in pieces(table, region, ownership, step):
        if owned is None:
            who[rows, columns] = owner
        else:
            who[rows, columns][owned] = owner
    return who


def pieces(
    table: np.ndarray, region: Box, ownership: Ownership = Ownership.NEAREST_CENTRE, step: int = 1
) -> Iterator[Piece]:
    """Cut a region into pieces of one owner each.

    Parameters
    ----------
    table, region, ownership, step
        As of `owners`.

    Yields
    ------
    Piece
        In no particular order. No pixel is owned twice; pixels without a frame are in none.
    """
    indices = _met_by(table, region)
    spans = _spans(table[indices], region, step)
    height, width = grid_shape(region, step)
    # A region's corner as the origin keeps the squares of coordinates small: 64 bits are enough
    # for a mosaic of 10^9 px anywhere.
    centres = table[indices, :2] + table[indices, 2:] - 1 - 2 * np.array([region.y, region.x])
    left = [((0, 0, height, width), np.arange(len(indices)))]
    while left:
        rectangle, met = left.pop()
        top, start, bottom, end = rectangle
        mine = spans[met]
        inside = (mine[:, 0] < bottom) & (mine[:, 2] > top)
        inside &= (mine[:, 1] < end) & (mine[:, 3] > start)
        met, mine = met[inside], mine[inside]
        if not len(met):
            continue
        covers = np.logical_and(
            (mine[:, :2] <= (top, start)).all(1), (mine[:, 2:] >= (bottom, end)).all(1)
        )
        one = _owner_of_all(rectangle, met, covers, centres, ownership, step)
        if one is not None:
            yield Piece(slice(top, bottom), slice(start, end), int(indices[one]), None)
        elif covers.all() or (bottom - top) * (end - start) <= SMALL:
            yield from _computed(rectangle, met, spans, centres, ownership, step, indices)
        else:
            left += [(half, met) for half in _halves(rectangle, mine)]


def grid_shape(region: Box, step: int) -> tuple[int, int]:
    """How many rows and columns a region has if only every `step`-th counts."""
    return -(-region.height // step), -(-region.width // step)


_Rectangle = tuple[int, int, int, int]  # top, left, bottom, right on the region's grid


def _met_by(table: np.ndarray, region: Box) -> np.ndarray:
    """Indices of the boxes that meet a region, in order."""
    top, left, bottom, right = table.T
    meets = (top < region.y + region.height) & (bottom > region.y)
    meets &= (left < region.x + region.width) & (right > region.x)
    return np.flatnonzero(meets)


def _spans(boxes: np.ndarray, region: Box, step: int) -> np.ndarray:
    """Boxes on the grid of a region's every-`step`-th pixel: top, left, bottom, right."""
    corner = np.array([region.y, region.x, region.y, region.x])
    most = np.array([region.height, region.width] * 2)
    return -(-np.clip(boxes - corner, 0, most) // step)


def _owner_of_all(
    rectangle: _Rectangle,
    met: np.ndarray,
    covers: np.ndarray,
    centres: np.ndarray,
    ownership: Ownership,
    step: int,
) -> int | None:
    """Who owns a whole rectangle; None if that cannot be said without looking closer."""
    if ownership is not Ownership.NEAREST_CENTRE:
        on_top = 0 if ownership is Ownership.FIRST else -1
        return int(met[on_top]) if covers[on_top] else None
    if not covers.all():
        return None
    if len(met) == 1:
        return int(met[0])
    # Points nearer to one centre than to all others are convex: four equal corners, one owner.
    top, start, bottom, end = rectangle
    ys = np.array([top, top, bottom - 1, bottom - 1])
    xs = np.array([start, end - 1, start, end - 1])
    nearest = _distances(ys, xs, centres[met], step).argmin(axis=0)  # a tie is the earlier's
    return int(met[nearest[0]]) if (nearest == nearest[0]).all() else None


def _distances(ys: np.ndarray, xs: np.ndarray, centres: np.ndarray, step: int) -> np.ndarray:
    """Squared distances from points of the grid to centres, (n centres, n points).

    Coordinates are doubled, so that centres between pixels are whole numbers, and a tie is exact.
    """
    dy = 2 * step * ys - centres[:, :1]
    dx = 2 * step * xs - centres[:, 1:]
    return dy * dy + dx * dx


def _halves(rectangle: _Rectangle, spans: np.ndarray) -> tuple[_Rectangle, _Rectangle]:
    """Cut a rectangle at the edge of a box that comes nearest to halving it."""
    top, start, bottom, end = rectangle
    rows, columns = spans[:, ::2].ravel(), spans[:, 1::2].ravel()
    rows = rows[(rows > top) & (rows < bottom)]
    columns = columns[(columns > start) & (columns < end)]
    off_row = np.abs(rows - (top + bottom) / 2) / (bottom - top)
    off_column = np.abs(columns - (start + end) / 2) / (end - start)
    if min(off_row, default=1) <= min(off_column, default=1):
        at = int(rows[off_row.argmin()])
        return (top, start, at, end), (at, start, bottom, end)
    at = int(columns[off_column.argmin()])
    return (top, start, bottom, at), (top, at, bottom, end)


def _computed(
    rectangle: _Rectangle,
    met: np.ndarray,
    spans: np.ndarray,
    centres: np.ndarray,
    ownership: Ownership,
    step: int,
    indices: np.ndarray,
) -> Iterator[Piece]:
    """Find the owners of a rectangle pixel by pixel."""
    top, start, bottom, end = rectangle
    by_distance = ownership is Ownership.NEAREST_CENTRE
    ys, xs = np.arange(top, bottom), np.arange(start, end)
    squares = (
        (2 * step * ys - centres[met, :1]) ** 2,  # (n, rows)
        (2 * step * xs - centres[met, 1:]) ** 2,  # (n, columns)
    )
    edges = np.clip(spans[met], (top, start, top, start), (bottom, end, bottom, end))
    edges -= (top, start, top, start)
    if by_distance and len(met) == 2 and (edges == (0, 0, len(ys), len(xs))).all():
        # The usual overlap. Both sides of "d0 <= d1" are sorted by axis: no distance is needed.
        down, across = squares
        first = (down[0] - down[1])[:, None] <= (across[1] - across[0])[None, :]
        masks = [first, ~first]
    else:
        who = np.full((len(ys), len(xs)), NOBODY, np.int32)
        nearest = np.full(who.shape, np.iinfo(np.int64).max)
        # Painted one over the other, so the one on top comes last.
        n = range(len(met))
        for one in reversed(n) if ownership is Ownership.FIRST else n:
            a, b, c, d = edges[one]
            part = np.s_[a:c, b:d]
            if not by_distance:
                who[part] = one
                continue
            distance = squares[0][one, a:c, None] + squares[1][one, None, b:d]
            nearer = distance < nearest[part]
            who[part][nearer] = one
            nearest[part][nearer] = distance[nearer]
        masks = [who == one for one in n]
    for index, mask in zip(indices[met], masks, strict=True):
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        if len(rows):
            a, b, c, d = (int(v) for v in (rows[0], columns[0], rows[-1] + 1, columns[-1] + 1))
            owned = mask[a:c, b:d]
            yield Piece(
                slice(top + a, top + c),
                slice(start + b, start + d),
                int(index),
                None if owned.all() else owned,
            )
