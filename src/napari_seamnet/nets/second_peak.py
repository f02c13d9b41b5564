"""How nearly a map's best shift has an equal: what repeats has a second peak. Without torch."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

PEAK = 2
"""px around a shift, each axis, that belong to its peak: of what runs along the seam it is flat,
and least squares must tell how exactly its top is known."""


def two_heights(values: np.ndarray, best: tuple[int, int], peak: int) -> tuple[float, float]:
    """Measure a shift's own peak, and the best other one.

    Parameters
    ----------
    values : (N, N) float array
        Correlation at every shift.
    best : (y, x)
        Index of the shift.
    peak : int
        px around it, each axis, that are its own peak.

    Returns
    -------
    own, other : float
        Both above the map's median; ``other`` is that of the highest maximum, minus infinity
        without any. What slopes down from the shift itself is none.
    """
    y, x = best
    around = slice(max(0, y - peak), y + peak + 1), slice(max(0, x - peak), x + peak + 1)
    is_peak = values == ndimage.maximum_filter(values, 3)
    is_peak[around] = False
    base = np.median(values)
    others = values[is_peak]
    return float(values[around].max() - base), float(others.max(initial=-np.inf) - base)
