"""Where frames that came later lie in a grid whose frames may have been moved since it was opened.

Only arithmetic on places and positions; what is kept of a grid is told in `grow.py`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ..layouts import Layout
from ..layouts.describe import steps_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..frames import Frame
    from ..layouts import Site

Place = tuple[int, int]
NEAR = 1.5
"""px: stage positions are rounded, and those of one grid differ by no more from read to read."""
EXACT = 1e-6


@dataclass(frozen=True)
class Grown:
    """Sites of a grid that has grown, and where the old ones are among them, by their index."""

    sites: list[Site]
    where: dict[int, int]


def is_same_place(layout: Layout, there: Sequence[Site], common: Mapping[int, int]) -> bool:
    """Whether most frames that both know lie alike in both, but for where counting begins.

    Parameters
    ----------
    layout : Layout
        The grid.
    there : sequence of Site
        As the files are understood now.
    common : mapping of int to int
        From the grid's frames to the same ones of `there`.
    """
    if layout.is_grid and _is_grid(there):
        (_, n), *_ = _moves(layout, there, common).most_common(1)
    else:
        off = _off(layout, there, common)
        n = int((np.abs(off - np.median(off, axis=0)) <= NEAR).all(axis=1).sum())
    return 2 * n > len(common)


def grown_sites(
    layout: Layout,
    there: Sequence[Site],
    common: Mapping[int, int],
) -> Grown:
    """Put frames that came where the grid has room for them; all others stay where they lie.

    Parameters
    ----------
    layout : Layout
        The grid; `is_same_place` is true of it.
    there : sequence of Site
        As the files are understood now. Sites of the new grid are in their order, and frames that
        are none of them come last.
    common : mapping of int to int
        From the grid's frames to the same ones of `there`.
    """
    in_grid = layout.is_grid and _is_grid(there)
    move = _moves(layout, there, common).most_common(1)[0][0] if in_grid else (0, 0)
    moved = [_counted(site, move) for site in layout]
    taken = {(site.row, site.col) for site in moved} if in_grid else set()
    number_at = {(site.row, site.col): site.number for site in there}
    place = _Placing(layout, there, common, move, in_grid)
    back = {j: k for k, j in common.items()}
    sites: list[Site] = []
    where: dict[int, int] = {}
    for j, site in enumerate(there):
        k = back.get(j)
        if k is not None:
            where[k] = len(sites)
            row, col = (moved[k].row, moved[k].col) if in_grid else (site.row, site.col)
            # The order of acquisition is counted anew; a swapped frame has that of its place.
            number = number_at.get((row, col), layout[k].number) if in_grid else site.number
            frame = _as_it_is(layout[k], site)
            sites.append(replace(layout[k], frame=frame, row=row, col=col, number=number))
        elif not in_grid or (site.row, site.col) not in taken:
            sites.append(replace(site, position=place.of(site)))
    for k in range(len(layout)):
        if k not in where:  # from another folder
            where[k] = len(sites)
            sites.append(moved[k])
    return Grown(_from_zero(sites), where)


def missing_now(arrived: Layout, sites: Sequence[Site]) -> tuple[Place, ...]:
    """Places of a grid that are known, and that no frame fills."""
    if not _is_grid(sites):
        return ()
    known = {*arrived.missing, *((site.row, site.col) for site in arrived)}
    free = known - {(site.row, site.col) for site in sites}
    return tuple(sorted((r, c) for r, c in free if r is not None and c is not None))


class _Placing:
    """Tells where a new frame lies, from where the others do."""

    def __init__(
        self,
        layout: Layout,
        there: Sequence[Site],
        common: Mapping[int, int],
        move: Place,
        in_grid: bool,
    ) -> None:
        off = _off(layout, there, common)
        self._layout, self._move = layout, move
        self._frames = list(common)
        self._places = None
        self._all = np.median(off, axis=0)
        if in_grid and (np.abs(off - self._all) > EXACT).any():
            # Moved since they were opened: by other steps, as an overlap that was told from the
            # pictures, or one by one.
            steps = steps_of(layout)
            known = _steps(there)
            self._down = steps.down or known[0]
            self._across = steps.across or known[1]
            self._places = np.array([_place(layout[k]) for k in self._frames]) + move

    def of(self, site: Site) -> tuple[float, float]:
        if self._places is None:
            y, x = site.position
            return y + float(self._all[0]), x + float(self._all[1])
        away = np.array(_place(site)) - self._places
        nearest = int(np.abs(away).sum(axis=1).argmin())
        y, x = self._layout[self._frames[nearest]].position
        rows, cols = away[nearest].tolist()
        return (
            y + rows * self._down[0] + cols * self._across[0],
            x + rows * self._down[1] + cols * self._across[1],
        )


def _steps(there: Sequence[Site]) -> tuple[tuple[float, float], tuple[float, float]]:
    """From a place to the next one below, and beside it, as files that are laid out say."""
    steps = steps_of(Layout(tuple(there)))
    height, width = there[0].frame.shape
    return steps.down or (float(height), 0.0), steps.across or (0.0, float(width))


def _moves(
    layout: Layout, there: Sequence[Site], common: Mapping[int, int]
) -> Counter[tuple[int, int]]:
    """By how many rows and columns frames are counted from elsewhere, and how many are."""
    pairs = ((_place(layout[k]), _place(there[j])) for k, j in common.items())
    return Counter((new[0] - was[0], new[1] - was[1]) for was, new in pairs)


def _off(layout: Layout, there: Sequence[Site], common: Mapping[int, int]) -> np.ndarray:
    """(n, 2): by how many px the grid has each frame elsewhere than the files say."""
    pairs = [(layout[k].position, there[j].position) for k, j in common.items()]
    return np.array([(was[0] - new[0], was[1] - new[1]) for was, new in pairs])


def _place(site: Site) -> Place:
    return site.row or 0, site.col or 0


def _is_grid(sites: Sequence[Site]) -> bool:
    places = {(site.row, site.col) for site in sites}
    return len(places) == len(sites) and all(None not in place for place in places)


def _counted(site: Site, move: Place) -> Site:
    if site.row is None or site.col is None:
        return site
    return replace(site, row=site.row + move[0], col=site.col + move[1])


def _as_it_is(old: Site, now: Site) -> Frame:
    """The frame of a site: the one that was there, unless its file was written anew."""
    return old.frame if old.frame.token == now.frame.token else now.frame


def _from_zero(sites: list[Site]) -> list[Site]:
    """Count rows and columns from 0 on."""
    if not _is_grid(sites):
        return sites
    top, left = (min(_place(site)[axis] for site in sites) for axis in (0, 1))
    return [_counted(site, (-min(top, 0), -min(left, 0))) for site in sites]
