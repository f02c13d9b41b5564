"""Draw a part of a mosaic: who owns which pixel, and what it shows.

Every drawn pixel is one frame's pixel, untouched, or the fill value. What the whole is, and how it
becomes lazy, is in `mosaic.py`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from ..geometry import Box
from .errors import MosaicError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .placement import Placement

NOBODY = -1
"""Owner of the pixels that no frame shows."""


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
    h, w = -(-region.height // step), -(-region.width // step)
    who = np.full((h, w), NOBODY, np.int32)
    met = _met_by(table, region)
    if ownership is not Ownership.NEAREST_CENTRE or len(met) == 1:
        # Painted one over the other, so the one on top comes last.
        for index in met if ownership is Ownership.LAST else met[::-1]:
            who[_part(table[index], region, step)] = index
        return who
    nearest = np.full((h, w), np.iinfo(np.int64).max)
    # Coordinates are doubled, so that centres between pixels are whole, and a tie is exact.
    ys = 2 * (region.y + step * np.arange(h, dtype=np.int64))
    xs = 2 * (region.x + step * np.arange(w, dtype=np.int64))
    for index in met:
        top, left, bottom, right = table[index]
        rows, columns = _part(table[index], region, step)
        distance = (ys[rows, None] - (top + bottom - 1)) ** 2 + (
            xs[None, columns] - (left + right - 1)
        ) ** 2
        nearer = distance < nearest[rows, columns]
        who[rows, columns][nearer] = index
        np.minimum(nearest[rows, columns], distance, out=nearest[rows, columns])
    return who


def render(
    placements: Sequence[Placement],
    table: np.ndarray,
    region: Box,
    ownership: Ownership = Ownership.NEAREST_CENTRE,
    fill: float = 0,
    step: int = 1,
) -> np.ndarray:
    """Draw a region of a mosaic.

    Only the frames that own a pixel there are read, each only within the box around the pixels
    that it owns, one after the other.

    Parameters
    ----------
    placements : sequence of Placement
        Of equal dtype and channels, at least one.
    table : (N, 4) int64 array
        From `stack_boxes` of these placements.
    region : Box
        In mosaic pixels; may reach beyond all frames.
    ownership : Ownership
        Who is shown where several overlap.
    fill : number
        Shown where there is no frame, in all channels.
    step : int, default 1
        Only every `step`-th row and column of the region, starting with its first.

    Returns
    -------
    (h, w) or (h, w, C) array
        In the frames' dtype.
    """
    who = owners(table, region, ownership, step)
    frame = placements[0].frame
    channels = (frame.channels,) if frame.channels else ()
    out = np.full((*who.shape, *channels), fill, frame.dtype)
    for index in _met_by(table, region):
        rows, columns = _part(table[index], region, step)
        owned = who[rows, columns] == index
        down, across = np.flatnonzero(owned.any(axis=1)), np.flatnonzero(owned.any(axis=0))
        if not len(down):
            continue
        owned = owned[down[0] : down[-1] + 1, across[0] : across[-1] + 1]
        h, w = owned.shape
        y, x = rows.start + int(down[0]), columns.start + int(across[0])
        placement = placements[index]
        pixels = placement.frame.read(
            Box(
                region.y + y * step - placement.position[0],
                region.x + x * step - placement.position[1],
                (h - 1) * step + 1,
                (w - 1) * step + 1,
            ),
            step,
        )
        target = out[y : y + h, x : x + w]
        if owned.all():
            target[:] = pixels
        else:
            target[owned] = pixels[owned]
    return out


def render_level(
    placements: Sequence[Placement],
    table: np.ndarray,
    origin: tuple[int, int],
    ownership: Ownership,
    fill: float,
    step: int,
    part: Box,
) -> np.ndarray:
    """Draw a part of a pyramid's level; `part` is in the level's own pixels, from `origin` on."""
    # Up to the last pixel that is shown, so that a part never asks for what lies beyond it.
    height = (part.height - 1) * step + 1 if part.height else 0
    width = (part.width - 1) * step + 1 if part.width else 0
    region = Box(origin[0] + part.y * step, origin[1] + part.x * step, height, width)
    return render(placements, table, region, ownership, fill, step)


def owners_at(
    table: np.ndarray, origin: tuple[int, int], ownership: Ownership, part: Box
) -> np.ndarray:
    """As `owners`, with `part` counted from `origin` on."""
    return owners(table, part.moved(*origin), ownership)


def check_fill(fill: float, dtype: np.dtype) -> float:
    """Return the fill value, if pixels of a dtype can show exactly that.

    Raises
    ------
    MosaicError
        If they cannot: a fraction, NaN or a negative number among unsigned integers, ...
    """
    try:
        with np.errstate(all="ignore"):
            held = np.asarray(fill).astype(dtype)
        exact = held.shape == () and bool(held == fill or (held != held and fill != fill))
    except (OverflowError, TypeError, ValueError):
        exact = False
    if not exact:
        raise MosaicError(
            f"{dtype} pixels cannot show the fill value {fill}; choose one that they can"
        )
    return fill


def _met_by(table: np.ndarray, region: Box) -> np.ndarray:
    """Indices of the boxes that meet a region, in order."""
    top, left, bottom, right = table.T
    meets = (top < region.y + region.height) & (bottom > region.y)
    meets &= (left < region.x + region.width) & (right > region.x)
    return np.flatnonzero(meets)


def _part(edges: np.ndarray, region: Box, step: int) -> tuple[slice, slice]:
    """Rows and columns of a region's every-`step`-th-pixel grid that lie within a box."""
    top, left, bottom, right = (int(edge) for edge in edges)

    def inside(low: int, high: int, start: int, length: int) -> slice:
        return slice(
            -(-max(0, low - start) // step), -(-max(0, min(length, high - start)) // step)
        )

    return (
        inside(top, bottom, region.y, region.height),
        inside(left, right, region.x, region.width),
    )
