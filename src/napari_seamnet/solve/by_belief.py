"""Positions from the seams' whole maps: the grid as a random field, solved by belief propagation.

Certain seams tie frames to clusters, where loops confirm them or none could contradict them; what
is left in doubt goes to `belief.py`; fractions come from least squares over the modes that were
chosen. What the result means for each frame and seam is said in `verdicts.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage, sparse

from ..geometry import Shift
from ..seams.seam import pairs_of
from ..shifts.estimate import Status
from .belief import Factor, difference, propagate
from .bridges import find_bridges
from .by_peaks import NEXT_TO_NOTHING
from .clusters import HandTies, find_clusters, grow_clusters, tie_by_hand
from .evidence import BLUR, likelihood, mode_near
from .least_squares import connected, fit_positions, fit_robustly
from .loops import CLOSED
from .placed import Placed
from .stage_model import expected_positions, expected_shift, wanders

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..layouts import Layout
    from ..seams.seam import Seam
    from ..shifts import Estimate
    from .solution import StageModel

SEAM_SPREAD = 0.3
"""px: how exact a good seam's sub-pixel shift is."""
SLACK = 6
"""px that a frame's states reach beyond the stage error."""
TOO_DOUBTFUL = 0.3
"""A frame whose best position is less probable than this stays where the stage model expects it:
guessing one of many alike would be wrong most of the time, and by more."""
SPOKEN_FOR = 1e-3
"""Least probability in a seam's own map of the mode that the solver chose for it."""
HOLDS = 0.75
"""A seam that is less probable than this holds no part together."""
TIED = 0.9999
"""Probability of what a closed loop of certain seams holds together."""
DEFAULT_RANGE = 15
"""px: range of seams that came without a map."""


def place_by_belief(
    layout: Layout,
    seams: Sequence[Seam],
    estimates: Sequence[Estimate],
    confirmed: set[int],
    stage: StageModel,
    stage_error: float | None = None,
    report: Callable[[int, int], None] | None = None,
) -> Placed:
    """Place the frames where all maps together say.

    Parameters
    ----------
    layout, seams, estimates
        What to place, and by what.
    confirmed : set of int
        Seams that tie frames together for good (`loops.confirmed_seams`).
    stage : StageModel
        Where the stage goes besides.
    stage_error : float, optional
        How far a frame may be off its expected place, in px each way; by default half the range
        of the seams' maps, since both frames of a seam may be off, counted from where certain
        seams lead that no others could contradict.
    report : callable, optional
        Called as ``report(done, total)``; what it raises stops the work.
    """
    n = len(layout)
    hand = tie_by_hand(n, seams, estimates)
    tied = grow_clusters(n, seams, estimates, confirmed - hand.broken)
    span = _range(estimates)
    error = stage_error or max(span / 2, 2.0)
    nominal = np.array(layout.positions)
    expected = expected_positions(stage, layout, seams, nominal)
    tying = leading = tied
    if not stage_error:
        # How far the stage may be off is a guess then, and seams know better: errors may add up.
        tying = tied | _bridging(n, seams, estimates)
        leading = tying | _refuting(seams, estimates, tying, expected, error, hand)
    start, step = _start(layout, seams, estimates, leading, stage, expected, hand)
    adds_up = step > 0
    centre = (
        start if adds_up else np.where(_led(n, seams, tied, leading)[:, None], start, expected)
    )
    # A frame beside held ones may be off by as much as steps vary, whatever the range of the maps.
    error = max(error, 2.5 * step)
    clusters = find_clusters(n, seams, tying)
    q = np.floor(start + 0.5).astype(int)
    # Counted from where seams lead, nothing lies farther off than seams can tell.
    reach = math.ceil(min(error, max(span, 2.5 * step))) + SLACK
    between = [k for k, s in enumerate(seams) if clusters[s.first] != clusters[s.second]]
    parts_of = seams, estimates, clusters, q, between, reach
    factors, factor_of = _factors(*parts_of, BLUR)
    # Blurred, so that loops can close on whole pixels; what is claimed is read without that.
    sharp, _ = _factors(*parts_of, 0.0)
    prior = _prior(clusters, centre, q, error, reach, adds_up)
    states = _decide(prior, factors, sharp, clusters, reach, report)
    at = q + states.best[clusters]
    probability = states.probability[clusters]
    elsewhere = (states.runner_up - states.best)[clusters]

    seam_probability = np.full(len(seams), TIED)
    for k in tying - tied:  # nothing but itself speaks for it
        seam_probability[k] = min(TIED, estimates[k].confidence)
    seam_runner_up = np.zeros(len(seams))
    chosen: dict[int, Shift] = {}
    for k, seam in enumerate(seams):
        placed = at[seam.second] - at[seam.first] - np.array(seam.nominal.whole())
        if k in factor_of:
            factor = factor_of[k]
            apart = states.best[factors[factor].second] - states.best[factors[factor].first]
            seam_probability[k], seam_runner_up[k] = _mass(
                states.apart[factor], apart, 2 * reach, astray=1
            )
        mode = mode_near(estimates[k], Shift(float(placed[0]), float(placed[1])))
        if mode is not None and mode.probability >= SPOKEN_FOR:
            chosen[k] = mode.shift
    undecided = states.within_1_px[clusters] < TOO_DOUBTFUL
    used = [
        k
        for k in chosen
        if k in tying
        or not (undecided[seams[k].first] or undecided[seams[k].second])
        or seam_probability[k] >= 0.5
    ]
    pairs = pairs_of(seams[k] for k in used)
    offsets = np.array([tuple(seams[k].nominal + chosen[k]) for k in used]).reshape(-1, 2)
    weights = np.clip(seam_probability[used], 0.05, 1) / SEAM_SPREAD**2
    # A part hangs together by what is rather right than wrong: across a weak tie nothing is known
    # of one side by the other, however sure each is of itself.
    holding = [k for k in used if k in tying or seam_probability[k] >= HOLDS]
    parts = connected(n, [seams[k].pair for k in holding])
    # Each part lies where the stage expects its frames on the average; only that is left open.
    hangs_free = ~np.isin(np.arange(n), pairs)
    prior_weights = np.where(hangs_free, 1 / error**2, NEXT_TO_NOTHING)
    anchor = _anchor(parts, probability)
    probability = probability * _along(n, seams, used, tying - tied, estimates, anchor)
    fit = fit_robustly(pairs, offsets, weights, centre, prior_weights, hand.ties, anchor)
    # Seams say nothing of how another part lies to the anchor's: the stage does.
    spread = np.where(parts == 0, fit.spread, error)
    # The anchor is sure of itself by definition; what it is tied by says how much that means.
    best_tie = np.zeros(n)
    np.maximum.at(best_tie, pairs.ravel(), np.repeat(seam_probability[used], 2))
    probability = np.minimum(probability, np.maximum(best_tie, TOO_DOUBTFUL / 2))
    return Placed(
        fit.positions,
        spread,
        probability if n > 1 else np.ones(1),
        np.where(
            states.runner_up_probability[clusters, None] > 0, fit.positions + elsewhere, np.nan
        ),
        states.runner_up_probability[clusters],
        parts,
        seam_probability,
        seam_runner_up,
        frozenset(used),
        hand,
    )


def _range(estimates: Sequence[Estimate]) -> int:
    """The widest range of the estimates' maps, in px; without any, of their shifts."""
    reaches = [e.map.max_shift for e in estimates if e.map is not None]
    farthest = [math.ceil(max(map(abs, e.shift))) for e in estimates if e.map is None]
    return max(reaches) if reaches else max([DEFAULT_RANGE, *farthest])


def _bridging(n: int, seams: Sequence[Seam], estimates: Sequence[Estimate]) -> set[int]:
    """Certain seams in no loop of seams that say anything: nothing could contradict them."""
    telling = [k for k, e in enumerate(estimates) if e.status is not Status.UNDETERMINED]
    bridges = {telling[k] for k in find_bridges(n, [seams[k].pair for k in telling])}
    return {k for k in bridges if estimates[k].status is Status.CERTAIN}


def _refuting(
    seams: Sequence[Seam],
    estimates: Sequence[Estimate],
    tying: set[int],
    expected: np.ndarray,
    error: float,
    hand: HandTies,
) -> set[int]:
    """Certain seams that agree, and lead farther than the stage was thought to be off."""
    n = len(expected)
    kept = [k for k, e in enumerate(estimates) if e.status is Status.CERTAIN or k in tying]
    pairs = pairs_of(seams[k] for k in kept)
    offsets = np.array([tuple(seams[k].nominal + estimates[k].shift) for k in kept]).reshape(-1, 2)
    weights = np.full(len(kept), 1 / SEAM_SPREAD**2)
    weak = np.full(n, NEXT_TO_NOTHING)
    at = fit_robustly(pairs, offsets, weights, expected, weak, hand.ties).positions
    missed = np.abs(at[pairs[:, 1]] - at[pairs[:, 0]] - offsets).max(axis=1)
    agreeing = {k for k, miss in zip(kept, missed, strict=True) if miss <= CLOSED}
    groups = find_clusters(n, seams, agreeing)
    off = at - expected
    middle = np.array([np.median(off[groups == g], axis=0) for g in range(groups.max() + 1)])
    astray = np.abs(off - middle[groups]).max(axis=1) > error
    sizes = np.bincount(groups)
    n_astray = np.bincount(groups[astray], minlength=len(sizes))
    # One seam that is wrong leads one frame astray, as a rule; a stage many.
    far = set(np.flatnonzero(n_astray >= np.maximum(2, sizes / 4)).tolist())
    return {k for k in agreeing if int(groups[seams[k].first]) in far}


def _along(
    n: int,
    seams: Sequence[Seam],
    used: Sequence[int],
    bridging: set[int],
    estimates: Sequence[Estimate],
    anchor: int,
) -> np.ndarray:
    """Probability, (n,), that all the bridges on the way from the anchor to a frame are right."""
    cost = [-math.log(estimates[k].confidence) if k in bridging else 0.0 for k in used]
    pairs = pairs_of(seams[k] for k in used)
    # A sparse graph takes 0 for no edge at all.
    graph = sparse.coo_matrix((np.maximum(cost, 1e-12), pairs.T), shape=(n, n)).tocsr()
    far = sparse.csgraph.dijkstra(graph, directed=False, indices=anchor)
    along: np.ndarray = np.exp(-np.where(np.isfinite(far), far, 0.0))
    return along


def _led(n: int, seams: Sequence[Seam], tied: set[int], leading: set[int]) -> np.ndarray:
    """Which frames hang together by more than what ties them for good: (n,) bool."""
    groups = find_clusters(n, seams, leading)
    led: np.ndarray = np.isin(groups, [groups[seams[k].first] for k in leading - tied])
    return led


def _start(
    layout: Layout,
    seams: Sequence[Seam],
    estimates: Sequence[Estimate],
    leading: set[int],
    stage: StageModel,
    expected: np.ndarray,
    hand: HandTies,
) -> tuple[np.ndarray, float]:
    """Where states are counted from: where seams lead, and the stage model for the rest.

    Returns
    -------
    positions : (N, 2) float array
    step : float
        If the stage's errors add up along the way (`stage_model.wanders`), the standard deviation
        of a step, in px; else 0.
    """
    held = sorted(leading)
    pairs = pairs_of(seams[k] for k in held)
    offsets = np.array([tuple(seams[k].nominal + estimates[k].shift) for k in held]).reshape(-1, 2)
    weights = np.full(len(held), 1 / SEAM_SPREAD**2)
    weak = np.full(len(expected), NEXT_TO_NOTHING)
    start = fit_positions(pairs, offsets, weights, expected, weak, hand.ties).positions
    clusters = find_clusters(len(layout), seams, held)
    largest = clusters == 0
    steps = np.array(
        [
            tuple(estimates[k].shift + -expected_shift(stage, layout, seams[k]))
            for k in held
            if largest[seams[k].first]
        ]
    ).reshape(-1, 2)
    if not wanders((start - expected)[largest], steps):
        return start, 0.0
    # Where errors add up, a frame is best expected where its neighbours lead.
    others = [k for k in range(len(seams)) if k not in leading]
    loose = pairs_of(seams[k] for k in others)
    moves = [tuple(seams[k].nominal + expected_shift(stage, layout, seams[k])) for k in others]
    step = max(float(np.std(steps, axis=0).max()), 1.0)
    start = fit_positions(
        np.concatenate([pairs, loose]),
        np.concatenate([offsets, np.array(moves).reshape(-1, 2)]),
        np.concatenate([weights, np.full(len(others), 1 / step**2)]),
        expected,
        weak,
        hand.ties,
    ).positions
    return start, step


def _factors(
    seams: Sequence[Seam],
    estimates: Sequence[Estimate],
    clusters: np.ndarray,
    q: np.ndarray,
    between: Sequence[int],
    reach: int,
    blur: float,
) -> tuple[list[Factor], dict[int, int]]:
    """One factor for every two clusters that share seams; of several seams, the product.

    Returns
    -------
    factors : list of Factor
    factor_of : dict of int to int
        For each seam its factor.
    """
    logs: dict[tuple[int, int], np.ndarray] = {}
    ends: dict[int, tuple[int, int]] = {}
    side = 4 * reach + 1
    for k in between:
        seam = seams[k]
        one, two = int(clusters[seam.first]), int(clusters[seam.second])
        # At equal states of both clusters, the seam's shift is this.
        base = q[seam.second] - q[seam.first] - np.array(seam.nominal.whole())
        far = int(np.abs(base).max())
        if far > 6 * reach:
            table = np.zeros((side, side))
        else:
            wide = 2 * reach + far
            low = wide - 2 * reach + base
            table = np.log(likelihood(estimates[k], wide, blur=blur))[
                low[0] : low[0] + side, low[1] : low[1] + side
            ]
        key = ends[k] = min(one, two), max(one, two)
        if one > two:  # the factor runs against the seam
            table = table[::-1, ::-1]
        logs[key] = logs[key] + table if key in logs else table
    keys = sorted(logs)
    index = {key: number for number, key in enumerate(keys)}
    factors = [Factor(*key, np.exp(np.maximum(logs[key] - logs[key].max(), -200))) for key in keys]
    return factors, {k: index[key] for k, key in ends.items()}


def _prior(
    clusters: np.ndarray,
    expected: np.ndarray,
    q: np.ndarray,
    error: float,
    reach: int,
    adds_up: bool,
) -> np.ndarray:
    """What the stage says of each cluster's states: flat within its error, then falling off.

    A cluster of many frames is held by all of them, unless their errors add up along the way: then
    they are not independent, and it is held as by one.
    """
    n = int(clusters.max()) + 1
    states = np.arange(-reach, reach + 1)
    off = q - expected
    count = np.bincount(clusters, minlength=n)
    logs = []
    for axis in (0, 1):
        # Fourth power: nearly as sharp as a box, but never impossible.
        each = -(((states[None] + off[:, axis, None]) / (1.05 * error)) ** 4)
        summed = np.zeros((n, len(states)))
        np.add.at(summed, clusters, each)
        logs.append(summed / count[:, None] if adds_up else summed)
    both = logs[0][:, :, None] + logs[1][:, None, :]
    both -= both.max(axis=(1, 2), keepdims=True)
    result: np.ndarray = np.exp(np.maximum(both, -700))
    return result


@dataclass(frozen=True, eq=False)
class _States:
    """What was decided for each cluster, and how probable every difference is."""

    best: np.ndarray
    probability: np.ndarray
    within_1_px: np.ndarray
    runner_up: np.ndarray
    runner_up_probability: np.ndarray
    apart: np.ndarray


def _decide(
    prior: np.ndarray,
    factors: list[Factor],
    sharp: list[Factor],
    clusters: np.ndarray,
    reach: int,
    report: Callable[[int, int], None] | None,
) -> _States:
    """Propagate, hold the anchor, propagate again, and read the states off.

    The whole mosaic may slide within the stage error, so that every frame by itself looks
    uncertain. Only seen from one frame, the anchor, its probability means anything.
    """
    sizes = np.bincount(clusters)
    if len(sizes) == 1:
        zero = np.zeros((1, 2), int)
        sure = np.full(1, TIED)
        return _States(zero, sure, sure, zero, np.zeros(1), np.zeros((0, 1, 1)))
    start = None
    held = prior.copy()
    anchor = 0
    if 2 * sizes[0] > sizes.sum():
        at = np.array(np.unravel_index(int(prior[0].argmax()), prior[0].shape))
    else:
        free = propagate(prior, factors, report=report)
        start = free.incoming
        worth = np.zeros(len(sizes))
        apart = difference(free, factors, range(len(factors)))
        for k, factor in enumerate(factors):
            sure = ndimage.uniform_filter(apart[k], 3, mode="constant").max() * 9
            worth[factor.first] += sure
            worth[factor.second] += sure
        anchor = int(np.lexsort((-worth, -sizes))[0])
        # Blurred: of a broad hill the middle, not the highest grain.
        hill = ndimage.gaussian_filter(free.nodes[anchor], 3.0, mode="constant")
        at = np.array(np.unravel_index(int(hill.argmax()), hill.shape))
    held[anchor] = 0
    held[anchor][tuple(at)] = 1
    beliefs = propagate(held, factors, start=start, report=report)
    n = len(sizes)
    best, second = np.zeros((n, 2), int), np.zeros((n, 2), int)
    mass, narrow, rival = np.zeros(n), np.zeros(n), np.zeros(n)
    for node in range(n):
        nodes = beliefs.nodes[node]
        shared = ndimage.uniform_filter(nodes, 3, mode="constant") * 9
        best[node] = np.unravel_index(int(nodes.argmax()), nodes.shape)
        mass[node], rival[node] = _mass(nodes, best[node] - reach, reach, within=2)
        narrow[node], _ = _mass(nodes, best[node] - reach, reach)
        y, x = best[node]
        shared[max(0, y - 3) : y + 4, max(0, x - 3) : x + 4] = 0
        second[node] = np.unravel_index(int(shared.argmax()), shared.shape)
    # What ties a cluster's frames together is not quite as sure as a proof.
    mass = np.minimum(mass, TIED)
    rival = np.where(rival < 1e-6, 0.0, rival)
    apart = difference(beliefs, sharp, range(len(sharp)))
    return _States(best - reach, mass, narrow, second - reach, rival, apart)


def _mass(
    table: np.ndarray, at: np.ndarray, reach: int, within: int = 1, astray: int = 0
) -> tuple[float, float]:
    """Probability near a place, and that of the next best place.

    Parameters
    ----------
    table : (2R+1, 2R+1) float array
        Probabilities of shifts.
    at : (2,) int array
        The place.
    reach : int
        R.
    within : int
        px that count as near: 1, and 2 of blurred tables, whose peaks lose 2 % beyond 1 px.
    astray : int
        px that the place itself may be off by, through rounding: the best near it counts.
    """
    y, x = (int(v) + reach for v in at)
    if not (0 <= y < table.shape[0] and 0 <= x < table.shape[1]):
        return 0.0, 0.0
    side = 2 * within + 1
    near = ndimage.uniform_filter(table, side, mode="constant") * side**2
    here = float(
        near[max(0, y - astray) : y + astray + 1, max(0, x - astray) : x + astray + 1].max()
    )
    shared = ndimage.uniform_filter(table, 3, mode="constant") * 9
    shared[max(0, y - 3) : y + 4, max(0, x - 3) : x + 4] = 0
    return min(here, 1.0), float(np.clip(shared.max(), 0, 1))


def _anchor(parts: np.ndarray, probability: np.ndarray) -> int:
    """The frame that uncertainty is seen from: the surest of the largest part."""
    return int(np.argmax(np.where(parts == 0, probability, -1)))
