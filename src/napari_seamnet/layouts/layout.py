"""A layout: which frame is where, as far as the stage, the names or a file tell.

The nouns only. How a layout is found out is in the files beside this one; where frames really
belong is found in `solve/`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from ..geometry import Box, Offset
from .errors import LayoutError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ..frames import Frame


@dataclass(frozen=True, eq=False)
class Site:
    """Where the layout says that one frame lies.

    Parameters
    ----------
    frame : Frame
        The picture; only its header need have been read.
    position : (y, x)
        Nominal position of its top-left pixel, in px; may be negative and fractional.
    row, col : int or None
        Its place in the grid, from 0 on, where the layout is one.
    number : int or None
        When it was taken: its rank in the order of acquisition, where that is known.
    page : int or None
        Which plane of its file the frame is, as `open_frame` counts, where the file holds several.
    """

    frame: Frame
    position: tuple[float, float]
    row: int | None = None
    col: int | None = None
    number: int | None = None
    page: int | None = None

    def __post_init__(self) -> None:
        y, x = (float(value) for value in self.position)
        if not (math.isfinite(y) and math.isfinite(x)):
            raise LayoutError(
                f"{self.frame.name} cannot lie at ({y}, {x}); give its position in finite px"
            )
        object.__setattr__(self, "position", (y, x))

    @property
    def name(self) -> str:
        """The frame's name."""
        return self.frame.name

    @property
    def whole(self) -> tuple[int, int]:
        """The nominal position in whole px, halves upwards."""
        return Offset(*self.position).whole()

    @property
    def box(self) -> Box:
        """The pixels that the frame nominally covers."""
        return Box.of_shape(self.frame.shape, at=self.whole)


@dataclass(frozen=True, eq=False)
class Layout:
    """Acts like an immutable sequence of sites; every change gives a new layout.

    Parameters
    ----------
    sites : tuple of Site
        In a fixed order, at least one. Everything later on refers to frames by their index here.
    source : str
        In words, how the layout was found out: "names like tile_r{row}_c{col}.tif".
    pixel_size : (y, x) or None
        Side of a pixel, in µm, if it is known.
    missing : tuple of (row, col)
        Places of the grid that no frame fills.
    notes : tuple of str
        What a person should know about how it was understood, in sentences.
    overlap_assumed : bool
        Whether nobody said how far neighbours overlap, so that the positions hold an assumption
        and the overlap is to be estimated from the pictures.
    """

    sites: tuple[Site, ...]
    source: str = ""
    pixel_size: tuple[float, float] | None = None
    missing: tuple[tuple[int, int], ...] = ()
    notes: tuple[str, ...] = ()
    overlap_assumed: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "sites", tuple(self.sites))
        if not self.sites:
            raise LayoutError("a layout has at least one frame; name a folder that holds pictures")

    @classmethod
    def of_frames(
        cls, frames: Iterable[Frame], positions: Iterable[tuple[float, float]], source: str = ""
    ) -> Layout:
        """Lay out frames at known nominal positions, (y, x) in px."""
        pairs = zip(frames, positions, strict=True)
        return cls(tuple(Site(frame, position) for frame, position in pairs), source)

    def __len__(self) -> int:
        return len(self.sites)

    def __iter__(self) -> Iterator[Site]:
        return iter(self.sites)

    def __getitem__(self, index: int) -> Site:
        return self.sites[index]

    @property
    def frames(self) -> tuple[Frame, ...]:
        """The frames, in order."""
        return tuple(site.frame for site in self.sites)

    @property
    def positions(self) -> tuple[tuple[float, float], ...]:
        """Nominal positions, (y, x) in px, in order."""
        return tuple(site.position for site in self.sites)

    @cached_property
    def bounds(self) -> Box:
        """The smallest box around all frames at their nominal positions."""
        boxes = [site.box for site in self.sites]
        top, left = min(b.y for b in boxes), min(b.x for b in boxes)
        bottom = max(b.y + b.height for b in boxes)
        right = max(b.x + b.width for b in boxes)
        return Box(top, left, bottom - top, right - left)

    @cached_property
    def is_grid(self) -> bool:
        """Whether every frame has a row and a column, no two the same."""
        places = [(site.row, site.col) for site in self.sites]
        known = all(row is not None and col is not None for row, col in places)
        return known and len(set(places)) == len(places)

    @property
    def rows(self) -> int | None:
        """Rows of the grid, gaps included; None if it is no grid."""
        return 1 + max(site.row or 0 for site in self.sites) if self.is_grid else None

    @property
    def cols(self) -> int | None:
        """Columns of the grid, gaps included; None if it is no grid."""
        return 1 + max(site.col or 0 for site in self.sites) if self.is_grid else None

    def without(self, *indices: int) -> Layout:
        """The layout without some of its frames."""
        kept = [site for index, site in enumerate(self.sites) if index not in indices]
        gone = [self.sites[index] for index in indices]
        gaps = {(s.row, s.col) for s in gone if s.row is not None and s.col is not None}
        return replace(
            self,
            sites=tuple(kept),
            missing=tuple(sorted({*self.missing, *gaps})),
        )

    def moved(self, positions: Sequence[tuple[float, float]]) -> Layout:
        """The same frames at other nominal positions, (y, x) in px."""
        sites = zip(self.sites, positions, strict=True)
        moved = tuple(replace(site, position=at) for site, at in sites)
        return replace(self, sites=moved, overlap_assumed=False)
