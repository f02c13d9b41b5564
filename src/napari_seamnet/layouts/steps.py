"""Steps of a grid: from overlap and place to position in px, and back again.

Arithmetic on numbers only: no file is read here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .errors import LayoutError

if TYPE_CHECKING:
    from collections.abc import Sequence

ASSUMED_OVERLAP = "10%"
"""Where nobody says: what most microscopes' tiling wizards offer first."""
SAME_LINE = 0.5
"""Part of a frame's side: frames of one row differ by less in y, neighbouring rows by more."""
LEAST_FILLED = 4
"""Places for each frame, at most: islands of frames far apart are no grid."""
LOOKED_AT = 400
"""Frames whose neighbours tell the slope of rows and columns."""

OverlapLike = float | str | tuple[float | str, float | str]


def parse_overlap(overlap: OverlapLike, shape: tuple[int, int]) -> tuple[float, float]:
    """Read an overlap in px or %.

    Parameters
    ----------
    overlap : number, str, or pair of them
        ``150`` or ``"150"`` in px, ``"10%"`` of the frame's side; a pair, or ``"150,10%"``, means
        (y, x): between frames above each other, and beside each other.
    shape : (H, W)
        Of a typical frame, in px.

    Returns
    -------
    (y, x)
        In px.

    Raises
    ------
    LayoutError
        If it is no number, negative, as large as the frame, or a part of a px.

    Examples
    --------
    >>> parse_overlap("10%", (1000, 2000))
    (100.0, 200.0)
    >>> parse_overlap((150, "5%"), (1000, 2000))
    (150.0, 100.0)
    """
    if isinstance(overlap, str):
        parts: tuple[float | str, ...] = tuple(re.split(r"[,;]|\s+x\s+", overlap.strip()))
    else:
        parts = tuple(overlap) if isinstance(overlap, tuple | list) else (overlap,)
    if len(parts) not in (1, 2):
        raise LayoutError(f"an overlap of {overlap!r} is not one number, or two: y,x")
    y, x = (_in_px(part, side) for part, side in zip((*parts, *parts)[:2], shape, strict=True))
    for name, value, side in (("y", y, shape[0]), ("x", x, shape[1])):
        if not 0 <= value < side:
            raise LayoutError(
                f"an overlap of {number(value)} px in {name} does not fit frames of {side} px; "
                f"give at least 0 and less than {side} px, or a part such as 10%"
            )
    return y, x


def _in_px(part: float | str, side: int) -> float:
    text = str(part).strip()
    match = re.fullmatch(r"([-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?)\s*(%|px)?", text)
    if match is None:
        raise LayoutError(f"{text!r} is no overlap; give px, as 150, or a part, as 10%")
    value = float(match[1])
    if match[2] == "%":
        return value * side / 100
    if 0 < value < 1:
        raise LayoutError(
            f"an overlap of {text} px is less than a pixel; if it is a part, give {value * 100:g}%"
        )
    return value


def number(value: float) -> str:
    """Write a number of px for people: one decimal where it matters."""
    return f"{value:.1f}".removesuffix(".0")


def typical_shape(shapes: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """Give the median height and width of some frames, in px.

    Notes
    -----
    The median, not the largest: frames cut short at the border of the sample and a single overview
    among the frames both leave it as it is.
    """
    # "higher" takes a height that some frame really has, where the median would be between two.
    height, width = np.percentile(np.asarray(shapes), 50, axis=0, method="higher")
    return int(height), int(width)


def grid_positions(
    places: Sequence[tuple[int, int]],
    shape: tuple[int, int],
    overlap: tuple[float, float],
) -> tuple[tuple[float, float], ...]:
    """Put the frames of a grid at equal steps.

    Parameters
    ----------
    places : sequence of (row, col)
        From 0 on.
    shape : (H, W)
        Of a typical frame, in px.
    overlap : (y, x)
        In px; the step is the side less the overlap.

    Returns
    -------
    tuple of (y, x)
        Positions in px; that of place (0, 0) is (0, 0).
    """
    step = (shape[0] - overlap[0], shape[1] - overlap[1])
    return tuple((row * step[0], col * step[1]) for row, col in places)


def find_places(
    positions: Sequence[tuple[float, float]], shapes: Sequence[tuple[int, int]]
) -> tuple[tuple[int, int], ...] | None:
    """Tell rows and columns from positions, if they are plainly those of a grid.

    Parameters
    ----------
    positions : sequence of (y, x)
        In px.
    shapes : sequence of (H, W)
        Of the frames, in px.

    Returns
    -------
    tuple of (row, col), or None
        None where two frames would share a place, or a row or column would not be one: brickwork,
        a strip that bends, a heap of frames.

    Notes
    -----
    A row ends where the sorted y of the frames jump by more than half a frame. A grid whose rows
    sag or climb by more than that (a rotated stage) is first levelled by the slope of its
    neighbours.
    """
    at = np.asarray(positions, float).reshape(-1, 2)
    side = np.asarray(typical_shape(shapes), float)
    for levelled in (at, _levelled(at, side)):
        lines = [_lines(levelled[:, axis], side[axis]) for axis in (0, 1)]
        if any(line is None for line in lines):
            continue
        rows, cols = (np.asarray(line) for line in lines)
        places = tuple((int(row), int(col)) for row, col in zip(rows, cols, strict=True))
        is_filled = (rows.max() + 1) * (cols.max() + 1) <= LEAST_FILLED * len(places)
        if len(set(places)) == len(places) and is_filled:
            return places
    return None


def _lines(values: np.ndarray, side: float) -> np.ndarray | None:
    """Number the lines that values lie on; None if a line is wider than a frame."""
    order = np.argsort(values, kind="stable")
    jumps = np.diff(values[order])
    starts = jumps > SAME_LINE * side
    line_of = np.concatenate([[0], np.cumsum(starts)])
    middles = np.array([values[order][line_of == k].mean() for k in range(line_of[-1] + 1)])
    widths = [np.ptp(values[order][line_of == k]) for k in range(line_of[-1] + 1)]
    if max(widths) > side:
        return None
    gaps = np.diff(middles)
    # A line that no frame lies on is still a line: the usual step tells how many are skipped.
    step = float(np.median(gaps)) if len(gaps) else 1.0
    skipped = np.rint(gaps / min(step, side)).astype(int) if len(gaps) > 1 else np.ones(len(gaps))
    index = np.concatenate([[0], np.cumsum(np.maximum(1, skipped))]).astype(int)
    out = np.empty(len(values), int)
    out[order] = index[line_of]
    return out


def _levelled(at: np.ndarray, side: np.ndarray) -> np.ndarray:
    """Take away how far rows climb per px of x, and columns lean per px of y."""
    slopes = np.zeros(2)
    for axis, across in ((0, 1), (1, 0)):
        found = []
        for index in range(0, len(at), max(1, len(at) // LOOKED_AT)):
            off = at - at[index]
            beside = (off[:, across] > SAME_LINE * side[across]) & (
                off[:, across] < 1.5 * side[across]
            )
            near = beside & (np.abs(off[:, axis]) < SAME_LINE * side[axis])
            found += list(off[near, axis] / off[near, across])
        slopes[axis] = float(np.median(found)) if found else 0.0
    return np.stack([at[:, 0] - slopes[0] * at[:, 1], at[:, 1] - slopes[1] * at[:, 0]], axis=1)


@dataclass(frozen=True)
class Steps:
    """What neighbours of a grid are apart, and how far they overlap.

    Parameters
    ----------
    down, across : (dy, dx) or None
        Median offset between a frame and the one below it, and the one right of it, in px; None
        where no frame has such a neighbour.
    overlap_y, overlap_x : float or None
        Median overlap of frames above each other, and beside each other, in px; negative where
        they do not touch.
    """

    down: tuple[float, float] | None
    across: tuple[float, float] | None
    overlap_y: float | None
    overlap_x: float | None


def measure_steps(
    places: Sequence[tuple[int, int]],
    positions: Sequence[tuple[float, float]],
    shapes: Sequence[tuple[int, int]],
) -> Steps:
    """Measure steps and overlaps of a grid.

    Parameters
    ----------
    places : sequence of (row, col)
        Of the frames.
    positions : sequence of (y, x)
        In px.
    shapes : sequence of (H, W)
        In px.

    Returns
    -------
    Steps
        Medians over all neighbours.
    """
    index = {place: k for k, place in enumerate(places)}
    medians: list[tuple[float, float] | None] = []
    overlaps: list[float | None] = []
    for axis, (down, right) in enumerate(((1, 0), (0, 1))):
        pairs = [
            (k, index[row + down, col + right])
            for (row, col), k in index.items()
            if (row + down, col + right) in index
        ]
        if not pairs:
            medians.append(None)
            overlaps.append(None)
            continue
        offs = np.array([np.subtract(positions[b], positions[a]) for a, b in pairs])
        wide = np.array([shapes[a][axis] for a, _ in pairs])
        dy, dx = np.median(offs, axis=0)
        medians.append((float(dy), float(dx)))
        overlaps.append(float(np.median(wide - offs[:, axis])))
    return Steps(medians[0], medians[1], overlaps[0], overlaps[1])
