"""How far neighbours overlap, told from the pictures alone.

For a grid whose rows and columns are known, and nothing else. A few seams are compared at every
overlap; what they have in common is the answer, or there is none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..geometry import Offset
from ..seams import Overlap
from ..shifts import get_method
from .errors import OverlapUnknownError
from .task import margin_of
from .votes import AGREE, Look, Vote, factor_for, look_at, mass_around, vote_on

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..layouts import Layout
    from ..shifts.estimate import Progress

BELIEVED = 0.5
"""Probability near the winner from which on a seam is counted to it."""


@dataclass(frozen=True)
class MeasuredSeam:
    """What the pictures of one seam tell about its overlap.

    Parameters
    ----------
    first, second : int
        Indices of the frames in the layout.
    offset : Offset
        Best offset of the second frame, in px.
    overlap : int
        Width of the shared strip at that offset, in px.
    confidence : float
        Probability (0..1) that it lies near the offset that most seams vote for.
    reason : str
        Why it is not believed; empty if it is.
    """

    first: int
    second: int
    offset: Offset
    overlap: int
    confidence: float
    reason: str = ""


@dataclass(frozen=True, eq=False)
class OverlapEstimate:
    """How far the frames of a grid overlap.

    Parameters
    ----------
    overlap_y, overlap_x : int or None
        px that neighbours in a column, and in a row, share; None where the grid has but one row,
        or one column.
    layout : Layout
        The same frames, laid out so; columns and rows may run a little askew.
    seams : tuple of MeasuredSeam
        What it was read from.
    """

    overlap_y: int | None
    overlap_x: int | None
    layout: Layout
    seams: tuple[MeasuredSeam, ...]


def estimate_overlap(
    layout: Layout,
    *,
    method: str = "smoothed",
    n_seams: int = 6,
    progress: Progress | None = None,
) -> OverlapEstimate:
    """Estimate the overlap of a grid from its pictures.

    Parameters
    ----------
    layout : Layout
        A grid: rows and columns are taken from it, positions are not looked at.
    method : str, default "smoothed"
        What the coarse answer is refined by.
    n_seams : int, default 6
        How many seams of each direction to look at, spread over the grid.
    progress : callable, optional
        Called as ``progress(done, total, what)``; may raise `Cancelled`.

    Returns
    -------
    OverlapEstimate
        The median of the seams that agree, so good to about the stage's error.

    Raises
    ------
    OverlapUnknownError
        If the layout is no grid, or no clear majority of the seams agrees; the overlaps that they
        say are named. Also if frames overlap on the other side: rows or columns the wrong way
        round.
    FrameError
        If a frame cannot be read.

    Notes
    -----
    All overlaps from 3 to 50 % of the frame are looked at, and frames that lie aside by up to
    10 %, on reduced frames. First each seam votes for where its own evidence lies; then each is
    asked again near the winner, since regular structures fit at other overlaps, but at another in
    each seam.
    """
    if not layout.is_grid:
        raise OverlapUnknownError(
            "the overlap can be told from the pictures of a grid only; give rows and columns, or "
            "the overlap itself"
        )
    chosen = [(axis, pair) for axis in (0, 1) for pair in _spread(layout, axis, n_seams)]
    factor = factor_for(max(max(site.frame.shape) for site in layout))
    looks: dict[int, list[Look]] = {0: [], 1: []}
    for done, (axis, pair) in enumerate(chosen):
        first, second = (layout[index].frame for index in pair)
        if progress is not None:
            progress(done, len(chosen), f"{first.name} - {second.name}")
        looks[axis].append(look_at(first, second, axis, factor))
    measured: dict[int, list[MeasuredSeam]] = {0: [], 1: []}
    votes: list[Vote | None] = []
    for axis in (0, 1):
        pairs = [pair for of, pair in chosen if of == axis]
        votes.append(vote_on(looks[axis], _side(layout, axis)))
        for pair, look in zip(pairs, looks[axis], strict=True):
            measured[axis].append(_measure(layout, pair, look, axis, votes[axis], method))
    if progress is not None:
        progress(len(chosen), len(chosen), "overlap")
    steps = [_step(layout, measured[axis], votes[axis], axis) for axis in (0, 1)]
    down, across = (step or (0.0, 0.0) for step in steps)
    corner = min((site.row or 0, site.col or 0) for site in layout)
    positions = []
    for site in layout:
        row, col = (site.row or 0) - corner[0], (site.col or 0) - corner[1]
        at = Offset(row * down[0] + col * across[0], row * down[1] + col * across[1])
        positions.append(at.whole())
    overlaps = []
    for axis, step in enumerate(steps):
        overlaps.append(None if step is None else round(_side(layout, axis) - step[axis]))
    seams = (*measured[0], *measured[1])
    return OverlapEstimate(overlaps[0], overlaps[1], layout.moved(positions), seams)


def _side(layout: Layout, axis: int) -> float:
    """The frames' usual height (axis 0) or width (axis 1), in px."""
    return float(np.median([site.frame.shape[axis] for site in layout]))


def _spread(layout: Layout, axis: int, n: int) -> list[tuple[int, int]]:
    """Choose up to n pairs of neighbours of a column (axis 0) or row (axis 1), spread out."""
    at = {(site.row, site.col): index for index, site in enumerate(layout)}
    pairs, places = [], []
    for (row, col), index in at.items():
        place = (row or 0) + (axis == 0), (col or 0) + (axis == 1)
        if place in at:
            pairs.append((index, at[place]))
            places.append(place)
    if not pairs:
        return []
    where = np.array(places, float)
    # The one nearest to the middle first, then always the one farthest from those chosen.
    distance = -np.abs(where - where.mean(axis=0)).sum(axis=1)
    chosen = [int(np.argmax(distance))]
    nearest = np.full(len(pairs), np.inf)
    while len(chosen) < min(n, len(pairs)):
        nearest = np.minimum(nearest, ((where - where[chosen[-1]]) ** 2).sum(axis=1))
        nearest[chosen] = -1
        chosen.append(int(np.argmax(nearest)))
    return [pairs[index] for index in chosen]


def _measure(
    layout: Layout, pair: tuple[int, int], look: Look, axis: int, vote: Vote | None, method: str
) -> MeasuredSeam:
    """Find the offset of one pair of neighbours: near what most seams vote for, if they do."""
    first, second = (layout[index].frame for index in pair)
    side = min(frame.shape[axis] for frame in (first, second))

    def measured(at: Offset, confidence: float, reason: str) -> MeasuredSeam:
        along = tuple(at)[axis]
        overlap = round(first.shape[axis] - along if along >= 0 else second.shape[axis] + along)
        return MeasuredSeam(*pair, at, overlap, confidence, reason)

    if look.reason or vote is None:
        at = Offset(side, 0) if axis == 0 else Offset(0, side)
        return measured(at, 0.0, look.reason or "nothing to compare")
    steps = np.arange(-look.reach, look.reach + 1) * look.factor
    y, x = (int(np.argmin(np.abs(steps - where))) for where in vote.offset)
    confidence = float(mass_around(look, side)[y, x])
    if confidence < BELIEVED:
        dy, dx = (steps[index] for index in _best(look.scores))
        return measured(Offset(int(dy), int(dx)), confidence, "it fits better elsewhere")
    near = (np.abs(steps[:, None] - vote.offset[0]) <= AGREE * side) & (
        np.abs(steps - vote.offset[1]) <= AGREE * side
    )
    dy, dx = (int(steps[index]) for index in _best(np.where(near, look.scores, np.nan)))
    fine = get_method(method, device="cpu")
    reach = 2 * look.factor + 3
    crops = Overlap.cut(first, second, Offset(dy, dx), margin=margin_of(fine, reach))
    # Without evidence at full resolution this is (0, 0): what the reduced frames said.
    shift = fine.estimate(crops, max_shift=reach).shift
    return measured(Offset(dy, dx) + shift, confidence, "")


def _best(scores: np.ndarray) -> tuple[int, int]:
    y, x = divmod(int(np.nanargmax(scores)), scores.shape[1])
    return y, x


def _step(
    layout: Layout, seams: Sequence[MeasuredSeam], vote: Vote | None, axis: int
) -> tuple[float, float] | None:
    """The step (dy, dx) from a frame to the next of its column (axis 0) or row (axis 1)."""
    if not seams:
        return None
    line = ("column", "row")[axis]
    told = [seam for seam in seams if not seam.reason]
    if vote is None or not vote.is_won(len(seams)) or not told:
        numbers = ", ".join(f"{seam.overlap} px" for seam in seams if seam.confidence > 0)
        reasons = sorted({seam.reason for seam in seams if seam.confidence == 0 and seam.reason})
        found = "; ".join([f"they say {numbers}"] * bool(numbers) + reasons)
        raise OverlapUnknownError(
            f"the pictures do not tell how far neighbours in a {line} overlap: of {len(seams)} "
            f"seams looked at, no majority agrees ({found}); give the overlap yourself, or look "
            "whether rows and columns are right"
        )
    dy, dx = np.median([tuple(seam.offset) for seam in told], axis=0)
    if (dy, dx)[axis] < 0:
        start = "bottom" if axis == 0 else "right"
        raise OverlapUnknownError(
            f"neighbours in a {line} overlap on their other side ({len(told)} of {len(seams)} "
            f"seams say so); let the layout start at the {start}"
        )
    return float(dy), float(dx)
