"""How diverse a set of hand alignments is, and what it lacks.

Traits of single pairs are measured here, and put into plain sentences for a whole set. Nothing
is decided about which pairs to use.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import fft, ndimage

from ..seams import Overlap
from .hand import overlap_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .hand_alignment import HandAlignment

ENOUGH = 20
"""Pairs from which the source's training sets were made, about."""
STRONG_NOISE, LITTLE_NOISE = 0.1, 0.03
"""Standard deviations, as shares of the full range."""
STRONG_CONTRAST, WEAK_CONTRAST = 0.4, 0.2
"""Shares of the full range."""
SMALL_SHIFT = 2.0
"""px; a stage that errs less needs hardly any alignment."""

LARGEST_CROP = 1024
"""px, each way; a larger overlap is looked at in its middle, and takes a second or two."""
PERCENTILES = (1, 99)
MAD_TO_SIGMA = 1.4826
"""Of a normal distribution: standard deviation over median absolute deviation."""
PEAK = 0.5
"""Least height of a repetition, and least depth of the valley before it, in the correlation."""
LONGEST_LAG = 200
"""px; longer periods are no trouble to any method, whose search range is far smaller."""
SMOOTHING = 1.0
"""px; pictures are sharp to about that, noise is sharper."""
BEYOND_CHANCE = 6.0
"""Standard deviations of the correlation of smoothed noise: the largest of 80,000 lags has 4."""
MOST_PEAKS = 1000
"""The nearest repetitions that are looked at; fine stripes have ten thousands."""
FEWEST_PIXELS = 100
"""Fewest unsaturated pixels to measure noise by."""

_measured: dict[tuple[object, ...], Traits] = {}


@dataclass(frozen=True)
class Traits:
    """What one pair can teach.

    Parameters
    ----------
    shift : float
        The larger axis of the decided shift, in px.
    contrast : float
        From dark to bright without noise, as a share (0..1) of the full range: the poorer frame's.
    noise : float
        Standard deviation, as a share of the full range: the noisier frame's.
    period : float or None
        Shortest distance, in px, at which the overlap repeats itself; None where it does not.
    is_horizontal : bool
        Whether the two frames lie beside each other.
    """

    shift: float
    contrast: float
    noise: float
    period: float | None
    is_horizontal: bool

    @property
    def side(self) -> str:
        """Of the pair, in a word."""
        return "horizontal" if self.is_horizontal else "vertical"


def traits(alignment: HandAlignment) -> Traits:
    """Measure a pair; one that was measured before is remembered.

    Parameters
    ----------
    alignment : HandAlignment
        The pair. Its overlap is read at the offset that was decided on.

    Raises
    ------
    FrameError, HandFileError
        As `hand.open_frames`.
    """
    known_by = (
        alignment.id,
        alignment.first.sha256,
        alignment.second.sha256,
        *alignment.nominal,
        *alignment.shift,
    )
    if known_by not in _measured:
        overlap = _middle(overlap_of(alignment))
        crops = overlap.first, overlap.second
        span = max(full_range(crop) for crop in crops) or 1.0  # both constant
        _measured[known_by] = Traits(
            shift=max(abs(value) for value in alignment.shift),
            contrast=min(contrast(crop) for crop in crops) / span,
            noise=max(noise(*crops), noise(*crops[::-1])) / span,
            period=period(*crops),
            is_horizontal=alignment.side.is_horizontal,
        )
    return _measured[known_by]


def missing(pairs: Sequence[Traits]) -> list[str]:
    """Say in plain sentences what a set of pairs lacks.

    Parameters
    ----------
    pairs : sequence of Traits
        Of all the pairs of the set.

    Returns
    -------
    list of str
        The most important first; empty where nothing is missing.
    """
    if not pairs:
        return [f"no pair yet; aim for {ENOUGH} or more"]
    found = []
    if len(pairs) < ENOUGH:
        number = f"only {len(pairs)} pairs" if len(pairs) > 1 else "only 1 pair"
        found.append(f"{number}; aim for {ENOUGH} or more")
    for axis, those in (("horizontal", True), ("vertical", False)):
        if all(one.is_horizontal is not those for one in pairs):
            found.append(f"no {axis} neighbours")
    if all(one.shift <= SMALL_SHIFT for one in pairs):
        found.append(f"all shifts are within {SMALL_SHIFT:g} px")
    if all(one.noise < STRONG_NOISE for one in pairs):
        found.append("no pair with strong noise")
    if all(one.noise > LITTLE_NOISE for one in pairs):
        found.append("no pair with little noise")
    if all(one.contrast > WEAK_CONTRAST for one in pairs):
        found.append("no pair with weak contrast")
    if all(one.contrast < STRONG_CONTRAST for one in pairs):
        found.append("no pair with strong contrast")
    if all(one.period is None for one in pairs):
        found.append("no regular structure")
    if all(one.period is not None for one in pairs):
        found.append("no irregular structure")
    return found


def full_range(pixels: np.ndarray) -> float:
    """How far the values of such pixels can reach, as far as they tell.

    Parameters
    ----------
    pixels : array
        Of any real dtype.

    Returns
    -------
    float
        255 for 8 bits; for wider integers the next power of 2, since cameras of 10, 12 or 14 bits
        write 16; for fractions 1, or what lies between the extremes if they leave 0..1.
    """
    if pixels.dtype.itemsize == 1:
        return 255.0
    finite = pixels[np.isfinite(pixels)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    if pixels.dtype.kind == "f":
        return 1.0 if low >= 0 and high <= 1 else high - low
    reach = max(high, -low, 255.0)
    return float(2 ** int(np.ceil(np.log2(reach + 1))) - 1)


def contrast(crop: np.ndarray) -> float:
    """From dark to bright, in source intensities, without most of the noise.

    Parameters
    ----------
    crop : (H, W) array
        Grey.
    """
    smooth = ndimage.gaussian_filter(_finite(crop), SMOOTHING)
    low, high = np.percentile(smooth, PERCENTILES)
    return float(high - low)


def noise(crop: np.ndarray, other: np.ndarray) -> float:
    """Standard deviation of a crop's noise, in source intensities.

    Parameters
    ----------
    crop : (H, W) array
        Grey. Saturated pixels are left out, since noise is cut off there.
    other : (H, W) array
        The other frame's, aligned: what both show alike is structure, not noise.

    Notes
    -----
    The diagonal detail of a Haar wavelet knows no straight edges along the axes; its median
    absolute deviation, no few strong ones (Donoho and Johnstone, doi:10.1093/biomet/81.3.425).
    """
    details, usable = zip(*(_diagonal(pixels) for pixels in (crop, other)), strict=True)
    both = usable[0] & usable[1]
    if np.count_nonzero(both) < FEWEST_PIXELS:
        both = np.ones_like(both)
    one, two = (detail[both] for detail in details)
    sigma, other_sigma = _deviation(one), _deviation(two)
    if sigma == 0 or other_sigma == 0:
        return sigma
    # Cut off, so that a few sharp corners do not make noise look shared.
    one, two = (np.clip(d / s, -3, 3) for d, s in ((one, sigma), (two, other_sigma)))
    shared = float(np.mean(one * two) / np.sqrt(np.mean(one**2) * np.mean(two**2)))
    return sigma * float(np.sqrt(1 - np.clip(shared, 0, 1)))


def period(first: np.ndarray, second: np.ndarray) -> float | None:
    """Shortest distance at which an overlap repeats itself.

    Parameters
    ----------
    first, second : (H, W) array
        Grey crops, aligned. They are correlated with each other, so that the noise, which differs
        in the two, hides no repetition.

    Returns
    -------
    float or None
        In px, of what repeats at least twice within half the crop and `LONGEST_LAG`; None where
        nothing does.
    """
    height, width = first.shape
    if min(height, width) < 8:
        return None
    crops = [_flat(crop) for crop in (first, second)]
    shape = [fft.next_fast_len(2 * n, real=True) for n in (height, width)]
    spectra = [fft.rfft2(crop, shape) for crop in crops]
    full = fft.irfft2(spectra[0] * spectra[1].conj(), shape)
    reach = np.array([min(n // 2, LONGEST_LAG) for n in (height, width)])
    rows, columns = (np.arange(-n, n + 1) for n in reach)
    # Each lag by the number of pixels that it compares.
    count = np.outer(height - np.abs(rows), width - np.abs(columns))
    near = full[np.ix_(rows, columns)] / count
    chance = SMOOTHING * np.sqrt(2 * np.pi / count) * crops[0].std() * crops[1].std()
    top = near[tuple(reach)]
    least = np.maximum(PEAK * top, BEYOND_CHANCE * chance)
    peaks = (near == ndimage.maximum_filter(near, 3)) & (near >= least) & (near > 0)
    repeats = []
    lags = np.argwhere(peaks) - reach
    for lag in lags[np.argsort(np.hypot(*lags.T))][:MOST_PEAKS]:
        height_there = near[tuple(lag + reach)]
        if np.abs(lag).max() < 2 or _least_on_the_way(near, lag) > height_there - PEAK * top:
            continue
        if _most_around(near, 2 * lag) >= PEAK * height_there:
            repeats.append((height_there, float(np.hypot(*lag))))
    if not repeats:
        return None
    # Alike things within one cell repeat a little, too; cells repeat most.
    most = max(height_there for height_there, _ in repeats)
    return min(distance for height_there, distance in repeats if height_there >= 0.8 * most)


def _least_on_the_way(near: np.ndarray, lag: np.ndarray) -> float:
    """The least value between no lag and a lag: hardly less along wires, which repeat nowhere.

    Without it, every bump on the ridge along a wire would be a period.
    """
    middle = np.array(near.shape) // 2
    steps = np.linspace(0, 1, 2 * np.abs(lag).max() + 1)
    at = np.rint(np.outer(lag, steps)).astype(int) + middle[:, None]
    return float(near[at[0], at[1]].min())


def _most_around(near: np.ndarray, lag: np.ndarray) -> float:
    """The largest value within 2 px of a lag; none where that was not measured.

    What repeats once may be two specks that look alike; a period repeats again.
    """
    y, x = lag + np.array(near.shape) // 2
    if not (0 <= y < near.shape[0] and 0 <= x < near.shape[1]):
        return -np.inf
    return float(near[max(0, y - 2) : y + 3, max(0, x - 2) : x + 3].max())


def _flat(crop: np.ndarray) -> np.ndarray:
    """Without slow shading, which would correlate at every lag, and without the finest noise."""
    pixels = ndimage.gaussian_filter(_finite(crop), SMOOTHING)
    width = np.clip(min(pixels.shape) / 4, 16, LONGEST_LAG / 4)  # wider ones take seconds
    pixels = pixels - ndimage.gaussian_filter(pixels, width)
    return pixels - pixels.mean()


def _diagonal(crop: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Diagonal detail at every place, and where no saturated pixel takes part in it."""
    pixels = _finite(crop)
    detail = (pixels[1:, 1:] - pixels[1:, :-1] - pixels[:-1, 1:] + pixels[:-1, :-1]) / 2
    inside = (pixels > pixels.min()) & (pixels < pixels.max())
    usable = inside[1:, 1:] & inside[1:, :-1] & inside[:-1, 1:] & inside[:-1, :-1]
    return detail, usable


def _deviation(values: np.ndarray) -> float:
    return MAD_TO_SIGMA * float(np.median(np.abs(values - np.median(values))))


def _finite(crop: np.ndarray) -> np.ndarray:
    """As doubles; what is no number counts as dark."""
    return np.nan_to_num(crop.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)


def _middle(overlap: Overlap) -> Overlap:
    """At most `LARGEST_CROP` px each way of an overlap without a margin."""
    starts = [max(0, n - LARGEST_CROP) // 2 for n in overlap.first.shape]
    cut = tuple(slice(start, start + LARGEST_CROP) for start in starts)
    return Overlap(overlap.first[cut], overlap.second[cut])
