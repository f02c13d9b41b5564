"""Vector baseline (C): the objects of both overlaps, laid on each other.

Making objects of a crop, and the measure of how well they cover each other, are here; the sums
are in `correlation.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from skimage.filters import threshold_otsu
from skimage.measure import label

from .correlation import OverlappedSums, no_evidence, overlapped_sums
from .estimate import undetermined
from .posterior import INDEPENDENT_AREA, estimate_from_map
from .smoothed import smooth

if TYPE_CHECKING:
    from ..seams import Overlap
    from .estimate import Estimate, Progress

TEMPER = 0.05
"""What 25 pixels are worth as evidence: measured on real frames, so that confidence is honest."""
CONFIDENCE_LIMIT = 0.9
"""Most that is claimed: of the real seams with the clearest maps, 8 % were off by over 1.5 px."""
LEAST_OBJECT = 30
"""Smaller objects (px) are specks: what noise leaves after the smoothing, not structure."""


class VectorMethod:
    """The position in which the objects of the two overlaps cover each other best.

    Parameters
    ----------
    least_object : int, default 30
        Smallest object that counts, in px.

    Notes
    -----
    Source: thesis, vector baseline (C): segment both overlaps, take the position with the largest
    area of mutual overlap. That area alone would favour shifts that overlap more, so it is divided
    by the area that either's objects cover within the overlapped pixels (intersection over
    union): an object that the overlap's edge cuts counts only as far as both could show it.
    """

    name = "vector"
    wants_margin = False

    def __init__(self, least_object: int = LEAST_OBJECT) -> None:
        self.least_object = least_object

    def estimate(
        self, overlap: Overlap, *, max_shift: int = 15, progress: Progress | None = None
    ) -> Estimate:
        """Estimate the shift of a seam within ±`max_shift` px on each axis."""
        if reason := no_evidence(overlap.first, overlap.second):
            return undetermined(self.name, reason)
        if progress is not None:
            progress(0, 2, f"{self.name}: finding objects")
        labels = find_objects(overlap.first, overlap.second, self.least_object)
        for name, objects in zip(("first", "second"), labels, strict=True):
            if not (objects > 0).any():
                return undetermined(self.name, f"the {name} crop shows no object")
        if progress is not None:
            progress(1, 2, f"{self.name}: laying them on each other")
        first, second = (
            np.where(objects < 0, np.nan, objects > 0).astype(np.float32) for objects in labels
        )
        sums = overlapped_sums(first, second, overlap.origin, max_shift)
        covered = mutual_cover(sums)
        # As if every pixel of the objects' union were a draw that says "both" or "one only".
        worth = TEMPER * sums.n[max_shift, max_shift] / INDEPENDENT_AREA
        found = estimate_from_map(
            -worth * np.log1p(-np.minimum(covered, 1 - 1e-4)),
            method=self.name,
            peaks_of=covered,
            confidence_limit=CONFIDENCE_LIMIT,
        )
        if progress is not None:
            progress(2, 2, self.name)
        return found


def find_objects(
    first: np.ndarray, second: np.ndarray, least_object: int = LEAST_OBJECT
) -> tuple[np.ndarray, np.ndarray]:
    """Number the objects of both crops of a seam.

    Parameters
    ----------
    first, second : (H, W) array
        Crops of one seam, not constant.
    least_object : int, default 30
        Smaller objects are dropped, in px.

    Returns
    -------
    first, second : (H, W) int array
        0 where there is none, 1, 2, ... in the objects, -1 where the crop is not finite.

    Notes
    -----
    Each crop is smoothed (Gaussian, 1.5 px) and cut at its own Otsu threshold, so that a
    difference in brightness or contrast does not matter. Objects are the bright or the dark
    parts, whichever are rarer in both crops together: they tell positions better.
    """
    smoothed = [smooth(crop) for crop in (first, second)]
    finite = [np.isfinite(crop) for crop in smoothed]
    bright = [
        np.greater(crop, threshold_otsu(crop[mask]), where=mask, out=np.zeros(crop.shape, bool))
        for crop, mask in zip(smoothed, finite, strict=True)
    ]
    n_bright, n_all = (sum(int(mask.sum()) for mask in masks) for masks in (bright, finite))
    numbered = []
    for mask, known in zip(bright, finite, strict=True):
        objects = label(mask if 2 * n_bright <= n_all else known & ~mask, connectivity=1)
        specks = np.bincount(objects.ravel()) < least_object
        objects[specks[objects]] = 0
        objects[~known] = -1
        numbered.append(objects)
    return numbered[0], numbered[1]


def mutual_cover(sums: OverlappedSums) -> np.ndarray:
    """Divide the area that both crops' objects cover by the area that either's cover.

    Parameters
    ----------
    sums : OverlappedSums
        Of the objects' masks (0 or 1).

    Returns
    -------
    (2R+1, 2R+1) float64 array
        0..1 per shift; NaN where too little is overlapped, or where neither shows an object.
    """
    union = sums.first + sums.second - sums.cross
    with np.errstate(invalid="ignore", divide="ignore"):
        covered = np.clip(sums.cross / union, 0, 1)
    return np.where(sums.countable & (union > 0.5), covered, np.nan)
