"""Lines that tell of a grid: outlines, path, hatched gaps, a bar for each seam.

Plain numbers in px, read off boxes; nothing here knows napari. Every line is a segment,
``[start, step]`` in (y, x), as napari's vectors are.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..seams.seam import pairs_of
from ..shifts import Status
from ._status import COLOURS, WORDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..geometry import Box
    from ..layouts import Layout
    from ..seams.seam import Seam
    from ..solve import Loop
    from ._grid_session import GridSession

EDGE = 0.5
"""px: a pixel's position is its middle, so a frame begins half a pixel before its first one."""
LENGTH = 0.5
"""Of a bar, as a part of the frame's side."""
LOOP_PX = 1.0
"""Loops that close better than this are within what fits; only others get a number."""
LOOP_FULL_PX = 10.0
"""From here on a loop's dot no longer grows."""
HATCHES = 5
"""Lines across a gap, each way from the diagonal."""


class Mark(StrEnum):
    """What a bar can say of its seam; the five statuses, and two more."""

    CERTAIN = Status.CERTAIN
    DOUBTFUL = Status.DOUBTFUL
    AMBIGUOUS = Status.AMBIGUOUS
    UNDETERMINED = Status.UNDETERMINED
    HAND = Status.HAND
    PENDING = "pending"
    EXCLUDED = "excluded"


MARK_COLOURS = {Mark(status): colour for status, colour in COLOURS.items()} | {
    Mark.PENDING: "#c8c8c8",
    Mark.EXCLUDED: "#a8b0b8",
}
MARK_WORDS = {Mark(status): word for status, word in WORDS.items()} | {
    Mark.PENDING: "not estimated yet",
    Mark.EXCLUDED: "excluded",
}
# Pieces of a bar: from, to along the seam (-1 to 1), and from, to across it (in widths).
SHAPES: dict[Mark, tuple[tuple[float, float, float, float], ...]] = {
    Mark.CERTAIN: ((-1, 1, 0, 0),),
    Mark.DOUBTFUL: ((-1, -0.3, 0, 0), (0.3, 1, 0, 0)),
    Mark.AMBIGUOUS: ((-1, 1, -1.1, -1.1), (-1, 1, 1.1, 1.1)),
    Mark.UNDETERMINED: (
        (-1, -0.75, 0, 0), (-0.42, -0.17, 0, 0), (0.17, 0.42, 0, 0), (0.75, 1, 0, 0),
    ),
    Mark.HAND: ((-1, 1, 0, 0), (0, 0, -2.6, 2.6)),
    Mark.PENDING: ((-0.25, 0.25, 0, 0),),
    Mark.EXCLUDED: ((-0.3, 0.3, -2.2, 2.2), (-0.3, 0.3, 2.2, -2.2)),
}  # fmt: skip
"""A whole bar, two dashes, two bars, four dots, a cross, a short dash, an X."""


class Bars(NamedTuple):
    """Where the seams' bars are."""

    centres: np.ndarray
    """(N, 2), (y, x) in px"""
    halves: np.ndarray
    """(N, 2): from the centre to the end, (dy, dx) in px"""


def marks_of(session: GridSession) -> list[Mark]:
    """What each seam's bar says; what a person has decided shows at once."""
    project = session.project
    if project is None:
        return []
    decided = {decision.pair for decision in project.decisions}
    found = []
    for k, seam in enumerate(project.seams):
        if seam.pair in project.excluded:
            found.append(Mark.EXCLUDED)
        elif seam.pair in decided:
            found.append(Mark.HAND)
        else:
            status = session.status(k)
            # A blank seam of a solve and one that nobody has looked at yet are not the same.
            is_pending = status is None or project.estimates[k] is None
            found.append(Mark.PENDING if is_pending or status is None else Mark(status))
    return found


def boxes_of(
    shapes: Sequence[tuple[int, int]], positions: Sequence[tuple[int, int]]
) -> np.ndarray:
    """(N, 4) edges of frames, (top, left, bottom, right) in px, from shapes and positions."""
    at = np.asarray(positions, float).reshape(-1, 2)
    return np.hstack([at, at + np.asarray(shapes, float).reshape(-1, 2)])


def outlines(boxes: np.ndarray) -> np.ndarray:
    """Four segments around each box, (4 N, 2, 2); those of one box follow each other."""
    top, left, bottom, right = (boxes[:, k] - EDGE for k in range(4))
    height, width, zero = bottom - top, right - left, np.zeros(len(boxes))
    sides = [
        ((top, left), (zero, width)),
        ((top, right), (height, zero)),
        ((bottom, right), (zero, -width)),
        ((bottom, left), (-height, zero)),
    ]
    lines = np.array([[np.stack(at, 1), np.stack(step, 1)] for at, step in sides])
    return lines.transpose(2, 0, 1, 3).reshape(-1, 2, 2)


def path(boxes: np.ndarray, layout: Layout) -> np.ndarray:
    """From frame to frame in the order in which they were taken; none where that is unknown."""
    if len(layout) < 2 or any(site.number is None for site in layout):
        return np.zeros((0, 2, 2))
    order = sorted(range(len(layout)), key=lambda k: layout[k].number or 0)
    middles = ((boxes[:, :2] + boxes[:, 2:]) / 2)[order] - EDGE
    return np.stack([middles[:-1], np.diff(middles, axis=0)], axis=1)


def hatch(boxes: Sequence[Box]) -> np.ndarray:
    """Outline and diagonal lines of each box."""
    lines = []
    for box in boxes:
        edges = np.array([[box.y, box.x, box.y + box.height, box.x + box.width]], float)
        lines.append(outlines(edges))
        for part in np.linspace(-1, 1, 2 * HATCHES + 1)[1:-1]:
            # The line x / width + y / height = 1 + part, within the box.
            low, high = max(0.0, part), min(1.0, 1 + part)
            start = np.array([box.y + (1 + part - low) * box.height, box.x + low * box.width])
            step = np.array([-(high - low) * box.height, (high - low) * box.width])
            lines.append(np.array([[start - EDGE, step]]))
    return np.concatenate(lines) if lines else np.zeros((0, 2, 2))


def bars(boxes: np.ndarray, seams: Sequence[Seam]) -> Bars:
    """Place a bar on each seam: along it, in the middle of what its frames share."""
    pairs = pairs_of(seams)
    one, two = boxes[pairs[:, 0]], boxes[pairs[:, 1]]
    low, high = np.maximum(one[:, :2], two[:, :2]), np.minimum(one[:, 2:], two[:, 2:])
    sides = np.minimum(one[:, 2:] - one[:, :2], two[:, 2:] - two[:, :2])
    beside = np.array([seam.is_horizontal for seam in seams], bool)
    halves = np.zeros((len(pairs), 2))
    halves[beside, 0] = LENGTH / 2 * sides[beside, 0]
    halves[~beside, 1] = LENGTH / 2 * sides[~beside, 1]
    return Bars((low + high) / 2 - EDGE, halves)


def bar_lines(
    bars: Bars, marks: Sequence[Mark], width: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw the bars.

    Returns
    -------
    (M, 2, 2) array
        Segments.
    (M,) array of int
        Whose: index of the seam.
    (M,) array of int
        Which mark: its index in `Mark`.
    """
    kinds = np.array([ORDER[mark] for mark in marks], int)
    segments, owners, which = [], [], []
    lengths = np.hypot(*bars.halves.T)
    for mark, pieces in SHAPES.items():
        (index,) = np.nonzero(kinds == ORDER[mark])
        if not len(index):
            continue
        centre, along = bars.centres[index], bars.halves[index]
        across = along[:, ::-1] / np.maximum(lengths[index], 1e-9)[:, None] * width
        for a, b, c, d in pieces:
            start, end = centre + a * along + c * across, centre + b * along + d * across
            segments.append(np.stack([start, end - start], axis=1))
            owners.append(index)
            which.append(np.full(len(index), ORDER[mark]))
    if not segments:
        return np.zeros((0, 2, 2)), np.zeros(0, int), np.zeros(0, int)
    return np.concatenate(segments), np.concatenate(owners), np.concatenate(which)


ORDER = {mark: k for k, mark in enumerate(Mark)}


def nearest_bar(bars: Bars, point: tuple[float, float], within: float) -> int | None:
    """Tell which seam's bar is at a point, (y, x) in px; None if none is that near."""
    if not len(bars.centres):
        return None
    away = np.asarray(point, float) - bars.centres
    lengths = np.maximum((bars.halves**2).sum(1), 1e-9)
    along = np.clip((away * bars.halves).sum(1) / lengths, -1, 1)
    distances = np.hypot(*(away - along[:, None] * bars.halves).T)
    seam = int(distances.argmin())
    return seam if distances[seam] <= within else None


def frame_under(boxes: np.ndarray, point: tuple[float, float]) -> int | None:
    """Tell which frame is at a point; of several, the one whose centre is nearest."""
    at = np.asarray(point, float) + EDGE
    (inside,) = np.nonzero(((boxes[:, :2] <= at) & (at < boxes[:, 2:])).all(1))
    if not len(inside):
        return None
    centres = (boxes[inside, :2] + boxes[inside, 2:]) / 2
    return int(inside[np.hypot(*(centres - at).T).argmin()])


def usual_side(boxes: np.ndarray) -> float:
    """Smaller side of a usual frame, in px."""
    return float(np.median((boxes[:, 2:] - boxes[:, :2]).min(1))) if len(boxes) else 1.0


def loop_marks(
    boxes: np.ndarray, loops: Sequence[Loop]
) -> tuple[np.ndarray, list[str], np.ndarray]:
    """Mark what is left over around each four frames.

    Returns
    -------
    (N, 2) array
        Where: between the four.
    list of str
        In px; empty where the loop closes within `LOOP_PX`.
    (N,) array
        Diameter of a dot, in px, which grows with it.
    """
    measured = [(loop, loop.size) for loop in loops if loop.size is not None]
    middles = (boxes[:, :2] + boxes[:, 2:]) / 2 - EDGE
    places = [middles[list(loop.frames)].mean(0) for loop, _ in measured]
    texts = [f"{size:.1f}" if size >= LOOP_PX else "" for _, size in measured]
    grown = np.array([min(1.0, size / LOOP_FULL_PX) for _, size in measured])
    return np.array(places).reshape(-1, 2), texts, usual_side(boxes) * (0.03 + 0.15 * grown)


def alike(before: np.ndarray, after: np.ndarray) -> bool:
    """Whether two grids cover much the same, so that the camera can stay."""
    if not len(before) or not len(after):
        return False
    one = np.concatenate([before[:, :2].min(0), before[:, 2:].max(0)])
    two = np.concatenate([after[:, :2].min(0), after[:, 2:].max(0)])
    return bool(np.abs(one - two).max() <= 0.1 * (one[2:] - one[:2]).max())
