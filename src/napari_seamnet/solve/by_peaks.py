"""The two older ways to positions, for comparison: least squares on the peaks, and one by one.

Neither looks at more than each seam's best shift; the way that does is in `by_belief.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..seams.seam import pairs_of
from ..shifts.estimate import Status
from .clusters import tie_by_hand
from .least_squares import connected, fit_positions
from .placed import Placed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..layouts import Layout
    from ..seams.seam import Seam
    from ..shifts import Estimate

NEXT_TO_NOTHING = 1e-6
"""Weight of the stage where a seam says more, in 1/px²: it only fixes where the whole lies."""


def place_by_peaks(layout: Layout, seams: Sequence[Seam], estimates: Sequence[Estimate]) -> Placed:
    """Place the frames by least squares on the seams' best shifts, weighted by confidence."""
    nominal = np.array(layout.positions)
    used = [k for k, e in enumerate(estimates) if e.status is not Status.UNDETERMINED]
    pairs = pairs_of(seams[k] for k in used)
    offsets = np.array([tuple(seams[k].nominal + estimates[k].shift) for k in used])
    weights = np.array([max(estimates[k].confidence, 0.01) for k in used])
    hand = tie_by_hand(len(layout), seams, estimates)
    fit = fit_positions(
        pairs,
        offsets,
        weights,
        nominal,
        np.full(len(layout), NEXT_TO_NOTHING),
        hand.ties,
        anchor=0,
    )
    parts = connected(len(layout), [seams[k].pair for k in used])
    return Placed.by_confidence(fit.positions, fit.spread, parts, seams, estimates, used, hand)


def place_one_by_one(
    layout: Layout, seams: Sequence[Seam], estimates: Sequence[Estimate], by_rows: bool
) -> Placed:
    """Place the frames one after the other, each by one seam to a neighbour already placed.

    Notes
    -----
    Source: thesis, mosaic: the top left frame is the origin; row by row, each frame follows its
    left neighbour and the first of a row the one above (or column by column, the other way
    round). Where that neighbour is missing, any other that is placed serves; where there is none,
    the frame stays where the layout has it.
    """
    n = len(layout)
    nominal = np.array(layout.positions)
    at = nominal.copy()
    neighbours: dict[int, list[int]] = {}
    for k, seam in enumerate(seams):
        neighbours.setdefault(seam.first, []).append(k)
        neighbours.setdefault(seam.second, []).append(k)
    used = []
    placed: set[int] = set()
    for frame in _order(layout, by_rows):
        near = [k for k in neighbours.get(frame, ()) if sum(seams[k].pair) - frame in placed]
        # Along the row first, from the frame before; then whatever else there is.
        near.sort(key=lambda k: (seams[k].is_horizontal is not by_rows, k))
        if near:
            k = near[0]
            offset = np.array(tuple(seams[k].nominal + estimates[k].shift))
            other = sum(seams[k].pair) - frame
            at[frame] = at[other] + (offset if seams[k].first == other else -offset)
            used.append(k)
        placed.add(frame)
    parts = connected(n, [seams[k].pair for k in used])
    hand = tie_by_hand(n, seams, estimates)
    return Placed.by_confidence(at, np.zeros(n), parts, seams, estimates, used, hand)


def _order(layout: Layout, by_rows: bool) -> list[int]:
    """The frames' indices, row by row or column by column."""

    def place(index: int) -> tuple[float, float]:
        site = layout[index]
        if layout.is_grid:
            row, col = float(site.row or 0), float(site.col or 0)
        else:  # rows of a free layout: positions in steps of half a frame
            row = site.position[0] // (site.frame.shape[0] / 2)
            col = site.position[1] // (site.frame.shape[1] / 2)
        return (row, col) if by_rows else (col, row)

    return sorted(range(len(layout)), key=place)
