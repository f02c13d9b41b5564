"""Frames left out, replaced, swapped and added: steps of a session, noted for texts. No Qt here.

What such a step keeps of what was known is `projects/edit.py`'s business.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..frames import open_frame
from ..projects.beside import place_beside
from ..projects.edit import add_frame, replace_frame, swap_frames, without_frames

if TYPE_CHECKING:
    from pathlib import Path

    from ..as_text import Opened
    from ..geometry import Side
    from ..projects import Project
    from ._grid_session import GridSession


def leave_out(session: GridSession, index: int) -> int:
    """Leave a frame out of the grid.

    Returns
    -------
    int
        How many seams are to be estimated now that were not before: none.

    Raises
    ------
    ProjectError
        If none would be left.
    """
    project = _project(session)
    opened = session.opened
    then = None if opened is None else opened.without(project.layout[index].name)
    return _step(session, without_frames(project, index), then, "frame left out")


def put_in_place(session: GridSession, index: int, path: Path) -> int:
    """Put a picture in the place of a frame; returns as `leave_out` does.

    Raises
    ------
    FrameError, ProjectError, MosaicError
        If it is no picture, or none that fits.
    """
    changed = replace_frame(_project(session), index, open_frame(path))
    return _step(session, changed, _edited(session), "frame replaced")


def swap(session: GridSession, index: int, other: int) -> int:
    """Exchange the places of two frames; returns as `leave_out` does.

    Raises
    ------
    ProjectError
        If it is the same frame, or there is no such frame.
    """
    changed = swap_frames(_project(session), index, other)
    return _step(session, changed, _edited(session), "frames swapped")


def add_beside(session: GridSession, index: int, path: Path, side: Side) -> int:
    """Add a picture as the neighbour of a frame; returns and raises as `put_in_place` does."""
    project, new = _project(session), open_frame(path)
    at = place_beside(project, index, side, new.shape)
    changed = add_frame(project, new, at.position, row=at.row, col=at.col)
    return _step(session, changed, _edited(session), "frame added")


def _step(session: GridSession, changed: Project, opened: Opened | None, what: str) -> int:
    before = len(_project(session).unfinished)
    if opened is not None:
        session.remember(changed.layout, opened)
    session.record(changed, what)
    return max(0, len(changed.unfinished) - before)


def _edited(session: GridSession) -> Opened | None:
    return None if session.opened is None else replace(session.opened, is_edited=True)


def _project(session: GridSession) -> Project:
    if session.project is None:
        raise ValueError("there is no grid yet; open a folder, a layout file or a project")
    return session.project
