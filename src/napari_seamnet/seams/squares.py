"""Squares of an overlap: the pieces that a network looks at.

Only the cut is made here. What becomes of the squares' answers is decided in
`shifts/consensus.py`; no pixel is copied, scaled or normalised.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


def cut_squares(crop: np.ndarray) -> np.ndarray:
    """Cut one crop of an overlap into squares, along its long side.

    With long side m and short side s, both in px, ``m // s`` squares are cut from the start of the
    strip; the last ``m % s`` px belong to none.

    Parameters
    ----------
    crop : (H, W) array
        One frame's part of the overlap, in source pixels, of any dtype.

    Returns
    -------
    squares : (n, s, s) array
        In the order of the long side. A view of `crop`, same dtype.

    Raises
    ------
    ValueError
        If `crop` is not two-dimensional, or holds no pixel.

    Notes
    -----
    Source: thesis, training set, ``sq = m div s``.

    Examples
    --------
    >>> import numpy as np
    >>> cut_squares(np.zeros((1688, 150))).shape
    (11, 150, 150)
    """
    if crop.ndim != 2 or crop.size == 0:
        raise ValueError(f"crop must be 2-D and not empty, but its shape is {crop.shape}")
    s = min(crop.shape)
    n = max(crop.shape) // s
    if crop.shape[1] == s:  # horizontal pair: the strip runs down the frame
        return crop[: n * s].reshape(n, s, s)
    # Splitting an axis never copies, so squares of a memory-mapped frame stay on disk.
    return crop[:, : n * s].reshape(s, n, s).swapaxes(0, 1)
