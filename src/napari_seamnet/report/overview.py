"""The overview of a report: the mosaic, made small, with frames and seams drawn on it.

A seam's status is a colour and a kind of line; those to look at carry a number that leads to what
is said about them.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import numpy as np

from ..shifts.estimate import Status
from .pictures import data_of, for_the_eye
from .style import COLOURS, WORDS

if TYPE_CHECKING:
    from ..mosaic import Mosaic
    from ..shifts.estimate import Progress
    from ..solve import Solution
    from .drawing import Drawing

LONGEST = 1500
"""px of the small mosaic's longer side, at most."""
BAND = 128
"""Rows of it that are drawn at a time, so that it can be stopped, and tells how far it is."""
NAMED_FROM = 48.0
"""Units of a frame's side from which on its row and column are written into it."""


def small_mosaic(
    mosaic: Mosaic, progress: Progress | None = None
) -> tuple[np.ndarray, tuple[int, int]]:
    """Read a mosaic at a size that fits a page.

    Parameters
    ----------
    mosaic : Mosaic
        Any; frames are read one after the other, only every so-many-th pixel.
    progress : callable, optional
        Called as ``progress(done, total, "drawing the overview")``.

    Returns
    -------
    picture : (h, w) or (h, w, 3) uint8 array
        Stretched for the eye; no side longer than `LONGEST`.
    covered : (height, width)
        px of the mosaic that it covers: a little more than the mosaic has, since it has whole
        pixels.
    """
    levels = mosaic.pyramid(chunks=BAND, smallest=LONGEST)
    level, step = levels[-1], 2 ** (len(levels) - 1)
    bands = []
    for top in range(0, level.shape[0], BAND):
        if progress is not None:
            progress(top, level.shape[0], "drawing the overview")
        bands.append(np.asarray(level[top : top + BAND].compute()))
    picture = np.concatenate(bands)
    # The fill value must not decide about the contrast.
    shown = np.asarray(mosaic.provenance()[::step, ::step] >= 0)
    return for_the_eye(picture, shown), (picture.shape[0] * step, picture.shape[1] * step)


def overview(
    solution: Solution,
    drawing: Drawing,
    numbers: dict[int, int],
    picture: np.ndarray | None,
    covered: tuple[int, int] = (0, 0),
) -> str:
    """Draw the mosaic with its frames and seams.

    Parameters
    ----------
    solution : Solution
        What is drawn.
    drawing : Drawing
        Of the solution.
    numbers : dict of int to int
        For each seam to look at, by its index, the number that it has on the page.
    picture, covered
        From `small_mosaic`; None draws on empty ground.

    Returns
    -------
    str
        A figure with its legend.
    """
    height, width = drawing.size
    thick = min(max(drawing.side / 45, 0.9), 5.0)
    parts = [
        f'<svg class="plot" viewBox="0 0 {width:.1f} {height:.1f}" role="img" '
        f'aria-label="overview of the mosaic" style="max-width:{_shown_width(drawing):.0f}px">',
        _hatches(thick),
    ]
    if picture is None:
        parts.append(f'<rect width="{width:.1f}" height="{height:.1f}" fill="var(--panel)"/>')
    else:
        h, w = covered[0] * drawing.unit, covered[1] * drawing.unit
        parts.append(
            f'<image width="{w:.2f}" height="{h:.2f}" preserveAspectRatio="none" '
            f'href="{data_of(picture, quality=80)}"/>'
        )
    parts.append(_frames(solution, drawing, thick))
    parts.append(seam_lines(solution, drawing, thick))
    parts.append(_tags(solution, drawing, numbers))
    parts.append("</svg>")
    there = [status for status in Status if status in solution.counts()]
    legend = "".join(f"<span>{line_sample(s)}{escape(WORDS[s])}</span>" for s in there)
    if any(frame.status.needs_person for frame in solution.frames):
        legend += "<span>hatched: frame whose place is not certain</span>"
    if numbers:
        legend += "<span>numbers: seams to look at, the most doubtful first</span>"
    return f'<figure>{"".join(parts)}<div class="legend">{legend}</div></figure>'


def seam_lines(solution: Solution, drawing: Drawing, thick: float) -> str:
    """Bars of all seams, certain ones below, each status in its own kind of line."""
    drawn = []
    for status in (
        Status.CERTAIN,
        Status.UNDETERMINED,
        Status.HAND,
        Status.DOUBTFUL,
        Status.AMBIGUOUS,
    ):
        own = [k for k, verdict in enumerate(solution.verdicts) if verdict.status is status]
        if own:
            drawn.append(_stroke(status, "".join(drawing.line(k) for k in own), thick))
    return "".join(drawn)


def line_sample(status: Status) -> str:
    """A piece of a status' line, for a legend."""
    return (
        '<svg viewBox="0 0 34 12" aria-hidden="true"><rect width="34" height="12" rx="2" '
        f'fill="#666"/>{_stroke(status, "M2 6L32 6", 2.6)}</svg>'
    )


def _stroke(status: Status, d: str, thick: float) -> str:
    """A path in a status' kind of line, on a dark rim that sets it off from any picture."""
    wide = thick * {Status.CERTAIN: 1.0, Status.UNDETERMINED: 1.2}.get(status, 1.7)
    dash = {
        Status.DOUBTFUL: f' stroke-dasharray="{2.2 * wide:.2f} {1.1 * wide:.2f}"',
        Status.UNDETERMINED: f' stroke-dasharray="{0.7 * wide:.2f} {1.1 * wide:.2f}"',
    }.get(status, "")
    path = f'<path class="bar" d="{d}" stroke='
    drawn = [
        f'{path}"#000" stroke-opacity=".55" stroke-width="{wide + 0.8 * thick:.2f}"/>',
        f'{path}"{COLOURS[status]}" stroke-width="{wide:.2f}"{dash}/>',
    ]
    if status in (Status.AMBIGUOUS, Status.HAND):  # two lines beside each other
        middle = "#000" if status is Status.AMBIGUOUS else "#fff"
        drawn.append(f'{path}"{middle}" stroke-width="{wide / 3:.2f}"/>')
    return "".join(drawn)


def _frames(solution: Solution, drawing: Drawing, thick: float) -> str:
    """Outlines with names on hover, hatched where the place is not certain."""
    drawn = []
    for k, (site, solved) in enumerate(zip(solution.layout, solution.frames, strict=True)):
        y, x, h, w = drawing.rectangle(k)
        shape = f'x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="{h:.1f}"'
        about = f"{site.name}: ({solved.whole[0]}, {solved.whole[1]}) px"
        if solved.reason:
            about += f", {WORDS[solved.status]}: {solved.reason}"
        hatch = ""
        if solved.status.needs_person:
            hatch = f' style="fill:url(#hatch-{solved.status})"'
        drawn.append(
            f'<rect class="frame edge" stroke-width="{0.55 * thick:.2f}" {shape}/>'
            f'<rect class="frame" stroke-width="{0.25 * thick:.2f}" {shape}{hatch}>'
            f"<title>{escape(about)}</title></rect>"
        )
        if drawing.side >= NAMED_FROM and site.row is not None and site.col is not None:
            size = min(max(drawing.side / 14, 9.0), 16.0)
            drawn.append(
                f'<text x="{x + w / 2:.1f}" y="{y + h / 2:.1f}" font-size="{size:.1f}" '
                'text-anchor="middle" dominant-baseline="central" fill="#fff" stroke="#000" '
                f'stroke-opacity=".6" stroke-width="{size / 6:.1f}" paint-order="stroke" '
                f'font-family="system-ui, sans-serif">r{site.row} c{site.col}</text>'
            )
    return "".join(drawn)


def _tags(solution: Solution, drawing: Drawing, numbers: dict[int, int]) -> str:
    """Numbers at the seams to look at, each a link to what is said about it."""
    radius = min(max(drawing.side / 14, 6.0), 12.0)
    drawn = []
    for seam, number in reversed(numbers.items()):  # the most doubtful on top
        y, x = drawing.middle(seam)
        verdict = solution.verdicts[seam]
        drawn.append(
            f'<a class="tag" href="#seam-{number}"><circle cx="{x:.1f}" cy="{y:.1f}" '
            f'r="{radius:.1f}" style="stroke:{COLOURS[verdict.status]}" '
            f'stroke-width="{radius / 5:.1f}"/><text x="{x:.1f}" y="{y:.1f}" '
            f'style="font-size:{radius * (1.1 if number < 100 else 0.85):.1f}px">{number}</text>'
            f"<title>{escape(f'{WORDS[verdict.status]}: {verdict.reason}')}</title></a>"
        )
    return "".join(drawn)


def _hatches(thick: float) -> str:
    """Patterns for frames that are not certain, one a status."""
    gap = 4.5 * thick
    return (
        "<defs>"
        + "".join(
            f'<pattern id="hatch-{status}" width="{gap:.1f}" height="{gap:.1f}" '
            f'patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
            f'<path d="M0 0V{gap:.1f}" stroke="{COLOURS[status]}" stroke-width="{thick:.1f}" '
            'stroke-opacity=".6"/></pattern>'
            for status in Status
            if status.needs_person
        )
        + "</defs>"
    )


def _shown_width(drawing: Drawing) -> float:
    """CSS px: a tall mosaic is not drawn taller than a screen."""
    height, width = drawing.size
    return min(1100.0, 1000.0 * width / height) if height > width else 1100.0
