"""Search baseline (B): the search for the smallest D, on denoised pixels.

Only the filters are here; the search itself is in `search.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from ..seams.similarity import to_grey_levels
from .correlation import no_evidence
from .estimate import undetermined
from .search import estimate_by_difference

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..seams import Overlap
    from .estimate import Estimate, Progress

MEDIAN_TEMPER, BILATERAL_TEMPER = 0.1, 0.3
"""What 25 denoised pixels are worth as evidence: measured on real frames, as for `search`.

What the median leaves of the noise is the more alike from pixel to pixel.
"""


class MedianMethod:
    """The search for the smallest D after a median filter.

    Parameters
    ----------
    size : int, default 5
        Side of the filter's window, in px.

    Raises
    ------
    ValueError
        If the window is not of odd size.

    Notes
    -----
    Source: thesis, search baseline (B).
    """

    name = "median"
    wants_margin = False

    def __init__(self, size: int = 5) -> None:
        if size < 1 or size % 2 == 0:
            raise ValueError(f"a median's window is an odd number of px wide, not {size}")
        self.size = size

    def estimate(
        self, overlap: Overlap, *, max_shift: int = 15, progress: Progress | None = None
    ) -> Estimate:
        """Estimate the shift of a seam within ±`max_shift` px on each axis."""
        return _search_denoised(
            overlap,
            lambda crop: ndimage.median_filter(crop, self.size),
            self.name,
            MEDIAN_TEMPER,
            max_shift,
            progress,
        )


class BilateralMethod:
    """The search for the smallest D after a bilateral filter.

    Parameters
    ----------
    window : int, default 5
        Side of the filter's window, in px.
    sigma_space : float, default 1.5
        How near a pixel must lie to count, in px (standard deviation).
    sigma_grey : float, optional
        How like a pixel must be to count, in grey levels 0..255 (standard deviation); by default
        the standard deviation of the crop itself, so that noise is averaged and steps are kept.

    Notes
    -----
    Source: thesis, search baseline (B); the filter is scikit-image's.
    """

    name = "bilateral"
    wants_margin = False

    def __init__(
        self, window: int = 5, sigma_space: float = 1.5, sigma_grey: float | None = None
    ) -> None:
        self.window = window
        self.sigma_space = sigma_space
        self.sigma_grey = sigma_grey

    def estimate(
        self, overlap: Overlap, *, max_shift: int = 15, progress: Progress | None = None
    ) -> Estimate:
        """Estimate the shift of a seam within ±`max_shift` px on each axis."""
        return _search_denoised(
            overlap, self._filter, self.name, BILATERAL_TEMPER, max_shift, progress
        )

    def _filter(self, crop: np.ndarray) -> np.ndarray:
        # The filter wants values of 0..1; to_grey_levels leaves signed integers below 0.
        low = float(crop.min())
        scale = max(255.0, float(crop.max()) - low)
        sigma = float(crop.std()) if self.sigma_grey is None else self.sigma_grey
        from skimage.restoration import denoise_bilateral  # brings all of scipy.stats along

        smooth: np.ndarray = denoise_bilateral(
            (crop - low) / scale,
            win_size=self.window,
            sigma_color=sigma / scale,
            sigma_spatial=self.sigma_space,
            mode="reflect",
        )
        # scikit-image gives a crop of one pixel's width back as one row.
        return smooth.reshape(crop.shape) * scale + low


def filter_finite(crop: np.ndarray, filtered: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Filter a crop that may have holes.

    Parameters
    ----------
    crop : (H, W) float array
        Holes are pixels that are not finite; some pixel must be finite.
    filtered : callable
        The filter; gets a crop without holes.

    Returns
    -------
    (H, W) float array
        NaN in the holes. Round them, the holes count as the crop's median grey.
    """
    finite = np.isfinite(crop)
    if finite.all():
        return filtered(crop)
    filled = np.where(finite, crop, np.median(crop[finite]))
    return np.where(finite, filtered(filled), np.nan)


def _search_denoised(
    overlap: Overlap,
    filtered: Callable[[np.ndarray], np.ndarray],
    method: str,
    temper: float,
    max_shift: int,
    progress: Progress | None,
) -> Estimate:
    """Denoise both crops, then search; report each of the three steps."""
    crops = []
    grey = to_grey_levels(overlap.first, overlap.second)
    if reason := no_evidence(*grey):
        return undetermined(method, reason)
    for step, crop in enumerate(grey):
        if progress is not None:
            progress(step, 3, f"{method}: denoising")
        crops.append(filter_finite(crop, filtered))
    if progress is not None:
        progress(2, 3, f"{method}: searching")
    first, second = crops
    found = estimate_by_difference(
        first, second, overlap.origin, max_shift, method=method, temper=temper
    )
    if progress is not None:
        progress(3, 3, method)
    return found
