"""The last hundredths of a pixel: from a shift that is nearly right to the one of least squares.

A map's peak is read from pixels that are others at every shift, which is its own noise. Here the
same pixels are compared all the time. Which shift is nearly right is decided elsewhere; whether
one shift fits all of a seam, in `bend.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..geometry import Shift
from ..seams import Overlap, shared_pixels

SIGMA = 1.0
"""px; Gaussian that both crops are smoothed by. Of 0, 0.7, 1 and 1.5 px the best, or nearly, at
every strength of noise (`benchmarks/cramer_rao.py`)."""
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
"""More are not looked at: of a longer seam, parts that are spread evenly along it."""
PARTS = 4


@dataclass(frozen=True, eq=False)
class Patch:
    """Pixels of two crops that lie on each other at some whole-pixel shift, smoothed.

    Parameters
    ----------
    one, two : (H, W) float32 array
        Of the first and of the second crop.
    """

    one: np.ndarray
    two: np.ndarray


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
    return [
        Patch(
            *(ndimage.gaussian_filter(side.astype(np.float32), SIGMA, truncate=3) for side in pair)
        )
        for pair in _parts(*shared_pixels(overlap, *whole))
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
    slopes = [_slopes(patch.two) for patch in patches]
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


def refined(overlap: Overlap, shift: Shift) -> Shift | None:
    """Refine a shift of an overlap, right within about a pixel; see `refine`."""
    whole = shift.whole()
    patches = patches_of(overlap, whole)
    fit = refine(patches, np.subtract(tuple(shift), whole)) if patches else None
    return None if fit is None else Shift(*(float(part) for part in whole + fit.off))


def step_from(
    patches: list[Patch], off: np.ndarray, slopes: list[np.ndarray] | None = None
) -> Fit | None:
    """One Gauss-Newton step, from `off` px beside the patches' own shift.

    None where the pixels do not tell both axes, or nothing is to be seen.
    """
    inside = (slice(MARGIN, -MARGIN), slice(MARGIN, -MARGIN))
    slopes = slopes or [_slopes(patch.two) for patch in patches]
    moved = [_moved(patch.one, off) for patch in patches]
    one = np.concatenate([side[inside].ravel() for side in moved])
    two = np.concatenate([patch.two[inside].ravel() for patch in patches])
    spreads = float(one.std()), float(two.std())
    if min(spreads) < 1e-9:
        return None
    slopes1 = np.concatenate([_slopes(side) for side in moved], 1) / spreads[0]
    slopes2 = np.concatenate(slopes, 1) / spreads[1]
    normal = slopes1.astype(np.float64) @ slopes2.T.astype(np.float64)
    normal = (normal + normal.T) / 2
    low, high = np.linalg.eigvalsh(normal)
    if low <= high / 1e4:
        return None
    rest = ((two - two.mean()) / spreads[1] - (one - one.mean()) / spreads[0]).astype(np.float64)
    by = np.linalg.solve(normal, (slopes1 + slopes2) / 2 @ rest)
    # Smoothed noise is alike from pixel to pixel: so many of them count as one.
    alike = 4 * np.pi * SIGMA**2
    return Fit(off + by, alike * float(rest.var()) * np.linalg.inv(normal))


def _slopes(picture: np.ndarray) -> np.ndarray:
    """Slopes inside, (2, M): down and across."""
    inside = (slice(MARGIN, -MARGIN), slice(MARGIN, -MARGIN))
    return np.stack([part[inside].ravel() for part in np.gradient(picture)])


def _parts(one: np.ndarray, two: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """The pixels that lie on each other, or parts of them if that is much."""
    if one.size <= MOST_PIXELS:
        return [(one, two)]
    axis = int(np.argmax(one.shape))
    along = one.shape[axis]
    length = max(1, round(MOST_PIXELS / one.size * along / PARTS))
    # In the middle of each quarter, so that their mean is that of the seam.
    starts = ((np.arange(PARTS) + 0.5) * along / PARTS - length / 2).astype(int)
    cuts = [
        tuple(slice(start, start + length) if k == axis else slice(None) for k in (0, 1))
        for start in starts
    ]
    return [(one[cut], two[cut]) for cut in cuts]


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
