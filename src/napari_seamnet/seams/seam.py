"""A seam: which two frames of a layout share an edge, and where the second is expected.

The noun, and how the seams of a layout are found; no pixel is read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..geometry import Offset

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..layouts import Layout

LEAST_OVERLAP = 4
"""px: a narrower strip holds next to nothing, and any search range is wider."""
LEAST_LENGTH = 0.5
"""Part of the smaller frame's side that two neighbours share at least; corners share less."""


@dataclass(frozen=True)
class Seam:
    """Two neighbours of a layout.

    Parameters
    ----------
    first, second : int
        Indices of the frames in the layout; `second` is the later one in it.
    nominal : Offset
        Nominal offset of the second frame from the first, whole px.
    """

    first: int
    second: int
    nominal: Offset

    @property
    def pair(self) -> tuple[int, int]:
        """(first, second)."""
        return self.first, self.second

    @property
    def is_horizontal(self) -> bool:
        """Whether the frames lie beside each other, so that the seam runs down."""
        return abs(self.nominal.dx) >= abs(self.nominal.dy)


def pairs_of(seams: Iterable[Seam]) -> np.ndarray:
    """Frames of each seam, (M, 2) int; (0, 2) without any."""
    return np.array([seam.pair for seam in seams], int).reshape(-1, 2)


def find_seams(layout: Layout, least_overlap: int = LEAST_OVERLAP) -> tuple[Seam, ...]:
    """Find all neighbours of a layout, by how the frames nominally overlap.

    Parameters
    ----------
    layout : Layout
        Any layout, a grid or not, with frames of any sizes.
    least_overlap : int
        Width of the strip that two neighbours share at least, in px.

    Returns
    -------
    tuple of Seam
        In the order of the first frame, then the second. In a grid, only frames next to each other
        in a row or a column; elsewhere, those that share at least half a side. Diagonal
        neighbours, which share a corner only, are none.

    Notes
    -----
    A sweep over the frames sorted by y, so that ten thousand frames take well under a second.
    """
    boxes = np.array(
        [(b.y, b.x, b.y + b.height, b.x + b.width) for b in (site.box for site in layout)]
    ).reshape(-1, 4)
    if len(boxes) < 2:
        return ()
    order = np.argsort(boxes[:, 0], kind="stable")
    tops = boxes[order, 0]
    found = []
    for rank, index in enumerate(order):
        stop = int(np.searchsorted(tops, boxes[index, 2], side="left"))
        others = order[rank + 1 : stop]
        if not len(others):
            continue
        low = np.maximum(boxes[index, :2], boxes[others, :2])
        shared = np.minimum(boxes[index, 2:], boxes[others, 2:]) - low
        sizes = boxes[:, 2:] - boxes[:, :2]
        smaller = np.minimum(sizes[index], sizes[others])
        wide = shared.min(axis=1) >= least_overlap
        long = (shared >= LEAST_LENGTH * smaller).any(axis=1)
        found += [(int(index), int(other)) for other in others[wide & long]]
    seams = []
    for one, two in found:
        first, second = min(one, two), max(one, two)
        if layout.is_grid and not _next_to(layout, first, second):
            continue
        (y0, x0), (y1, x1) = layout[first].whole, layout[second].whole
        seams.append(Seam(first, second, Offset(y1 - y0, x1 - x0)))
    return tuple(sorted(seams, key=lambda seam: seam.pair))


def _next_to(layout: Layout, first: int, second: int) -> bool:
    one, two = layout[first], layout[second]
    # None never gets here: every site of a grid has a row and a column.
    down, across = (two.row or 0) - (one.row or 0), (two.col or 0) - (one.col or 0)
    return abs(down) + abs(across) == 1
