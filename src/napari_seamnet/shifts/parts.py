"""Seams whose parts lie many px apart: a frame is turned, or of another scale.

Where one frame is turned by half a degree against the other, a peak as good as any belongs to the
part of the seam that happens to fit, and that part may lie far from the middle. So each part along
the seam is asked for itself, over the whole range. Bends of a few px are `bend.py`'s.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..geometry import Shift
from .estimate import Estimate, ShiftMap, Status

SURE = 0.99
"""Probability of its own peak from which on a part is believed."""
FAR = 2.0
"""px; a part that is farther from the seam's shift, on either axis, means another one."""
ALIKE = 0.5
"""px, on either axis, that parts of a seam that is not bent lie apart at most; where all but one
lie so, that one shows something else, such as a bar burnt into both frames."""
ASIDE = 0.75
"""px that the seam's shift may lie beside the middle of its parts, which is known half as well."""
BENT = 10.0
"""px that the parts of a seam may lie apart because its frame is warped, 9 in vem_s2, whose loops
close if the shift stays where it is; if they lie farther apart, it is turned or scaled."""
TURNED = 0.9
"""Most that a seam may claim whose parts lie apart."""
SPREAD = 0.5
"""px; standard deviation of the middle of such parts."""


@dataclass(frozen=True, eq=False)
class Parts:
    """What each part along a seam says by itself.

    Parameters
    ----------
    shifts : (P, 2) float array
        Shift (dy, dx) of each part, in px.
    sure : (P,) float array
        Probability (0..1) of its peak.
    """

    shifts: np.ndarray
    sure: np.ndarray

    @property
    def middle(self) -> np.ndarray:
        """Mean of all parts, (2,), in px; of all but one, where these lie alike."""
        others = [np.delete(self.shifts, k, axis=0) for k in range(len(self.shifts))]
        best = min(others, key=lambda some: float(np.ptp(some, axis=0).max()))
        chosen = best if np.ptp(best, axis=0).max() <= ALIKE else self.shifts
        middle: np.ndarray = chosen.mean(0)
        return middle


def by_parts(found: Estimate, parts: Parts) -> Estimate:
    """Ask the parts of a seam about its estimate.

    Parameters
    ----------
    found : Estimate
        Certain or doubtful, with its map.
    parts : Parts
        Of the same seam.

    Returns
    -------
    Estimate
        Where a part is sure of a shift more than `FAR` px away, the estimate is doubtful, unless
        it lies in the middle of parts that are all sure. Where they are, it does not, and they lie
        over `BENT` px apart, its shift is that middle, and its map a bell around it.
    """
    off = parts.shifts - tuple(found.shift)
    is_sure = parts.sure >= SURE
    if found.map is None or not (is_sure & (np.abs(off).max(1) > FAR)).any():
        return found
    places = np.vstack([parts.shifts[is_sure], tuple(found.shift)])
    apart = float(np.ptp(places, axis=0).max())
    reason = f"parts of the seam lie {apart:.0f} px apart: is a frame turned, or scaled?"
    if not is_sure.all():
        return _doubted(found, reason) if found.status is Status.CERTAIN else found
    middle = parts.middle
    if np.abs(middle - tuple(found.shift)).max() <= ASIDE:
        return found
    if apart <= BENT or np.abs(middle).max() > found.map.max_shift - 1:
        return _doubted(found, reason)
    shift = Shift(float(middle[0]), float(middle[1]))
    bell = _bell(found.map, shift)
    moved = replace(found, shift=shift, map=bell, confidence=TURNED, alternatives=())
    return _doubted(moved, reason)


def _doubted(found: Estimate, reason: str) -> Estimate:
    confidence = min(TURNED, found.confidence)
    return replace(found, status=Status.DOUBTFUL, confidence=confidence, reason=reason)


def _bell(like: ShiftMap, shift: Shift) -> ShiftMap:
    """Log-probabilities around a shift, and something everywhere else."""
    steps = np.arange(-like.max_shift, like.max_shift + 1)
    away = (steps[:, None] - shift.dy) ** 2 + (steps - shift.dx) ** 2
    bell = np.exp(-away / (2 * SPREAD**2))
    probability = TURNED * bell / bell.sum() + (1 - TURNED) / bell.size
    return ShiftMap(np.log(probability), like.meaning)
