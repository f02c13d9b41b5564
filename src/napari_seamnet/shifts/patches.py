"""What two crops show at the same place, cut and smoothed for least squares.

All of a small overlap; of a large one, four patches spread evenly along it. How they are compared
is in `refine.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from ..seams import shared_pixels

if TYPE_CHECKING:
    from ..seams import Overlap

SIGMA = 1.0
"""px; Gaussian that both crops are smoothed by. Of 0, 0.7, 1 and 1.5 px the best, or nearly, at
every strength of noise (`benchmarks/cramer_rao.py`)."""
EDGE_SIGMA = 1.5
"""px; the same before the size of the gradient is taken."""
MARGIN = 3
"""px at the borders that are left out: smoothing and interpolation know nothing beyond them."""
LEAST_SIDE = 8
MOST_PIXELS = 80_000
"""More are not looked at: of a larger seam, parts that are spread evenly along it."""
PARTS, LEAST_LENGTH = 4, 64
"""Parts of a seam, and px along it that each has at least."""


@dataclass(frozen=True, eq=False)
class Patches:
    """Pixels of two crops that lie on each other at some whole-pixel shift, smoothed.

    Parameters
    ----------
    one, two : (P, H, W) float32 array
        Of the first and of the second crop; P is 1 or `PARTS`.
    sigma : float
        Of the Gaussian, in px.
    """

    one: np.ndarray
    two: np.ndarray
    sigma: float = SIGMA

    @property
    def axis(self) -> int:
        """The axis along the seam, of (P, H, W)."""
        return 1 if self.one.shape[1] >= self.one.shape[2] else 2

    @property
    def length(self) -> int:
        """Extent of a part of a single patch along the seam, in px; 0 where that is too short."""
        length = self.one.shape[self.axis] // PARTS
        return length if length >= LEAST_SIDE + 2 * MARGIN else 0


def patches_of(overlap: Overlap, whole: tuple[int, int]) -> Patches | None:
    """Cut and smooth what lies on each other at a whole-pixel shift.

    Parameters
    ----------
    overlap : Overlap
        Two crops, finite.
    whole : (dy, dx)
        The shift.

    Returns
    -------
    Patches or None
        None where too little is shared.
    """
    one, two = _cuts(*shared_pixels(overlap, *whole))
    return Patches(_smoothed(one, SIGMA), _smoothed(two, SIGMA)) if _is_enough(one) else None


def edges_of(overlap: Overlap, whole: tuple[int, int]) -> Patches | None:
    """The same of the size of each crop's gradient.

    Where one detector shows dark what the other shows bright, edges still lie on edges.
    """
    one, two = _cuts(*shared_pixels(overlap, *whole))
    return Patches(_edges(one), _edges(two), EDGE_SIGMA) if _is_enough(one) else None


def parts_of(patches: Patches) -> list[Patches]:
    """Each part along a seam by itself; none if they would be too short."""
    if len(patches.one) > 1:
        return [
            Patches(patches.one[k : k + 1], patches.two[k : k + 1], patches.sigma)
            for k in range(len(patches.one))
        ]
    axis, length = patches.axis, patches.length
    if not length:
        return []
    places = [np.arange(k * length, (k + 1) * length) for k in range(PARTS)]
    return [
        Patches(patches.one.take(place, axis), patches.two.take(place, axis), patches.sigma)
        for place in places
    ]


def _edges(sides: np.ndarray) -> np.ndarray:
    steepness: np.ndarray = np.hypot(*np.gradient(_smoothed(sides, EDGE_SIGMA), axis=(1, 2)))
    return steepness


def _smoothed(sides: np.ndarray, sigma: float) -> np.ndarray:
    smooth: np.ndarray = ndimage.gaussian_filter(
        sides.astype(np.float32), sigma, truncate=3, axes=(1, 2)
    )
    return smooth


def _is_enough(sides: np.ndarray) -> bool:
    return min(sides.shape[1:]) >= LEAST_SIDE + 2 * MARGIN


def _cuts(one: np.ndarray, two: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The pixels that lie on each other; if that is much, the middle of each part of the seam."""
    if one.size <= MOST_PIXELS:
        return one[None], two[None]
    axis = int(np.argmax(one.shape))
    along, across = one.shape[axis], one.shape[1 - axis]
    length = max(LEAST_LENGTH, MOST_PIXELS // (across * PARTS))
    width = min(across, MOST_PIXELS // (length * PARTS))
    sides = [slice((across - width) // 2, (across - width) // 2 + width)] * 2
    found = []
    for k in range(PARTS):
        start = int((k + 0.5) * along / PARTS - length / 2)
        sides[axis] = slice(start, start + length)
        found.append((one[tuple(sides)], two[tuple(sides)]))
    return np.stack([cut for cut, _ in found]), np.stack([cut for _, cut in found])
