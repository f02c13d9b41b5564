"""Spoiling a seam on purpose: less contrast in one crop, noise and flicker in both.

One way to spoil, the same for all benchmarks, is here. What a microscope does to its pictures is
simulated in `exposure.py`, how training pictures are varied in `augment.py`.
"""

from __future__ import annotations

import numpy as np

from ..seams import Overlap


def spoil(
    overlap: Overlap, sigma: float, rng: np.random.Generator, flicker: float = 0.0
) -> Overlap:
    """Halve the second crop's contrast and add noise to both.

    Parameters
    ----------
    overlap : Overlap
        The seam as it is.
    sigma : float
        Standard deviation of the Gaussian noise, as a share of the full range: of the dtype, or,
        of floats, of what the two crops hold.
    rng : numpy.random.Generator
        Draws the noise.
    flicker : float
        Standard deviation of what is added to each row as a whole, as a share of the same range.

    Returns
    -------
    Overlap
        Of the same dtypes: the second crop flattened about mid-grey, both cut off at the ends of
        the range.
    """
    low, high = _full_range(overlap)
    middle = (low + high) / 2
    flat = middle + (overlap.second - middle) / 2
    noisy = [
        crop + rng.normal(0.0, sigma * (high - low), crop.shape) for crop in (overlap.first, flat)
    ]
    if flicker:
        for crop in noisy:
            crop += rng.normal(0.0, flicker * (high - low), (len(crop), 1))
    first, second = (np.clip(crop, low, high) for crop in noisy)
    return Overlap(
        _of_dtype(first, overlap.first.dtype),
        _of_dtype(second, overlap.second.dtype),
        overlap.origin,
    )


def _full_range(overlap: Overlap) -> tuple[float, float]:
    """Black and white of the first crop's dtype; of floats, the least and the largest value."""
    if np.issubdtype(overlap.first.dtype, np.integer):
        info = np.iinfo(overlap.first.dtype)
        return float(info.min), float(info.max)
    values = np.concatenate([overlap.first.ravel(), overlap.second.ravel()])
    values = values[np.isfinite(values)]
    return (float(values.min()), float(values.max())) if values.size else (0.0, 1.0)


def _of_dtype(crop: np.ndarray, dtype: np.dtype) -> np.ndarray:
    whole = np.rint(crop) if np.issubdtype(dtype, np.integer) else crop
    spoiled: np.ndarray = whole.astype(dtype)
    return spoiled
