"""What is under the mouse, in words: a seam with its status, or a frame with its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._grid_marks import MARK_WORDS
from ._grid_rows import seam_name

if TYPE_CHECKING:
    from ._grid_marks import Mark
    from ._grid_session import GridSession


def seam_in_words(session: GridSession, seam: int, mark: Mark) -> str:
    """Say which seam it is, what is known of it, and why that is doubted."""
    project, solution = session.project, session.solution
    if project is None:
        return ""
    first, second = project.seams[seam].pair
    name = seam_name(project.layout[first], project.layout[second])
    words = f"seam {name}: {MARK_WORDS[mark]}"
    estimate = project.estimates[seam]
    decision = project.decision(first, second)
    shift = decision.shift if decision is not None else None
    if shift is None and estimate is not None and estimate.confidence > 0:
        shift = estimate.shift
    if shift is not None:
        words += f", shift ({shift.dy:+.1f}, {shift.dx:+.1f}) px"
    if solution is not None and seam < len(solution.verdicts):
        reason = solution.verdicts[seam].reason
        words += f"\n{reason}" if reason else ""
    return words


def frame_in_words(session: GridSession, frame: int) -> str:
    """Say which frame it is, where it lies, and how sure that is."""
    project, solution = session.project, session.solution
    if project is None:
        return ""
    site = project.layout[frame]
    words = site.name
    if site.row is not None and site.col is not None:
        words += f"   r{site.row} c{site.col}"
    if site.number is not None:
        words += f"   taken as number {site.number}"
    if solution is not None and frame < len(solution.frames):
        solved = solution.frames[frame]
        words += f"\nlies at y {solved.whole[0]:,}, x {solved.whole[1]:,} px"
        if solved.uncertainty < float("inf"):
            words += f", ± {solved.uncertainty:.2g} px"
    else:
        words += f"\nexpected at y {site.whole[0]:,}, x {site.whole[1]:,} px"
    return words
