"""The lattice that a seam's own pictures repeat by, where they do.

From each crop's autocorrelation: what fits onto itself elsewhere would fit the neighbour there,
too. What a lattice means for an estimate is in `repeats.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy import fft, ndimage

LEAST_PERIOD = 4.0
"""px; what repeats in less is texture, and no frame is sharp enough to tell it apart."""
LIKENESS = 0.7
"""Least height of an autocorrelation's peak, as a share of that of the picture without noise. Of
pure arrays with every defect 0.79 and more, of irregular scenes hardly any above 0.6
(`benchmarks/memory_arrays.py`, `benchmarks/cells.py`)."""
PROMINENCE = 0.2
"""Share of its height by which a peak falls off at `FOOT`, before and behind it: what wires have
along their own direction does not."""
FOOT = 0.35
"""Where a peak ends, as a share of the shortest vector."""
LEAST_SINE = 0.3
"""Of the angle between the two vectors."""
STANDS_OUT = 6.0
"""Least height of a peak, in standard deviations of what independent pixels would have."""
MOST_NODES = 2
"""So many vectors in each direction are looked for to measure a lattice exactly."""


@dataclass(frozen=True)
class Lattice:
    """Translations that bring a picture onto itself.

    Parameters
    ----------
    vectors : tuple of (y, x)
        One or two, the shortest first, in px, sub-pixel. With one, the picture repeats along
        that direction only.
    likeness : float
        How alike the repeats are: correlation of the picture with itself one vector away, as a
        share of that at no distance, noise left aside.
    """

    vectors: tuple[tuple[float, float], ...]
    likeness: float

    def neighbours(self, reach: float) -> list[tuple[float, float]]:
        """All translations but none within ±`reach` px on each axis, the shortest first."""
        found = []
        n = int(np.ceil(2 * reach / LEAST_PERIOD)) + 1
        for steps in product(range(-n, n + 1), repeat=len(self.vectors)):
            y, x = np.asarray(steps) @ np.asarray(self.vectors)
            if any(steps) and max(abs(y), abs(x)) <= reach:
                found.append((float(y), float(x)))
        return sorted(found, key=lambda v: (np.hypot(*v), v))

    def __str__(self) -> str:
        """Say how it repeats, as "10.0 px in x and 8.2 px in y"."""
        return " and ".join(_in_words(vector) for vector in self.vectors)


def _in_words(vector: tuple[float, float]) -> str:
    y, x = (abs(part) for part in vector)
    if y < 0.05 * x + 0.3:
        return f"{np.hypot(y, x):.1f} px in x"
    if x < 0.05 * y + 0.3:
        return f"{np.hypot(y, x):.1f} px in y"
    return f"({vector[0]:.1f}, {vector[1]:.1f}) px"


def find_lattice(first: np.ndarray, second: np.ndarray, max_shift: int) -> Lattice | None:
    """Find the lattice that both crops of a seam repeat by.

    Parameters
    ----------
    first, second : (H, W) float array
        Two crops, finite; sizes may differ.
    max_shift : int
        Search range R, in px: two shifts within it are at most 2R apart, and so are repeats that
        matter.

    Returns
    -------
    Lattice or None
        None where the crops do not repeat within 2R.
    """
    reaches = [
        min(2 * max_shift, min(a, b) // 2) for a, b in zip(first.shape, second.shape, strict=True)
    ]
    if min(reaches) < 2 * FOOT * LEAST_PERIOD:
        return None
    both = [_autocorrelation(crop, (reaches[0], reaches[1])) for crop in (first, second)]
    alike = (both[0] + both[1]) / 2
    nothing = _without_noise(alike)
    noise = 1 / np.sqrt(min(first.size, second.size))
    if nothing <= STANDS_OUT * noise:
        return None
    peaks = _peaks(alike, max(LIKENESS * nothing, STANDS_OUT * noise))
    if not peaks:
        return None
    chosen = [peaks[0]]
    for peak in peaks[1:]:
        if peak.is_round and _sine(peak.lag, chosen[0].lag) > LEAST_SINE:
            chosen.append(peak)
            break
    vectors = _refined(np.array([peak.lag for peak in chosen]), peaks)
    likeness = min(1.0, float(np.mean([peak.height for peak in chosen]) / nothing))
    return Lattice(tuple((float(y), float(x)) for y, x in vectors), likeness)


def _autocorrelation(crop: np.ndarray, reaches: tuple[int, int]) -> np.ndarray:
    """Correlation of a crop with itself at each lag within ±`reaches`, without slow shading."""
    values = crop.astype(np.float32)
    values = values - ndimage.uniform_filter(values, [2 * reach + 1 for reach in reaches])
    spread = float(values.std())
    if spread < 1e-9:
        return np.zeros([2 * reach + 1 for reach in reaches], np.float32)
    values = np.clip(values / spread, -4, 4)  # a bright speck is not worth a hundred cells
    size = [fft.next_fast_len(n + r, real=True) for n, r in zip(crop.shape, reaches, strict=True)]
    power = np.abs(fft.rfft2(values, s=size)) ** 2
    whole = fft.irfft2(power, s=size)
    rows, columns = (np.arange(-reach, reach + 1) for reach in reaches)
    shared = np.multiply.outer(crop.shape[0] - np.abs(rows), crop.shape[1] - np.abs(columns))
    alike: np.ndarray = whole[rows[:, None], columns] / shared
    return alike / float(alike[reaches])


def _without_noise(alike: np.ndarray) -> float:
    """Height that an autocorrelation would have at lag 0 without noise that is white.

    From lags of one and two px, by a parabola without a slope at 0, along the smoother axis.
    """
    y, x = (n // 2 for n in alike.shape)
    lines = (alike[y, x + 1 : x + 3], alike[y + 1 : y + 3, x])
    return float(min(1.0, max((4 * near - far) / 3 for near, far in lines)))


@dataclass(frozen=True, eq=False)
class _Peak:
    """A maximum of an autocorrelation that falls off along its own direction.

    `is_round` if it does so in every direction. What is drawn out, as wires are, repeats across
    that direction with a ridge instead of a point.
    """

    lag: np.ndarray
    height: float
    is_round: bool


def _peaks(alike: np.ndarray, least: float) -> list[_Peak]:
    """Prominent maxima of an autocorrelation, the shortest first; of opposite ones, one."""
    middle = np.array(alike.shape) // 2
    is_maximum = (alike == ndimage.maximum_filter(alike, 3)) & (alike >= least)
    is_maximum[:, [0, -1]] = is_maximum[[0, -1], :] = False
    found: list[_Peak] = []
    places = np.argwhere(is_maximum)
    lengths = np.hypot(*(places - middle).T)
    for place in places[np.argsort(lengths, kind="stable")]:
        lag = place - middle
        if np.hypot(*lag) < LEAST_PERIOD - 0.5 or (lag[0], lag[1]) < (0, 0):
            continue
        foot = max(2.0, FOOT * np.hypot(*(found[0].lag if found else lag)))
        if _falls_off(alike, place, lag, foot):
            exact, height = _parabola(alike, place)
            across = ((0, 1), (1, 0), (1, 1), (1, -1))
            is_round = all(_falls_off(alike, place, np.array(way), foot) for way in across)
            found.append(_Peak(exact - middle, height, is_round))
    return found


def _falls_off(alike: np.ndarray, place: np.ndarray, way: np.ndarray, foot: float) -> bool:
    """Whether a maximum is higher than what lies `foot` px before and behind it."""
    step = np.rint(way * (foot / np.hypot(*way))).astype(int)
    around = [place + step, place - step]
    inside = [p for p in around if (p >= 0).all() and (p < alike.shape).all()]
    mean = np.mean([alike[tuple(p)] for p in inside]) if inside else np.inf
    return bool(mean <= (1 - PROMINENCE) * alike[tuple(place)])


def _parabola(alike: np.ndarray, place: np.ndarray) -> tuple[np.ndarray, float]:
    """Place and height of a maximum between the pixels."""
    y, x = place
    exact, height = place.astype(float), float(alike[y, x])
    for axis, (before, after) in enumerate(
        ((alike[y - 1, x], alike[y + 1, x]), (alike[y, x - 1], alike[y, x + 1]))
    ):
        curve = before - 2 * alike[y, x] + after
        if curve < 0:
            exact[axis] += float((before - after) / (2 * curve))
            height -= float((before - after) ** 2 / (8 * curve))
    return exact, height


def _refined(vectors: np.ndarray, peaks: list[_Peak]) -> np.ndarray:
    """Measure vectors by all peaks that are sums of them: those farther out tell more exactly."""
    nodes, places = [], []
    for vector in (peak.lag for peak in peaks):
        if len(vectors) == 1:
            along = vector @ vectors[0] / (vectors[0] @ vectors[0])
            node = np.array([round(along)])
        else:
            node = np.rint(np.linalg.solve(vectors.T, vector)).astype(int)
        if not node.any() or np.abs(node).max() > MOST_NODES:
            continue
        if np.abs(node @ vectors - vector).max() <= 1:
            nodes.append(node)
            places.append(vector)
    found: np.ndarray = np.linalg.lstsq(np.array(nodes), np.array(places), rcond=None)[0]
    return found


def _sine(a: np.ndarray, b: np.ndarray) -> float:
    """Of the angle between two vectors; not negative."""
    return float(abs(a[0] * b[1] - a[1] * b[0]) / (np.hypot(*a) * np.hypot(*b)))
