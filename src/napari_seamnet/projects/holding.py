"""Frames moved by hand and locked in place: decisions about all of their seams at once.

What is decided about a single seam is in `project.py`; frames are added and left out in `edit.py`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ..geometry import Offset
from .beside import checked_frame
from .decision import Decision, in_order, logged_in
from .errors import ProjectError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from ..geometry import Shift
    from ..seams.seam import Seam
    from ..solve import Solution
    from .project import Project

LOCKED = "locked in place"
"""Note of the decisions that locking a frame made; unlocking takes exactly these back."""
MOVED = "frame moved by hand"


def seams_of(project: Project, index: int) -> tuple[int, ...]:
    """Indices of a frame's seams, in order."""
    return tuple(k for k, seam in enumerate(project.seams) if index in seam.pair)


def move_frame(
    project: Project,
    solution: Solution,
    index: int,
    dy: int,
    dx: int,
    *,
    who: str | None = None,
) -> Project:
    """Move a frame by hand: its seams are decided so that it lies there to all its neighbours.

    Parameters
    ----------
    project : Project
        Stays as it is.
    solution : Solution
        Where the frames lie now.
    index : int
        The frame.
    dy, dx : int
        How far to move it from there, in whole px.
    who : str, optional
        Whoever decides; by default the person who is logged in.

    Returns
    -------
    Project
        With a decision about each of its seams, but for those that are excluded.

    Raises
    ------
    ProjectError
        If no seam ties the frame to another, or it is locked.
    """
    name = project.layout[checked_frame(project.layout, index)].name
    if index in project.locked:
        raise ProjectError(f"{name} is locked in place; unlock it to move it")
    moved = [frame.whole for frame in solution.frames]
    moved[index] = moved[index][0] + dy, moved[index][1] + dx
    ties = [k for k in seams_of(project, index) if project.seams[k].pair not in project.excluded]
    if not ties:
        raise ProjectError(
            f"no seam ties {name} to another frame, so it lies where the layout says; change its "
            "position there"
        )
    return _decided(project, ties, moved, MOVED, who)


def lock_frame(
    project: Project, solution: Solution, index: int, *, who: str | None = None
) -> Project:
    """Lock a frame where it lies to its neighbours: nothing found later moves it against them.

    Parameters
    ----------
    project : Project
        Stays as it is.
    solution : Solution
        Where the frames lie now.
    index : int
        The frame.
    who : str, optional
        Whoever decides; by default the person who is logged in.

    Returns
    -------
    Project
        Its seams are decided as they lie now, but for those that are decided or excluded.
    """
    checked_frame(project.layout, index)
    settled = project.excluded | {decision.pair for decision in project.decisions}
    ties = [k for k in seams_of(project, index) if project.seams[k].pair not in settled]
    places = [frame.whole for frame in solution.frames]
    locked = replace(project, locked=project.locked | {index})
    return _decided(locked, ties, places, LOCKED, who) if ties else locked


def unlock_frame(project: Project, index: int) -> Project:
    """Let a frame go again: decisions that only locking made are taken back.

    Seams to another frame that is locked stay as they are.
    """
    checked_frame(project.layout, index)
    locked = project.locked - {index}
    loose = [
        decision
        for decision in project.decisions
        if decision.note == LOCKED and index in decision.pair and not locked & {*decision.pair}
    ]
    freed = replace(project, locked=locked)
    for decision in loose:
        freed = freed.without_decision(*decision.pair)
    return freed


def _decided(
    project: Project,
    seams: Collection[int],
    places: Sequence[tuple[int, int]],
    note: str,
    who: str | None,
) -> Project:
    """Decide several seams at once, for where their frames lie."""
    now = datetime.now(UTC)
    who = logged_in() if who is None else who
    made = {}
    for k in seams:
        seam = project.seams[k]
        made[seam.pair] = Decision(*seam.pair, _shift(seam, places), who, now, note)
    others = [decision for decision in project.decisions if decision.pair not in made]
    return replace(project, decisions=in_order([*others, *made.values()]), solved=None)


def _shift(seam: Seam, places: Sequence[tuple[int, int]]) -> Shift:
    (y0, x0), (y1, x1) = places[seam.first], places[seam.second]
    return Offset(y1 - y0, x1 - x0) - seam.nominal
