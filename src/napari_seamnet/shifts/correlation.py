"""Sums over the overlapped pixels at every shift: what every correlation-like method needs.

Only exact arithmetic is here: cross sums by FFT, a crop's own sums by running sums, and the two
measures made of them. Filters, and what the measures are worth, are the methods' business.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import fft

LEAST_SHARED = 0.25
"""A shift counts only if at least this part of the nominally overlapped pixels is overlapped."""
ROUNDING = 1e-9
"""Differences of squares below this part of the squares themselves are rounding, not evidence."""


@dataclass(frozen=True, eq=False)
class OverlappedSums:
    """Sums over the pixels that lie on each other, one (2R+1, 2R+1) float64 array a sum.

    The entry ``[R + dy, R + dx]`` belongs to the shift (dy, dx), as in `ShiftMap`.

    Parameters
    ----------
    n : array
        Overlapped pixels that are finite in both crops.
    first, second : array
        Sums of the two crops' values over them.
    first_squared, second_squared : array
        Sums of the squares of the values.
    cross : array
        Sums of the products of the values.
    """

    n: np.ndarray
    first: np.ndarray
    second: np.ndarray
    first_squared: np.ndarray
    second_squared: np.ndarray
    cross: np.ndarray

    @property
    def countable(self) -> np.ndarray:
        """Which shifts overlap enough pixels (`LEAST_SHARED`) for their measures to mean much."""
        reach = self.n.shape[0] // 2
        return self.n >= max(2.0, LEAST_SHARED * self.n[reach, reach])


def overlapped_sums(
    first: np.ndarray, second: np.ndarray, origin: tuple[int, int], max_shift: int
) -> OverlappedSums:
    """Sum values, squares and products over the overlapped pixels, at every shift of the range.

    Parameters
    ----------
    first, second : (H1, W1) and (H2, W2) float array
        Crops of one seam. Pixels that are not finite are left out. Float32 is three times as fast
        in the cross sums as float64, and good to 1e-6 of the squares; take a constant near the
        mean away beforehand, or the squares are large.
    origin : (y, x)
        Where the second crop's pixel (0, 0) lies in the first crop at shift (0, 0); see `Overlap`.
    max_shift : int
        Range R of the shifts, in px each way.

    Returns
    -------
    OverlappedSums
        Sums are 0 where nothing is overlapped.

    Raises
    ------
    ValueError
        If the range is negative.
    """
    if max_shift < 0:
        raise ValueError(f"a search range cannot be negative, but is {max_shift} px")
    valid = [np.isfinite(crop) for crop in (first, second)]
    if all(mask.all() for mask in valid):
        rows, columns = (
            _bounds(first.shape[axis], second.shape[axis], origin[axis], max_shift)
            for axis in (0, 1)
        )
        height, width = (np.maximum(0, bound[1] - bound[0]) for bound in (rows, columns))
        shifted = [bound[:2] for bound in (rows, columns)]
        fixed = [bound[2:] for bound in (rows, columns)]
        n = np.outer(height, width).astype(float)
        cross = _cross_sums([(first, second)], origin, max_shift)[0]
        return OverlappedSums(
            n=n,
            first=_rectangle_sums(first, *shifted),
            second=_rectangle_sums(second, *fixed),
            first_squared=_rectangle_sums(np.square(first), *shifted),
            second_squared=_rectangle_sums(np.square(second), *fixed),
            cross=np.where(n > 0, cross, 0.0),
        )
    # With holes, a crop's own sums depend on the other's holes: they are cross sums with its mask.
    (a, mask_a), (b, mask_b) = (
        (np.where(mask, crop, 0), mask.astype(crop.dtype))
        for crop, mask in zip((first, second), valid, strict=True)
    )
    products = [
        (mask_a, mask_b),
        (a, mask_b),
        (mask_a, b),
        (np.square(a), mask_b),
        (mask_a, np.square(b)),
        (a, b),
    ]
    n, *others = _cross_sums(products, origin, max_shift)
    n = np.rint(n)
    return OverlappedSums(n, *(np.where(n > 0, values, 0.0) for values in others))


def no_evidence(first: np.ndarray, second: np.ndarray) -> str:
    """Say in words why two crops cannot be compared at all; empty if they can.

    Examples
    --------
    >>> no_evidence(np.array([[1.0, 2.0]]), np.array([[5, 5]]))
    'the second crop is constant'
    """
    for name, crop in (("first", first), ("second", second)):
        finite = np.isfinite(crop)
        values = crop if finite.all() else crop[finite]
        if not values.size:
            return f"the {name} crop has no finite pixel"
        if values.min() == values.max():
            return f"the {name} crop is constant"
    return ""


def mean_squared_difference(sums: OverlappedSums) -> np.ndarray:
    """The metric D of every shift; NaN where too little is overlapped.

    Parameters
    ----------
    sums : OverlappedSums
        Of crops from which, if anything, the *same* constant was taken away.

    Returns
    -------
    (2R+1, 2R+1) float64 array
        ``mean((first - second)**2)``, exact up to rounding (see `rounding_of_difference`).
    """
    squares = sums.first_squared + sums.second_squared - 2 * sums.cross
    with np.errstate(invalid="ignore", divide="ignore"):
        difference = np.maximum(squares, 0) / sums.n
    return np.where(sums.countable, difference, np.nan)


def rounding_of_difference(sums: OverlappedSums) -> float:
    """How far two values of `mean_squared_difference` of float64 crops may be off by rounding."""
    squares = (sums.first_squared + sums.second_squared)[sums.countable]
    n = sums.n[sums.countable]
    return float(ROUNDING * (squares / n).max()) if n.size else 0.0


def correlation_coefficient(sums: OverlappedSums) -> np.ndarray:
    """Correlation coefficient of exactly the overlapped pixels, at every shift.

    Parameters
    ----------
    sums : OverlappedSums
        Of crops from which any constants were taken away; both means near 0 round best.

    Returns
    -------
    (2R+1, 2R+1) float64 array
        -1..1; NaN where too little is overlapped, or where one of the two is constant.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        covariance = sums.cross - sums.first * sums.second / sums.n
        energies = [
            np.where(energy > 1e-5 * squared, energy, np.nan)
            for energy, squared in (
                (sums.first_squared - sums.first**2 / sums.n, sums.first_squared),
                (sums.second_squared - sums.second**2 / sums.n, sums.second_squared),
            )
        ]
        correlation = covariance / np.sqrt(energies[0] * energies[1])
    return np.where(sums.countable, np.clip(correlation, -1, 1), np.nan)


def _bounds(
    first: int, second: int, origin: int, max_shift: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Start and stop of the overlapped pixels on one axis, in both crops, for every shift."""
    at = origin + np.arange(-max_shift, max_shift + 1)
    start = np.clip(at, 0, first)
    stop = np.maximum(start, np.clip(at + second, 0, first))
    return start, stop, start - at, stop - at


def _rectangle_sums(
    values: np.ndarray,
    rows: tuple[np.ndarray, np.ndarray],
    columns: tuple[np.ndarray, np.ndarray],
) -> np.ndarray:
    """Sum the values over all rectangles of the given rows (starts, stops) and columns."""
    strips = _interval_sums(values, *rows, axis=0)
    return _interval_sums(strips, *columns, axis=1)


def _interval_sums(
    values: np.ndarray, starts: np.ndarray, stops: np.ndarray, axis: int
) -> np.ndarray:
    """Sum the values over intervals of one axis, whose place the intervals take."""
    size = values.shape[axis]
    # Bounds of empty intervals may lie outside the crop; any bound inside will do for them.
    starts, stops = np.clip(starts, 0, size), np.clip(stops, 0, size)
    bounds = np.unique(np.concatenate([[0, size], starts, stops]))
    # Pieces between the few bounds, not a running sum of every pixel: ten times as fast, and in
    # float64, since a long seam eats the digits of float32.
    pieces = np.add.reduceat(values, bounds[:-1], axis=axis, dtype=float)
    running = np.insert(np.cumsum(pieces, axis=axis), 0, 0.0, axis=axis)
    ends, begins = (
        np.take(running, np.searchsorted(bounds, at), axis=axis) for at in (stops, starts)
    )
    difference: np.ndarray = ends - begins
    return difference


def _cross_sums(
    products: list[tuple[np.ndarray, np.ndarray]], origin: tuple[int, int], max_shift: int
) -> list[np.ndarray]:
    """Sum ``a[y + origin + shift] * b[y]`` over y, for each pair (a, b) and every shift."""
    (h1, w1), (h2, w2) = products[0][0].shape, products[0][1].shape
    lags = [o + np.arange(-max_shift, max_shift + 1) for o in origin]
    # Long enough that what wraps around falls on lags beyond the range.
    size = tuple(
        fft.next_fast_len(int(max(n1 - lag[0], n2 + lag[-1], n1, n2)), real=True)
        for n1, n2, lag in ((h1, h2, lags[0]), (w1, w2, lags[1]))
    )
    spectra: dict[int, np.ndarray] = {}  # of each array once, though masks come in many pairs
    for array in (array for pair in products for array in pair):
        if id(array) not in spectra:
            spectra[id(array)] = fft.rfft2(array, size)
    sums = []
    for a, b in products:
        product = spectra[id(a)] * spectra[id(b)].conj()
        # Only the rows of the range go through the second half of the inverse transform.
        rows = fft.ifft(product, axis=0, overwrite_x=True)[lags[0] % size[0]]
        sums.append(fft.irfft(rows, size[1], axis=1)[:, lags[1] % size[1]].astype(float))
    return sums
