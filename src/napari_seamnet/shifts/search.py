"""Search baseline (A): the metric D at every shift, and the smallest wins.

The search on raw pixels is here, and what any search on D needs; the filters of the searches on
denoised pixels are in `denoised.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..seams.similarity import to_grey_levels
from .correlation import (
    mean_squared_difference,
    no_evidence,
    overlapped_sums,
    rounding_of_difference,
)
from .estimate import undetermined
from .posterior import INDEPENDENT_AREA, estimate_from_map

if TYPE_CHECKING:
    from ..seams import Overlap
    from .estimate import Estimate, Progress

TEMPER = 0.2
"""What 25 pixels are worth as evidence: measured on real frames, so that confidence is honest."""
RESIDUE = 1e-4
"""Part of the crops' variance that D never falls below, so that a perfect fit is not infinite."""


class SearchMethod:
    """D of the raw pixels at every whole-pixel shift of the range; the smallest wins.

    Of equal minima the one nearest to shift zero wins. A minimum on the edge of the range, or
    nothing to compare (a constant crop, no finite pixel), is ``undetermined``.

    Notes
    -----
    Source: thesis, search baseline (A). Beyond it: the parabola through D's neighbours gives a
    fraction of a pixel, and D's shape a probability.
    """

    name = "search"
    wants_margin = False

    def estimate(
        self, overlap: Overlap, *, max_shift: int = 15, progress: Progress | None = None
    ) -> Estimate:
        """Estimate the shift of a seam within ±`max_shift` px on each axis."""
        if progress is not None:
            progress(0, 1, self.name)
        first, second = to_grey_levels(overlap.first, overlap.second)
        found = estimate_by_difference(
            first, second, overlap.origin, max_shift, method=self.name, temper=TEMPER
        )
        if progress is not None:
            progress(1, 1, self.name)
        return found


def difference_map(
    first: np.ndarray, second: np.ndarray, origin: tuple[int, int], max_shift: int
) -> tuple[np.ndarray, float]:
    """Compute the metric D for every shift of a range, exactly.

    Parameters
    ----------
    first, second : (H, W) float64 array
        Crops of one seam in grey levels 0..255 (see `to_grey_levels`); what is not finite is left
        out.
    origin : (y, x)
        Where the second crop lies in the first at shift (0, 0), in px; see `Overlap`.
    max_shift : int
        Range R, in px each way.

    Returns
    -------
    difference : (2R+1, 2R+1) float64 array
        D per shift, in squared grey levels; NaN where less than a quarter of the nominal overlap
        is overlapped (`correlation.LEAST_SHARED`).
    rounding : float
        Two D that differ by less are equal.
    """
    # One constant off both leaves D as it is, and saves the digits of crops far from zero.
    finite = first[np.isfinite(first)]
    constant = float(finite.mean()) if finite.size else 0.0
    sums = overlapped_sums(first - constant, second - constant, origin, max_shift)
    return mean_squared_difference(sums), rounding_of_difference(sums)


def estimate_by_difference(
    first: np.ndarray,
    second: np.ndarray,
    origin: tuple[int, int],
    max_shift: int,
    *,
    method: str,
    temper: float,
) -> Estimate:
    """Find the shift with the smallest D.

    Parameters
    ----------
    first, second, origin, max_shift
        As for `difference_map`.
    method : str
        Name for the estimate.
    temper : float
        What 25 pixels are worth as evidence, 0..1.

    Returns
    -------
    Estimate
        By the rules of `SearchMethod`.

    Notes
    -----
    Two crops that differ by Gaussian noise of unknown strength have the log-likelihood
    ``-n/2 log D``. Real crops differ by more, and neighbouring pixels alike, so n is tempered; it
    is the smaller crop's n for every shift, or the smallest D would not be the most likely.
    """
    if reason := no_evidence(first, second):
        return undetermined(method, reason)
    difference, rounding = difference_map(first, second, origin, max_shift)
    if np.isnan(difference).all():
        return undetermined(method, "the crops share too few pixels at every shift of the range")
    smallest = float(np.nanmin(difference))
    equal = np.argwhere(difference <= smallest + rounding)
    y, x = equal[np.argmin(((equal - max_shift) ** 2).sum(axis=1))]
    known = [crop[np.isfinite(crop)] for crop in (first, second)]
    residue = RESIDUE * sum(float(values.var()) for values in known)
    worth = temper * min(values.size for values in known) / INDEPENDENT_AREA
    log_likelihood = -0.5 * worth * np.log(np.maximum(difference, smallest) + residue)
    return estimate_from_map(
        log_likelihood, method=method, peaks_of=-difference, best=(int(y), int(x))
    )
