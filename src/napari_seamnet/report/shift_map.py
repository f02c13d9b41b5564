"""A map over shifts as a small drawing: bright fits; what was chosen and its rivals are marked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .pictures import data_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..geometry import Shift
    from ..shifts import ShiftMap

GAMMA = 0.6
"""Below 1 it lifts the lower peaks: a rival must be seen beside a sharp answer."""
FAINT = 60.0
"""Percentile of the map that is painted black: the ground; the peaks get the colours."""
UNKNOWN = (110, 110, 110)


def draw_shift_map(
    shift_map: ShiftMap, placed: tuple[float, float], fits: Sequence[Shift | tuple[float, float]]
) -> str:
    """Draw a map.

    Parameters
    ----------
    shift_map : ShiftMap
        Of any range.
    placed : (dy, dx)
        The shift at which the frames were placed, in px: a cross.
    fits : sequence of Shift
        Shifts to be marked by numbered rings, from 1 on.

    Returns
    -------
    str
        An ``<svg>`` element; one unit is one px of shift, and (0, 0) is in the middle.
    """
    reach = shift_map.max_shift
    side = 2 * reach + 1
    unit = side / 31  # marks are of one size, whatever the range
    low = -reach - 0.5
    room = 4.6 * unit
    painted = data_of(_coloured(shift_map.values), "png")
    parts = [
        f'<svg class="map" viewBox="{low - room:.2f} {low - 0.3 * unit:.2f} '
        f'{side + room + 0.5 * unit:.2f} {side + room:.2f}" role="img" '
        f'aria-label="map over shifts" font-family="system-ui, sans-serif" '
        f'font-size="{2.1 * unit:.2f}">',
        f'<image x="{low}" y="{low}" width="{side}" height="{side}" '
        f'style="image-rendering:pixelated" href="{painted}"/>',
        f'<path d="M{low} 0H{-low}M0 {low}V{-low}" stroke="#fff" stroke-opacity=".3" '
        f'stroke-width="{0.12 * unit:.2f}"/>',
    ]
    for number, (dy, dx) in reversed(list(enumerate(fits, 1))):
        if max(abs(dy), abs(dx)) <= reach + 0.5:
            parts.append(_ring(number, dy, dx, unit, reach))
    dy, dx = (float(np.clip(value, low, -low)) for value in placed)
    arm = 1.5 * unit
    for colour, width in (("#000", 0.9), ("#fff", 0.42)):
        parts.append(
            f'<path d="M{dx - arm:.2f} {dy:.2f}h{2 * arm:.2f}M{dx:.2f} {dy - arm:.2f}'
            f'v{2 * arm:.2f}" stroke="{colour}" stroke-width="{width * unit:.2f}" '
            'fill="none"/>'
        )
    for value, at in ((-reach, -reach), (0, 0), (reach, reach)):
        edge = {-1: "start", 0: "middle", 1: "end"}[(value > 0) - (value < 0)]
        parts.append(
            f'<text x="{at + 0.5 * np.sign(value):.1f}" y="{-low + 2.3 * unit:.2f}" '
            f'text-anchor="{edge}" fill="var(--soft)">{value:+d}</text>'.replace("+0", "0")
        )
        parts.append(
            f'<text x="{low - 0.5 * unit:.2f}" y="{at:.1f}" text-anchor="end" '
            f'dominant-baseline="central" fill="var(--soft)">{value:+d}</text>'.replace(
                "+0<", "0<"
            )
        )
    parts.append("</svg>")
    return "".join(parts)


def _ring(number: int, dy: float, dx: float, unit: float, reach: int) -> str:
    """A numbered ring; its number stands where there is room."""
    radius = 1.7 * unit
    right = dx + radius + 2.2 * unit < reach
    x = dx + (radius + 0.3 * unit) * (1 if right else -1)
    anchor = "start" if right else "end"
    ring = "".join(
        f'<circle cx="{dx:.2f}" cy="{dy:.2f}" r="{radius:.2f}" fill="none" stroke="{colour}" '
        f'stroke-width="{width * unit:.2f}"/>'
        for colour, width in (("#000", 0.9), ("#7fe3ff", 0.42))
    )
    return (
        f'{ring}<text x="{x:.2f}" y="{dy:.2f}" text-anchor="{anchor}" '
        f'dominant-baseline="central" font-weight="700" fill="#7fe3ff" stroke="#000" '
        f'stroke-width="{0.5 * unit:.2f}" paint-order="stroke">{number}</text>'
    )


def _coloured(values: np.ndarray) -> np.ndarray:
    """Paint the heights above the ground; what could not be compared is grey."""
    from matplotlib import colormaps

    finite = np.isfinite(values)
    heights = np.zeros(values.shape)
    if finite.any():
        low, high = np.percentile(values[finite], FAINT), values[finite].max()
        if high > low:
            heights[finite] = np.clip((values[finite] - low) / (high - low), 0, 1) ** GAMMA
    pixels = colormaps["magma"](heights, bytes=True)[..., :3].copy()
    pixels[~finite] = UNKNOWN
    return pixels
