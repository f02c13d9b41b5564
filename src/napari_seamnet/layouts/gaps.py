"""Where the gaps of a grid are: places that no frame fills, as boxes.

Which places are missing is known to the layout; how a gap is drawn is told by whoever draws it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..geometry import Box, Offset
from .steps import measure_steps, typical_shape

if TYPE_CHECKING:
    from .layout import Layout


class Gap(NamedTuple):
    """A place of the grid without a frame."""

    place: tuple[int, int]
    """(row, col)"""
    box: Box
    """Where a frame would nominally be, of the others' usual size."""


def find_gaps(layout: Layout) -> tuple[Gap, ...]:
    """Tell where the frames that are missing would be.

    Parameters
    ----------
    layout : Layout
        Anything but a grid has no gaps.

    Notes
    -----
    A plane is fitted to the nominal positions of all frames that there are: origin
    + row * down + column * right.
    """
    if not layout.missing or not layout.is_grid:
        return ()
    places = np.array([(site.row or 0, site.col or 0) for site in layout], float)
    shapes = [frame.shape for frame in layout.frames]
    model = np.column_stack([np.ones(len(places)), places])
    fit, *_ = np.linalg.lstsq(model, np.asarray(layout.positions), rcond=None)
    shape = height, width = typical_shape(shapes)
    steps = measure_steps([(int(r), int(c)) for r, c in places], layout.positions, shapes)
    if steps.down is None:  # one row says nothing of how far the next one is
        fit[1] = (height, 0.0) if not fit[1].any() else fit[1]
    if steps.across is None:
        fit[2] = (0.0, width) if not fit[2].any() else fit[2]
    found = []
    for place in layout.missing:
        y, x = np.array([1.0, *place]) @ fit
        found.append(Gap(place, Box.of_shape(shape, at=Offset(float(y), float(x)).whole())))
    return tuple(found)
