"""From solved positions to a mosaic. How they are solved is in `solve/`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .mosaic import Mosaic
from .placement import Placement

if TYPE_CHECKING:
    from ..solve import Solution


def mosaic_of(solution: Solution) -> Mosaic:
    """Put the frames of a solved layout where they belong.

    Parameters
    ----------
    solution : Solution
        Of a layout whose frames are of one kind.

    Returns
    -------
    Mosaic
        One placement a frame, in the layout's order, at the solved whole position, with its
        status, and with the reason as note.

    Raises
    ------
    MosaicError
        If the frames cannot be shown in one picture.
    """
    return Mosaic(
        tuple(
            Placement(frame, solved.whole, solved.status, solved.reason)
            for frame, solved in zip(solution.layout.frames, solution.frames, strict=True)
        )
    )
