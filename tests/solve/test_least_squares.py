import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_seamnet.solve import least_squares
from napari_seamnet.solve.least_squares import Ties, connected, fit_positions, fit_robustly


def chain(n):
    return np.stack([np.arange(n - 1), np.arange(1, n)], axis=1)


@given(st.integers(2, 12), st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_offsets_that_agree_are_met_exactly(n, seed):
    rng = np.random.default_rng(seed)
    truth = rng.uniform(-1000, 1000, (n, 2))
    pairs = chain(n)
    extra = rng.integers(0, n, (3, 2))
    pairs = np.concatenate([pairs, extra[extra[:, 0] != extra[:, 1]]])
    offsets = truth[pairs[:, 1]] - truth[pairs[:, 0]]
    prior = truth + rng.uniform(-30, 30, (n, 2))
    fit = fit_positions(pairs, offsets, np.ones(len(pairs)), prior, np.full(n, 1e-7))
    steps = fit.positions[pairs[:, 1]] - fit.positions[pairs[:, 0]]
    np.testing.assert_allclose(steps, offsets, atol=0.01)
    # Nothing but the prior says where the whole lies: as close to it as can be.
    np.testing.assert_allclose((fit.positions - prior).mean(axis=0), 0, atol=1e-3)


def test_a_frame_without_offsets_stays_where_it_is_expected():
    prior = np.array([(0.0, 0.0), (5.0, 80.0), (80.0, 0.0)])
    fit = fit_positions(
        np.array([(0, 1)]), np.array([(2.0, 81.0)]), np.ones(1), prior, np.full(3, 0.01)
    )
    np.testing.assert_allclose(fit.positions[2], prior[2])
    assert fit.spread[2] == pytest.approx(10)


def test_weights_are_inverse_variances():
    pairs = np.array([(0, 1), (0, 1)])
    offsets = np.array([(0.0, 0.0), (9.0, 9.0)])
    fit = fit_positions(pairs, offsets, np.array([2.0, 1.0]), np.zeros((2, 2)), np.full(2, 1e-9))
    np.testing.assert_allclose(fit.positions[1] - fit.positions[0], 3.0, atol=1e-3)


def test_ties_keep_their_offsets_whatever_seams_say():
    ties = Ties(np.array([0, 0, 1]), np.array([(0.0, 0.0), (7.0, 81.0), (0.0, 0.0)]))
    pairs = chain(3)
    offsets = np.array([(0.0, 80.0), (0.0, 80.0)])
    fit = fit_positions(pairs, offsets, np.full(2, 1e6), np.zeros((3, 2)), np.full(3, 1e-6), ties)
    np.testing.assert_allclose(fit.positions[1] - fit.positions[0], (7, 81))
    np.testing.assert_allclose(fit.positions[2] - fit.positions[1], (0, 80), atol=1e-3)


def test_spread_grows_along_a_chain_as_theory_says():
    n = 9
    fit = fit_positions(
        chain(n), np.zeros((n - 1, 2)), np.full(n - 1, 4.0), np.zeros((n, 2)), np.full(n, 1e-9),
        anchor=0,
    )  # fmt: skip
    np.testing.assert_allclose(fit.spread, 0.5 * np.sqrt(np.arange(n)), atol=1e-3)


def test_sampled_spread_is_near_the_exact_one(monkeypatch):
    n = 60
    arguments = (chain(n), np.zeros((n - 1, 2)), np.full(n - 1, 4.0), np.zeros((n, 2)))
    exact = fit_positions(*arguments, np.full(n, 1e-3), anchor=30)
    monkeypatch.setattr(least_squares, "EXACT_UP_TO", 10)
    sampled = fit_positions(*arguments, np.full(n, 1e-3), anchor=30)
    np.testing.assert_array_equal(sampled.positions, exact.positions)
    ratio = sampled.spread[exact.spread > 0] / exact.spread[exact.spread > 0]
    assert 0.75 < np.median(ratio) < 1.3


def test_one_offset_that_is_wrong_by_a_little_bends_nothing():
    n = 4
    pairs = np.array([(r * n + c, r * n + c + 1) for r in range(n) for c in range(n - 1)])
    pairs = np.concatenate([pairs, [(k, k + n) for k in range(n * (n - 1))]])
    truth = np.random.default_rng(0).uniform(-9, 9, (n * n, 2))
    offsets = truth[pairs[:, 1]] - truth[pairs[:, 0]]
    offsets[5] += 2.5
    arguments = (pairs, offsets, np.full(len(pairs), 11.0), truth, np.full(n * n, 1e-6))
    plain, robust = fit_positions(*arguments), fit_robustly(*arguments)
    assert np.abs(plain.positions - truth).max() > 0.5
    assert np.abs(robust.positions - truth).max() < 0.2


def test_parts_are_numbered_by_size_then_by_their_first_frame():
    parts = connected(7, [(5, 6), (0, 2), (2, 3)])
    assert parts.tolist() == [0, 2, 0, 0, 3, 1, 1]
    assert connected(2, []).tolist() == [0, 1]
