"""Where a solver put the frames, before any verdict: what all solvers hand to `verdicts.py`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..seams.seam import Seam
    from ..shifts import Estimate
    from .clusters import HandTies


@dataclass(frozen=True, eq=False)
class Placed:
    """Positions and how probable they are.

    Parameters
    ----------
    positions : (N, 2) float array
        (y, x), in px.
    spread : (N,) float array
        Standard deviation, in px.
    probability : (N,) float array
        That a frame lies within 1 px of its true place, seen from the anchor.
    runner_up : (N, 2) float array
        The next best position; NaN where there is none.
    runner_up_probability : (N,) float array
        Its probability.
    parts : (N,) int array
        Connected part of each frame.
    seam_probability : (M,) float array
        That the two frames of a seam, as placed, fit to within 1 px.
    seam_runner_up : (M,) float array
        Probability of the next best offset of the two.
    used : frozenset of int
        Seams that the positions rest on.
    hand : HandTies
        What hand decisions fixed.
    """

    positions: np.ndarray
    spread: np.ndarray
    probability: np.ndarray
    runner_up: np.ndarray
    runner_up_probability: np.ndarray
    parts: np.ndarray
    seam_probability: np.ndarray
    seam_runner_up: np.ndarray
    used: frozenset[int]
    hand: HandTies

    @classmethod
    def by_confidence(
        cls,
        positions: np.ndarray,
        spread: np.ndarray,
        parts: np.ndarray,
        seams: Sequence[Seam],
        estimates: Sequence[Estimate],
        used: Sequence[int],
        hand: HandTies,
    ) -> Placed:
        """What a solver knows that looks at nothing but the seams' own confidences."""
        n = len(positions)
        probability = np.zeros(n)
        for k in used:
            for frame in seams[k].pair:
                probability[frame] = max(probability[frame], estimates[k].confidence)
        own = np.array([e.confidence for e in estimates])
        rivals = np.array(
            [e.alternatives[0].probability if e.alternatives else 0.0 for e in estimates]
        )
        return cls(
            positions,
            spread,
            probability,
            np.full((n, 2), np.nan),
            np.zeros(n),
            parts,
            own,
            rivals,
            frozenset(used),
            hand,
        )


def settled(placed: Placed) -> Placed:
    """Move each part by a fraction of a pixel, so that rounding to whole px hurts least.

    Where the whole lies between pixels is nobody's business, but if most frames come to lie half
    way between two, noise decides which way each is rounded, and neighbours part by a pixel.

    Returns
    -------
    Placed
        Parts of several frames moved by up to half a pixel each axis: the circular mean of their
        positions' fractions becomes 0.
    """
    turns = np.exp(2j * np.pi * placed.positions)
    sizes = np.bincount(placed.parts)
    moves = np.zeros((len(sizes), 2))
    for axis in (0, 1):
        mean = np.zeros(len(sizes), complex)
        np.add.at(mean, placed.parts, turns[:, axis])
        moves[:, axis] = np.where(sizes > 1, -np.angle(mean) / (2 * np.pi), 0.0)
    move = moves[placed.parts]
    return replace(placed, positions=placed.positions + move, runner_up=placed.runner_up + move)
