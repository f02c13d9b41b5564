"""Plain words for where a grid stands: the line at the foot, hints, what a button would do.

Text of a session only; no Qt.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from ..layouts.steps import number
from ..shifts import Status
from ._grid_source import overlap_of

if TYPE_CHECKING:
    from ..layouts import Layout
    from ._grid_session import GridSession

EMPTY = "Drop a folder of frames here, a layout file or a project; or open one in step 1."
LEAST_LEFT = 0.5
"""Part of an overlap that should be left to compare at the largest shift."""


def count(n: int, what: str) -> str:
    """Count things.

    Examples
    --------
    >>> count(1, "seam"), count(1935, "seam")
    ('1 seam', '1,935 seams')
    """
    return f"{n:,} {what}{'s' * (n != 1)}"


def status_counts(session: GridSession) -> dict[Status | None, int]:
    """How many seams have which status; None for those that are still to be estimated."""
    project = session.project
    if project is None:
        return {}
    unfinished = frozenset(project.unfinished)
    decided = {decision.pair for decision in project.decisions}
    found: Counter[Status | None] = Counter()
    for k, seam in enumerate(project.seams):
        if k in unfinished:
            found[None] += 1
        elif seam.pair in decided:
            found[Status.HAND] += 1
        else:
            found[session.status(k)] += 1
    return dict(found)


def state_in_words(session: GridSession, *, is_estimating: bool, is_solving: bool) -> str:
    """Say in one line where the grid stands, and what comes next.

    Parameters
    ----------
    session : GridSession
        The grid.
    is_estimating, is_solving : bool
        What is done in the background just now.
    """
    project = session.project
    if project is None:
        return EMPTY
    if not project.seams:
        return "No two frames overlap: check the layout in step 1."
    left, n = len(project.unfinished), len(project.seams)
    if is_estimating:
        return f"Estimating seams: {n - left:,} of {n:,}."
    if is_solving:
        return "Finding positions..."
    if session.is_solved:
        queue = len(session.queue)
        more = f" {count(left, 'seam')} {'is' if left == 1 else 'are'} not estimated yet."
        more = more if left else ""
        if queue:
            verb = "deserves" if queue == 1 else "deserve"
            return f"{count(queue, 'seam')} {verb} a look (step 3).{more}"
        return f"Every frame has its place, and no seam is in doubt: export it in step 4.{more}"
    if left == n:
        return f"{count(len(project.layout), 'frame')} laid out; next, stitch them in step 2."
    if left:
        return f"{n - left:,} of {count(n, 'seam')} estimated; go on in step 2."
    return "All seams are estimated, but the frames have no positions; see step 2."


def stitch_in_words(session: GridSession, is_other_way: bool) -> str:
    """What the button of step 2 would do.

    Parameters
    ----------
    session : GridSession
        The grid.
    is_other_way : bool
        Whether method or range were changed since seams were estimated.
    """
    project = session.project
    if project is None or not project.seams:
        return "Stitch"
    n, left = len(project.seams), len(project.unfinished)
    if is_other_way or left == n:
        return f"Stitch {count(n, 'seam')}{' again' if is_other_way and left < n else ''}"
    if left:
        return f"Go on: {count(left, 'seam')} left"
    return "All seams are estimated"


def range_in_words(max_shift: int, layout: Layout | None) -> str:
    """Say what a search range is good for, on a layout.

    Parameters
    ----------
    max_shift : int
        px, each way on each axis.
    layout : Layout or None
        The grid, if there is one.
    """
    said = f"good for a stage that puts each frame within ±{max_shift // 2} px of its place"
    if layout is None:
        return said
    if layout.pixel_size is not None:
        y, x = (max_shift // 2 * side for side in layout.pixel_size)
        said += f" (±{y:.3g} µm)" if y == x else f" (±{y:.3g}, ±{x:.3g} µm)"
    overlap = overlap_of(layout)
    if overlap is not None and (narrow := min(v for v in (*overlap, 1e9) if v > 0)) < 1e9:
        if max_shift >= narrow:
            said += f"; but neighbours overlap by {number(narrow)} px only: search less"
        elif max_shift > (1 - LEAST_LEFT) * narrow:
            said += f"; little of the overlap of {number(narrow)} px is left at its ends"
    return said
