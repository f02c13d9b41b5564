"""The last hundredths of a pixel: from a shift that is nearly right to the one of least squares.

A map's peak is read from pixels that are others at every shift, which is its own noise. Here the
same pixels are compared all the time. Which pixels, is in `patches.py`; which shift is nearly
right is decided elsewhere; whether one shift fits all of a seam, in `bend.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from .patches import LEAST_SIDE, MARGIN, PARTS, Patches

NODES = (-2, -1, 0, 1, 2, 3)
"""Pixels that a value between them is interpolated from, on each axis: those at 0 and at 1 are its
neighbours."""
WORTH = [1 / math.prod(a - b for b in NODES if b != a) for a in NODES]
"""What Lagrange's polynomial of each begins with."""
ROUNDS = 8
STRIDE = 1.0
"""px; longest step: a slope does not tell what lies farther away."""
FARTHEST = 1.5
"""px; what leads farther away was no peak."""
ENOUGH = 5e-3
"""px; a smaller step is the last: each is a tenth of the one before, or less."""


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
        return math.sqrt(max(0.0, _eigenvalues(self.covariance)[1]))


@dataclass(frozen=True, eq=False)
class Sums:
    """Sums over pixels that lie on each other, which is all that their least squares need.

    Parameters
    ----------
    n : int
        Pixels.
    values : (6,) float64 array
        Sums of the first crop, its two slopes, the second crop, and its two slopes.
    products : (6, 6) float64 array
        Sums of the products of each two of them.
    """

    n: int
    values: np.ndarray
    products: np.ndarray

    def __add__(self, other: Sums) -> Sums:
        """Sums over the pixels of both."""
        return Sums(self.n + other.n, self.values + other.values, self.products + other.products)


def refine(patches: Patches, fraction: np.ndarray, farthest: float = FARTHEST) -> Fit | None:
    """Move a shift to the least squares of all pixels, whose gain may differ.

    Parameters
    ----------
    patches : Patches
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
    return _refine(_Compared(patches, in_parts=False), fraction, farthest)[0]


def refine_and_parts(
    patches: Patches, fraction: np.ndarray
) -> tuple[Fit | None, list[Fit | None]]:
    """The same, and what each part along the seam says in the end.

    Parameters
    ----------
    patches, fraction
        As for `refine`.

    Returns
    -------
    Fit or None
        As `refine` gives it.
    list of Fit or None
        A first step of each part, from where the whole seam lies, or, if that is nowhere, from
        where it was thought to lie; None for parts that say nothing. Empty where the seam is too
        short for parts.
    """
    return _refine(_Compared(patches, in_parts=True), fraction, FARTHEST)


def _refine(
    compared: _Compared, fraction: np.ndarray, farthest: float
) -> tuple[Fit | None, list[Fit | None]]:
    off = np.asarray(fraction, float)
    first_of_parts: list[Fit | None] = []
    for k in range(ROUNDS):
        parts, rest = compared.sums(off)
        if k == 0:
            first_of_parts = [_step([part], compared.sigma, off) for part in parts]
        fit = _step(parts + rest, compared.sigma, off)
        if fit is None:
            break
        by = fit.off - off
        if np.abs(by).max() < ENOUGH:
            if k == 0:
                return fit, first_of_parts
            return fit, [_step([part], compared.sigma, off) for part in parts]
        off = off + np.clip(by, -STRIDE, STRIDE)
        if np.abs(off).max() > farthest:
            break
    return None, first_of_parts


def _step(sums: list[Sums], sigma: float, off: np.ndarray) -> Fit | None:
    """One Gauss-Newton step from `off` by some pixels.

    None where they do not tell both axes, nothing is to be seen, or hardly a pixel is left.
    """
    total = sum(sums[1:], sums[0])
    n = total.n
    if n < LEAST_SIDE**2:
        return None
    about = total.products - np.outer(total.values, total.values) / n
    # How both crops' brightness and contrast differ is nothing to go by.
    spread1, spread2 = (math.sqrt(max(0.0, about[k, k]) / n) for k in (0, 3))
    if min(spread1, spread2) < 1e-9:
        return None
    normal = total.products[1:3, 4:6] / (spread1 * spread2)
    normal = (normal + normal.T) / 2
    low, high = _eigenvalues(normal)
    if low <= high / 1e4:
        return None
    inverse = np.array([[normal[1, 1], -normal[0, 1]], [-normal[0, 1], normal[0, 0]]])
    inverse /= low * high
    slopes = (about[1:3] / spread1 + about[4:6] / spread2) / 2
    by = inverse @ (slopes[:, 3] / spread2 - slopes[:, 0] / spread1)
    rest = max(0.0, 2 - 2 * about[0, 3] / (n * spread1 * spread2))
    # Smoothed noise is alike from pixel to pixel: so many of them count as one.
    alike = 4 * math.pi * sigma**2
    return Fit(off + by, alike * rest * inverse)


def _eigenvalues(matrix: np.ndarray) -> tuple[float, float]:
    """Of a symmetric (2, 2) matrix, the smaller first."""
    (a, b), (_, c) = matrix.tolist()
    middle, half = (a + c) / 2, math.hypot((a - c) / 2, b)
    return middle - half, middle + half


class _Compared:
    """Patches, ready to be compared at any fraction of a pixel."""

    def __init__(self, patches: Patches, *, in_parts: bool) -> None:
        self.sigma = patches.sigma
        self._patches = patches
        self._in_parts = in_parts and (len(patches.one) > 1 or patches.length > 0)
        self._seconds: dict[int, np.ndarray] = {}

    def sums(self, off: np.ndarray) -> tuple[list[Sums], list[Sums]]:
        """Sums at `off` px beside the patches' own shift, of each part and of what else there is.

        Far from that shift, more of the borders is left out; where hardly a pixel is left, there
        are no sums of any.
        """
        one, two = self._patches.one, self._patches.two
        margin = MARGIN + int(np.abs(off).max())
        if min(one.shape[1:]) < LEAST_SIDE + 2 * margin:
            nothing = Sums(0, np.zeros(6), np.zeros((6, 6)))
            return ([nothing] * PARTS if self._in_parts else []), [nothing]
        if margin not in self._seconds:
            self._seconds[margin] = _with_slopes(two, margin)
        all_six = np.concatenate(
            [_with_slopes(_moved(one, off), margin), self._seconds[margin]], axis=1
        )
        if not self._in_parts:
            return [], _sums(all_six)
        if len(one) > 1:
            return _sums(all_six), []
        length = self._patches.length
        starts = [k * length for k in range(PARTS)]
        stops = [max(start, start + length - 2 * margin) for start in starts]
        edges = [edge for both in zip(starts, stops, strict=True) for edge in both]
        # A part, what lies between it and the next, the next part, and so on.
        pieces = np.split(all_six, edges[1:], self._patches.axis + 1)
        sums = [_sums(piece)[0] for piece in pieces]
        return sums[::2], sums[1::2]


def _sums(all_six: np.ndarray) -> list[Sums]:
    """Sums over each of (P, 6, H, W)."""
    flat = all_six.reshape(len(all_six), 6, -1)
    products = flat @ flat.transpose(0, 2, 1)
    return [
        Sums(flat.shape[-1], values, of) for values, of in zip(flat.sum(-1), products, strict=True)
    ]


def _with_slopes(sides: np.ndarray, margin: int) -> np.ndarray:
    """(P, H, W) sides but for a margin, and their slopes down and across: (P, 3, h, w) float64."""
    height, width = (n - 2 * margin for n in sides.shape[1:])
    found = np.empty((len(sides), 3, height, width))

    def window(down: int, across: int) -> np.ndarray:
        top, left = margin + down, margin + across
        return sides[:, top : top + height, left : left + width]

    found[:, 0] = window(0, 0)
    np.subtract(window(1, 0), window(-1, 0), out=found[:, 1])
    np.subtract(window(0, 1), window(0, -1), out=found[:, 2])
    found[:, 1:] /= 2
    return found


def _moved(pictures: np.ndarray, off: np.ndarray) -> np.ndarray:
    """The values of ``pictures[:, y + off_y, x + off_x]``, by Lagrange's polynomials."""
    for axis, fraction in enumerate(off.tolist(), 1):
        whole = math.floor(fraction)
        if whole:
            places = np.clip(np.arange(pictures.shape[axis]) + whole, 0, pictures.shape[axis] - 1)
            pictures = pictures.take(places, axis)
        # `correlate1d` takes its middle, the fourth, to lie on the pixel.
        pictures = ndimage.correlate1d(pictures, _kernel(fraction - whole), axis, origin=-1)
    return pictures


def _kernel(fraction: float) -> list[float]:
    """What each of `NODES` counts for the value so far, 0 to 1, from that at 0."""
    away = [fraction - node for node in NODES]
    return [
        worth * math.prod(other for other in away[:k] + away[k + 1 :])
        for k, worth in enumerate(WORTH)
    ]
