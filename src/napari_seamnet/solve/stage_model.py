"""The stage model: what the stage does besides what the layout says, fitted from certain seams.

Only arithmetic on shifts of seams; which seams are certain is the caller's to say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..geometry import Shift
from ..seams.seam import pairs_of
from .least_squares import fit_positions
from .solution import NO_SHIFT, StageModel

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..layouts import Layout
    from ..seams.seam import Seam

SIGNIFICANT = 4.0
"""A systematic step counts if it is this many times its own uncertainty: a stage that scatters has
a mean as well, and following it would bend the grid."""
LEAST_SEAMS = 12
"""Seams that a step is fitted to at least: a few have a mean and a spread by chance."""
LEAST_IN_LINE = 4
"""Seams of one row or column that its own step is fitted to at least."""
WANDERS = 3.0
"""A stage wanders if positions are off by this many times the variance of single steps: its errors
add up along the way, and a frame is best expected where its neighbours lead."""


def fit_stage(
    layout: Layout, seams: Sequence[Seam], shifts: Sequence[Shift | None], certain: Iterable[int]
) -> StageModel:
    """Fit the stage model.

    Parameters
    ----------
    layout : Layout
        Rows and columns are used if it is a grid.
    seams : sequence of Seam
        All of them.
    shifts : sequence of Shift or None
        Measured shift of each.
    certain : iterable of int
        Indices of those to fit to.

    Returns
    -------
    StageModel
        Systematic steps that are significant, 0 for the others; medians, so that a wrong seam
        does no harm.
    """
    used = [k for k in certain if shifts[k] is not None]
    steps: dict[bool, Shift] = {True: NO_SHIFT, False: NO_SHIFT}
    lines: dict[bool, tuple[tuple[int, Shift], ...]] = {True: (), False: ()}
    left: list[np.ndarray] = []
    for across in (True, False):
        of_kind = [k for k in used if seams[k].is_horizontal is across]
        values = np.array([tuple(shifts[k] or NO_SHIFT) for k in of_kind]).reshape(-1, 2)
        if not len(values):
            continue
        step = _systematic(values)
        values = values - step
        steps[across] = Shift(*map(float, step))
        if layout.is_grid:
            which = [
                (layout[seams[k].first].row if across else layout[seams[k].first].col) or 0
                for k in of_kind
            ]
            by_line = []
            lines_of = {line: np.array([w == line for w in which]) for line in sorted(set(which))}
            within = [values[rows] - np.median(values[rows], axis=0) for rows in lines_of.values()]
            spread = _width(np.concatenate(within))
            for line, rows in lines_of.items():
                extra = _systematic(values[rows], spread, LEAST_IN_LINE)
                if extra.any():
                    values[rows] -= extra
                    by_line.append((line, Shift(*map(float, extra))))
            lines[across] = tuple(by_line)
        left.append(values)
    scatter = _scatter(np.concatenate(left)) if left else np.zeros(2)
    return StageModel(
        steps[True],
        steps[False],
        lines[True],
        lines[False],
        (float(scatter[0]), float(scatter[1])),
        len(used),
    )


def expected_shift(stage: StageModel, layout: Layout, seam: Seam) -> Shift:
    """The shift that the model expects of a seam, in px."""
    if seam.is_horizontal:
        line = layout[seam.first].row
        return stage.horizontal + dict(stage.by_row).get(-1 if line is None else line, NO_SHIFT)
    line = layout[seam.first].col
    return stage.vertical + dict(stage.by_col).get(-1 if line is None else line, NO_SHIFT)


def expected_positions(
    stage: StageModel, layout: Layout, seams: Sequence[Seam], base: np.ndarray
) -> np.ndarray:
    """Where the model expects the frames: (N, 2) positions, (y, x) in px.

    Parameters
    ----------
    stage : StageModel
        The model.
    layout, seams
        What it was fitted to.
    base : (N, 2) float array
        Nominal positions.
    """
    moves = np.array([tuple(expected_shift(stage, layout, seam)) for seam in seams])
    if not len(moves) or not moves.any():
        return base
    pairs = pairs_of(seams)
    offsets = base[pairs[:, 1]] - base[pairs[:, 0]] + moves
    # Held next to nothing, so that the steps add up freely and only their common origin is fixed.
    weak = np.full(len(base), 1e-6)
    return fit_positions(pairs, offsets, np.ones(len(pairs)), base, weak).positions


def _scatter(values: np.ndarray) -> np.ndarray:
    """Robust standard deviation, (dy, dx); 1.4826 makes it that of a normal distribution."""
    if not len(values):
        return np.zeros(2)
    spread: np.ndarray = 1.4826 * np.median(np.abs(values - np.median(values, axis=0)), axis=0)
    return spread


def _width(values: np.ndarray) -> np.ndarray:
    """Standard deviation, from where nine tenths of the values lie.

    Wrong seams are fewer than that, and of a dozen values the median deviation is left to chance.
    """
    off = np.abs(values - np.median(values, axis=0))
    width: np.ndarray = np.quantile(off, 0.9, axis=0) / 1.645
    return width


def _systematic(
    values: np.ndarray, least_spread: np.ndarray | None = None, least: int = LEAST_SEAMS
) -> np.ndarray:
    """The median of some shifts, on the axes where it is significant; 0 elsewhere."""
    if len(values) < least:
        return np.zeros(2)
    middle = np.median(values, axis=0)
    spread = _width(values)
    if least_spread is not None:
        spread = np.maximum(spread, least_spread)
    # A tenth of a pixel is what a perfect stage leaves: less is not worth a correction.
    limit = np.maximum(SIGNIFICANT * 1.25 * spread / np.sqrt(len(values)), 0.1)
    result: np.ndarray = np.where(np.abs(middle) > limit, middle, 0.0)
    return result


def wanders(deviations: np.ndarray, steps: np.ndarray) -> bool:
    """Whether the stage's errors add up along the way, instead of being each frame's own.

    Parameters
    ----------
    deviations : (N, 2) float array
        Solved minus expected positions of frames that certain seams tie together, in px.
    steps : (M, 2) float array
        What remains of those seams' shifts, in px.

    Notes
    -----
    Of errors of each frame's own, steps have twice the variance of positions. Of errors that add
    up, positions have many times the variance of a step.
    """
    if len(deviations) < LEAST_SEAMS or len(steps) < LEAST_SEAMS:
        return False
    off = np.var(deviations, axis=0).sum()
    return bool(off > WANDERS * max(np.var(steps, axis=0).sum() / 2, 0.25))
