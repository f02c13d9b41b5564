"""Which tiles to cut from which seed pair, where, and for which split.

Only numbers are here: the plan is made from the hand alignments alone, before a pixel is read.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..geometry import Offset, overlap_boxes
from .tile_cut import Places, places
from .tile_label import SMALLEST_SIZE, TileError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .hand import HandAlignment

LARGEST_REACH = 50
_VERSION = 1
"""Raised whenever the same plan would give other tiles, so that no old set is continued."""


@dataclass(frozen=True)
class TilePlan:
    """What tiles to make.

    Parameters
    ----------
    size : int, default 150
        Side of the squares, in px.
    reach : int, default 10
        Shifts are all (dy, dx) within ±`reach` px, from 1 to 50.
    count : int or None, default 30000
        Tiles in all. None: for each pair every shift, at as many places as squares fit into its
        overlap side by side.
    validation : float, default 0.25
        Share (0..1) of seed pairs whose tiles are for validation only. With two pairs or more, at
        least one pair is on each side; 0 for no validation.
    seed : int, default 0
        Decides pairs, shifts and places. Equal plans give equal bytes.
    even_max : bool, default False
        Give every value of ``max(|dy|, |dx|)`` the same number of tiles, not every shift.
    """

    size: int = 150
    reach: int = 10
    count: int | None = 30_000
    validation: float = 0.25
    seed: int = 0
    even_max: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.reach <= LARGEST_REACH:
            raise TileError(
                f"a range of {self.reach} px is not possible; choose from 1 to {LARGEST_REACH} px"
            )
        if self.size < max(SMALLEST_SIZE, self.reach + 1):
            raise TileError(
                f"squares of {self.size} px share nothing when shifted by {self.reach} px; take "
                f"at least {max(SMALLEST_SIZE, self.reach + 1)} px, better {4 * self.reach}"
            )
        if self.count is not None and self.count < 1:
            raise TileError(f"{self.count} tiles cannot be made; ask for at least 1")
        if not 0 <= self.validation < 1:
            raise TileError(
                f"a validation share of {self.validation} is not possible; give from 0 to below 1"
            )
        if self.seed < 0:
            raise TileError(f"a seed is no negative number, but is {self.seed}; give 0 or more")

    @property
    def shifts(self) -> np.ndarray:
        """All ((2R+1)^2, 2) shifts (dy, dx), row by row."""
        line = np.arange(-self.reach, self.reach + 1)
        return np.stack(np.meshgrid(line, line, indexing="ij"), axis=-1).reshape(-1, 2)


@dataclass(frozen=True, eq=False)
class PlannedTiles:
    """N tiles, pair by pair, those for training first; all arrays (N,).

    Parameters
    ----------
    pair : int array
        Index of the hand alignment.
    dy, dx : int array
        The label, in px.
    y, x : int array
        Top-left pixel of the first square, in the pixels of the frame it is cut from.
    swapped : bool array
        Whether that is the pair's second frame; see `places`.
    validation : bool array
        Which split.
    """

    pair: np.ndarray
    dy: np.ndarray
    dx: np.ndarray
    y: np.ndarray
    x: np.ndarray
    swapped: np.ndarray
    validation: np.ndarray

    def __len__(self) -> int:
        return len(self.pair)


def plan_tiles(alignments: Sequence[HandAlignment], plan: TilePlan) -> PlannedTiles:
    """Decide on every tile.

    In each pair, in each split and in all, every shift is taken equally often to within one (with
    `even_max`, every largest shift, and within one of these every shift). Pairs give equally many
    tiles; in each, places are spread evenly along and across the seam: of n tiles, one lies in
    each n-th of what its shift allows.

    Parameters
    ----------
    alignments : sequence of HandAlignment
        The seed pairs. Those of the same two frames are always on the same side of the split.
    plan : TilePlan
        What to make.

    Returns
    -------
    PlannedTiles

    Raises
    ------
    TileError
        If there is no pair, or an overlap is too narrow for the squares.
    """
    if not alignments:
        raise TileError("there is no hand alignment to cut tiles from; align some pairs first")
    possible = [_checked_places(alignment, plan) for alignment in alignments]
    rng = np.random.default_rng(plan.seed)
    is_validation = _validation_pairs(alignments, plan, rng)
    order = np.argsort(is_validation, kind="stable")
    counts = _counts(alignments, plan, order)
    dealt = _dealt(plan, int(counts.sum()), rng)
    columns: dict[str, list[np.ndarray]] = {"pair": [], "place": [], "swapped": []}
    start = 0
    for pair in order:
        n = int(counts[pair])
        here = dealt[start : start + n]
        start += n
        low, high = possible[pair].low[here], possible[pair].high[here]
        # A Latin square: each axis is cut into n parts, and each part is used once.
        own = np.random.default_rng([plan.seed, int(pair)])
        parts = np.stack([own.permutation(n), own.permutation(n)], axis=-1)
        share = (parts + own.random((n, 2))) / max(n, 1)
        columns["place"].append(low + np.floor(share * (high - low + 1)).astype(np.int64))
        columns["pair"].append(np.full(n, pair))
        columns["swapped"].append(possible[pair].swapped[here])
    pairs = np.concatenate(columns["pair"])
    at = np.concatenate(columns["place"])
    shift = plan.shifts[dealt]
    return PlannedTiles(
        pairs,
        shift[:, 0],
        shift[:, 1],
        at[:, 0],
        at[:, 1],
        np.concatenate(columns["swapped"]),
        is_validation[pairs],
    )


def plan_hash(alignments: Sequence[HandAlignment], plan: TilePlan) -> str:
    """Name a plan and its seed pairs: equal only if the tiles would be equal, byte by byte."""
    pairs = [
        [
            alignment.first.sha256,
            alignment.first.page,
            alignment.second.sha256,
            alignment.second.page,
            *alignment.offset.whole(),
        ]
        for alignment in alignments
    ]
    text = json.dumps({"version": _VERSION, "plan": asdict(plan), "pairs": pairs})
    return hashlib.sha256(text.encode()).hexdigest()


def _checked_places(alignment: HandAlignment, plan: TilePlan) -> Places:
    shapes = alignment.first.shape, alignment.second.shape
    offset = alignment.offset.whole()
    found = places(*shapes, offset, plan.shifts, plan.size)
    if found.exist.all():
        return found
    height, width = overlap_boxes(*shapes, Offset(*offset))[0].shape
    narrow = min(height, width)
    if narrow < plan.size:
        raise TileError(
            f"the overlap of {alignment.name} is {height} x {width} px, narrower than squares of "
            f"{plan.size} px; take --size {narrow} or less, or leave the pair out"
        )
    lacking = plan.shifts[~found.exist]
    raise TileError(
        f"the overlap of {alignment.name} is {height} x {width} px, which leaves no room for "
        f"squares of {plan.size} px shifted by (dy {lacking[0][0]}, dx {lacking[0][1]}); take "
        f"--size {max(1, plan.size - plan.reach)} or less, a smaller --range, or leave the pair "
        "out"
    )


def _validation_pairs(
    alignments: Sequence[HandAlignment], plan: TilePlan, rng: np.random.Generator
) -> np.ndarray:
    """(n,) bool: which pairs are for validation. The same two frames are never on both sides."""
    frames = [
        frozenset((file.sha256, file.page or 0) for file in (alignment.first, alignment.second))
        for alignment in alignments
    ]
    groups = list(dict.fromkeys(frames))
    shuffled = [groups[at] for at in rng.permutation(len(groups))]
    n = 0
    if plan.validation and len(groups) > 1:
        n = min(max(round(plan.validation * len(groups)), 1), len(groups) - 1)
    chosen = set(shuffled[:n])
    return np.array([frame in chosen for frame in frames])


def _counts(alignments: Sequence[HandAlignment], plan: TilePlan, order: np.ndarray) -> np.ndarray:
    """(n,) int: how many tiles each pair gives."""
    counts = np.zeros(len(alignments), np.int64)
    if plan.count is not None:
        each, more = divmod(plan.count, len(alignments))
        counts[order] = each
        counts[order[:more]] += 1
        return counts
    for at, alignment in enumerate(alignments):
        box, _ = overlap_boxes(
            alignment.first.shape, alignment.second.shape, Offset(*alignment.offset.whole())
        )
        squares = max(1, box.height // plan.size) * max(1, box.width // plan.size)
        counts[at] = squares * len(plan.shifts)
    return counts


def _dealt(plan: TilePlan, n: int, rng: np.random.Generator) -> np.ndarray:
    """(n,) int: which shift each tile has. Any run of them is even, since they are dealt out."""
    turn = np.arange(n)
    if not plan.even_max:
        return rng.permutation(len(plan.shifts))[turn % len(plan.shifts)]
    ring = np.abs(plan.shifts).max(axis=1)
    rings = [rng.permutation(np.flatnonzero(ring == largest)) for largest in range(plan.reach + 1)]
    which, lap = rng.permutation(len(rings))[turn % len(rings)], turn // len(rings)
    dealt = np.empty(n, np.int64)
    for largest, shifts in enumerate(rings):
        here = which == largest
        dealt[here] = shifts[lap[here] % len(shifts)]
    return dealt
