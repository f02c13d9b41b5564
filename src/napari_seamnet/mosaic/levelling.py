"""How bright each frame is beside its neighbours: gains that make a mosaic look even.

For looking only: the mosaic that is written shows source pixels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..geometry import Box

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .thumbnails import Thumbnails

FARTHEST = 8.0
"""Largest gain, and its inverse: beyond that a frame is blank or broken, not dim."""
TIE = 0.03
"""How strongly a gain is held at 1, where a seam counts 1: what no seam tells stays as it is."""


def gains_of(
    thumbnails: Thumbnails,
    positions: Sequence[tuple[int, int]],
    pairs: Sequence[tuple[int, int]],
) -> list[float]:
    """Find gains for which neighbours are equally bright where they overlap.

    Parameters
    ----------
    thumbnails : Thumbnails
        Those that are not loaded yet keep a gain of 1.
    positions : sequence of (y, x)
        Where the frames lie, in px.
    pairs : sequence of (first, second)
        Frames that overlap.

    Returns
    -------
    list of float
        One a frame, from 1/8 to 8; their geometric mean is 1.

    Notes
    -----
    Least squares on the logarithms: of each pair's overlap, the ratio of the two medians. Robust
    against a shift that is off, since both see the same strip of the object almost everywhere.
    """
    from scipy.sparse import coo_matrix, identity, vstack
    from scipy.sparse.linalg import lsqr

    n = len(thumbnails)
    known, ratios = [], []
    for one, two in pairs:
        medians = [
            _median(thumbnails, frame, other, positions)
            for frame, other in ((one, two), (two, one))
        ]
        if min(medians) > 0:
            known.append((one, two))
            ratios.append(float(np.log(medians[1] / medians[0])))
    if not known:
        return [1.0] * n
    rows = np.arange(len(known))
    ends = np.asarray(known)
    # log gain of the first minus that of the second is log(second / first).
    ones = np.ones(len(known))
    differences = coo_matrix(
        (np.concatenate([ones, -ones]), (np.concatenate([rows, rows]), ends.T.reshape(-1))),
        shape=(len(known), n),
    )
    system = vstack([differences, TIE * identity(n)]).tocsr()
    logs = lsqr(system, np.concatenate([ratios, np.zeros(n)]), atol=1e-8, btol=1e-8)[0]
    most = float(np.log(FARTHEST))
    return [float(gain) for gain in np.exp(np.clip(logs - logs.mean(), -most, most))]


def _median(
    thumbnails: Thumbnails, frame: int, other: int, positions: Sequence[tuple[int, int]]
) -> float:
    """Brightness of a frame where it overlaps with another; NaN or 0 where that is unknown."""
    small = thumbnails.small(frame)
    if small is None or thumbnails.small(other) is None:
        return 0.0
    at = positions[frame]
    mine = Box.of_shape(thumbnails.frames[frame].shape, at=at)
    shared = mine.meet(Box.of_shape(thumbnails.frames[other].shape, at=positions[other]))
    step = thumbnails.step
    part = small[
        (shared.y - at[0]) // step : (shared.y - at[0] + shared.height) // step,
        (shared.x - at[1]) // step : (shared.x - at[1] + shared.width) // step,
    ]
    if part.ndim == 3:
        part = part[..., :3]
    return float(np.median(part)) if part.size else 0.0
