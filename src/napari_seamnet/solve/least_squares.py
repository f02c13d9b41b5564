"""Sparse weighted least squares: positions from offsets, priors, and what a person fixed.

Plain algebra; which offsets count, and how much, is said by the caller.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

if TYPE_CHECKING:
    from collections.abc import Sequence

EXACT_UP_TO = 400
"""Unknowns up to which the spread is computed exactly; beyond, from samples, in linear time."""
BEND = 0.5
"""px: residual from which on an offset's pull no longer grows."""
REWEIGHTED = 4
"""How often offsets are weighed anew."""
SAMPLES = 100
"""Samples of the spread: it is good to 7 % then."""


@dataclass(frozen=True, eq=False)
class Fit:
    """Positions, and how far they may be off.

    Parameters
    ----------
    positions : (N, 2) float array
        (y, x), in px.
    spread : (N,) float array
        Standard deviation seen from the anchor, in px, the same on both axes.
    """

    positions: np.ndarray
    spread: np.ndarray


@dataclass(frozen=True, eq=False)
class Ties:
    """Frames that move together: each lies at a fixed offset from its group's origin.

    Parameters
    ----------
    group : (N,) int array
        Group of each frame, from 0 on.
    offset : (N, 2) float array
        Offset of each frame from its group's origin, in px.
    """

    group: np.ndarray
    offset: np.ndarray

    @classmethod
    def none(cls, n: int) -> Ties:
        """Every frame by itself."""
        return cls(np.arange(n), np.zeros((n, 2)))


def fit_positions(
    pairs: np.ndarray,
    offsets: np.ndarray,
    weights: np.ndarray,
    prior: np.ndarray,
    prior_weights: np.ndarray,
    ties: Ties | None = None,
    anchor: int | None = None,
    *,
    wants_spread: bool = True,
) -> Fit:
    """Find the positions that fit all offsets and priors best.

    Parameters
    ----------
    pairs : (M, 2) int array
        First and second frame of each offset.
    offsets : (M, 2) float array
        Offset of the second frame from the first, in px.
    weights : (M,) float array
        ``1 / variance`` of each, in 1/px².
    prior : (N, 2) float array
        Where each frame is expected, in px.
    prior_weights : (N,) float array
        ``1 / variance`` of that; some must be positive in every connected part.
    ties : Ties, optional
        Frames that keep a fixed offset from each other.
    anchor : int, optional
        Frame from which the spread is seen; by default the spread is absolute.
    wants_spread : bool, default True
        Whether the spread is found, which takes most of the time; zeros if not.

    Returns
    -------
    Fit
        The minimum of ``sum w |x_j - x_i - offset|^2 + sum p |x_i - prior_i|^2``.
    """
    n = len(prior)
    ties = Ties.none(n) if ties is None else ties
    n_groups = int(ties.group.max()) + 1
    pairs = pairs.reshape(-1, 2)
    first, second = ties.group[pairs[:, 0]], ties.group[pairs[:, 1]]
    target = offsets.reshape(-1, 2) - ties.offset[pairs[:, 1]] + ties.offset[pairs[:, 0]]
    rows = np.repeat(np.arange(len(pairs)), 2)
    columns = np.stack([first, second], 1).ravel()
    signs = np.tile([-1.0, 1.0], len(pairs))
    steps = sparse.csr_matrix((signs, (rows, columns)), shape=(len(pairs), n_groups))
    members = sparse.csr_matrix((np.ones(n), (np.arange(n), ties.group)), shape=(n, n_groups))
    weighted = sparse.diags(weights) @ steps
    held = sparse.diags(prior_weights) @ members
    normal = (steps.T @ weighted + members.T @ held).tocsc()
    right = weighted.T @ target + held.T @ (prior - ties.offset)
    factor = splu(normal, permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True})
    origins = factor.solve(right)
    positions = origins[ties.group] + ties.offset
    if not wants_spread:
        return Fit(positions, np.zeros(n))
    seen_from = None if anchor is None else int(ties.group[anchor])
    if n_groups <= EXACT_UP_TO:
        inverse = factor.solve(np.eye(n_groups))
        variance = np.diag(inverse).copy()
        if seen_from is not None:
            variance += inverse[seen_from, seen_from] - 2 * inverse[:, seen_from]
        variance = np.maximum(variance, 0)
    else:
        # Disturb every observation by its own error and fit again: samples of the answer's error.
        rng = np.random.default_rng(0)
        noise = weighted.T @ (
            rng.standard_normal((len(pairs), SAMPLES))
            / np.sqrt(np.maximum(weights, 1e-12))[:, None]
        ) + held.T @ (
            rng.standard_normal((n, SAMPLES)) / np.sqrt(np.maximum(prior_weights, 1e-12))[:, None]
        )
        samples = factor.solve(noise)
        if seen_from is not None:
            samples = samples - samples[seen_from]
        variance = (samples**2).mean(axis=1)
    return Fit(positions, np.sqrt(variance)[ties.group])


def fit_robustly(
    pairs: np.ndarray,
    offsets: np.ndarray,
    weights: np.ndarray,
    prior: np.ndarray,
    prior_weights: np.ndarray,
    ties: Ties | None = None,
    anchor: int | None = None,
) -> Fit:
    """As `fit_positions`, but offsets that miss what all others agree on count less and less.

    Notes
    -----
    Iteratively reweighted least squares (Holland and Welsch, Commun. Statist. A 6, 1977): from a
    residual of `BEND` on, or three times the usual residual where frames are warped and nothing
    fits exactly, an offset's pull falls with its residual.
    """
    fit = fit_positions(pairs, offsets, weights, prior, prior_weights, ties, anchor)
    pairs, offsets = pairs.reshape(-1, 2), offsets.reshape(-1, 2)
    for _ in range(REWEIGHTED if len(pairs) else 0):
        missed = np.abs(fit.positions[pairs[:, 1]] - fit.positions[pairs[:, 0]] - offsets)
        residual = missed.max(axis=1)
        bend = max(BEND, 3 * 1.4826 * float(np.median(residual)))
        if residual.max() <= bend:
            break
        eased = weights * np.minimum(1, (bend / np.maximum(residual, bend)) ** 2)
        fit = fit_positions(pairs, offsets, eased, prior, prior_weights, ties, anchor)
    return fit


def connected(n: int, pairs: Sequence[tuple[int, int]]) -> np.ndarray:
    """Number the connected parts of n frames, the largest first.

    Returns
    -------
    (n,) int array
        Part of each frame; 0 is the largest, of equal ones that of the first frame.
    """
    array = np.asarray(pairs, int).reshape(-1, 2)
    graph = sparse.coo_matrix((np.ones(len(array)), array.T), shape=(n, n))
    _, labels = sparse.csgraph.connected_components(graph, directed=False)
    sizes = np.bincount(labels)
    firsts = np.unique(labels, return_index=True)[1]
    order = np.lexsort((firsts, -sizes))
    rank = np.empty(len(sizes), int)
    rank[order] = np.arange(len(sizes))
    numbered: np.ndarray = rank[labels]
    return numbered
