"""Crops at a fraction of their size, for what is first looked at from afar."""

from __future__ import annotations

import numpy as np


def reduce(crop: np.ndarray, factor: int) -> np.ndarray:
    """Reduce a crop to the means of blocks, less their mean; what is left over is dropped.

    Parameters
    ----------
    crop : (H, W) array
        Of any real dtype.
    factor : int
        Side of the blocks, in px.

    Returns
    -------
    (H // factor, W // factor) float32 array
        NaN where a block holds a pixel that is not finite.

    Examples
    --------
    >>> reduce(np.arange(12).reshape(2, 6), 2).tolist()
    [[-2.0, 0.0, 2.0]]
    """
    height, width = (n // factor for n in crop.shape)
    blocks = crop[: height * factor, : width * factor].reshape(height, factor, width, factor)
    # float64 sums: a weak contrast on a high level would be lost in float32.
    means = blocks.mean(axis=(1, 3), dtype=float)
    finite = means[np.isfinite(means)]
    return (means - (finite.mean() if finite.size else 0.0)).astype(np.float32)
