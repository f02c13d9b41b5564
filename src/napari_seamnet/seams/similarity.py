"""How alike two crops are: the metric D of the source.

One number for two arrays of equal size. Searching for the shift with the smallest D is done in
`shifts/search.py`.
"""

from __future__ import annotations

import numpy as np


def full_range(dtype: np.dtype) -> float | None:
    """The value that counts as white for a dtype: 255, 65535, ..., or None for floats."""
    return float(np.iinfo(dtype).max) if np.issubdtype(dtype, np.integer) else None


def to_grey_levels(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Bring two crops to the source's scale of 0..255, so that equal greys become equal.

    Parameters
    ----------
    first, second : (H, W) array
        Crops of one seam. Integers are scaled by their own dtype's full range (uint8 stays as it
        is); floats by the smallest and the largest finite value of the two together. Of integers
        and floats together nobody knows which greys are equal: each crop is scaled by its own
        smallest and largest finite value.

    Returns
    -------
    first, second : (H, W) float64 array
        Grey levels; 0..255 for unsigned integers and floats.
    """
    white = full_range(first.dtype), full_range(second.dtype)
    if white[0] and white[1]:
        return first * (255.0 / white[0]), second * (255.0 / white[1])
    known = [crop[np.isfinite(crop)].ravel() for crop in (first, second)]
    if not (white[0] or white[1]):
        known = [np.concatenate(known)] * 2
    return _stretched(first, known[0]), _stretched(second, known[1])


def _stretched(crop: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Scale a crop so that the known values fill 0..255."""
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    stretched: np.ndarray = (crop.astype(float) - low) * (255.0 / (high - low or 255.0))
    return stretched


def similarity(first: np.ndarray, second: np.ndarray) -> float:
    """Measure how much two overlapped crops differ.

    Parameters
    ----------
    first, second : (H, W) array
        The pixels that lie on each other, of equal shape, any real dtype.

    Returns
    -------
    float
        ``D = mean((first - second)**2)`` in squared grey levels on a scale of 0..255 (see
        `to_grey_levels`); 0 for identical crops. Pixels that are not finite in either are left
        out; NaN if no pixel is left.

    Raises
    ------
    ValueError
        If the shapes differ.

    Notes
    -----
    Source: thesis, similarity metric.

    Examples
    --------
    >>> import numpy as np
    >>> similarity(np.uint8([[10, 20]]), np.uint8([[13, 24]]))
    12.5
    """
    if first.shape != second.shape:
        raise ValueError(f"crops of {first.shape} and {second.shape} px cannot be compared")
    left, right = to_grey_levels(first, second)
    squared = (left - right) ** 2
    squared = squared[np.isfinite(squared)]
    return float(squared.mean()) if squared.size else float("nan")
