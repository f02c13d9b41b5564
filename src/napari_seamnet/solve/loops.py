"""Loops of four frames: the shifts around one must cancel, and which seams prove themselves so.

Finding loops and adding shifts up; what follows for positions is decided in `solve.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..geometry import Shift
from ..shifts.estimate import Status
from .solution import Loop

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..seams.seam import Seam
    from ..shifts import Estimate

CLOSED = 1.0
"""px: a loop closes if its shifts cancel to within this, on both axes."""


def find_loops(seams: Sequence[Seam], shifts: Sequence[Shift | None]) -> tuple[Loop, ...]:
    """Find every 2x2 of frames whose four seams there are, and add up the shifts around it.

    Parameters
    ----------
    seams : sequence of Seam
        Of a layout.
    shifts : sequence of Shift or None
        Measured shift of each, relative to its nominal offset; None if there is none.

    Returns
    -------
    tuple of Loop
        By the top left frame's index.
    """
    right: dict[int, dict[int, int]] = {}
    below: dict[int, dict[int, int]] = {}
    for k, seam in enumerate(seams):
        across = seam.is_horizontal
        ahead = (seam.nominal.dx if across else seam.nominal.dy) >= 0
        start, end = seam.pair if ahead else seam.pair[::-1]
        (right if across else below).setdefault(start, {})[end] = k
    loops = []
    for a in sorted(set(right) & set(below)):
        for b, top in right[a].items():
            for d, left in below[a].items():
                for c, bottom in right.get(d, {}).items():
                    side = below.get(b, {}).get(c)
                    if side is not None:
                        walk = ((top, a), (side, b), (bottom, c), (left, d))
                        error = _closure(seams, shifts, walk)
                        loops.append(Loop((a, b, c, d), (top, side, bottom, left), error))
    return tuple(loops)


def _closure(
    seams: Sequence[Seam], shifts: Sequence[Shift | None], walk: Sequence[tuple[int, int]]
) -> Shift | None:
    """Sum of the offsets along a walk; each step is a seam and the frame it is left from."""
    dy = dx = 0.0
    for k, start in walk:
        shift = shifts[k]
        if shift is None:
            return None
        sign = 1 if seams[k].first == start else -1
        offset = seams[k].nominal + shift
        dy, dx = dy + sign * offset.dy, dx + sign * offset.dx
    return Shift(dy, dx)


def measured(estimates: Sequence[Estimate]) -> list[Shift | None]:
    """The best shift of each estimate; None where there is no evidence."""
    return [None if e.status is Status.UNDETERMINED else e.shift for e in estimates]


def confirmed_seams(loops: Sequence[Loop], estimates: Sequence[Estimate]) -> set[int]:
    """Seams that were certain by themselves, and lie in a closed loop of none but such seams.

    One wrong seam opens its loops; that two in one loop are wrong by the same shift, though each
    was certain of itself, is as good as impossible. Hand decisions need no confirmation.
    """
    sure = {k for k, e in enumerate(estimates) if e.status in (Status.CERTAIN, Status.HAND)}
    found = {k for k in sure if estimates[k].status is Status.HAND}
    for loop in loops:
        if loop.size is not None and loop.size <= CLOSED and sure.issuperset(loop.seams):
            found.update(loop.seams)
    return found


def smallest_errors(loops: Sequence[Loop], n_seams: int) -> list[float | None]:
    """The smallest closure error of the loops that each seam is part of, in px."""
    smallest: list[float | None] = [None] * n_seams
    for loop in loops:
        size = loop.size
        if size is None:
            continue
        for k in loop.seams:
            before = smallest[k]
            smallest[k] = size if before is None else min(before, size)
    return smallest
