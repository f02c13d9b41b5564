"""Seams that no single shift fits, since one frame is bent against the other.

Whoever looks at such a seam as a whole finds the shift of the part with the finest detail. Here
each part gets a shift of its own, and the seam the mean of them. The least squares are those of
`refine.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from .patches import Patches, parts_of
from .refine import Fit, refine

APART = 2.0
"""px, on either axis, from which on parts lie apart: no shift is within 1 px of both."""
SUSPECT = 1.0
"""px; the same for a first look, which does not go quite as far as it should."""
EVEN = 0.2
"""px that the parts of a seam may lie apart that hardly is bent."""
SURE = 6.0
"""Standard deviations that the difference of two parts must have."""
STEADY = 0.02
"""px; no part's shift is known better than that: lines jitter, and interpolation errs."""
FARTHEST = 4.0
"""px that a part may lie from the seam's shift."""


@dataclass(frozen=True, eq=False)
class Bend:
    """Shifts of the parts of a bent seam, relative to the patches' own shift.

    Parameters
    ----------
    parts : (P, 2) float array
        (dy, dx) of each part along the seam, in px; NaN where a part tells no shift nearby.
    """

    parts: np.ndarray

    @property
    def middle(self) -> np.ndarray:
        """Mean of all parts that tell, (2,), in px."""
        middle: np.ndarray = np.nanmean(self.parts, axis=0)
        return middle

    @property
    def apart(self) -> float:
        """How far the parts lie apart on either axis, in px."""
        return float(np.max(np.nanmax(self.parts, axis=0) - np.nanmin(self.parts, axis=0)))

    @property
    def is_known(self) -> bool:
        """Whether all parts tell, so that the mean is that of the whole seam."""
        return bool(np.isfinite(self.parts).all())


def is_even(seen: list[Fit | None]) -> bool:
    """Whether all parts say something, and none is known to lie over `EVEN` px from another."""
    return bool(seen) and None not in seen and not _lie_apart(seen, EVEN)


def find_bend(patches: Patches, off: np.ndarray, seen: list[Fit | None]) -> Bend | None:
    """Find out whether the parts of a seam lie apart.

    Parameters
    ----------
    patches : Patches
        All of the seam, or parts that are spread evenly along it.
    off : (2,) float array
        The seam's shift, relative to that of the patches, in px.
    seen : list of Fit or None
        What its parts say at first (`refine_and_parts`).

    Returns
    -------
    Bend or None
        None where the parts lie alike, or noise hides whether they do.
    """
    if not _lie_apart(seen, SUSPECT):
        return None
    fits = [refine(part, off, FARTHEST) for part in parts_of(patches)]
    if not _lie_apart(fits, APART):
        return None
    return Bend(np.array([(np.nan, np.nan) if fit is None else fit.off for fit in fits]))


def _lie_apart(fits: list[Fit | None], apart: float) -> bool:
    for a, b in combinations([fit for fit in fits if fit is not None], 2):
        variance = np.diag(a.covariance) + np.diag(b.covariance)
        off = np.abs(a.off - b.off)
        if np.any((off > apart) & (off > SURE * np.sqrt(variance + 2 * STEADY**2))):
            return True
    return False
