"""Seams vote for the overlap that they have in common.

Reduced frames are compared at every offset, and each seam votes with what it thinks of them. What
becomes of the winner is in `overlap.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from ..shifts.correlation import no_evidence, overlapped_sums
from ..shifts.posterior import to_probability
from .coarse import evidence, reduce, without_shading

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..frames import Frame

LEAST, MOST = 0.03, 0.5
"""Overlaps that are looked at, as a part of the frame."""
ASIDE = 0.1
"""How far frames of one row or column may lie aside, as a part of the frame."""
REDUCED_SIDE = 250
"""px; frames are reduced to about this size, by whole factors up to `MOST_REDUCED`."""
MOST_REDUCED = 8
AGREE = 0.06
"""Part of a frame by which overlaps may differ from the usual one: stages err."""
MAJORITY, ALONE, LEAD = 0.45, 0.5, 0.2
"""Votes for the winner: this part of all, and this much more, so that a single seam must be sure;
and this part of all more than for any other offset. Where nothing fits, chance gives a third."""


@dataclass(frozen=True, eq=False)
class Look:
    """Two reduced frames, compared at every offset.

    Parameters
    ----------
    scores : (2R+1, 2R+1) float array
        See `coarse.evidence`; ``scores[R + dy, R + dx]`` belongs to the offset (dy, dx), in
        reduced px. NaN where it is not looked at.
    factor : int
        px that became one.
    reason : str
        Why there is nothing to compare; empty if there is.
    """

    scores: np.ndarray
    factor: int
    reason: str = ""

    @property
    def reach(self) -> int:
        """The farthest offset R, in reduced px."""
        return self.scores.shape[0] // 2


def factor_for(side: int) -> int:
    """By how much to reduce frames whose longest side has so many px."""
    return max(1, min(MOST_REDUCED, side // REDUCED_SIDE))


def look_at(first: Frame, second: Frame, axis: int, factor: int) -> Look:
    """Compare two neighbours of a column (axis 0) or row (axis 1), whichever comes first in it.

    Parameters
    ----------
    first, second : Frame
        Read in full.
    axis : int
        Along which they are neighbours.
    factor : int
        By how much to reduce them; the same for all that vote together.

    Returns
    -------
    Look
    """
    small = [without_shading(reduce(frame.grey(), factor)) for frame in (first, second)]
    if reason := no_evidence(*small):
        return Look(np.full((1, 1), np.nan), factor, reason)
    side = min(crop.shape[axis] for crop in small)
    aside = ASIDE * min(crop.shape[1 - axis] for crop in small)
    reach = int(np.ceil(max(crop.shape[axis] for crop in small) - LEAST * side)) + 1
    steps = np.arange(-reach, reach + 1)
    along, across = (steps[:, None], steps) if axis == 0 else (steps, steps[:, None])
    sizes = [crop.shape[axis] for crop in small]
    shared = np.where(along >= 0, sizes[0] - along, sizes[1] + along)
    looked_at = (shared >= LEAST * side) & (shared <= MOST * side) & (np.abs(across) <= aside)
    sums = overlapped_sums(small[0], small[1], (0, 0), reach)
    scores = evidence(sums, looked_at)
    return Look(scores, factor, "they are too small" if np.isnan(scores).all() else "")


@dataclass(frozen=True)
class Vote:
    """What most seams vote for.

    Parameters
    ----------
    offset : (dy, dx)
        The offset, in px, near which most have theirs.
    votes, rival : float
        Votes for it, and for the best offset elsewhere.
    """

    offset: tuple[float, float]
    votes: float
    rival: float

    def is_won(self, n: int) -> bool:
        """Whether so many votes of n are hardly chance."""
        return self.votes >= MAJORITY * n + ALONE and self.votes - self.rival >= LEAD * n


def vote_on(looks: Sequence[Look], side: float) -> Vote | None:
    """Let each seam vote for the offsets around its own, with what it thinks of them.

    Parameters
    ----------
    looks : sequence of Look
        All reduced by the same factor.
    side : float
        Side of the frames along which they are neighbours, in px.

    Returns
    -------
    Vote or None
        None if there was nothing to compare.
    """
    told = [look for look in looks if not look.reason]
    if not told:
        return None
    reach = max(look.reach for look in told)
    votes = np.zeros((2 * reach + 1,) * 2)
    for look in told:
        votes += np.pad(mass_around(look, side), reach - look.reach)
    factor = told[0].factor
    # All offsets whose windows hold the same votes are equal; their middle is meant.
    best = votes.max()
    y, x = np.argwhere(votes >= best - 1e-3).mean(axis=0)
    far = 2 * int(AGREE * side / factor) + 1
    steps = np.arange(len(votes))
    near = (np.abs(steps[:, None] - y) <= far) & (np.abs(steps - x) <= far)
    rival = float(np.where(near, 0, votes).max())
    offset = float(factor * (y - reach)), float(factor * (x - reach))
    return Vote(offset, float(best), rival)


def mass_around(look: Look, side: float) -> np.ndarray:
    """The probability within `AGREE` of every offset."""
    window = 2 * int(AGREE * side / look.factor) + 1
    mass = ndimage.uniform_filter(to_probability(look.scores), window, mode="constant")
    return np.clip(mass * window**2, 0, 1)
