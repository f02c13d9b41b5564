"""Phase correlation, as scikit-image has it, within a range and with a map.

The shift is scikit-image's; only what it keeps to itself is computed here: the surface that it
takes the peak from, for alternatives and confidence.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import fft
from skimage.registration import phase_cross_correlation

from ..geometry import Shift
from .correlation import no_evidence
from .denoised import filter_finite
from .estimate import Status, undetermined
from .posterior import estimate_from_map

if TYPE_CHECKING:
    from ..seams import Overlap
    from .estimate import Estimate, Progress

CONFIDENCE_LIMIT = 0.95
"""Most that is claimed. A part of a distorted seam can make a sharp peak all by itself: on real
confocal seams without any noise, one in ten peaks was off by more than 1.5 px."""
UPSAMPLING = 20
"""Fraction of a pixel to which scikit-image refines the peak: 1/20 px."""
OUT_OF_RANGE_LIMIT = 0.5
"""Most that is claimed where a shift beyond the range fits better than any within it."""


class PhaseMethod:
    """The peak of the phase correlation of the two overlaps.

    The whole crops are compared as if they went on periodically: nothing is known of the pixels
    that only one of them shows at a shift. Pixels that are not finite count as the crop's median.
    Where scikit-image's peak lies outside the range, the best within the range is taken, and
    `Estimate.reason` says so.

    Notes
    -----
    Source: M. Guizar-Sicairos, S. T. Thurman, J. R. Fienup, "Efficient subpixel image
    registration algorithms", Optics Letters 33, 156 (2008), doi:10.1364/OL.33.000156.
    """

    name = "phase"
    wants_margin = False

    def estimate(
        self, overlap: Overlap, *, max_shift: int = 15, progress: Progress | None = None
    ) -> Estimate:
        """Estimate the shift of a seam within ±`max_shift` px on each axis."""
        crops = overlap.nominal()  # the Fourier transform wants crops of equal size
        if reason := no_evidence(crops.first, crops.second):
            return undetermined(self.name, reason)
        if progress is not None:
            progress(0, 1, self.name)
        first, second = (_whole(crop) for crop in (crops.first, crops.second))
        found, _, _ = phase_cross_correlation(first, second, upsample_factor=UPSAMPLING)
        shift = Shift(float(found[0]), float(found[1]))
        height = phase_map(first, second, max_shift)
        # Of unrelated crops the surface is noise, and a real peak stands out of it: as the
        # log-likelihood of one height under the noise, for the heights above 0.
        log_likelihood = np.where(height > 0, height, 0) ** 2 / 2
        log_likelihood[np.isnan(height)] = np.nan
        dy, dx = shift.whole()
        in_range = max(abs(dy), abs(dx)) <= max_shift
        in_range = in_range and not np.isnan(height[dy + max_shift, dx + max_shift])
        estimate = estimate_from_map(
            log_likelihood,
            method=self.name,
            peaks_of=height,
            best=(dy + max_shift, dx + max_shift) if in_range else None,
            confidence_limit=CONFIDENCE_LIMIT if in_range else OUT_OF_RANGE_LIMIT,
        )
        if progress is not None:
            progress(1, 1, self.name)
        if not in_range:
            outside = (
                f"the best shift of all, ({shift.dy:.1f}, {shift.dx:.1f}), lies outside the range "
                f"of ±{max_shift} px"
            )
            return replace(estimate, reason=f"{outside}; within it: {estimate.reason}")
        if estimate.status is Status.UNDETERMINED:
            return estimate
        return replace(estimate, shift=shift)


def phase_map(first: np.ndarray, second: np.ndarray, max_shift: int) -> np.ndarray:
    """Compute the phase correlation at every whole-pixel shift of a range.

    Parameters
    ----------
    first, second : (H, W) float array
        Crops of equal shape, all pixels finite.
    max_shift : int
        Range R, in px each way.

    Returns
    -------
    (2R+1, 2R+1) float64 array
        Height per shift, in standard deviations of the surface of two unrelated crops; NaN for
        shifts of more than half the crop, which the periodic surface cannot tell from others.
    """
    product = fft.rfft2(first) * fft.rfft2(second).conj()
    size = np.abs(product)
    # The same guard as in scikit-image: a frequency that is not there has no phase.
    product /= np.maximum(size, 100 * np.finfo(product.real.dtype).eps)
    surface = fft.irfft2(product, first.shape) * np.sqrt(first.size)
    lags = np.arange(-max_shift, max_shift + 1)
    rows, columns = (lags % n for n in first.shape)
    heights = surface[np.ix_(rows, columns)].astype(float)
    known = [2 * np.abs(lags) < n for n in first.shape]
    return np.where(np.logical_and.outer(*known), heights, np.nan)


def _whole(crop: np.ndarray) -> np.ndarray:
    """Fill the holes of a crop; the filter that is none only lends its rule for them."""
    filled = filter_finite(crop.astype(float), lambda values: values)
    return np.where(np.isfinite(filled), filled, np.nanmedian(filled))
