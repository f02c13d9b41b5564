"""From an estimate to a factor: how probable each whole-pixel shift of a seam is, for the solver.

Nothing is solved here. What an estimate's map means is said in `shifts/posterior.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..geometry import Shift
from ..shifts.estimate import Estimate, ShiftMap, Status
from ..shifts.posterior import NO_EVIDENCE, parabola_peak, to_probability

FLOOR = 1e-3
"""Part of the probability that is spread evenly: a seam's map may be wrong altogether."""
TEMPER = 1.0
"""Power of a map's probabilities: below 1, since a grid multiplies many of them together, and what
all of them get wrong alike (a warp, a lattice) is no independent evidence."""
BLUR = 0.6
"""px: states are whole pixels, seams are not: around a loop, shifts miss each other by a pixel."""
SAME_MODE = 2.0
"""px: shifts this near belong to one mode of a map."""


@dataclass(frozen=True)
class Mode:
    """A shift that a seam's evidence speaks for, and how loudly (0..1)."""

    shift: Shift
    probability: float


def likelihood(
    estimate: Estimate,
    reach: int,
    temper: float = TEMPER,
    floor: float = FLOOR,
    blur: float = BLUR,
) -> np.ndarray:
    """Say how probable each shift of a seam is.

    Parameters
    ----------
    estimate : Estimate
        With a map or without; with none, its shift and alternatives stand for it.
    reach : int
        Range R of the answer, in px each way.
    temper, floor, blur : float
        See `TEMPER`, `FLOOR` and `BLUR`.

    Returns
    -------
    (2R+1, 2R+1) float array
        Positive; the map's part sums to ``1 - floor``. Shifts beyond the map's range are as
        probable as the floor: of them, the seam says nothing. But where the best fit lies on the
        edge of the range, all shifts there and beyond are as probable as the best, and those
        within it are less so by what that fit is sure of. A hand decision is a single point; a
        seam without evidence says the same of all shifts.
    """
    side = 2 * reach + 1
    if estimate.status is Status.HAND:
        point = np.full((side, side), 1e-12)
        dy, dx = estimate.shift.whole()
        if max(abs(dy), abs(dx)) <= reach:
            point[reach + dy, reach + dx] = 1.0
        return point
    known = estimate.map.max_shift if estimate.map is not None else reach
    level = floor / (2 * known + 1) ** 2
    beyond = level
    if estimate.map is not None:
        values = estimate.map.values.astype(float)
        finite = values[np.isfinite(values)]
        if not finite.size or finite.max() - finite.min() < 1e-12:
            return np.full((side, side), 1.0)
        probability = to_probability(temper * values)
        if leads_beyond(estimate):
            # It rises as far as one looked; where it would fall again, nobody has seen.
            beyond = probability.max()
            probability += (1 - max(mode.probability for mode in modes(estimate))) * beyond
            probability[[0, -1]] = probability[:, [0, -1]] = beyond
    elif estimate.status is Status.UNDETERMINED and not estimate.alternatives:
        return np.full((side, side), 1.0)
    else:
        probability = _bumps(modes(estimate), reach)
    if blur:
        probability = ndimage.gaussian_filter(probability, blur, mode="constant", truncate=4)
    out = np.full((side, side), beyond)
    low, high = max(0, reach - known), max(0, known - reach)
    size = min(side, 2 * known + 1)
    within = probability[high : high + size, high : high + size]
    out[low : low + size, low : low + size] = level + (1 - floor) * within
    return out


def modes(estimate: Estimate) -> tuple[Mode, ...]:
    """List the shifts that fit, the estimate's best first."""
    listed = [Mode(a.shift, a.probability) for a in estimate.alternatives]
    if estimate.status is Status.UNDETERMINED:
        return tuple(listed)
    return (Mode(estimate.shift, estimate.confidence), *listed)


def leads_beyond(estimate: Estimate) -> bool:
    """Whether a seam's best fit lies on the edge of the range, so that it has no shift yet."""
    if estimate.map is None or estimate.status is not Status.UNDETERMINED:
        return False
    best = max(modes(estimate), key=lambda mode: mode.probability, default=None)
    return best is not None and best.probability >= NO_EVIDENCE and _is_on_edge(best, estimate.map)


def _is_on_edge(mode: Mode, seen: ShiftMap) -> bool:
    return max(map(abs, mode.shift.whole())) >= seen.max_shift


def mode_near(estimate: Estimate, shift: Shift) -> Mode | None:
    """Find the mode that a shift belongs to: the nearest within 2 px, if there is one.

    Parameters
    ----------
    estimate : Estimate
        Of the seam.
    shift : Shift
        Where the solver would have it.

    Returns
    -------
    Mode or None
        A listed one, with its sub-pixel shift; else the highest local maximum of the map there,
        which may be too improbable to have been listed. What lies on the edge of the range is
        none.
    """
    seen = estimate.map
    near = [
        mode
        for mode in modes(estimate)
        if mode.shift.distance(shift) <= SAME_MODE and not (seen and _is_on_edge(mode, seen))
    ]
    if near:
        return min(near, key=lambda mode: mode.shift.distance(shift))
    return None if seen is None else _peak_near(seen.values.astype(float), shift)


def _peak_near(values: np.ndarray, shift: Shift) -> Mode | None:
    reach = values.shape[0] // 2
    dy, dx = shift.whole()
    span = int(SAME_MODE)
    top, left = max(0, reach + dy - span), max(0, reach + dx - span)
    window = values[top : max(0, reach + dy + span + 1), left : max(0, reach + dx + span + 1)]
    if not window.size or not np.isfinite(window).any():
        return None
    y, x = np.unravel_index(int(np.nanargmax(window)), window.shape)
    y, x = int(y) + top, int(x) + left
    around = values[max(0, y - 1) : y + 2, max(0, x - 1) : x + 2]
    if around.shape != (3, 3) or not np.isfinite(around).all() or values[y, x] < around.max():
        return None  # on a slope that leads elsewhere, or on the edge
    fraction = parabola_peak(values, y, x)
    share = to_probability(values)[y - 1 : y + 2, x - 1 : x + 2].sum()
    return Mode(Shift(y - reach + fraction[0], x - reach + fraction[1]), float(share))


def _bumps(listed: tuple[Mode, ...], reach: int) -> np.ndarray:
    """A map of what the modes say: each whole pixel its probability."""
    out = np.zeros((2 * reach + 1, 2 * reach + 1))
    for mode in listed:
        dy, dx = mode.shift.whole()
        if max(abs(dy), abs(dx)) <= reach:
            out[reach + dy, reach + dx] += mode.probability
    rest = max(0.0, 1.0 - out.sum())
    return out + rest / out.size
