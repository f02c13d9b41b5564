"""Maps of a grid: residuals of the seams, errors of the loops, and where the stage was wrong.

Sizes are told by steps of colour and of thickness together, so that they read in print, on dark
ground, and with any kind of colour vision.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import numpy as np

from .words import px

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..solve import Solution
    from .drawing import Drawing

STEPS = ((0.5, "#56b4e9"), (1.0, "#009e73"), (2.0, "#e69f00"), (float("inf"), "#d55e00"))
"""Largest size of each step, in px, and its colour (Okabe and Ito, "Color universal design")."""
UNKNOWN = "#888888"
ARROW = 0.42
"""Part of a frame's side that the longest arrow has."""


def residual_map(solution: Solution, drawing: Drawing) -> str:
    """Draw how far each seam misses its own shift, as placed."""
    sizes = [
        None if v.residual is None else max(abs(v.residual.dy), abs(v.residual.dx))
        for v in solution.verdicts
    ]
    thick = _thick(drawing)
    parts = []
    for step in range(-1, len(STEPS)):
        own = [k for k, size in enumerate(sizes) if _step(size) == step]
        if not own:
            continue
        look = f'stroke="{UNKNOWN}" stroke-width="{thick:.2f}" stroke-dasharray="{thick:.2f}"'
        if step >= 0:
            look = f'stroke="{STEPS[step][1]}" stroke-width="{thick * (1 + 0.7 * step):.2f}"'
        lines = "".join(drawing.line(k) for k in own)
        parts.append(f'<path class="bar" {look} d="{lines}"/>')
    known = [size for size in sizes if size is not None]
    caption = "Residuals: placed minus measured shift of every seam. " + _summary(known, "seams")
    return _figure(drawing, "".join(parts), "map of residuals", caption, sizes)


def loop_map(solution: Solution, drawing: Drawing) -> str:
    """Draw by how much the measured shifts around each corner do not cancel."""
    sizes = [loop.size for loop in solution.loops]
    half = drawing.side / 9
    parts = []
    for loop, size in zip(solution.loops, sizes, strict=True):
        y, x = drawing.corner(loop)
        step = _step(size)
        if step < 0:
            r = half * 0.5
            parts.append(
                f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r:.1f}" fill="none" stroke="{UNKNOWN}" '
                f'stroke-width="{r / 4:.2f}"><title>a seam around it was not measured</title>'
                "</circle>"
            )
            continue
        r = half * (0.55 + 0.28 * step)
        where = " ".join(solution.layout[frame].name for frame in loop.frames)
        about = f"{px(size or 0.0)} around {where}"
        parts.append(
            f'<rect x="{x - r:.1f}" y="{y - r:.1f}" width="{2 * r:.1f}" height="{2 * r:.1f}" '
            f'fill="{STEPS[step][1]}"><title>{escape(about)}</title></rect>'
        )
    known = [size for size in sizes if size is not None]
    caption = (
        "Loops: by how much the measured shifts around four frames do not cancel. "
        + _summary(known, "loops")
    )
    return _figure(drawing, "".join(parts), "map of loop errors", caption, sizes)


def move_map(solution: Solution, drawing: Drawing) -> str:
    """Draw where each frame lies, seen from where the layout expected it."""
    nominal = np.array(solution.layout.positions)
    off = np.array([frame.position for frame in solution.frames]) - nominal
    off = off - np.median(off, axis=0)  # the mosaic as a whole lies anywhere
    longest = float(np.hypot(*off.T).max()) if len(off) else 0.0
    scale = ARROW * drawing.side / longest if longest > 1e-6 else 0.0
    thick = _thick(drawing) * 0.8
    parts = []
    for k, (dy, dx) in enumerate(off.tolist()):
        y, x, h, w = drawing.rectangle(k)
        y0, x0 = y + h / 2, x + w / 2
        y1, x1 = y0 + scale * dy, x0 + scale * dx
        parts.append(f"M{x0:.1f} {y0:.1f}L{x1:.1f} {y1:.1f}")
        length = float(np.hypot(y1 - y0, x1 - x0))
        if length > 3 * thick:  # a head
            u, v = (y1 - y0) / length, (x1 - x0) / length
            head = min(drawing.side / 9, 0.6 * length)
            for turn in (0.45, -0.45):
                hy, hx = u - turn * v, v + turn * u
                parts.append(f"M{x1:.1f} {y1:.1f}L{x1 - head * hx:.1f} {y1 - head * hy:.1f}")
    dots = "".join(
        f'<circle cx="{x + w / 2:.1f}" cy="{y + h / 2:.1f}" r="{1.2 * thick:.2f}" '
        'fill="var(--soft)"/>'
        for y, x, h, w in (drawing.rectangle(k) for k in range(len(off)))
    )
    drawn = (
        f'{dots}<path class="bar" stroke="var(--ink)" stroke-width="{thick:.2f}" '
        f'stroke-linecap="round" d="{"".join(parts)}"/>'
    )
    caption = (
        "Stage: from where the layout expected each frame to where it was found, enlarged; the "
        f"longest arrow is {px(longest)}. The median of all is taken off."
    )
    return _figure(drawing, drawn, "map of how far frames were moved", caption, None)


def _figure(
    drawing: Drawing,
    drawn: str,
    label: str,
    caption: str,
    sizes: Sequence[float | None] | None,
) -> str:
    height, width = drawing.size
    thin = min(max(drawing.side / 140, 0.3), 1.5)
    outlines = "".join(
        f"M{x:.1f} {y:.1f}h{w:.1f}v{h:.1f}h{-w:.1f}z"
        for y, x, h, w in (drawing.rectangle(k) for k in range(len(drawing.boxes)))
    )
    margin = 12
    svg = (
        f'<svg class="plot" viewBox="{-margin} {-margin} {width + 2 * margin:.1f} '
        f'{height + 2 * margin:.1f}" role="img" aria-label="{label}" '
        f'style="max-height:34rem"><path class="frame" stroke-width="{thin:.2f}" '
        f'd="{outlines}"/>{drawn}</svg>'
    )
    legend = "" if sizes is None else f'<div class="legend">{_legend(sizes)}</div>'
    return f"<figure>{svg}{legend}<figcaption>{escape(caption)}</figcaption></figure>"


def _legend(sizes: Sequence[float | None]) -> str:
    """The steps that there are, with their number of seams or loops."""
    shown = []
    low = 0.0
    steps = [_step(size) for size in sizes]
    for step, (high, colour) in enumerate(STEPS):
        words = f"up to {high:g} px" if not low else f"{low:g} to {high:g} px"
        words = words if np.isfinite(high) else f"over {low:g} px"
        n = steps.count(step)
        if n:
            shown.append(
                f'<span><svg viewBox="0 0 34 12" aria-hidden="true"><path d="M2 6H32" '
                f'stroke="{colour}" stroke-width="{2 + 2 * step}"/></svg>{words}: {n}</span>'
            )
        low = high
    if n := steps.count(-1):
        shown.append(
            '<span><svg viewBox="0 0 34 12" aria-hidden="true"><path d="M2 6H32" '
            f'stroke="{UNKNOWN}" stroke-width="2" stroke-dasharray="3"/></svg>not measured: {n}'
            "</span>"
        )
    return "".join(shown)


def _summary(sizes: Sequence[float], what: str) -> str:
    if not sizes:
        return f"There are no {what} that were measured."
    return f"Median {px(float(np.median(sizes)))}, largest {px(max(sizes))}."


def _step(size: float | None) -> int:
    """Which step a size belongs to; -1 if it is not known."""
    if size is None:
        return -1
    return next(step for step, (high, _) in enumerate(STEPS) if size <= high)


def _thick(drawing: Drawing) -> float:
    return min(max(drawing.side / 30, 1.1), 6.0)
