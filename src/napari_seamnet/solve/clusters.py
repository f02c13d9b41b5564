"""Clusters: frames that certain seams tie together, so that there is nothing left to find out.

Exact in the certain parts, iterative only where there is doubt: belief propagation sees clusters,
not frames. Ties by hand are exact to the pixel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..seams.seam import pairs_of
from ..shifts.estimate import Status
from .least_squares import Ties, connected, fit_positions
from .loops import CLOSED

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..seams.seam import Seam
    from ..shifts import Estimate


@dataclass(frozen=True, eq=False)
class HandTies:
    """What hand decisions fix.

    Parameters
    ----------
    ties : Ties
        Frames that are tied to each other by hand, at whole-pixel offsets.
    broken : frozenset of int
        Seams whose decision contradicts others around a loop, and could not be kept as well.
    """

    ties: Ties
    broken: frozenset[int]


def tie_by_hand(n: int, seams: Sequence[Seam], estimates: Sequence[Estimate]) -> HandTies:
    """Tie frames together as a person decided.

    Parameters
    ----------
    n : int
        Number of frames.
    seams, estimates
        All of them; those with the status ``hand`` count.

    Returns
    -------
    HandTies
        In a contradictory loop, the decisions on later seams are the broken ones.
    """
    group = np.arange(n)
    offset = np.zeros((n, 2))
    members = {k: [k] for k in range(n)}
    broken = set()
    for k, (seam, estimate) in enumerate(zip(seams, estimates, strict=True)):
        if estimate.status is not Status.HAND:
            continue
        one, two = seam.pair
        step = np.array((seam.nominal + estimate.shift).whole(), float)
        if group[one] == group[two]:
            if np.abs(offset[two] - offset[one] - step).max() > 0:
                broken.add(k)
            continue
        keep, gone = int(group[one]), int(group[two])
        move = offset[one] + step - offset[two]
        if len(members[keep]) < len(members[gone]):  # the smaller one moves: linear in the end
            keep, gone, move = gone, keep, -move
        for frame in members.pop(gone):
            group[frame] = keep
            offset[frame] += move
            members[keep].append(frame)
    numbered = np.unique(group, return_inverse=True)[1]
    return HandTies(Ties(numbered, offset), frozenset(broken))


def find_clusters(n: int, seams: Sequence[Seam], tied: Iterable[int]) -> np.ndarray:
    """Number the clusters that some seams tie together.

    Returns
    -------
    (n,) int array
        Cluster of each frame; 0 is the largest.
    """
    return connected(n, [seams[k].pair for k in tied])


def grow_clusters(
    n: int, seams: Sequence[Seam], estimates: Sequence[Estimate], tied: set[int]
) -> set[int]:
    """Tie clusters together where certain seams between them agree: a longer loop closes, too.

    Parameters
    ----------
    n : int
        Number of frames.
    seams, estimates
        All of them.
    tied : set of int
        Seams that tie already (`loops.confirmed_seams`).

    Returns
    -------
    set of int
        Those, and every certain seam that agrees, to within `CLOSED`, with another one between the
        same two clusters; until there are no more.

    Notes
    -----
    Where one seam in seven is in doubt, loops of four alone leave the grid in pieces.
    """
    offsets = np.array([tuple(s.nominal + e.shift) for s, e in zip(seams, estimates, strict=True)])
    pairs = pairs_of(seams)
    certain = [k for k, e in enumerate(estimates) if e.status is Status.CERTAIN]
    tied = set(tied)
    while True:
        held = sorted(tied)
        clusters = find_clusters(n, seams, held)
        # Held at one frame each: of a long chain, ever so weak a hold on all would bend it.
        hold = np.zeros(n)
        hold[np.unique(clusters, return_index=True)[1]] = 1.0
        at = fit_positions(
            pairs[held], offsets[held], np.ones(len(held)), np.zeros((n, 2)), hold,
            wants_spread=False,
        ).positions  # fmt: skip
        between: dict[tuple[int, int], list[int]] = {}
        for k in certain:
            one, two = (int(clusters[frame]) for frame in seams[k].pair)
            if one != two:
                between.setdefault((min(one, two), max(one, two)), []).append(k)
        agreeing: set[int] = set()
        for (low, _), group in between.items():
            if len(group) < 2:
                continue
            # What each seam says of where the second cluster lies, seen from the first.
            which = np.array(group)
            apart = at[pairs[which, 1]] - at[pairs[which, 0]] - offsets[which]
            apart[clusters[pairs[which, 0]] != low] *= -1
            close = np.abs(apart[:, None] - apart[None]).max(axis=2) <= CLOSED
            agreeing.update(int(k) for k in which[close.sum(axis=1) > 1])
        if not agreeing:
            return tied
        tied |= agreeing
