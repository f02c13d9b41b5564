"""In which order seams are best estimated: those that share a frame near each other.

Numbers only; nothing is read here. Frames are visited row by row, in bands no wider than what the
memory holds, so that a frame is still there when the row below wants it.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..layouts import Layout
    from ..seams.seam import Seam

SAME_ROW = 0.5
"""Frames whose tops differ by less than this part of a frame's height lie in one row."""


def order_seams(layout: Layout, seams: Sequence[Seam], band: int) -> list[int]:
    """Order seams so that each frame's seams come soon after each other.

    Parameters
    ----------
    layout : Layout
        Any layout, a grid or not.
    seams : sequence of Seam
        Its seams, or some of them.
    band : int
        How many frames side by side are visited before the row below, at least 1.

    Returns
    -------
    list of int
        Indices of all seams. In a band of n frames' width, n + 1 frames are between their first
        and their last seam at any time; a memory that forgets what was used longest ago must hold
        2 n + 1, since it keeps those that are done. Frames beside the next band come twice.
    """
    rank = {frame: n for n, frame in enumerate(_visits(layout, max(1, band)))}

    def turn(index: int) -> tuple[int, int]:
        one, two = (rank[frame] for frame in seams[index].pair)
        return max(one, two), min(one, two)

    return sorted(range(len(seams)), key=turn)


def split(order: Sequence[int], n: int) -> list[list[int]]:
    """Cut an order into `n` runs of about equal length, for workers that share no memory."""
    bounds = np.linspace(0, len(order), n + 1).round().astype(int)
    return [list(order[a:b]) for a, b in pairwise(bounds)]


def _visits(layout: Layout, band: int) -> Iterable[int]:
    """Indices of all frames: band after band, row by row in each, from left to right."""
    rows, cols = _places(layout)
    return (int(index) for index in np.lexsort((cols, rows, cols // band)))


def _places(layout: Layout) -> tuple[np.ndarray, np.ndarray]:
    """Row and column of every frame; guessed from the positions where the layout is no grid."""
    if layout.is_grid:
        grid = np.array([(site.row or 0, site.col or 0) for site in layout])
        return grid[:, 0], grid[:, 1]
    boxes = [site.box for site in layout]
    places = []
    for axis in (0, 1):
        starts = np.array([(box.y, box.x)[axis] for box in boxes])
        size = float(np.median([box.shape[axis] for box in boxes]))
        by_start = np.argsort(starts, kind="stable")
        steps = np.diff(starts[by_start], prepend=starts[by_start[0]])
        # Gaps, not fixed intervals: a row that lies a little askew stays one row.
        number = np.cumsum(steps >= SAME_ROW * size)
        if number[-1] == 0 or len(set(number)) < 2:
            number = np.floor((starts[by_start] - starts.min()) / size).astype(int)
        place = np.empty(len(boxes), int)
        place[by_start] = number
        places.append(place)
    return places[0], places[1]
