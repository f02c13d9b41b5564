"""From exact positions to whole pixels, once and last, so that neighbours suffer least.

Rounded each by itself, two neighbours may come to lie a whole pixel off what they were placed at:
one half a pixel up, the other half a pixel down. What a picture shows is where neighbours lie to
each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from .least_squares import Ties

WORTH = 0.5 + 1e-6
"""px; a frame that lies farther off the mean of its neighbours gains by a move of 1 px."""
MOST_ROUNDS = 50


def rounded(positions: np.ndarray, ties: Ties, pairs: np.ndarray) -> list[tuple[int, int]]:
    """Round positions to whole pixels.

    Parameters
    ----------
    positions : (N, 2) float array
        Of the frames, in px.
    ties : Ties
        Frames tied by hand keep their whole-pixel offsets exactly.
    pairs : (M, 2) int array
        Frames that are neighbours.

    Returns
    -------
    list of (y, x)
        Within 1 px of the positions, on each axis. From the nearest whole pixels on, a frame moves
        by 1 px wherever that lowers the sum of its squared misfits to its neighbours.
    """
    origins = positions - ties.offset
    # All frames of a group share one origin, but for rounding: the first one's counts.
    first = np.unique(ties.group, return_index=True)[1]
    exact = origins[first]
    between = ties.group[pairs]
    between = between[between[:, 0] != between[:, 1]]
    columns = [_nudged(exact[:, axis], between) for axis in (0, 1)]
    whole = np.stack(columns, axis=1)[ties.group] + ties.offset
    return [(int(y), int(x)) for y, x in whole]


def _nudged(exact: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Whole numbers near exact ones, whose differences between pairs are nearly the exact ones."""
    whole = np.floor(exact + 0.5)
    neighbours = np.bincount(pairs.ravel(), minlength=len(exact))
    for _ in range(MOST_ROUNDS):
        off = whole - exact
        apart = off[pairs[:, 0]] - off[pairs[:, 1]]
        summed = np.bincount(pairs[:, 0], apart, len(exact)) - np.bincount(
            pairs[:, 1], apart, len(exact)
        )
        mean = summed / np.maximum(neighbours, 1)
        gain = np.where(np.abs(off - np.sign(mean)) < 1, np.abs(mean) - WORTH, 0.0) * neighbours
        # Of two neighbours that would move, the one that gains more: together they would gain
        # nothing. Of equal ones, the one that comes first.
        rank = np.empty(len(exact))
        rank[np.argsort(-gain, kind="stable")] = np.arange(len(exact))
        wants = gain > 0
        both = pairs[wants[pairs].all(axis=1)]
        wants[np.where(rank[both[:, 0]] > rank[both[:, 1]], both[:, 0], both[:, 1])] = False
        if not wants.any():
            break
        whole[wants] -= np.sign(mean[wants])
    return whole
