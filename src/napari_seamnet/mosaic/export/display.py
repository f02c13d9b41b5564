"""How a picture is best shown at first: a window of grey values. No pixel is changed by it."""

from __future__ import annotations

import numpy as np

PERCENTILES = (0.5, 99.5)
"""What is shown as black and as white: hot pixels and dust do not count."""


def display_window(pixels: np.ndarray, shown: np.ndarray | None = None) -> tuple[float, float]:
    """Choose what is to be black and white.

    Parameters
    ----------
    pixels : array
        Of a coarse level.
    shown : bool array of the same shape, optional
        Where there is a frame; the rest is fill, and would only spoil the contrast.

    Returns
    -------
    start, end : float
        Finite values of the dtype's range, start < end.
    """
    values = pixels if shown is None else pixels[shown]
    values = values[np.isfinite(values)].astype(np.float64)
    if not values.size:
        return 0.0, 1.0
    start, end = (float(value) for value in np.percentile(values, PERCENTILES))
    if start < end:
        return start, end
    start, end = float(values.min()), float(values.max())
    return (start, end) if start < end else (start, start + 1.0)


def value_range(pixels: np.ndarray) -> tuple[float, float]:
    """Least and greatest value that a viewer's sliders need: of the dtype, or of what is there."""
    if pixels.dtype.kind in "iu":
        limits = np.iinfo(pixels.dtype)
        return float(limits.min), float(limits.max)
    values = pixels[np.isfinite(pixels)]
    low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 1.0)
    return (low, high) if low < high else (low, low + 1.0)
