"""Draw a part of a mosaic: what each pixel's owner shows there.

Every drawn pixel is one frame's pixel, untouched, or the fill value. Who owns which is found in
`ownership.py`; what the whole is, and how it becomes lazy, in `mosaic.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..geometry import Box
from .errors import MosaicError
from .ownership import Ownership, grid_shape, owners, pieces

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .ownership import Piece
    from .placement import Placement


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
    frame = placements[0].frame
    channels = (frame.channels,) if frame.channels else ()
    out = np.full((*grid_shape(region, step), *channels), fill, frame.dtype)
    owned: dict[int, list[Piece]] = {}
    for piece in pieces(table, region, ownership, step):
        owned.setdefault(piece.owner, []).append(piece)
    for owner in sorted(owned):
        # One read a frame, of the box around its pieces, whatever their number.
        y = min(piece.rows.start for piece in owned[owner])
        x = min(piece.columns.start for piece in owned[owner])
        bottom = max(piece.rows.stop for piece in owned[owner])
        right = max(piece.columns.stop for piece in owned[owner])
        placement = placements[owner]
        pixels = placement.frame.read(
            Box(
                region.y + y * step - placement.position[0],
                region.x + x * step - placement.position[1],
                (bottom - 1 - y) * step + 1,
                (right - 1 - x) * step + 1,
            ),
            step,
        )
        for rows, columns, _, mask in owned[owner]:
            target = out[rows, columns]
            part = pixels[rows.start - y : rows.stop - y, columns.start - x : columns.stop - x]
            if mask is None:
                target[:] = part
            else:
                target[mask] = part[mask]
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
    region = _region(origin, step, part)
    return render(placements, table, region, ownership, fill, step)


def owners_at(
    table: np.ndarray, origin: tuple[int, int], ownership: Ownership, step: int, part: Box
) -> np.ndarray:
    """As `owners`, of a part of a pyramid's level; see `render_level`."""
    return owners(table, _region(origin, step, part), ownership, step)


def _region(origin: tuple[int, int], step: int, part: Box) -> Box:
    """What a part of a level shows of the mosaic.

    Up to the last pixel that is shown, so that a part never asks for what lies beyond it.
    """
    height = (part.height - 1) * step + 1 if part.height else 0
    width = (part.width - 1) * step + 1 if part.width else 0
    return Box(origin[0] + part.y * step, origin[1] + part.x * step, height, width)


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
