"""A frame of a grid in words: where it lies, how sure that is, what ties it. No widget is here."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from ..geometry import Side
from ._status import WORDS

if TYPE_CHECKING:
    from ..projects import Project
    from ..seams.seam import Seam
    from ..shifts import Status
    from ..solve import SolvedFrame
    from ._grid_session import GridSession


class Tie(NamedTuple):
    """A seam of a frame, as its panel shows it."""

    seam: int
    status: Status | None
    side: Side
    neighbour: str
    words: str
    reason: str = ""


def heading(project: Project, index: int) -> str:
    """Name a frame, and its place in the grid."""
    site = project.layout[index]
    place = "" if site.row is None or site.col is None else f"   row {site.row}, column {site.col}"
    return f"{site.name}{place}"


def facts(project: Project, index: int, solved: SolvedFrame | None) -> list[tuple[str, str]]:
    """Say where a frame is expected, where it lies, and how sure that is, line by line."""
    site, size = project.layout[index], project.layout.pixel_size
    lines = [("Expected at", _position(site.position, size))]
    if solved is None:
        return lines
    dy, dx = (b - a for a, b in zip(site.whole, solved.whole, strict=True))
    lines.append(("Lies at", _position(solved.whole, size)))
    lines.append(("Moved by", _pair(dy, dx) if dy or dx else "nothing"))
    if not math.isfinite(solved.uncertainty):
        lines.append(("Sure", "no: nothing but the stage holds it"))
    else:
        sure = f"{percent(solved.probability)} within 1 px, ± {solved.uncertainty:.2g} px"
        lines.append(("Sure", sure))
    if solved.runner_up is not None:
        y, x = solved.runner_up
        away = _pair(y - solved.position[0], x - solved.position[1])
        other = f"{away} off, {percent(solved.runner_up_probability)}"
        lines.append(("Other place", other))
    if solved.part:
        lines.append(("Part", f"{solved.part}, tied to the largest by the stage only"))
    return lines


def ties(session: GridSession, index: int) -> list[Tie]:
    """All seams of a frame, with what is known of them, as its neighbours lie around it."""
    project, solution = session.project, session.solution
    if project is None:
        return []
    found = []
    for k, seam in enumerate(project.seams):
        if index not in seam.pair:
            continue
        other = seam.second if seam.first == index else seam.first
        side = side_of(seam, index)
        status = session.status(k)
        words = [WORDS[status] if status is not None else "not estimated yet"]
        reason = ""
        if seam.pair in project.excluded:
            words = ["excluded"]
        elif solution is not None and k < len(solution.verdicts):
            verdict = solution.verdicts[k]
            reason = verdict.reason
            if verdict.shift is not None:
                words.append(_pair(*verdict.shift).removesuffix(" px"))  # the next says px
            if verdict.residual is not None:
                off = max(abs(verdict.residual.dy), abs(verdict.residual.dx))
                words.append(f"off by {off:.1f} px")
        found.append(Tie(k, status, side, project.layout[other].name, ", ".join(words), reason))
    return sorted(found, key=lambda tie: (list(Side).index(tie.side), tie.seam))


def side_of(seam: Seam, index: int) -> Side:
    """Where the neighbour lies, seen from one of a seam's frames."""
    along = seam.nominal.dx if seam.is_horizontal else seam.nominal.dy
    forward = (along >= 0) == (seam.first == index)
    if seam.is_horizontal:
        return Side.RIGHT if forward else Side.LEFT
    return Side.BELOW if forward else Side.ABOVE


def percent(probability: float) -> str:
    """A probability as people read it: 100 % only where it is.

    Examples
    --------
    >>> percent(0.99996), percent(0.5), percent(1.0)
    ('> 99.9 %', '50.0 %', '100 %')
    """
    if probability >= 1:
        return "100 %"
    return "> 99.9 %" if probability > 0.9995 else f"{100 * probability:.1f} %"


def _position(at: tuple[float, float], size: tuple[float, float] | None) -> str:
    text = "y {:g}, x {:g} px".format(*(round(value, 2) for value in at))
    if size is None:
        return text
    y, x = (round(a * b, 2) for a, b in zip(at, size, strict=True))
    return f"{text} ({y:g}, {x:g} µm)"


def _pair(dy: float, dx: float) -> str:
    values = (f"{round(value, 1) + 0.0:+g}" for value in (dy, dx))
    return f"({', '.join(values)}) px"
