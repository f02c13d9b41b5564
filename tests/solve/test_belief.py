import itertools

import numpy as np
import pytest

from napari_seamnet.solve.belief import Factor, difference, propagate

W = 1
STATES = list(itertools.product(range(-W, W + 1), repeat=2))


def enumerate_all(prior, factors):
    """Exact marginals of nodes and of differences, by summing over every joint state."""
    n = len(prior)
    nodes = np.zeros_like(prior)
    apart = np.zeros((len(factors), 4 * W + 1, 4 * W + 1))
    index = np.array(STATES) + W
    flat = prior.reshape(n, -1)
    tables = [
        np.array(
            [[f.table[2 * W + b[0] - a[0], 2 * W + b[1] - a[1]] for b in STATES] for a in STATES]
        )
        for f in factors
    ]
    # One axis a node: all joint states at once.
    joint = np.ones((len(STATES),) * n)
    for i in range(n):
        joint = joint * flat[i].reshape([-1 if k == i else 1 for k in range(n)])
    for f, table in zip(factors, tables, strict=True):
        shape = [1] * n
        shape[f.first] = shape[f.second] = len(STATES)
        joint = joint * (table if f.first < f.second else table.T).reshape(shape)
    joint /= joint.sum()
    for i in range(n):
        of_node = joint.sum(axis=tuple(k for k in range(n) if k != i))
        nodes[i][index[:, 0], index[:, 1]] = of_node
    for row, f in enumerate(factors):
        pair = joint.sum(axis=tuple(k for k in range(n) if k not in (f.first, f.second)))
        if f.first > f.second:
            pair = pair.T
        for (a, s), (b, t) in itertools.product(enumerate(STATES), repeat=2):
            apart[row, 2 * W + t[0] - s[0], 2 * W + t[1] - s[1]] += pair[a, b]
    return nodes, apart


def random_factors(rng, pairs, least=0.05):
    return [Factor(a, b, rng.random((4 * W + 1, 4 * W + 1)) + least) for a, b in pairs]


@pytest.mark.parametrize("seed", range(5))
def test_on_a_tree_it_is_exact(seed):
    rng = np.random.default_rng(seed)
    prior = rng.random((4, 3, 3))
    factors = random_factors(rng, [(0, 1), (2, 1), (3, 2)], least=1e-3)
    nodes, apart = enumerate_all(prior, factors)
    found = propagate(prior, factors, tolerance=1e-9, sweeps=200)
    np.testing.assert_allclose(found.nodes, nodes, atol=1e-7)
    np.testing.assert_allclose(difference(found, factors, range(3)), apart, atol=1e-7)


@pytest.mark.parametrize("seed", range(5))
def test_on_two_by_two_it_agrees_with_enumeration(seed):
    rng = np.random.default_rng(seed)
    prior = rng.random((4, 3, 3)) + 0.2
    factors = random_factors(rng, [(0, 1), (2, 3), (0, 2), (1, 3)], least=0.3)
    nodes, apart = enumerate_all(prior, factors)
    found = propagate(prior, factors, tolerance=1e-8)
    np.testing.assert_allclose(found.nodes, nodes, atol=0.01)
    np.testing.assert_allclose(difference(found, factors, range(4)), apart, atol=0.01)


def grid_pairs(rows, cols):
    for r, c in itertools.product(range(rows), range(cols)):
        if c + 1 < cols:
            yield r * cols + c, r * cols + c + 1
        if r + 1 < rows:
            yield r * cols + c, (r + 1) * cols + c


@pytest.mark.parametrize("seed", range(3))
def test_on_three_by_three_it_finds_the_most_probable_states(seed):
    """Three states a node: 3^9 joint states can be summed over, and are."""
    rng = np.random.default_rng(seed)
    prior = np.zeros((9, 3, 3))
    prior[:, 1, :] = 1.0  # only dx varies, or enumeration would take 9^9 states
    truth = rng.integers(-1, 2, 9)
    pairs = list(grid_pairs(3, 3))
    factors = []
    for number, (a, b) in enumerate(pairs):
        table = np.full((5, 5), 0.02)
        table[2, 2 + truth[b] - truth[a]] = 1.0
        if number % 3 == 0:  # a rival as loud as the truth
            table[2, rng.integers(0, 5)] = 1.0
        factors.append(Factor(a, b, table))
    prior[0] = 0
    prior[0, 1, 1 + truth[0]] = 1.0
    line = prior[:, 1, :]
    joint = np.ones((3,) * 9)
    for i in range(9):
        joint = joint * line[i].reshape([-1 if k == i else 1 for k in range(9)])
    for f in factors:
        table = np.array([[f.table[2, 2 + t - s] for t in range(3)] for s in range(3)])
        shape = [1] * 9
        shape[f.first] = shape[f.second] = 3
        joint = joint * table.reshape(shape)
    joint /= joint.sum()
    found = propagate(prior, factors, tolerance=1e-6)
    for i in range(9):
        exact = joint.sum(axis=tuple(k for k in range(9) if k != i))
        np.testing.assert_allclose(found.nodes[i, 1], exact, atol=0.05)
        assert found.nodes[i, 1].argmax() == truth[i] + 1


def test_a_node_that_is_held_stays_there():
    prior = np.ones((2, 3, 3))
    prior[0] = 0
    prior[0, 0, 2] = 1
    table = np.full((5, 5), 1e-6)
    table[3, 1] = 1.0  # second - first = (1, -1)
    found = propagate(prior, [Factor(0, 1, table)])
    assert found.nodes[0, 0, 2] == pytest.approx(1)
    assert np.unravel_index(found.nodes[1].argmax(), (3, 3)) == (1, 1)


def test_a_warm_start_ends_in_the_same_beliefs_sooner():
    rng = np.random.default_rng(1)
    prior = rng.random((9, 3, 3)) + 0.1
    factors = random_factors(rng, list(grid_pairs(3, 3)), least=0.3)
    cold = propagate(prior, factors, tolerance=1e-7)
    changed = prior.copy()
    changed[4] = np.roll(changed[4], 1, axis=0)
    warm = propagate(changed, factors, start=cold.incoming, tolerance=1e-7)
    fresh = propagate(changed, factors, tolerance=1e-7)
    np.testing.assert_allclose(warm.nodes, fresh.nodes, atol=1e-5)
    assert warm.sweeps < fresh.sweeps


def test_kernels_that_do_not_fit_into_memory_give_the_same(monkeypatch):
    rng = np.random.default_rng(2)
    prior = rng.random((4, 3, 3)) + 0.1
    factors = random_factors(rng, [(0, 1), (3, 2), (0, 2), (1, 3)])
    kept = propagate(prior, factors)
    monkeypatch.setattr("napari_seamnet.solve.belief.CACHED_BYTES", 0)
    np.testing.assert_array_equal(propagate(prior, factors).nodes, kept.nodes)


def test_without_factors_the_prior_stands():
    prior = np.random.default_rng(3).random((2, 3, 3))
    found = propagate(prior, [])
    np.testing.assert_allclose(found.nodes, prior / prior.sum(axis=(1, 2), keepdims=True))


def test_what_the_report_raises_stops_it():
    class Enough(Exception):
        pass

    def report(done, total):
        raise Enough

    with pytest.raises(Enough):
        propagate(np.ones((2, 3, 3)), [Factor(0, 1, np.ones((5, 5)))], report=report)
