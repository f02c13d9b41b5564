"""A picture of some pairs, aligned by a network before and after its training."""

from __future__ import annotations

from typing import TYPE_CHECKING

import imageio.v3 as iio
import numpy as np

from ...geometry import Shift
from ...saving import written_whole
from ...seams import Overlap
from ...seams.composite import view

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

MOST = 6
SIDE = 150
GAP = 6


def draw_examples(pairs: Sequence[np.ndarray], before: np.ndarray, now: np.ndarray) -> np.ndarray:
    """Draw composites of pairs: above, as they were aligned before; below, as they are now.

    Parameters
    ----------
    pairs : sequence of (2, H, W) uint8 array
        First and second crop of each pair, of any sizes; their middles are drawn.
    before, now : (n, 2) array
        Shifts (dy, dx) found, in px.

    Returns
    -------
    (h, w, 3) uint8 array
    """
    height, width = (
        min(SIDE, max((pair.shape[axis] for pair in pairs), default=1)) for axis in (1, 2)
    )
    n = len(pairs)
    sheet = np.zeros((2 * height + GAP, n * (width + GAP) - GAP, 3), np.uint8)
    for k in range(n):
        for row, found in enumerate((before, now)):
            at = row * (height + GAP), k * (width + GAP)
            picture, _ = view(Overlap(pairs[k][0], pairs[k][1]), Shift(*map(float, found[k])))
            top, left = (
                (a - b) // 2 for a, b in zip(picture.shape, (height, width), strict=False)
            )
            part = picture[max(0, top) :, max(0, left) :][:height, :width]
            sheet[at[0] : at[0] + part.shape[0], at[1] : at[1] + part.shape[1]] = part
    return sheet


def save_examples(
    path: Path, pairs: Sequence[np.ndarray], before: np.ndarray, now: np.ndarray
) -> None:
    """Write what `draw_examples` draws, as PNG."""
    with written_whole(path) as part:
        iio.imwrite(part, draw_examples(pairs, before, now), extension=".png")
