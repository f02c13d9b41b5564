"""Where things lie on a drawing of a grid: frames, seams and corners, in the drawing's units.

Only places are here; what is drawn there, and in which colour, is in `overview.py` and
`grid_maps.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ..geometry import Box

if TYPE_CHECKING:
    from ..solve import Loop, Solution

LONGEST = 1000.0
"""Units of a drawing's longer side."""
SPAN = 0.62
"""Part of a seam's length that its bar covers: the corners stay free for loops."""


@dataclass(frozen=True, eq=False)
class Drawing:
    """Turns mosaic px into units of an SVG whose longer side has `LONGEST` of them.

    Parameters
    ----------
    solution : Solution
        Frames are drawn at their whole positions.
    """

    solution: Solution

    @cached_property
    def boxes(self) -> tuple[Box, ...]:
        """The frames in mosaic px."""
        pairs = zip(self.solution.layout, self.solution.frames, strict=True)
        return tuple(Box.of_shape(site.frame.shape, solved.whole) for site, solved in pairs)

    @cached_property
    def bounds(self) -> Box:
        """All frames, in mosaic px."""
        edges = np.array([(b.y, b.x, b.y + b.height, b.x + b.width) for b in self.boxes])
        y, x = (int(v) for v in edges[:, :2].min(axis=0))
        bottom, right = (int(v) for v in edges[:, 2:].max(axis=0))
        return Box(y, x, bottom - y, right - x)

    @property
    def unit(self) -> float:
        """Units a mosaic px."""
        return LONGEST / max(self.bounds.shape)

    @property
    def size(self) -> tuple[float, float]:
        """(height, width) in units."""
        return self.bounds.height * self.unit, self.bounds.width * self.unit

    @cached_property
    def side(self) -> float:
        """Typical shorter side of a frame, in units."""
        return float(np.median([min(box.shape) for box in self.boxes])) * self.unit

    def place(self, y: float, x: float) -> tuple[float, float]:
        """A place of the mosaic, (y, x) in px, in units."""
        return (y - self.bounds.y) * self.unit, (x - self.bounds.x) * self.unit

    def rectangle(self, frame: int) -> tuple[float, float, float, float]:
        """A frame: top, left, height, width in units."""
        box = self.boxes[frame]
        y, x = self.place(box.y, box.x)
        return y, x, box.height * self.unit, box.width * self.unit

    def bar(self, seam: int) -> tuple[tuple[float, float], tuple[float, float]]:
        """Both ends of a seam's bar, (y, x) in units, along the middle of what is shared."""
        one, two = (self.boxes[frame] for frame in self.solution.seams[seam].pair)
        shared = one.meet(two)
        if shared.is_empty:  # placed apart: between the two middles
            (y0, x0), (y1, x1) = one.centre, two.centre
            shared = Box(int((y0 + y1) / 2), int((x0 + x1) / 2), 1, 1)
        y, x = shared.y + shared.height / 2, shared.x + shared.width / 2
        beside = self.solution.seams[seam].is_horizontal
        length = (min(one.height, two.height) if beside else min(one.width, two.width)) * SPAN / 2
        down, across = (length, 0.0) if beside else (0.0, length)
        return self.place(y - down, x - across), self.place(y + down, x + across)

    def middle(self, seam: int) -> tuple[float, float]:
        """The middle of a seam's bar, (y, x) in units."""
        (y0, x0), (y1, x1) = self.bar(seam)
        return (y0 + y1) / 2, (x0 + x1) / 2

    def corner(self, loop: Loop) -> tuple[float, float]:
        """Where the four frames of a loop meet, (y, x) in units."""
        centres = np.mean([self.boxes[frame].centre for frame in loop.frames], axis=0)
        # A pixel's middle lies half a pixel from its edges, which is where drawings count from.
        return self.place(float(centres[0]) + 0.5, float(centres[1]) + 0.5)

    def line(self, seam: int) -> str:
        """A seam's bar, for the ``d`` of a path."""
        (y0, x0), (y1, x1) = self.bar(seam)
        return f"M{x0:.1f} {y0:.1f}L{x1:.1f} {y1:.1f}"
