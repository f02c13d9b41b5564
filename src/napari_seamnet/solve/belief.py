"""Belief propagation: how probable every state of every node is, on a graph of shifts.

Plain arithmetic on arrays; that nodes are clusters and factors seams is known to `by_belief.py`.

A node's state is a whole-pixel correction (dy, dx) within ±W. A factor says how probable each
difference of two nodes' states is. Since it depends on the difference alone, the message along it
is a convolution, which costs one FFT: that is what makes 41 x 41 states a frame affordable.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import fft

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

DAMPING = 0.5
"""Part of the old message that is kept; without it, messages around loops may swing for ever."""
SWEEPS = 80
TOLERANCE = 1e-3
"""Largest change of a message's probabilities, summed, that still counts as standing still."""
TINY = 1e-12
"""Least of a message, relative to its largest: what lies below is rounding of the FFT."""
BATCH = 64
"""Messages that are transformed together: a few MB, and long enough to keep all cores busy."""
CACHED_BYTES = 2**29
"""Transformed factors are kept if all together are smaller than this."""


@dataclass(frozen=True, eq=False)
class Factor:
    """How probable each difference of two nodes' states is.

    Parameters
    ----------
    first, second : int
        The two nodes.
    table : (4W+1, 4W+1) float array
        ``table[2W + dy, 2W + dx]`` is the likelihood of ``state of second - state of first =
        (dy, dx)``; positive, on any scale.
    """

    first: int
    second: int
    table: np.ndarray


@dataclass(frozen=True, eq=False)
class Beliefs:
    """What the propagation came to.

    Parameters
    ----------
    nodes : (N, 2W+1, 2W+1) float array
        Probability of each node's states, summing to 1 a node.
    incoming : (2F, 2W+1, 2W+1) float array
        The messages, for a warm start: of factor k to its second node at ``2k``, to its first at
        ``2k + 1``.
    sweeps : int
        How many it took.
    change : float
        Largest change of a message in the last one; small means that it stands still.
    """

    nodes: np.ndarray
    incoming: np.ndarray
    sweeps: int
    change: float


def propagate(
    prior: np.ndarray,
    factors: Sequence[Factor],
    *,
    start: np.ndarray | None = None,
    sweeps: int = SWEEPS,
    damping: float = DAMPING,
    tolerance: float = TOLERANCE,
    report: Callable[[int, int], None] | None = None,
) -> Beliefs:
    """Send messages along all factors until they stand still.

    Parameters
    ----------
    prior : (N, 2W+1, 2W+1) float array
        Probability of each node's states before any factor; a node whose prior is one point is
        held there.
    factors : sequence of Factor
        Any graph. Without loops the result is exact.
    start : (2F, 2W+1, 2W+1) array, optional
        `Beliefs.incoming` of an earlier run with the same factors.
    sweeps, damping, tolerance
        When to stop, and how much of a message is kept from the sweep before.
    report : callable, optional
        Called as ``report(done, total)`` before each sweep; what it raises stops the work.

    Returns
    -------
    Beliefs

    Notes
    -----
    Sum-product with parallel updates: Pearl, Probabilistic Reasoning in Intelligent Systems, 1988,
    chapter 4; on graphs with loops, Murphy, Weiss and Jordan, UAI 1999. After the first sweeps,
    only messages whose sources still change are sent again.
    """
    n, side = prior.shape[0], prior.shape[1]
    reach = side // 2
    with np.errstate(divide="ignore"):
        log_prior = np.log(prior / prior.max(axis=(1, 2), keepdims=True))
    # Impossible states stay so by a margin that no sum of messages makes up for.
    log_prior = np.maximum(log_prior, -1e4)
    if not len(factors):
        return Beliefs(_normalised(log_prior), np.zeros((0, side, side)), 0, 0.0)
    source, target = _ends(factors)
    incoming = np.full((2 * len(factors), side, side), 1 / side**2) if start is None else start
    log_incoming = np.log(incoming)
    total = log_prior.copy()
    np.add.at(total, target, log_incoming)
    kernels = _Kernels(factors, reach)
    incoming = incoming.copy()
    moved = np.full(2 * len(factors), np.inf)
    active = np.arange(2 * len(factors))
    done, change = 0, np.inf
    for sweep in range(sweeps):
        if report is not None:
            report(sweep, sweeps)
        fresh = np.empty((len(active), side, side))
        for low in range(0, len(active), BATCH):
            batch = active[low : low + BATCH]
            # What the source believes without what came along this very factor.
            cavity = _normalised(total[source[batch]] - log_incoming[batch ^ 1])
            fresh[low : low + BATCH] = kernels.send(cavity, batch)
        keep = damping if sweep else 0.0
        fresh = keep * incoming[active] + (1 - keep) * fresh
        moved[:] = 0.0
        moved[active] = np.abs(fresh - incoming[active]).sum(axis=(1, 2))
        log_fresh = np.log(fresh)
        np.add.at(total, target[active], log_fresh - log_incoming[active])
        incoming[active], log_incoming[active] = fresh, log_fresh
        done, change = sweep + 1, float(moved.max())
        if change < tolerance:
            break
        stirred = np.zeros(n, bool)
        stirred[target[moved >= tolerance]] = True
        # Damped messages have not arrived yet: they go on themselves, besides what they stir up.
        active = np.flatnonzero(stirred[source] | (moved >= tolerance))
    return Beliefs(_normalised(total), incoming, done, change)


def difference(beliefs: Beliefs, factors: Sequence[Factor], which: Sequence[int]) -> np.ndarray:
    """Tell how probable each difference of two nodes' states is, everything considered.

    Parameters
    ----------
    beliefs : Beliefs
        Of these factors.
    factors : sequence of Factor
        All of them.
    which : sequence of int
        Indices of those that are asked for.

    Returns
    -------
    (len(which), 4W+1, 4W+1) float array
        Probability of ``state of second - state of first``, summing to 1 each.
    """
    side = beliefs.nodes.shape[1]
    reach = side // 2
    size = fft.next_fast_len(4 * reach + 1, real=True)
    with np.errstate(divide="ignore"):
        log_nodes = np.maximum(np.log(beliefs.nodes), -1e4)
    found = np.empty((len(which), 4 * reach + 1, 4 * reach + 1))
    lags = np.arange(-2 * reach, 2 * reach + 1) % size
    for row, k in enumerate(which):
        factor = factors[k]
        to_second, to_first = np.log(beliefs.incoming[2 * k]), np.log(beliefs.incoming[2 * k + 1])
        pair = np.stack([log_nodes[factor.first] - to_first, log_nodes[factor.second] - to_second])
        first, second = fft.rfft2(_normalised(pair), (size, size))
        apart = fft.irfft2(second * first.conj(), (size, size))[np.ix_(lags, lags)]
        joint = np.maximum(apart, 0) * (factor.table / factor.table.max())
        mass = joint.sum()
        found[row] = joint / mass if mass > 0 else 1 / joint.size
    return found


def _ends(factors: Sequence[Factor]) -> tuple[np.ndarray, np.ndarray]:
    """Source and target of every message; message ``k ^ 1`` runs against message k."""
    first = np.array([factor.first for factor in factors])
    second = np.array([factor.second for factor in factors])
    return np.stack([first, second], 1).ravel(), np.stack([second, first], 1).ravel()


def _normalised(logs: np.ndarray) -> np.ndarray:
    """Probabilities that sum to 1, of logarithms on any scale; over the last two axes."""
    values = np.exp(logs - logs.max(axis=(-2, -1), keepdims=True))
    values /= values.sum(axis=(-2, -1), keepdims=True)
    result: np.ndarray = values
    return result


class _Kernels:
    """The factors' tables, transformed: once if they fit into `CACHED_BYTES`, else each time."""

    def __init__(self, factors: Sequence[Factor], reach: int) -> None:
        self.factors = factors
        self.reach = reach
        # Circular convolution of this size is right on the central 2W+1 states, which are all
        # that is kept: what wraps around falls outside of them.
        self.size = fft.next_fast_len(4 * reach + 1, real=True)
        n_bytes = 16 * len(factors) * self.size * (self.size // 2 + 1)
        self._kept = self._transform(range(len(factors))) if n_bytes <= CACHED_BYTES else None

    def _transform(self, which: Sequence[int] | range) -> np.ndarray:
        tables = np.stack([self.factors[k].table for k in which])
        tables = tables / tables.max(axis=(1, 2), keepdims=True)
        # The difference 0 belongs at index 0.
        padded = np.zeros((len(tables), self.size, self.size))
        padded[:, : tables.shape[1], : tables.shape[2]] = tables
        rolled = np.roll(padded, (-2 * self.reach, -2 * self.reach), axis=(1, 2))
        transformed: np.ndarray = fft.rfft2(rolled, workers=-1)
        return transformed

    def send(self, cavity: np.ndarray, messages: np.ndarray) -> np.ndarray:
        """Convolve what the sources believe with the factors that the messages run along."""
        factors, backwards = messages // 2, (messages % 2).astype(bool)
        if self._kept is None:
            kernels = self._transform([int(k) for k in factors])
        else:
            kernels = self._kept[factors].copy()
        # Backwards, the difference counts the other way round.
        kernels[backwards] = kernels[backwards].conj()
        side = 2 * self.reach + 1
        spectra = fft.rfft2(cavity, (self.size, self.size), workers=-1)
        spectra *= kernels
        sent = fft.irfft2(spectra, (self.size, self.size), workers=-1)[:, :side, :side]
        np.maximum(sent, TINY * sent.max(axis=(1, 2), keepdims=True), out=sent)
        sent /= sent.sum(axis=(1, 2), keepdims=True)
        result: np.ndarray = sent
        return result
