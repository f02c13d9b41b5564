"""Where a new frame goes: on a free side of one that is there.

Only arithmetic on positions is here; the frame is added in `edit.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from ..geometry import Side, nominal_offset
from .errors import ProjectError

if TYPE_CHECKING:
    from ..layouts import Layout
    from .project import Project

STEPS = {Side.RIGHT: (0, 1), Side.BELOW: (1, 0), Side.LEFT: (0, -1), Side.ABOVE: (-1, 0)}
"""Rows and columns from a frame to its neighbour."""


@dataclass(frozen=True)
class Beside:
    """Where a new frame goes: its nominal position, and its place where the layout is a grid.

    Parameters
    ----------
    position : (y, x)
        In px.
    row, col : int or None
        A row or column of -1 is one before the first; `add_frame` then counts all anew.
    """

    position: tuple[float, float]
    row: int | None = None
    col: int | None = None


def free_sides(layout: Layout, index: int) -> tuple[Side, ...]:
    """Sides of a frame on which no other lies; all of them where the layout is no grid."""
    site = layout[checked_frame(layout, index)]
    if not layout.is_grid:
        return tuple(STEPS)
    taken = {(other.row, other.col) for other in layout}
    row, col = site.row or 0, site.col or 0  # a grid's are never None
    return tuple(
        side for side, (down, across) in STEPS.items() if (row + down, col + across) not in taken
    )


def place_beside(project: Project, index: int, side: Side, shape: tuple[int, int]) -> Beside:
    """Tell where a new frame lies that is the neighbour of another.

    Parameters
    ----------
    project : Project
        Its seams tell how far neighbours overlap as a rule.
    index : int
        The frame that is there.
    side : Side
        Where the new one lies, seen from it.
    shape : (H, W)
        Of the new frame, in px.
    """
    layout = project.layout
    site = layout[checked_frame(layout, index)]
    overlap = _usual_overlap(project, side.is_horizontal)
    overlap = max(1, min(overlap, *(s[side.is_horizontal] for s in (shape, site.frame.shape))))
    dy, dx = nominal_offset(site.frame.shape, shape, side, overlap)
    position = site.position[0] + dy, site.position[1] + dx
    if not layout.is_grid:
        return Beside(position)
    down, across = STEPS[side]
    return Beside(position, (site.row or 0) + down, (site.col or 0) + across)


def checked_frame(layout: Layout, index: int) -> int:
    """Return an index, or raise `ProjectError` if there is no such frame."""
    if not 0 <= index < len(layout):
        raise ProjectError(f"there is no frame {index}; they count from 0 to {len(layout) - 1}")
    return index


def _usual_overlap(project: Project, is_horizontal: bool) -> int:
    """How far neighbours overlap as a rule, in px; a tenth of a frame where there are none."""
    axis = int(is_horizontal)
    shapes = [site.frame.shape for site in project.layout]
    found = [
        shapes[seam.first if tuple(seam.nominal)[axis] >= 0 else seam.second][axis]
        - abs(tuple(seam.nominal)[axis])
        for seam in project.seams
        if seam.is_horizontal == is_horizontal
    ]
    return round(median(found)) if found else round(0.1 * median(s[axis] for s in shapes))
