"""The overlap of a seam: what each of two neighbours shows of the strip they share.

Cutting and checking are here. How the crops are compared is in `shifts/`, how they are shown in
`composite.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..geometry import Box, Offset, overlap_boxes

if TYPE_CHECKING:
    import numpy as np

    from ..frames import Frame


@dataclass(frozen=True, eq=False)
class Overlap:
    """Two grey crops of one seam, and how they lie on each other at the nominal offset.

    Parameters
    ----------
    first, second : (H, W) array
        Grey crops, in source intensities, of any real dtype. Of equal shape, unless they were cut
        with a margin.
    origin : (y, x)
        Where the second crop's pixel (0, 0) lies in the first crop, at the nominal offset: with a
        shift (dy, dx), ``first[y + origin_y + dy, x + origin_x + dx]`` shows what ``second[y, x]``
        shows. (0, 0) for crops without a margin.
    """

    first: np.ndarray
    second: np.ndarray
    origin: tuple[int, int] = (0, 0)

    def __post_init__(self) -> None:
        for name, crop in (("first", self.first), ("second", self.second)):
            if crop.ndim != 2 or crop.size == 0:
                raise ValueError(
                    f"the {name} crop must be 2-D grey and not empty, but its shape is "
                    f"{crop.shape}"
                )
        if self.origin == (0, 0) and self.first.shape != self.second.shape:
            raise ValueError(
                f"crops of {self.first.shape} and {self.second.shape} px do not match; cut both "
                "with Overlap.cut, or give the origin"
            )

    @classmethod
    def cut(cls, first: Frame, second: Frame, offset: Offset, margin: int = 0) -> Overlap:
        """Read the overlap of two frames, and nothing else of them.

        Parameters
        ----------
        first, second : Frame
            The two frames; coloured ones are turned grey.
        offset : Offset
            Nominal offset of the second frame; rounded to whole pixels.
        margin : int, default 0
            Pixels beyond the nominal overlap to take along where the frames have them, so that a
            shift finds all that is truly shared.

        Raises
        ------
        OverlapError
            If the frames do not overlap at this offset.
        """
        dy, dx = offset.whole()
        first_box, second_box = crop_boxes(first.shape, second.shape, offset, margin)
        origin = (second_box.y + dy - first_box.y, second_box.x + dx - first_box.x)
        return cls(first.grey(first_box), second.grey(second_box), origin)

    def nominal(self) -> Overlap:
        """The same seam without any margin: two crops of equal shape, views of these."""
        first_box, second_box = overlap_boxes(
            self.first.shape, self.second.shape, Offset(*self.origin)
        )
        return Overlap(self.first[first_box.slices], self.second[second_box.slices])

    @property
    def is_horizontal(self) -> bool:
        """Whether the seam runs down (taller than wide), as between frames side by side."""
        height, width = self.nominal().first.shape
        return height >= width


def crop_boxes(
    first_shape: tuple[int, ...], second_shape: tuple[int, ...], offset: Offset, margin: int
) -> tuple[Box, Box]:
    """Where the crops of `Overlap.cut` lie, each in its own frame.

    Parameters
    ----------
    first_shape, second_shape : tuple of int
        Shapes of the two frames, (H, W) first.
    offset, margin
        As for `Overlap.cut`.

    Raises
    ------
    OverlapError
        If the frames do not overlap at this offset.
    """
    if offset.whole() == (0, 0):
        # Corner on corner: frames of unequal size would give crops of unequal size without an
        # origin that says so.
        margin = 0
    return overlap_boxes(first_shape, second_shape, offset, margin)


def shared_pixels(overlap: Overlap, dy: int, dx: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the pixels that lie on each other at a whole-pixel shift.

    Parameters
    ----------
    overlap : Overlap
        The two crops.
    dy, dx : int
        The shift, in px.

    Returns
    -------
    first, second : (H, W) array
        Views of equal shape; empty where nothing is shared.
    """
    y, x = overlap.origin[0] + dy, overlap.origin[1] + dx
    (h1, w1), (h2, w2) = overlap.first.shape, overlap.second.shape
    top, left = max(0, y), max(0, x)
    bottom, right = max(top, min(h1, y + h2)), max(left, min(w1, x + w2))
    return (
        overlap.first[top:bottom, left:right],
        overlap.second[top - y : bottom - y, left - x : right - x],
    )
