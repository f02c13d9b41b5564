"""Frames left out, replaced, swapped, added: projects whose grid itself is changed by hand.

Every change gives a new project and keeps what is still valid: what was found and decided about
seams that are the same as before. Where a new frame goes is told in `beside.py`; frames are moved
and locked in `holding.py`, and what is decided about a single seam is in `project.py`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..layouts.layout import Site
from ..mosaic.placement import check_alike
from ..seams.seam import Seam, find_seams
from .beside import checked_frame
from .decision import in_order
from .errors import ProjectError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from ..frames import Frame
    from ..layouts import Layout
    from .project import Project


LEFT_OUT = "left out by hand: "
"""How the note of a layout begins that frames were left out of."""


def without_frames(project: Project, *frames: int) -> Project:
    """Leave frames out of the grid.

    Parameters
    ----------
    project : Project
        Stays as it is.
    *frames : int
        Their indices. All later frames move up.

    Returns
    -------
    Project
        What was found and decided about the seams of the others is kept.

    Raises
    ------
    ProjectError
        If there is no such frame, or none would be left.
    """
    gone = {checked_frame(project.layout, frame) for frame in frames}
    if not gone:
        return project
    if len(gone) == len(project.layout):
        raise ProjectError("no frame would be left; lay out another folder instead")
    names = ", ".join(project.layout[frame].name for frame in sorted(gone))
    kept = [frame for frame in range(len(project.layout)) if frame not in gone]
    layout = _noted(project.layout.without(*gone), f"{LEFT_OUT}{names}")
    return _carried(project, layout, {old: new for new, old in enumerate(kept)})


def replace_frame(
    project: Project, index: int, frame: Frame, *, page: int | None = None
) -> Project:
    """Put another picture, such as one that was taken again, in the place of a frame.

    Parameters
    ----------
    project : Project
        Stays as it is.
    index : int
        The frame to be replaced.
    frame : Frame
        The new picture; it may be of another size.
    page : int, optional
        Which plane of its file it is, where that holds several.

    Returns
    -------
    Project
        The new frame lies where the old one nominally did. Whatever was known or decided about
        its seams was said of other pixels, and is forgotten; a seam that a person excluded is to
        be estimated, too.

    Raises
    ------
    ProjectError
        If there is no such frame, or the picture is another frame of the grid.
    MosaicError
        If it is of another dtype than the others, or coloured where they are grey.
    """
    old = project.layout[checked_frame(project.layout, index)]
    _check_new(project.layout, frame, page, but=index)
    sites = list(project.layout.sites)
    sites[index] = replace(old, frame=frame, page=page)
    layout = _noted(
        replace(project.layout, sites=tuple(sites)), f"{old.name} was replaced by {_where(frame)}"
    )
    same = {k: k for k in range(len(layout))}
    return _carried(project, layout, same, fresh={index})


def swap_frames(project: Project, one: int, other: int) -> Project:
    """Exchange the places of two frames, as where files bear each other's names.

    Parameters
    ----------
    project : Project
        Stays as it is.
    one, other : int
        Their indices: each then has the other's picture.

    Returns
    -------
    Project
        Places, rows and columns, and the order of acquisition are as they were. Whatever was known
        or decided about the seams of both was said of other pixels, and is forgotten; neither is
        locked any more.

    Raises
    ------
    ProjectError
        If there is no such frame, or it is the same one.
    """
    layout = project.layout
    first, second = (layout[checked_frame(layout, index)] for index in (one, other))
    if one == other:
        raise ProjectError(f"{first.name} cannot be swapped with itself; name another frame")
    sites = list(layout.sites)
    sites[one] = replace(first, frame=second.frame, page=second.page)
    sites[other] = replace(second, frame=first.frame, page=first.page)
    swapped = replace(layout, sites=tuple(sites))
    swapped = _noted(swapped, f"{first.name} and {second.name} were swapped by hand")
    same = {k: k for k in range(len(layout))}
    return _carried(project, swapped, same, fresh={one, other})


def add_frame(
    project: Project,
    frame: Frame,
    position: tuple[float, float],
    *,
    row: int | None = None,
    col: int | None = None,
    page: int | None = None,
) -> Project:
    """Add a frame, whatever folder it comes from, as the last one.

    Parameters
    ----------
    project : Project
        Stays as it is.
    frame : Frame
        The new picture.
    position : (y, x)
        Its nominal position, in px; see `place_beside`.
    row, col : int, optional
        Its place, which a layout that is a grid needs to remain one; -1 is before the first.
    page : int, optional
        Which plane of its file it is, where that holds several.

    Returns
    -------
    Project
        With its seams, which are to be estimated; all others are as they were.

    Raises
    ------
    ProjectError
        If the frame is there already, or its place is taken.
    MosaicError
        If it is of another dtype than the others, or coloured where they are grey.
    """
    before = project.layout
    _check_new(before, frame, page)
    down, across = max(0, -(row or 0)), max(0, -(col or 0))
    sites = [_shifted(site, down, across) for site in before.sites]
    place = (None if row is None else row + down, None if col is None else col + across)
    if None not in place and place in {(site.row, site.col) for site in sites}:
        raise ProjectError(
            f"there is a frame in row {place[0]}, column {place[1]} already; replace that one"
        )
    missing = {(r + down, c + across) for r, c in before.missing} - {place}
    layout = replace(
        before,
        sites=(*sites, Site(frame, position, *place, page=page)),
        missing=tuple(sorted(missing)),
    )
    layout = _noted(layout, f"{_where(frame)} was added by hand")
    same = {k: k for k in range(len(before))}
    return _carried(project, layout, same, fresh={len(before)})


# -- inside -----------------------------------------------------------------------------------


def _carried(
    project: Project,
    layout: Layout,
    where: Mapping[int, int],
    fresh: Collection[int] = (),
) -> Project:
    """Take over to another layout whatever was said of seams that are the same there.

    Parameters
    ----------
    project : Project
        What was known.
    layout : Layout
        The new one; frames that stay lie where they did, in the same order.
    where : mapping of int to int
        From old indices to new ones; frames that are gone are not in it.
    fresh : collection of int
        New indices of frames with new pixels, whose seams are unknown.
    """

    def pair_now(pair: tuple[int, int]) -> tuple[int, int] | None:
        if pair[0] not in where or pair[1] not in where:
            return None
        now = where[pair[0]], where[pair[1]]
        return None if now[0] in fresh or now[1] in fresh else now

    known = {}
    for seam, estimate in zip(project.seams, project.estimates, strict=True):
        if (pair := pair_now(seam.pair)) is not None:
            known[pair] = Seam(*pair, seam.nominal), estimate
    if fresh:
        for seam in find_seams(layout):
            if not {*fresh}.isdisjoint(seam.pair):
                known[seam.pair] = seam, None
    decisions = [
        replace(decision, first=pair[0], second=pair[1])
        for decision in project.decisions
        if (pair := pair_now(decision.pair)) is not None
    ]
    excluded = {pair for old in project.excluded if (pair := pair_now(old)) is not None}
    stay = {old: new for old, new in where.items() if new not in fresh}
    in_use = {site.frame.path for site in layout}
    pairs = sorted(known)
    return replace(
        project,
        layout=layout,
        seams=tuple(known[pair][0] for pair in pairs),
        estimates=tuple(known[pair][1] for pair in pairs),
        decisions=in_order(decisions),
        excluded=frozenset(excluded),
        locked=frozenset(stay[frame] for frame in project.locked if frame in stay),
        solved=None,
        stamps={path: stamp for path, stamp in project.stamps.items() if path in in_use},
        changed=tuple(stay[frame] for frame in project.changed if frame in stay),
    )


def _check_new(layout: Layout, frame: Frame, page: int | None, but: int | None = None) -> None:
    """Raise unless a picture can be a frame of this layout that is not there yet."""
    if len(layout) > 1 or but is None:
        check_alike(layout[1 if but == 0 else 0].frame, frame)
    for k, site in enumerate(layout):
        same_file = frame.path is not None and site.frame.path == frame.path and site.page == page
        if k != but and (site.frame is frame or same_file):
            raise ProjectError(f"{_where(frame)} is frame {k} of the grid already; name another")


def _shifted(site: Site, down: int, across: int) -> Site:
    """A site counted from another first row and column."""
    if not down and not across:
        return site
    row = None if site.row is None else site.row + down
    col = None if site.col is None else site.col + across
    return replace(site, row=row, col=col)


def _where(frame: Frame) -> str:
    return frame.name if frame.path is None else str(frame.path)


def _noted(layout: Layout, note: str) -> Layout:
    return replace(layout, notes=(*layout.notes, note))
