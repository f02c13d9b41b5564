"""Whether the seams agree as well as they claim to: what a grid can know of its own seams.

A seam that says "99 %" may be wrong once in a hundred times. Where the layout is wrong, or the
range too small, many are, each by a shift of its own choice (on a regular structure, a cell); then
it shows in how few of them a grid can do justice to. Nothing is placed here, and nothing is put
into words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..geometry import Shift
from ..seams.seam import pairs_of
from ..shifts.estimate import Status
from .bridges import find_bridges
from .evidence import leads_beyond, likelihood, modes
from .least_squares import connected

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..seams.seam import Seam
    from ..shifts import Estimate
    from .placed import Placed
    from .solution import Loop

LEAST_KEPT = 0.8
"""Part of what seams claim that a grid keeps at least. Sound grids keep 0.9 and more, even pure
memory arrays under heavy noise; grids of a wrong overlap on real chips keep 0.74 at most."""
LEAST_LOST = 0.9
"""Claims, in seams, that are lost at least before a grid is called into question."""
NEAR = 1.5
"""px on each axis that a seam may be placed away from what it says: 1, and half of a pixel."""
AGREES = 0.05
"""Part of its claim that a seam keeps at least where it agrees with those around it."""


@dataclass(frozen=True, eq=False)
class Agreement:
    """What seams claim, and what is left of it where their frames were placed.

    Parameters
    ----------
    claimed : (M,) float array
        Probability of each seam's best fit, by itself; 0 without evidence.
    kept : (M,) float array
        Of that, what it gives to the shift that it was placed at.
    supported : frozenset of int
        Seams that others bear out: a loop closes in which all agree.
    contested : frozenset of int
        Seams that no loop bears out, though in one of theirs a seam disagrees.
    alone : frozenset of int
        Seams in no loop at all, of four or more, of such that the positions rest on.
    is_sound : bool
        Whether the grid keeps enough of what its seams claim to believe any of them.
    """

    claimed: np.ndarray
    kept: np.ndarray
    supported: frozenset[int]
    contested: frozenset[int]
    alone: frozenset[int]
    is_sound: bool


def find_agreement(
    seams: Sequence[Seam], estimates: Sequence[Estimate], placed: Placed, loops: Sequence[Loop]
) -> Agreement:
    """Compare what each seam claims with where its frames were placed.

    Parameters
    ----------
    seams, estimates, loops
        Of the grid.
    placed : Placed
        By any solver.

    Returns
    -------
    Agreement
        What a person decided counts as agreeing, and not as a claim.
    """
    claimed, kept = np.zeros(len(seams)), np.zeros(len(seams))
    beyond = np.zeros(len(seams), bool)
    for k, (seam, estimate) in enumerate(zip(seams, estimates, strict=True)):
        if estimate.status is Status.HAND:
            continue
        beyond[k] = leads_beyond(estimate)
        if estimate.status is Status.UNDETERMINED and not beyond[k]:
            continue
        claimed[k] = max(mode.probability for mode in modes(estimate))
        at = placed.positions[seam.second] - placed.positions[seam.first] - tuple(seam.nominal)
        kept[k] = min(claimed[k], _given_to(estimate, Shift(float(at[0]), float(at[1]))))
    agrees = kept >= AGREES * claimed
    speaks = (claimed > 0) | np.array([e.status is Status.HAND for e in estimates], bool)
    groups = connected(len(placed.positions), [seams[k].pair for k in sorted(placed.tied)])
    pairs = pairs_of(seams)
    together = groups[pairs[:, 0]] == groups[pairs[:, 1]]
    supported = set(np.flatnonzero(agrees & together).tolist())
    beside_others: set[int] = set()
    for loop in loops:
        around = np.array(loop.seams)
        if speaks[around].all() and agrees[around].all() and not beyond[around].any():
            supported.update(loop.seams)
        elif not agrees[around].all():
            beside_others.update(loop.seams)
    used = sorted(placed.used)
    bridges = find_bridges(len(placed.positions), [seams[k].pair for k in used])
    inside = ~beyond
    lost = claimed[inside].sum() - kept[inside].sum()
    return Agreement(
        claimed,
        kept,
        frozenset(supported),
        frozenset(beside_others - supported),
        frozenset(used[k] for k in bridges),
        bool(lost < max(LEAST_LOST, (1 - LEAST_KEPT) * claimed[inside].sum())),
    )


def _given_to(estimate: Estimate, shift: Shift) -> float:
    """Probability that a seam gives to the shifts near one, by itself."""
    if estimate.map is None:
        near = (mode for mode in modes(estimate) if _is_near(mode.shift, shift))
        return sum(mode.probability for mode in near)
    reach = estimate.map.max_shift
    if leads_beyond(estimate):
        farthest = max(abs(shift.dy), abs(shift.dx))
        return 1.0 if farthest >= reach - NEAR else 0.0
    states = np.arange(-reach, reach + 1)
    near_y, near_x = (np.abs(states - part) <= NEAR for part in shift)
    table = likelihood(estimate, reach, floor=0.0, blur=0.0)
    return float(table[np.ix_(near_y, near_x)].sum())


def _is_near(one: Shift, two: Shift) -> bool:
    return max(abs(one.dy - two.dy), abs(one.dx - two.dx)) <= NEAR
