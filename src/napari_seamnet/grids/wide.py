"""Stage errors of a hundred px and more: a coarse offset first, then the method around it.

What a single seam tells is in `coarse.py`. Here seams help each other: where one alone does not
tell, or contradicts all around it, the others say where its frames lie.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import spsolve

from ..geometry import Offset, OverlapError, Shift, overlap_boxes
from ..seams import Overlap
from ..seams.seam import pairs_of
from ..shifts.estimate import Alternative, ShiftMap, Status
from .coarse import CoarseMethod
from .estimate import estimate_seams

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..frames import Frame
    from ..layouts import Layout
    from ..seams.seam import Seam
    from ..shifts import Estimate, Method
    from ..shifts.estimate import Progress

CLEAR = 0.998
"""Least confidence of a coarse estimate that is believed by itself; of those in ten simulated
grids whose stage errs by up to 120 px, no wrong one has it."""
LIKELY = 0.5
"""Least confidence of one that is believed where its neighbours agree."""
SURE = 1e-8
"""Doubt at which a seam has full weight beside its neighbours; above, its logarithm counts."""
OUTLIER = 8.0
"""px; coarse estimates are good to less, and one farther off from what the rest says is wrong."""
HINT, STAGE = 1e-2, 1e-3
"""Weights of seams that do not tell, and of the stage, beside 1 for seams that do."""
ROUNDS = 10
"""Of reweighting: wrong seams have no say in the end."""


class Told(StrEnum):
    """By what a coarse offset is known."""

    PICTURES = "pictures"
    """The seam's own two crops."""
    NEIGHBOURS = "neighbours"
    """The seams around it; its own crops tell nothing, or contradict them."""
    STAGE = "stage"
    """Neither: the nominal offset stands."""


@dataclass(frozen=True, eq=False)
class Coarse:
    """Where the frames of a layout lie, to a few px.

    Parameters
    ----------
    layout : Layout
        The same frames, at positions that the seams agree on, in whole px.
    offsets : tuple of Offset
        One a seam, whole px: what to search around.
    told : tuple of Told
        By what each is known.
    estimates : tuple of Estimate
        What each seam's own crops tell, relative to its nominal offset.
    """

    layout: Layout
    offsets: tuple[Offset, ...]
    told: tuple[Told, ...]
    estimates: tuple[Estimate, ...]


def wide_shift(
    first: Frame, second: Frame, nominal: Offset, reach: int
) -> tuple[Offset, Estimate]:
    """Find where a frame lies that may be far from where it is expected.

    Parameters
    ----------
    first, second : Frame
        Two neighbours.
    nominal : Offset
        Where the second is expected.
    reach : int
        How far off it may be, in px each way on each axis. It may leave as little overlap as it
        likes, but not none.

    Returns
    -------
    offset : Offset
        Better than nominal, to a few px; the nominal one if the pictures do not tell.
    estimate : Estimate
        The evidence: status, confidence, and other offsets that fit.
    """
    whole = Offset(*nominal.whole())
    overlap = Overlap.cut(first, second, whole, margin=reach)
    found = CoarseMethod().estimate(overlap, max_shift=reach)
    return (whole + found.shift if is_clear(found) else whole), found


def is_clear(estimate: Estimate) -> bool:
    """Whether a coarse estimate is believed by itself."""
    return estimate.status is not Status.UNDETERMINED and estimate.confidence >= CLEAR


def coarse_offsets(
    layout: Layout,
    seams: Sequence[Seam],
    reach: int,
    *,
    progress: Progress | None = None,
    **how: Any,
) -> Coarse:
    """Find all frames of a layout whose stage may be far off.

    Parameters
    ----------
    layout : Layout
        The frames, and where they are expected.
    seams : sequence of Seam
        Its seams. Neighbours that do not nominally overlap have none: lay frames out with too much
        overlap rather than too little.
    reach : int
        How far off a seam's offset may be, in px each way on each axis.
    progress : callable, optional
        As for `estimate_seams`.
    **how
        Workers, executor, journal, ... as for `estimate_seams`.

    Returns
    -------
    Coarse
        Offsets to search around, and a layout that they agree with.

    Raises
    ------
    GridError
        As `estimate_seams`.
    """
    seams = tuple(seams)
    found = estimate_seams(
        layout, seams, CoarseMethod(), max_shift=reach, progress=progress, **how
    )
    corrections, residuals = _agree(layout, seams, found)
    anything = any(is_clear(one) for one in found)
    positions = np.array(layout.positions) + corrections
    offsets, told = [], []
    for index, seam in enumerate(seams):
        fits = found[index].confidence >= LIKELY and residuals[index] <= OUTLIER
        by = Told.PICTURES if fits else Told.NEIGHBOURS
        if fits:
            offset = seam.nominal + found[index].shift
        else:
            step = positions[seam.second] - positions[seam.first]
            offset = Offset(*Offset(*map(float, step)).whole())
        if not anything or not _overlaps(layout, seam, offset):
            offset, by = seam.nominal, Told.STAGE
        offsets.append(offset)
        told.append(by)
    moved = layout.moved([Offset(*map(float, at)).whole() for at in positions])
    return Coarse(moved, tuple(offsets), tuple(told), found)


def estimate_wide(
    layout: Layout,
    seams: Sequence[Seam],
    method: str | Method,
    *,
    reach: int,
    max_shift: int,
    progress: Progress | None = None,
    on_result: Callable[[int, Estimate], None] | None = None,
    **how: Any,
) -> tuple[Estimate, ...]:
    """Estimate seams within ±`reach` px: coarse offsets first, then ±`max_shift` around them.

    As `estimate_seams` with `wide`, which calls this.
    """
    seams = tuple(seams)
    common = {name: how[name] for name in how if name not in ("batch", "device")}
    coarse = coarse_offsets(layout, seams, reach, progress=_half(progress, 0), **common)
    nearer = [
        replace(seam, nominal=offset) for seam, offset in zip(seams, coarse.offsets, strict=True)
    ]
    corrections = [
        offset - seam.nominal for seam, offset in zip(seams, coarse.offsets, strict=True)
    ]

    def tell(index: int, estimate: Estimate) -> None:
        if on_result is not None:
            on_result(index, refer(estimate, corrections[index]))

    found = estimate_seams(
        layout,
        nearer,
        method,
        max_shift=max_shift,
        progress=_half(progress, 1),
        on_result=tell,
        **how,
    )
    return tuple(refer(one, by) for one, by in zip(found, corrections, strict=True))


def refer(estimate: Estimate, correction: Shift) -> Estimate:
    """Refer an estimate to an offset that lies `correction` (whole px) before its own.

    Parameters
    ----------
    estimate : Estimate
        Relative to the corrected offset.
    correction : Shift
        Corrected offset minus nominal offset.

    Returns
    -------
    Estimate
        Relative to the nominal offset. Its map is larger by the larger of the correction's axes,
        and NaN where nothing was compared. Without evidence its shift is (0, 0), as always.
    """
    dy, dx = correction.whole()
    if (dy, dx) == (0, 0):
        return estimate
    known = estimate.status is not Status.UNDETERMINED
    padded = estimate.map
    if padded is not None:
        size, more = padded.values.shape[0], max(abs(dy), abs(dx))
        values = np.full((size + 2 * more,) * 2, np.nan)
        values[more + dy : more + dy + size, more + dx : more + dx + size] = padded.values
        padded = ShiftMap(values, padded.meaning)
    return replace(
        estimate,
        shift=estimate.shift + correction if known else estimate.shift,
        alternatives=tuple(
            Alternative(other.shift + correction, other.probability)
            for other in estimate.alternatives
        ),
        map=padded,
    )


def _agree(
    layout: Layout, seams: Sequence[Seam], found: Sequence[Estimate]
) -> tuple[np.ndarray, np.ndarray]:
    """Find the corrections (N, 2) of all positions that the seams agree on, each by its weight.

    Returns also how far each seam is off from them, in px. Seams that do not tell are taken to be
    like the others of their direction: a wrong overlap is wrong everywhere.
    """
    measured = np.array([tuple(one.shift) for one in found], float).reshape(-1, 2)
    confidence = np.array([one.confidence for one in found], float)
    clear, likely = confidence >= CLEAR, confidence >= LIKELY
    n, horizontal = len(layout), np.array([seam.is_horizontal for seam in seams], bool)
    target = measured.copy()
    for direction in (horizontal, ~horizontal):
        usual = np.median(measured[direction & clear], axis=0) if (direction & clear).any() else 0
        target[direction & ~likely] = usual
    if not len(seams):
        return np.zeros((n, 2)), np.zeros(0)
    first, second = pairs_of(seams).T
    rows = np.arange(len(seams))
    ones = np.ones(len(seams))
    difference = sparse.coo_array(
        (np.r_[ones, -ones], (np.r_[rows, rows], np.r_[second, first])), shape=(len(seams), n)
    ).tocsr()
    sure = np.log(np.maximum(1 - confidence, SURE)) / np.log(SURE)
    base = np.where(likely, np.maximum(sure, HINT), HINT)
    weight, corrections, residuals = base, np.zeros((n, 2)), np.zeros(len(seams))
    for _ in range(ROUNDS):
        weighted = difference.T @ sparse.diags_array(weight**2)
        system = (weighted @ difference + STAGE**2 * sparse.eye_array(n)).tocsc()
        solved = spsolve(system, weighted @ target)
        corrections = np.asarray(solved).reshape(n, 2)
        residuals = np.abs(difference @ corrections - target).max(axis=1)
        weight = base / (1 + (residuals / (OUTLIER / 2)) ** 2)
    return corrections, residuals


def _overlaps(layout: Layout, seam: Seam, offset: Offset) -> bool:
    first, second = (layout[index].frame.shape for index in seam.pair)
    try:
        boxes = overlap_boxes(first, second, offset)
    except OverlapError:
        return False
    return min(boxes[0].shape) >= 4


def _half(progress: Progress | None, half: int) -> Progress | None:
    """Report one half of the work as that: every seam is looked at twice."""
    if progress is None:
        return None

    def report(done: int, total: int, what: str) -> None:
        progress(done + half * total, 2 * total, f"coarse: {what}" if half == 0 else what)

    return report
