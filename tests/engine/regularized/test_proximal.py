"""Penalties with kinks: their proximal maps, and the conditions of an optimum."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Lasso, LogisticRegression, MultiTaskLasso

from engine.regularized.independent import Independent
from engine.regularized.joint_features import JointFeatures
from engine.regularized.proximal import shrink_columns, shrink_singular_values
from engine.regularized.trace_norm import TraceNorm
from tests.engine.regularized.problems import LOSSES, problem, samples

seeds, thresholds, scales = st.integers(0, 10_000), st.floats(0, 5), st.sampled_from([1e-3, 0.1, 1.0, 30.0])


def trace(w):
    return np.linalg.svd(w, compute_uv=False).sum()


def columns(w):
    return np.sqrt((w**2).sum(axis=0)).sum()


@given(seeds, thresholds)
@settings(max_examples=30, deadline=None)
def test_singular_values_are_lowered(seed, threshold):
    random = np.random.default_rng(seed)
    left, right = np.linalg.qr(random.normal(size=(4, 3)))[0], np.linalg.qr(random.normal(size=(7, 3)))[0]
    values = random.uniform(0, 6, size=3)
    shrunk = shrink_singular_values(left * values @ right.T, threshold)
    np.testing.assert_allclose(shrunk, left * np.maximum(values - threshold, 0) @ right.T, atol=1e-12)


@given(seeds, thresholds)
@settings(max_examples=30, deadline=None)
def test_column_lengths_are_lowered(seed, threshold):
    random = np.random.default_rng(seed)
    directions = random.normal(size=(4, 7))
    directions /= np.linalg.norm(directions, axis=0)
    lengths = random.uniform(0, 6, size=7)
    lengths[0] = 0
    shrunk = shrink_columns(directions * lengths, threshold)
    np.testing.assert_allclose(shrunk, directions * np.maximum(lengths - threshold, 0), atol=1e-12)


@pytest.mark.parametrize(("shrink", "norm"), [(shrink_singular_values, trace), (shrink_columns, columns)])
@given(seeds, thresholds, scales)
@settings(max_examples=60, deadline=None)
def test_the_proximal_inequality(shrink, norm, seed, threshold, scale):
    """p = prox(a) just where threshold · norm(z) ≥ threshold · norm(p) + ⟨a − p, z − p⟩ for all z."""
    random = np.random.default_rng(seed)
    given_ = random.normal(size=(4, 6))
    p = shrink(given_, threshold)
    for near in (p, np.zeros_like(p), given_):
        z = near + scale * random.normal(size=(4, 6))
        bound = threshold * norm(p) + ((given_ - p) * (z - p)).sum()
        assert threshold * norm(z) >= bound - 1e-9 * (1 + abs(bound))


def negative_gradient(model, data):
    rows = []
    for task, (x, y) in enumerate(zip(*data, strict=True)):
        z = model.decision(x, task)
        slope = z - y if model.loss == "squared" else 1 / (1 + np.exp(-z)) - y
        assert abs(slope.mean()) < 1e-5  # the intercept is free
        rows.append(-(slope @ x) / len(x))
    return np.array(rows) - model.ridge * model.coefficients_


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("strength", [0.03, 0.1, 0.3])
def test_trace_norm_meets_the_conditions_of_an_optimum(loss, strength):
    """−∇f = strength · (U Vᵀ + M) with M orthogonal to W on both sides and no singular value above 1."""
    data = problem(loss, tasks=5)
    model = TraceNorm(loss=loss, strength=strength, tolerance=1e-8).fit(*data)
    towards = negative_gradient(model, data) / strength
    left, values, right = np.linalg.svd(model.coefficients_, full_matrices=False)
    rank = int((values > 1e-8).sum())
    assert 0 < rank < 5 or strength == 0.03
    left, right = left[:, :rank], right[:rank]
    np.testing.assert_allclose(left.T @ towards, right, atol=1e-5)
    np.testing.assert_allclose(towards @ right.T, left, atol=1e-5)
    assert np.linalg.norm(towards, 2) <= 1 + 1e-5


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("strength", [0.03, 0.1, 0.3])
def test_joint_features_meets_the_conditions_of_an_optimum(loss, strength):
    data = problem(loss, tasks=5)
    model = JointFeatures(loss=loss, strength=strength, tolerance=1e-8).fit(*data)
    towards = negative_gradient(model, data) / strength
    lengths = np.linalg.norm(model.coefficients_, axis=0)
    used = lengths > 0
    np.testing.assert_allclose(towards[:, used], model.coefficients_[:, used] / lengths[used], atol=1e-5)
    assert (np.linalg.norm(towards, axis=0) <= 1 + 1e-5).all()


def test_tasks_with_the_same_inputs_are_the_multi_task_lasso_of_scikit_learn():
    random = np.random.default_rng(0)
    x = random.normal(1, 1, size=(30, 8))
    y = x @ random.normal(size=(8, 3)) * ([1] * 3) + random.normal(size=(30, 3))
    model = JointFeatures(strength=0.4, tolerance=1e-9).fit([x] * 3, list(y.T))
    reference = MultiTaskLasso(alpha=0.4, tol=1e-12, max_iter=100_000).fit(x, y)
    np.testing.assert_allclose(model.coefficients_, reference.coef_, atol=1e-6)
    np.testing.assert_allclose(model.intercepts_, reference.intercept_, atol=1e-6)
    np.testing.assert_array_equal(model.coefficients_ == 0, reference.coef_ == 0)


def test_one_task_of_joint_features_is_the_lasso():
    (x,), (y,) = problem("squared", tasks=1)
    model = JointFeatures(strength=0.1, tolerance=1e-9).fit([x], [y])
    reference = Lasso(alpha=0.1, tol=1e-12, max_iter=100_000).fit(x, y)
    np.testing.assert_allclose(model.coefficients_[0], reference.coef_, atol=1e-6)
    (x,), (y,) = samples(np.array([[2.0, 0, 0, -1, 0]]), "logistic", 80)
    model = JointFeatures(loss="logistic", strength=0.02, tolerance=1e-9).fit([x], [y])
    sparse = LogisticRegression(l1_ratio=1, C=1 / (80 * 0.02), solver="saga", tol=1e-12, max_iter=200_000).fit(x, y)
    np.testing.assert_allclose(model.coefficients_, sparse.coef_, atol=1e-4)


@pytest.mark.parametrize("loss", LOSSES)
def test_one_task_of_the_trace_norm_is_ridge_of_the_strength_over_the_length(loss):
    data = problem(loss, tasks=1)
    model = TraceNorm(loss=loss, strength=0.05, tolerance=1e-9).fit(*data)
    alike = Independent(loss=loss, strength=0.05 / np.linalg.norm(model.coefficients_), tolerance=1e-9).fit(*data)
    np.testing.assert_allclose(model.coefficients_, alike.coefficients_, atol=1e-5)


@pytest.mark.parametrize("method", [TraceNorm, JointFeatures])
@pytest.mark.parametrize("loss", LOSSES)
def test_limits_of_the_strength(method, loss):
    data = problem(loss)
    weak = method(loss=loss, strength=1e-9, ridge=0.05, tolerance=1e-8).fit(*data)
    alone = Independent(loss=loss, strength=0.05).fit(*data)
    np.testing.assert_allclose(weak.coefficients_, alone.coefficients_, atol=1e-5)
    strong = method(loss=loss, strength=100.0).fit(*data)
    assert strong.converged_ and not strong.coefficients_.any()
    means = np.array([y.mean() for y in data[1]])
    expected = means if loss == "squared" else np.log(means / (1 - means))
    np.testing.assert_allclose(strong.intercepts_, expected, atol=1e-6)


@pytest.mark.parametrize("loss", LOSSES)
def test_the_trace_norm_finds_a_low_rank(loss):
    random = np.random.default_rng(0)
    coefficients = random.normal(size=(8, 2)) @ random.normal(size=(2, 10))
    model = TraceNorm(loss=loss, strength=0.3 if loss == "squared" else 0.06)
    model.fit(*samples(coefficients, loss, 300, noise=0.1))
    assert np.linalg.matrix_rank(model.coefficients_, 1e-6) == 2


@pytest.mark.parametrize("loss", LOSSES)
def test_joint_features_finds_those_that_are_used(loss):
    coefficients = np.zeros((8, 10))
    coefficients[:, [1, 4, 7]] = np.random.default_rng(0).normal(size=(8, 3))
    model = JointFeatures(loss=loss, strength=0.3 if loss == "squared" else 0.06)
    model.fit(*samples(coefficients, loss, 200, noise=0.1))
    assert np.flatnonzero(model.coefficients_.any(axis=0)).tolist() == [1, 4, 7]
