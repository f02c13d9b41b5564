"""The last hundredths of a pixel: from a shift that is nearly right to the one of least squares.

A map's peak is read from pixels that are others at every shift, which is its own noise. Here the
same pixels are compared all the time. Which shift is nearly right is decided elsewhere.
"""

from __future__ import annotations

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
ROUNDS = 5
FARTHEST = 1.5
"""px; what leads farther away was no peak."""
ENOUGH = 1e-3
"""px; a smaller step is the last."""
LEAST_SIDE = 8
MOST_PIXELS = 80_000
"""More are not looked at: of a longer seam, parts that are spread evenly along it."""
PARTS = 4


def refine(overlap: Overlap, shift: Shift) -> Shift | None:
    """Move a shift to the least squares of all pixels, whose gain may differ.

    Parameters
    ----------
    overlap : Overlap
        Two crops, finite.
    shift : Shift
        Right within about a pixel.

    Returns
    -------
    Shift or None
        None where too little is shared, nothing is to be seen, or the steps lead away.

    Notes
    -----
    Gauss-Newton steps with the mean of both crops' gradients: B. D. Lucas and T. Kanade, IJCAI
    1981. The normal matrix is of one crop's gradients times the other's: their noise is
    independent, so that it does not count as detail, which would make all steps too short. With
    white noise the least squares are the maximum likelihood.
    """
    whole = shift.whole()
    pairs = [
        pair
        for pair in _parts(*shared_pixels(overlap, *whole))
        if min(pair[0].shape) >= LEAST_SIDE + 2 * MARGIN
    ]
    if not pairs:
        return None
    smooth = [
        tuple(ndimage.gaussian_filter(side.astype(np.float32), SIGMA, truncate=3) for side in pair)
        for pair in pairs
    ]
    inside = (slice(MARGIN, -MARGIN), slice(MARGIN, -MARGIN))
    slopes = [[part[inside] for part in np.gradient(two)] for _, two in smooth]
    off = np.subtract(tuple(shift), whole)
    for _ in range(ROUNDS):
        moved = [_moved(one, off) for one, _ in smooth]
        ones = np.concatenate([one[inside].ravel() for one in moved])
        twos = np.concatenate([two[inside].ravel() for _, two in smooth])
        steep = [[part[inside] for part in np.gradient(one)] for one in moved]
        step = _step(ones, twos, _joined(steep), _joined(slopes))
        if step is None:
            return None
        off = off + step
        if np.abs(off).max() > FARTHEST:
            return None
        if np.abs(step).max() < ENOUGH:
            return Shift(float(whole[0] + off[0]), float(whole[1] + off[1]))
    return None


def _joined(slopes: list[list[np.ndarray]]) -> np.ndarray:
    """Slopes of all parts, (2, M): down and across."""
    return np.stack([np.concatenate([of[k].ravel() for of in slopes]) for k in (0, 1)])


def _parts(one: np.ndarray, two: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """The pixels that lie on each other, or parts of them if that is much."""
    if one.size <= MOST_PIXELS:
        return [(one, two)]
    axis = int(np.argmax(one.shape))
    along = one.shape[axis]
    length = max(1, round(MOST_PIXELS / one.size * along / PARTS))
    starts = np.linspace(0, along - length, PARTS).astype(int)
    cuts = [
        tuple(slice(start, start + length) if k == axis else slice(None) for k in (0, 1))
        for start in starts
    ]
    return [(one[cut], two[cut]) for cut in cuts]


def _moved(picture: np.ndarray, off: np.ndarray) -> np.ndarray:
    """The values of ``picture[y + off_y, x + off_x]``, by Lagrange's polynomials."""
    for axis, fraction in enumerate(off):
        whole = int(np.floor(fraction))
        nodes = np.arange(TAPS) - TAPS // 2 + 1 + whole
        kernel = [
            np.prod([(fraction - other) / (node - other) for other in nodes if other != node])
            for node in nodes
        ]
        # `correlate1d` takes its middle, TAPS // 2, to lie on the pixel.
        origin = -(whole + 1)
        picture = ndimage.correlate1d(picture, np.array(kernel), axis, origin=origin)
    return picture


def _step(
    one: np.ndarray, two: np.ndarray, slopes1: np.ndarray, slopes2: np.ndarray
) -> np.ndarray | None:
    """One step (dy, dx); None where the pixels do not tell both, or are opposite."""
    spreads = float(one.std()), float(two.std())
    if min(spreads) < 1e-9:
        return None
    one, two = (one - one.mean()) / spreads[0], (two - two.mean()) / spreads[1]
    slopes1, slopes2 = slopes1 / spreads[0], slopes2 / spreads[1]
    normal = slopes1.astype(np.float64) @ slopes2.T.astype(np.float64)
    normal = (normal + normal.T) / 2
    low, high = np.linalg.eigvalsh(normal)
    if low <= high / 1e4:
        return None
    rest = (two - one).astype(np.float64)
    step: np.ndarray = np.linalg.solve(normal, (slopes1 + slopes2) / 2 @ rest)
    return step
