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
from ..shifts.estimate import Status
from .bridges import find_bridges
from .evidence import leads_beyond, likelihood, modes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..seams.seam import Seam
    from ..shifts import Estimate
    from .placed import Placed
    from .solution import Loop

LEAST_KEPT = 0.82
"""Part of what seams claim that a grid keeps at least. Sound grids keep nine tenths and more, even
pure memory arrays under heavy noise; real chips with a wrong overlap keep 0.78 at most."""
LEAST_LOST = 0.9
"""Claims, in seams, that are lost at least before a grid is called into question."""
NEAR = 1.5
"""px on each axis that a seam may be placed away from what it says: 1, and half of a pixel."""
AGREES = 0.05
"""Part of its claim that a seam keeps at least where it agrees with those around it."""

SERIOUS = 0.5
"""Claim from which on a seam that disagrees is an objection; below, it is wrong more often."""

STRONG = 0.95
"""Claim from which on seams that agree around a loop bear each other out against all others."""


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
        Seams that others bear out: a loop of four in which all agree, or a longer one of seams
        that claim much.
    contested : frozenset of int
        Seams that no loop bears out, though in one of theirs a seam disagrees.
    alone : frozenset of int
        Seams in no loop at all, of four or more, of such that the positions rest on.
    is_sound : bool
        Whether the grid keeps enough of what its seams claim to believe any of them; or loops of
        seams that claim much, and agree, hold most of it.
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
    by_hand = np.array([e.status is Status.HAND for e in estimates], bool)
    speaks = ((claimed > 0) | by_hand) & ~beyond
    strong = np.flatnonzero(((claimed >= STRONG) & agrees & ~beyond) | by_hand).tolist()
    supported = _in_loops(len(placed.positions), seams, strong)
    borne_out = claimed[sorted(supported)].sum() > claimed.sum() / 2
    beside_others: set[int] = set()
    for loop in loops:
        around = np.array(loop.seams)
        if speaks[around].all() and agrees[around].all():
            supported.update(loop.seams)
        elif (claimed[around][~agrees[around]] >= SERIOUS).any():
            beside_others.update(loop.seams)
    used = set(placed.used)
    lost = claimed.sum() - kept.sum()
    return Agreement(
        claimed,
        kept,
        frozenset(supported),
        frozenset(beside_others - supported),
        frozenset(used - _in_loops(len(placed.positions), seams, sorted(used))),
        bool(borne_out or lost < max(LEAST_LOST, (1 - LEAST_KEPT) * claimed.sum())),
    )


def _in_loops(n: int, seams: Sequence[Seam], which: list[int]) -> set[int]:
    """Those of some seams that are part of a loop of them, of any length."""
    bridges = find_bridges(n, [seams[k].pair for k in which])
    return {k for number, k in enumerate(which) if number not in bridges}


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
