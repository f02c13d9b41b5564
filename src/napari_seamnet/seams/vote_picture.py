"""What decided a seam, as a picture: where the evidence for a shift lies, and that against it.

Only colours are mixed here. The votes come from a method that can tell them
(`shifts/seamnet.py`), place by place.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

FOR, AGAINST = (70, 150, 255), (255, 150, 40)
"""Blue and orange: told apart by those who do not see red and green."""
SPREAD = 4.0
"""px; votes of single pixels are noise: what a place says is the sum of what is around it."""
STRONGEST = 99.0
"""Percentile of the votes' sizes that gets the full colour."""
GROUND = 0.55
"""Brightness of the picture below, so that colours are seen on it."""


def draw_votes(crop: np.ndarray, votes: np.ndarray) -> np.ndarray:
    """Lay votes over the picture that they are about.

    Parameters
    ----------
    crop : (H, W) array
        Any real dtype; shown in dark grey.
    votes : (H, W) float array
        Positive where a place speaks for the shift, negative where against it.

    Returns
    -------
    (H, W, 3) uint8 array
        Blue where places speak for it, orange where against, the more the stronger.

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    if crop.shape != votes.shape:
        raise ValueError(f"votes of {votes.shape} px are not about a crop of {crop.shape} px")
    values = np.nan_to_num(crop.astype(np.float32))
    low, high = np.percentile(values, (0.5, 99.5))
    grey = np.clip((values - low) / max(float(high - low), 1e-9), 0, 1) * (255 * GROUND)
    told = ndimage.gaussian_filter(votes.astype(np.float32), SPREAD)
    strongest = float(np.percentile(np.abs(told), STRONGEST))
    share = np.clip(np.abs(told) / max(strongest, 1e-12), 0, 1)[..., None] if strongest else 0.0
    colour = np.where(
        told[..., None] >= 0, np.array(FOR, np.float32), np.array(AGAINST, np.float32)
    )
    mixed: np.ndarray = np.rint(grey[..., None] * (1 - share) + colour * share).astype(np.uint8)
    return mixed
