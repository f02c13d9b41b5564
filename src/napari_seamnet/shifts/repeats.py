"""What a lattice means for a seam: shifts that fit alike, unless something irregular decides.

A network that looks at a memory array prefers one of the shifts that fit, and cannot know that it
deceives itself. Here the lattice is told; only what breaks it, in both frames and at the same
place, may decide. The lattice itself is found in `lattice.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from scipy import fft, ndimage

from ..nets.second_peak import PEAK, two_heights
from .correlation import correlation_coefficient, overlapped_sums
from .estimate import Alternative, Status
from .posterior import AMBIGUOUS, CERTAIN, to_probability

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..geometry import Shift
    from ..seams import Overlap
    from .estimate import Estimate
    from .lattice import Lattice

OWN = 0.5
"""Worth of the method's own log-probabilities in telling repeats apart."""
BROKEN = 0.5
"""Worth of what breaks the lattice: log-probability per square of its standard deviations, twice
over. Both chosen on memory arrays of other seeds than the benchmarks'."""
CHANCE = 1.0
"""Standard deviations that chance alone may give one of a few."""
LIKELY = 4.0
"""Standard deviations that the second best of many may have. Where it has more, what breaks the
lattice repeats itself, and all are to be measured by that."""
CELL = 2
"""px around a shift, each axis, that are moved to its repeats together."""
SMEAR = 1.0
"""px; Gaussian that irregularities are smoothed by, against noise."""
CELLS = 2
"""So many cells in each direction are what a cell should look like."""
OUTLIER = 16.0
"""Standard deviations that a single irregular pixel counts at most."""
LEAST = 1e-12
"""Probability below which shifts are all alike."""


@dataclass(frozen=True)
class Repeat:
    """A shift that fits, among all that differ by the lattice.

    Parameters
    ----------
    place : (y, x)
        Whole-pixel index in the map.
    evidence : float
        Standard deviations by which what breaks the lattice fits better here than elsewhere.
    """

    place: tuple[int, int]
    evidence: float


def rival_in(fine: np.ndarray, least: float = 0.4) -> bool:
    """Whether a correlation map has a second peak anywhere near as high as its best.

    Parameters
    ----------
    fine : (N, N) float array
        Correlation at every shift.
    least : float
        Height of the second, as a share of the best's, both above the map's median.

    Returns
    -------
    bool
        If not, no lattice can mislead, and there is no need to look for one.
    """
    y, x = np.unravel_index(int(np.argmax(fine)), fine.shape)
    own, other = two_heights(fine, (int(y), int(x)), PEAK)
    return other >= least * own


def repeats_of(
    overlap: Overlap, lattice: Lattice, best: tuple[int, int], max_shift: int
) -> list[Repeat]:
    """List the shifts of a range that differ from one by the lattice, and what tells them apart.

    Parameters
    ----------
    overlap : Overlap
        Two crops, finite.
    lattice : Lattice
        What both repeat by.
    best : (y, x)
        Index of one of the shifts in a map of ±`max_shift` px.
    max_shift : int
        Search range, in px.

    Returns
    -------
    list of Repeat
        That of `best` first. What lies on the range's edge is none, nor is `best`, if there is
        any other: it could not be told from what lies beyond.
    """
    n = 2 * max_shift + 1
    found = []
    for y, x in [(0.0, 0.0), *lattice.neighbours(2 * max_shift)]:
        place = (round(best[0] + y), round(best[1] + x))
        if min(place) > 0 and max(place) < n - 1 and place not in found:
            found.append(place)
    if len(found) <= 1:
        return [Repeat(best, 0.0)]
    irregular = [_irregular(crop, lattice) for crop in (overlap.first, overlap.second)]
    sums = overlapped_sums(irregular[0], irregular[1], overlap.origin, max_shift)
    alike = np.nan_to_num(correlation_coefficient(sums))
    # Where another detector shows bright what is dark here, what belongs together is opposite.
    off = np.abs(alike - np.median(alike))
    near = ndimage.maximum_filter(off, 3)
    heights = np.array([near[place] for place in found])
    # What is left of the lattice itself lies on itself at all repeats alike.
    usual = float(np.median(heights)) if len(heights) > 2 else float(heights.min())
    # Half of all shifts tell the noise; the best seventh of them, what else lies on each other.
    scatters = [1.48 * np.median(off), np.quantile(off, 0.85) / 1.44]
    if len(heights) >= 5:
        scatters.append(1.48 * np.median(np.abs(heights - usual)))
    scatter = max(1e-6, *scatters)
    return [
        Repeat(place, float((height - usual) / scatter))
        for place, height in zip(found, heights, strict=True)
    ]


def _irregular(crop: np.ndarray, lattice: Lattice) -> np.ndarray:
    """What breaks the lattice in a crop: the crop less the mean of the cells around each place.

    Not the mean of all cells: where frames are slowly bent, a cell is like those near it.
    """
    smooth = ndimage.gaussian_filter(crop.astype(np.float32), SMEAR)
    smooth = smooth - smooth.mean()
    cells = np.array(list(product(range(-CELLS, CELLS + 1), repeat=len(lattice.vectors))))
    lags = cells[cells.any(axis=1)] @ np.array(lattice.vectors)
    # Beyond the borders there is nothing: there, the mean is of fewer cells.
    margin = np.ceil(np.abs(lags).max(axis=0)).astype(int)
    size = [
        fft.next_fast_len(int(n + m), real=True) for n, m in zip(crop.shape, margin, strict=True)
    ]
    fy, fx = fft.fftfreq(size[0]), fft.rfftfreq(size[1])
    # A sum over moved copies is one product of spectra, at fractions of a pixel, too. The lags
    # come in opposite pairs, so that it is real.
    down, across = (
        np.exp(2j * np.pi * np.outer(lags[:, axis], f)).astype(np.complex64)
        for axis, f in enumerate((fy, fx))
    )
    moved = down.real.T @ across.real - down.imag.T @ across.imag
    both = fft.rfft2(np.stack([smooth, np.ones_like(smooth)]), s=size)
    summed, n = fft.irfft2(both * moved, s=size)[:, : crop.shape[0], : crop.shape[1]]
    rest = smooth - summed / np.maximum(n, 1)
    limit = OUTLIER * 1.48 * float(np.median(np.abs(rest - np.median(rest)))) + 1e-6
    clipped: np.ndarray = np.clip(rest, -limit, limit)
    return clipped


def told_apart(
    log_likelihood: np.ndarray, best: tuple[int, int], repeats: list[Repeat]
) -> np.ndarray:
    """Share out the probability of repeats by what really tells them apart.

    Parameters
    ----------
    log_likelihood : (N, N) float array
        A method's own map.
    best : (y, x)
        Index of the best shift by that map.
    repeats : list of Repeat
        Shifts that differ from it by the lattice, with itself unless it is on the edge.

    Returns
    -------
    (N, N) float64 array
        Log-probabilities: the same around each repeat, in what is around the best one, but each
        with a share of its own. All other shifts keep theirs.
    """
    own = to_probability(log_likelihood)
    cell = _window(own, best)
    changed = own.copy()
    masses = [float(np.nansum(_window(own, repeat.place))) for repeat in repeats]
    for place in {best, *(repeat.place for repeat in repeats)}:
        _put(changed, place, np.zeros_like(cell))
    left = 1 - float(changed.sum())
    evidence = np.array([repeat.evidence for repeat in repeats])
    second = np.sort(evidence)[-2] if len(evidence) > 1 else 0.0
    if second > LIKELY:  # only one can be right: so much is chance here
        evidence *= LIKELY / second
    evidence = np.maximum(0.0, evidence - CHANCE)
    weights = OWN * np.log(np.maximum(masses, LEAST)) + BROKEN * evidence**2 / 2
    shares = np.exp(weights - weights.max())
    shares /= shares.sum()
    profile = np.nan_to_num(cell) / max(float(np.nansum(cell)), LEAST)
    for repeat, share in zip(repeats, shares, strict=True):
        _put(changed, repeat.place, left * share * profile, add=True)
    return np.where(np.isnan(log_likelihood), np.nan, np.log(np.maximum(changed, LEAST)))


def _window(values: np.ndarray, place: tuple[int, int]) -> np.ndarray:
    """The surroundings of a place, (2 CELL + 1, 2 CELL + 1); NaN outside the map."""
    padded = np.pad(values, CELL, constant_values=np.nan)
    return padded[place[0] : place[0] + 2 * CELL + 1, place[1] : place[1] + 2 * CELL + 1].copy()


def _put(
    values: np.ndarray, place: tuple[int, int], window: np.ndarray, add: bool = False
) -> None:
    """Write, or add, surroundings as `_window` cuts them."""
    low = [max(0, p - CELL) for p in place]
    high = [min(n, p + CELL + 1) for p, n in zip(place, values.shape, strict=True)]
    inside = tuple(
        slice(a - p + CELL, b - p + CELL) for a, b, p in zip(low, high, place, strict=True)
    )
    where = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    values[where] = values[where] + window[inside] if add else window[inside]


def estimate_with_repeats(
    overlap: Overlap,
    lattice: Lattice,
    log_likelihood: np.ndarray,
    read: Callable[[np.ndarray], Estimate],
) -> Estimate:
    """Read an estimate off the map of a seam that repeats.

    Parameters
    ----------
    overlap : Overlap
        Two crops, finite.
    lattice : Lattice
        What both repeat by.
    log_likelihood : (2R+1, 2R+1) float array
        What a method made of the seam without knowing of the lattice.
    read : callable
        ``read(log_likelihood)`` makes an estimate of a map, as the method does.

    Returns
    -------
    Estimate
        `ambiguous` where several repeats fit: its alternatives are these, with their
        probabilities, and its reason says what the lattice is. As it was where no two shifts
        within the range differ by the lattice.
    """
    reach = log_likelihood.shape[0] // 2
    own = to_probability(log_likelihood)
    y, x = np.unravel_index(int(np.argmax(own)), own.shape)
    best = (int(y), int(x))
    repeats = repeats_of(overlap, lattice, best, reach)
    if len(repeats) == 1:
        return read(log_likelihood)
    changed = read(told_apart(log_likelihood, best, repeats))
    if changed.confidence >= CERTAIN:
        return changed
    fits = list(changed.alternatives)
    if changed.status is not Status.UNDETERMINED:
        fits.insert(0, Alternative(changed.shift, changed.confidence))
    shown = [fit for fit in fits if any(_is_near(fit.shift, repeat, reach) for repeat in repeats)]
    if len(shown) < 2 or sum(fit.probability for fit in shown[1:]) < AMBIGUOUS:
        return changed
    others = tuple(fit for fit in fits if fit is not shown[0])
    return replace(
        changed,
        shift=shown[0].shift,
        confidence=shown[0].probability,
        alternatives=others,
        status=Status.AMBIGUOUS,
        reason=f"{len(shown)} shifts fit: the picture repeats every {lattice}",
    )


def _is_near(shift: Shift, repeat: Repeat, reach: int) -> bool:
    y, x = repeat.place
    return max(abs(shift.dy + reach - y), abs(shift.dx + reach - x)) <= CELL
