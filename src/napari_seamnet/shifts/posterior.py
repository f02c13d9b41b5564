"""From a map over shifts to an estimate: probability, alternatives, status, sub-pixel peak.

Every method ends here, so that a status means the same whichever method said it. What the map's
values are, and how sharp, is the method's business.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import ndimage

from ..geometry import Shift
from .estimate import Alternative, Estimate, ShiftMap, Status, undetermined

CERTAIN = 0.99
"""Least confidence of a ``certain`` estimate: one seam in a hundred is still worth a look."""
ALTERNATIVE = 0.01
"""Least probability of an alternative that is listed."""
AMBIGUOUS = 0.05
"""Probability of the best alternative from which on a seam is ``ambiguous``."""
NO_EVIDENCE = 0.05
"""Confidence below which nothing stands out; in a range of ±15 px, chance alone gives 0.01."""
FINE_AGREEMENT = 0.3
"""px; see `fraction_of`. On real frames 0.3 keeps the finer map's precision without its slips."""
NEIGHBOURHOOD = 1
"""Shifts this near (px, each axis) to a peak belong to it: "within 1 px"."""
INDEPENDENT_AREA = 25.0
"""Pixels that count as one independent sample in a denoised overlap (a 5 x 5 filter's window)."""
TEMPER = 0.2
"""What an independent sample is worth, so that real frames' probabilities come out honest."""


def correlation_log_likelihood(
    correlation: np.ndarray, n_pixels: np.ndarray | float, temper: float = TEMPER
) -> np.ndarray:
    """Turn correlation coefficients into log-likelihoods of the shifts.

    Parameters
    ----------
    correlation : float array
        Correlation coefficient (-1..1) of the overlapped pixels, per shift. NaN stays NaN.
    n_pixels : float array or float
        Overlapped pixels, per shift.
    temper : float
        Worth of an independent sample, 0..1.

    Returns
    -------
    float array
        ``-n/25 * temper/2 * log(1 - c^2)`` for positive c, its negative for negative c.

    Notes
    -----
    The log-likelihood of two jointly Gaussian signals with n independent samples, tempered, since
    neighbouring pixels are anything but independent.
    """
    c = np.clip(correlation, -0.9999, 0.9999)
    strength = -0.5 * np.log1p(-(c**2)) * (np.asarray(n_pixels) / INDEPENDENT_AREA) * temper
    return np.where(c >= 0, strength, -strength)


def to_probability(log_likelihood: np.ndarray) -> np.ndarray:
    """Normalise log-likelihoods to probabilities that sum to 1; NaN counts as impossible.

    Examples
    --------
    >>> to_probability(np.log([[0.2, 0.6], [np.nan, 0.2]])).round(2).tolist()
    [[0.2, 0.6], [0.0, 0.2]]
    """
    finite = np.where(np.isnan(log_likelihood), -np.inf, log_likelihood)
    weights = np.exp(finite - finite.max())
    return weights / weights.sum()


def parabola_peak(values: np.ndarray, y: int, x: int) -> tuple[float, float]:
    """Refine a whole-pixel peak to a fraction, each axis by the parabola through three values.

    Parameters
    ----------
    values : (H, W) float array
        The map; larger fits better.
    y, x : int
        A pixel of the map, at or next to a local maximum.

    Returns
    -------
    dy, dx : float
        What to add to (y, x), within ±1 px; 0 on an axis where the pixel is on the border, a
        neighbour is not finite, or the three values have no maximum.
    """
    fractions = []
    for axis, centre in ((0, y), (1, x)):
        line = values[:, x] if axis == 0 else values[y, :]
        fraction = 0.0
        if 0 < centre < len(line) - 1:
            before, here, after = (float(v) for v in line[centre - 1 : centre + 2])
            curve = before - 2 * here + after
            if np.isfinite(curve) and curve < 0:
                fraction = float(np.clip((before - after) / (2 * curve), -1, 1))
        fractions.append(fraction)
    return fractions[0], fractions[1]


def fraction_of(
    log_likelihood: np.ndarray,
    fine: np.ndarray | None,
    peak: tuple[int, int],
    agreement: float = FINE_AGREEMENT,
) -> tuple[float, float]:
    """Refine a peak by a finer map, as long as that map means the same peak.

    Parameters
    ----------
    log_likelihood : (N, N) float array
        The map that the peak was found in.
    fine : (N, N) float array or None
        A map with a more exact, if less reliable, peak.
    peak : (y, x)
        Whole-pixel peak.
    agreement : float
        Most that the two maps' peaks may differ, in px.

    Returns
    -------
    dy, dx : float
        The parabola's maximum in `fine`, or in `log_likelihood` where the two differ by more than
        `agreement`: then the finer map follows its own noise.
    """
    coarse = parabola_peak(log_likelihood, *peak)
    if fine is None:
        return coarse
    exact = parabola_peak(fine, *peak)
    apart = max(abs(a - b) for a, b in zip(exact, coarse, strict=True))
    return exact if apart <= agreement else coarse


def neighbourhood_mass(probability: np.ndarray) -> np.ndarray:
    """Sum, for every shift, the probability within `NEIGHBOURHOOD` px of it."""
    size = 2 * NEIGHBOURHOOD + 1
    return ndimage.uniform_filter(probability, size, mode="constant") * size**2


def find_peaks(probability: np.ndarray, least: float = ALTERNATIVE) -> list[tuple[int, int]]:
    """List the local maxima of the neighbourhoods' probability, most probable first.

    Parameters
    ----------
    probability : (N, N) array
        Probability per shift, summing to 1.
    least : float
        Peaks whose neighbourhood holds less are left out, but never the best one.

    Returns
    -------
    list of (y, x)
        Indices of the whole-pixel maxima; no two within 2 px of each other, on both axes.
    """
    mass = neighbourhood_mass(probability)
    # The order is by the pixel's own probability: of two touching neighbourhoods, the sharper.
    remaining = probability.copy()
    peaks: list[tuple[int, int]] = []
    reach = 2 * NEIGHBOURHOOD
    while True:
        y, x = divmod(int(np.argmax(remaining)), remaining.shape[1])
        if peaks and (remaining[y, x] <= 0 or len(peaks) >= 50):
            break
        window = probability[max(0, y - 1) : y + 2, max(0, x - 1) : x + 2]
        is_maximum = probability[y, x] >= window.max()
        if not peaks or (is_maximum and mass[y, x] >= least):
            peaks.append((y, x))
            remaining[max(0, y - reach) : y + reach + 1, max(0, x - reach) : x + reach + 1] = 0
        elif mass[y, x] < least and remaining[y, x] * (2 * NEIGHBOURHOOD + 1) ** 2 < least:
            break
        else:  # the foot of a peak: only itself, since another peak may begin right beside it
            remaining[y, x] = 0
    return sorted(peaks, key=lambda peak: -mass[peak])


def estimate_from_map(
    log_likelihood: np.ndarray,
    *,
    method: str,
    peaks_of: np.ndarray | None = None,
    agreement: float = FINE_AGREEMENT,
    meaning: str = "log-probability",
    confidence_limit: float = 1.0,
    device: str = "cpu",
    best: tuple[int, int] | None = None,
) -> Estimate:
    """Read an estimate off a map of log-likelihoods.

    Parameters
    ----------
    log_likelihood : (2R+1, 2R+1) float array
        Log-likelihood of each whole-pixel shift; NaN where nothing could be compared.
    method : str
        Name of the method, for the estimate.
    peaks_of : (2R+1, 2R+1) float array, optional
        Map to take the sub-pixel part from, see `fraction_of`; `log_likelihood` by default.
    agreement : float
        How far that map may lead away from `log_likelihood`, in px.
    meaning : str
        What the stored map is called.
    confidence_limit : float
        Most that this method may claim (0..1).
    device : str
        Where the map was computed, for the estimate.
    best : (y, x), optional
        Index of the whole-pixel shift that wins by the method's own rule; by default the one whose
        neighbourhood is the most probable.

    Returns
    -------
    Estimate
        ``undetermined`` if nothing could be compared, all shifts fit alike, none stands out, or
        the best lies on the edge of the range (or of what could be compared); equally good shifts
        are resolved to the one nearest to zero.
    """
    shift_map = ShiftMap(log_likelihood, meaning)
    reach = shift_map.max_shift
    finite = log_likelihood[np.isfinite(log_likelihood)]
    if finite.size == 0:
        return undetermined(method, "nothing to compare", shift_map)
    if finite.max() - finite.min() < 1e-12:
        return undetermined(method, "no structure: every shift fits alike", shift_map)
    probability = to_probability(log_likelihood)
    mass = neighbourhood_mass(probability)
    peaks = find_peaks(probability)
    by_evidence = best is None
    if best is None:
        best = nearest_of_equals(probability, peaks[0])

    def shift_at(peak: tuple[int, int]) -> Shift:
        fraction = fraction_of(log_likelihood, peaks_of, peak, agreement)
        return Shift(peak[0] - reach + fraction[0], peak[1] - reach + fraction[1])

    confidence = float(np.clip(mass[best], 0, confidence_limit))
    alternatives = tuple(
        Alternative(shift_at(peak), float(np.clip(mass[peak], 0, 1)))
        for peak in peaks
        if max(abs(peak[0] - best[0]), abs(peak[1] - best[1])) > 2 * NEIGHBOURHOOD
    )
    shift = shift_at(best)
    around = log_likelihood[best[0] - 1 : best[0] + 2, best[1] - 1 : best[1] + 2]
    refused = ""
    if max(abs(best[0] - reach), abs(best[1] - reach)) == reach or np.isnan(around).any():
        refused = f"the best fit lies on the edge of the range of ±{reach} px; search wider"
    elif by_evidence and confidence < NO_EVIDENCE:
        refused = "no evidence: no shift stands out"
    if refused:
        nothing = undetermined(method, refused, shift_map)
        best_fits = (Alternative(shift, confidence), *alternatives)
        return replace(nothing, alternatives=best_fits, device=device)
    status, reason = judge(confidence, alternatives)
    return Estimate(shift, status, confidence, alternatives, shift_map, method, reason, device)


def nearest_of_equals(values: np.ndarray, peak: tuple[int, int]) -> tuple[int, int]:
    """Of all entries equal to a peak's (to rounding), pick the one nearest to the map's middle."""
    middle = np.array(values.shape) // 2
    equal = np.argwhere(np.isclose(values, values[peak], rtol=1e-9, atol=0))
    if len(equal) <= 1:
        return peak
    distance = ((equal - middle) ** 2).sum(axis=1)
    y, x = equal[int(np.argmin(distance))]
    return int(y), int(x)


def judge(confidence: float, alternatives: tuple[Alternative, ...]) -> tuple[Status, str]:
    """Put a confidence and its alternatives into a status, and the reason into words."""
    if confidence >= CERTAIN:
        return Status.CERTAIN, ""
    if alternatives and alternatives[0].probability >= AMBIGUOUS:
        n = 1 + sum(a.probability >= AMBIGUOUS for a in alternatives)
        return Status.AMBIGUOUS, f"{n} shifts fit"
    return Status.DOUBTFUL, f"weak evidence: {confidence:.0%} within 1 px"
