"""The histogram of a report: which shifts the seams have, by direction and by axis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..learning.evaluation_plots import INK, STYLE, as_svg
from ..shifts.estimate import Status

if TYPE_CHECKING:
    from ..solve import Solution

SURE, UNSURE, MODEL = "#0072b2", "#e69f00", "#d55e00"
MOST_BINS = 40


def shift_histogram(solution: Solution, max_shift: int | None = None) -> str:
    """Draw how often which shift was measured.

    Parameters
    ----------
    solution : Solution
        Of each seam the shift that was chosen counts.
    max_shift : int, optional
        Search range, in px, to be marked.

    Returns
    -------
    str
        An ``<svg>`` element; empty if nothing was measured.
    """
    # Without pyplot: no window, no global state, safe in a thread.
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    kinds = [
        (name, across, tuple(step))
        for name, across, step in (
            ("frames beside each other", True, solution.stage.horizontal),
            ("frames below each other", False, solution.stage.vertical),
        )
        if any(values.size for values in _values(solution, across))
    ]
    if not kinds:
        return ""
    with rc_context(STYLE):
        figure = Figure(figsize=(9.2, 0.7 + 1.9 * len(kinds)), layout="constrained")
        grid = figure.subplots(len(kinds), 2, squeeze=False)
        for row, (name, across, step) in zip(grid, kinds, strict=True):
            sure, unsure = _values(solution, across)
            edges = _edges(np.concatenate([sure, unsure]))
            for axis, axes in enumerate(row):
                axes.hist(
                    [sure[:, axis], unsure[:, axis]],
                    edges,
                    stacked=True,
                    color=[SURE, UNSURE],
                    hatch=["", "////"],
                    edgecolor="none",
                    label=["certain, or by hand", "all others"],
                )
                axes.axvline(0, color=INK, linewidth=0.8)
                if step[axis]:
                    axes.axvline(step[axis], color=MODEL, linewidth=1.4, linestyle="--")
                if max_shift is not None and edges[-1] >= 0.6 * max_shift:
                    for limit in (-max_shift, max_shift):
                        axes.axvline(limit, color=INK, linewidth=0.8, linestyle=":")
                axes.set_xlabel(f"shift in {'yx'[axis]}, px")
                axes.yaxis.get_major_locator().set_params(integer=True)
            row[0].set_ylabel("seams")
            row[0].set_title(name, loc="left", fontsize=10, color=INK)
        handles, labels = grid[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper left", ncols=2, fontsize=9)
    return as_svg(figure, "shifts", "histogram of shifts").replace("<svg", '<svg class="plot"', 1)


def _values(solution: Solution, across: bool) -> tuple[np.ndarray, np.ndarray]:
    """Shifts of the seams of one direction, (n, 2): those that are sure, and the others."""
    found: tuple[list[tuple[float, ...]], list[tuple[float, ...]]] = ([], [])
    for seam, verdict in zip(solution.seams, solution.verdicts, strict=True):
        if verdict.shift is not None and seam.is_horizontal is across:
            unsure = verdict.status not in (Status.CERTAIN, Status.HAND)
            found[unsure].append(tuple(verdict.shift))
    return np.array(found[0]).reshape(-1, 2), np.array(found[1]).reshape(-1, 2)


def _edges(values: np.ndarray) -> np.ndarray:
    """Bins of whole px around 0, wider ones where the shifts are far apart."""
    reach = max(3.0, float(np.abs(values).max()))
    width = max(1.0, float(np.ceil((2 * reach + 1) / MOST_BINS)))
    n = int(np.ceil(reach / width))
    return (np.arange(-n, n + 2) - 0.5) * width
