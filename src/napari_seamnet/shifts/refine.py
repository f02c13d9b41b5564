"""The last hundredths of a pixel: from a shift that is nearly right to the one of least squares.

A map's peak is read from pixels that are others at every shift, which is its own noise. Here the
same pixels are compared all the time. Which shift is nearly right is decided elsewhere; whether
one shift fits all of a seam, in `bend.py`.
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
TAPS = 6
"""Pixels that a value between them is interpolated from, on each axis."""
ROUNDS = 8
STRIDE = 1.0
"""px; longest step: a slope does not tell what lies farther away."""
FARTHEST = 1.5
"""px; what leads farther away was no peak."""
ENOUGH = 1e-3
"""px; a smaller step is the last."""
LEAST_SIDE = 8
MOST_PIXELS = 80_000
"""More are not looked at: of a larger seam, parts that are spread evenly along it."""
PARTS, LEAST_LENGTH = 4, 64
"""Parts of a seam, and px along it that each has at least."""


@dataclass(frozen=True, eq=False)
class Patch:
    """Pixels of two crops that lie on each other at some whole-pixel shift, smoothed.

    Parameters
    ----------
    one, two : (H, W) float32 array
        Of the first and of the second crop.
    sigma : float
        Of the Gaussian, in px.
    """

    one: np.ndarray
    two: np.ndarray
    sigma: float = SIGMA


@dataclass(frozen=True, eq=False)
class Fit:
    """Where the least squares of some pixels lead.

    Parameters
    ----------
    off : (2,) float array
        (dy, dx) from the patches' own shift, in px.
    covariance : (2, 2) float array
        What noise makes of it, from what is left between the two crops, in px^2.
    """

    off: np.ndarray
    covariance: np.ndarray

    @property
    def spread(self) -> float:
        """Standard deviation along the axis that is known worst, in px."""
        return float(np.sqrt(np.linalg.eigvalsh(self.covariance).max()))


def patches_of(overlap: Overlap, whole: tuple[int, int]) -> list[Patch]:
    """Cut and smooth what lies on each other at a whole-pixel shift; of much, evenly spread parts.

    Parameters
    ----------
    overlap : Overlap
        Two crops, finite.
    whole : (dy, dx)
        The shift.

    Returns
    -------
    list of Patch
        Empty where too little is shared.
    """
    cuts = _large_cuts(overlap, whole)
    return [Patch(_smoothed(one, SIGMA), _smoothed(two, SIGMA)) for one, two in cuts]


def edges_of(overlap: Overlap, whole: tuple[int, int]) -> list[Patch]:
    """The same of the size of each crop's gradient.

    Where one detector shows dark what the other shows bright, edges still lie on edges.
    """
    cuts = _large_cuts(overlap, whole)
    return [Patch(_edges(one), _edges(two), EDGE_SIGMA) for one, two in cuts]


def _edges(side: np.ndarray) -> np.ndarray:
    steepness: np.ndarray = np.hypot(*np.gradient(_smoothed(side, EDGE_SIGMA)))
    return steepness


def _smoothed(side: np.ndarray, sigma: float) -> np.ndarray:
    smooth: np.ndarray = ndimage.gaussian_filter(side.astype(np.float32), sigma, truncate=3)
    return smooth


def _large_cuts(overlap: Overlap, whole: tuple[int, int]) -> list[tuple[np.ndarray, np.ndarray]]:
    return [
        pair
        for pair in _cuts(*shared_pixels(overlap, *whole))
        if min(pair[0].shape) >= LEAST_SIDE + 2 * MARGIN
    ]


def refine(patches: list[Patch], fraction: np.ndarray, farthest: float = FARTHEST) -> Fit | None:
    """Move a shift to the least squares of all pixels, whose gain may differ.

    Parameters
    ----------
    patches : list of Patch
        What lies on each other at a whole-pixel shift.
    fraction : (2,) float array
        How far from that shift the right one is thought to be, in px.
    farthest : float
        How far it may be at most, in px.

    Returns
    -------
    Fit or None
        How far it is; None where nothing is to be seen, or the steps lead away.

    Notes
    -----
    Gauss-Newton steps with the mean of both crops' gradients: B. D. Lucas and T. Kanade, IJCAI
    1981. The normal matrix is of one crop's gradients times the other's: their noise is
    independent, so that it does not count as detail, which would make all steps too short. With
    white noise the least squares are the maximum likelihood.
    """
    slopes = [np.stack(np.gradient(patch.two)) for patch in patches]
    off = np.asarray(fraction, float)
    for _ in range(ROUNDS):
        fit = step_from(patches, off, slopes)
        if fit is None:
            return None
        by = fit.off - off
        off = off + np.clip(by, -STRIDE, STRIDE)
        if np.abs(off).max() > farthest:
            return None
        if np.abs(by).max() < ENOUGH:
            return fit
    return None


def step_from(
    patches: list[Patch], off: np.ndarray, slopes: list[np.ndarray] | None = None
) -> Fit | None:
    """One Gauss-Newton step, from `off` px beside the patches' own shift.

    None where the pixels do not tell both axes, nothing is to be seen, or hardly a pixel is left:
    far from the patches' own shift, more of their borders must be left out.
    """
    margin = MARGIN + int(np.abs(off).max())
    if min(min(patch.one.shape) for patch in patches) < LEAST_SIDE + 2 * margin:
        return None
    inside = (..., slice(margin, -margin), slice(margin, -margin))
    slopes = slopes or [np.stack(np.gradient(patch.two)) for patch in patches]
    moved = [_moved(patch.one, off) for patch in patches]
    one = np.concatenate([side[inside].ravel() for side in moved])
    two = np.concatenate([patch.two[inside].ravel() for patch in patches])
    spreads = float(one.std()), float(two.std())
    if min(spreads) < 1e-9:
        return None
    slopes1, slopes2 = (
        np.concatenate([of[inside].reshape(2, -1) for of in sides], 1) / spread
        for sides, spread in zip(
            ([np.stack(np.gradient(side)) for side in moved], slopes), spreads, strict=True
        )
    )
    normal = slopes1.astype(np.float64) @ slopes2.T.astype(np.float64)
    normal = (normal + normal.T) / 2
    low, high = np.linalg.eigvalsh(normal)
    if low <= high / 1e4:
        return None
    rest = ((two - two.mean()) / spreads[1] - (one - one.mean()) / spreads[0]).astype(np.float64)
    by = np.linalg.solve(normal, (slopes1 + slopes2) / 2 @ rest)
    # Smoothed noise is alike from pixel to pixel: so many of them count as one.
    alike = 4 * np.pi * patches[0].sigma ** 2
    return Fit(off + by, alike * float(rest.var()) * np.linalg.inv(normal))


def _cuts(one: np.ndarray, two: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """The pixels that lie on each other; if that is much, the middle of each part of the seam."""
    if one.size <= MOST_PIXELS:
        return [(one, two)]
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
    return found


def _moved(picture: np.ndarray, off: np.ndarray) -> np.ndarray:
    """The values of ``picture[y + off_y, x + off_x]``, by Lagrange's polynomials."""
    for axis, fraction in enumerate(off):
        whole = int(np.floor(fraction))
        if whole:
            places = np.clip(np.arange(picture.shape[axis]) + whole, 0, picture.shape[axis] - 1)
            picture = picture.take(places, axis)
        nodes = np.arange(TAPS) - TAPS // 2 + 1
        kernel = [
            np.prod([(fraction - whole - b) / (a - b) for b in nodes if b != a]) for a in nodes
        ]
        # `correlate1d` takes its middle, TAPS // 2, to lie on the pixel.
        picture = ndimage.correlate1d(picture, np.array(kernel), axis, origin=-1)
    return picture
