"""Quadratic penalties: against the normal equations, against scikit-learn, and in their limits."""

import numpy as np
import pytest
from scipy.linalg import block_diag
from sklearn.linear_model import LogisticRegression, Ridge

from engine.regularized import squared
from engine.regularized.graph_laplacian import GraphLaplacian
from engine.regularized.independent import Independent
from engine.regularized.mean_regularized import MeanRegularized
from engine.regularized.pooled import Pooled
from tests.engine.regularized.problems import LOSSES, METHODS, objective, problem, relation, samples


@pytest.mark.parametrize("strength", [1e-3, 0.1, 10.0])
@pytest.mark.parametrize("size", [4, 6, 7, 8, 50])
def test_ridge_in_closed_form(strength, size):
    inputs, targets = samples(np.random.default_rng(0).normal(size=(2, 6)), "squared", size)
    model = Independent(strength=strength).fit(inputs, targets)
    for task, (x, y) in enumerate(zip(inputs, targets, strict=True)):
        centred, aims = x - x.mean(axis=0), y - y.mean()
        w = np.linalg.solve(centred.T @ centred / size + strength * np.eye(6), centred.T @ aims / size)
        np.testing.assert_allclose(model.coefficients_[task], w, rtol=1e-8, atol=1e-10)
        ridge = Ridge(alpha=size * strength).fit(x, y)
        np.testing.assert_allclose(model.coefficients_[task], ridge.coef_, rtol=1e-8, atol=1e-10)
        np.testing.assert_allclose(model.intercepts_[task], ridge.intercept_, rtol=1e-8)


@pytest.mark.parametrize("strength", [1e-2, 0.1, 10.0])
def test_logistic_regression_of_scikit_learn(strength):
    inputs, targets = samples(np.random.default_rng(0).normal(size=(3, 6)), "logistic", [20, 40, 5])
    model = Independent(loss="logistic", strength=strength, tolerance=1e-8).fit(inputs, targets)
    for task, (x, y) in enumerate(zip(inputs, targets, strict=True)):
        reference = LogisticRegression(C=1 / (len(x) * strength), tol=1e-10, max_iter=10_000).fit(x, y)
        np.testing.assert_allclose(model.coefficients_[task], reference.coef_[0], atol=1e-5)
        np.testing.assert_allclose(model.intercepts_[task], reference.intercept_[0], atol=1e-5)
        np.testing.assert_array_equal(model.predict(x, task), reference.predict(x))


@pytest.mark.parametrize("loss", LOSSES)
def test_pooled_is_one_model_of_all_samples(loss):
    inputs, targets = samples(np.random.default_rng(0).normal(size=(3, 6)), loss, 10)
    model = Pooled(loss=loss, strength=0.1).fit(inputs, targets)
    kind = Ridge(alpha=30 * 0.1) if loss == "squared" else LogisticRegression(C=1 / (30 * 0.1), tol=1e-10)
    reference = kind.fit(np.concatenate(inputs), np.concatenate(targets))
    for task in range(3):
        np.testing.assert_allclose(model.coefficients_[task], np.ravel(reference.coef_), atol=1e-6)
        np.testing.assert_allclose(model.intercepts_[task], np.ravel(reference.intercept_)[0], atol=1e-6)


def test_pooled_counts_tasks_and_not_samples():
    inputs, targets = samples(np.random.default_rng(0).normal(size=(2, 3)), "squared", [10, 1000])
    model = Pooled(strength=0.1).fit(inputs, targets)
    weights = np.concatenate([np.full(10, 1 / 20), np.full(1000, 1 / 2000)])
    reference = Ridge(alpha=0.1).fit(np.concatenate(inputs), np.concatenate(targets), weights)
    np.testing.assert_allclose(model.coefficients_[1], reference.coef_, rtol=1e-8)
    np.testing.assert_allclose(model.intercepts_, reference.intercept_, rtol=1e-8)


def by_kronecker(coupling, inputs, targets):
    centred = [x - x.mean(axis=0) for x in inputs]
    own = block_diag(*(x.T @ x / len(x) for x in centred))
    towards = np.concatenate([x.T @ (y - y.mean()) / len(x) for x, y in zip(centred, targets, strict=True)])
    features = inputs[0].shape[1]
    return np.linalg.solve(own + np.kron(coupling, np.eye(features)), towards).reshape(-1, features)


@pytest.mark.parametrize("way", ["primal", "dual", "conjugate gradients"])
@pytest.mark.parametrize("strength", [1e-3, 0.3, 1e4])
def test_ties_are_solved_as_the_joint_system_is(way, strength, monkeypatch):
    tasks, features = 5, 7
    sizes = [30, 8, 12, 40, 9] if way == "primal" else [3, 30, 4, 2, 6]
    if way == "conjugate gradients":
        monkeypatch.setattr(squared, "DIRECT", 0)
    inputs, targets = samples(np.random.default_rng(0).normal(size=(tasks, features)), "squared", sizes)
    graph = GraphLaplacian(relation=relation(tasks), strength=strength, ridge=0.01).fit(inputs, targets)
    laplacian = np.diag(graph.relation_.sum(axis=1)) - graph.relation_
    direct = by_kronecker(strength * laplacian + 0.01 * np.eye(tasks), inputs, targets)
    assert graph.converged_
    np.testing.assert_allclose(graph.coefficients_, direct, rtol=1e-6, atol=1e-8)
    mean = MeanRegularized(strength=strength, ridge=0.01).fit(inputs, targets)
    centring = np.eye(tasks) - 1 / tasks
    direct = by_kronecker(strength * centring + 0.01 * np.eye(tasks), inputs, targets)
    np.testing.assert_allclose(mean.coefficients_, direct, rtol=1e-6, atol=1e-8)


def test_a_large_joint_system_is_solved_as_well():
    inputs, targets = samples(np.random.default_rng(0).normal(size=(20, 60)), "squared", [40, 90] * 10)
    model = MeanRegularized(strength=0.5, ridge=1e-3).fit(inputs, targets)
    assert model.converged_ and squared.DIRECT < 20 * 60
    direct = by_kronecker((0.5 + 1e-3) * np.eye(20) - 0.5 / 20, inputs, targets)
    np.testing.assert_allclose(model.coefficients_, direct, atol=1e-8)
    assert not MeanRegularized(strength=0.5, ridge=1e-3, max_iterations=3).fit(inputs, targets).converged_


@pytest.mark.parametrize("loss", LOSSES)
def test_all_pairs_alike_are_the_mean(loss):
    data = problem(loss)
    mean = MeanRegularized(loss=loss, strength=0.7, ridge=0.05).fit(*data)
    for unit in (1e-12, 1.0, 1e12):
        graph = GraphLaplacian(loss=loss, relation=np.full((4, 4), unit), strength=0.7, ridge=0.05).fit(*data)
        np.testing.assert_allclose(graph.coefficients_, mean.coefficients_, atol=1e-6)


@pytest.mark.parametrize("name", ["mean_regularized", "graph_laplacian"])
@pytest.mark.parametrize("loss", LOSSES)
def test_no_tie_is_independent_and_firm_ties_are_one_model(name, loss):
    inputs, targets = problem(loss)
    inputs = [np.vstack([x, -x]) for x in inputs]  # so that no task needs an intercept
    targets = [np.concatenate([y, -y if loss == "squared" else 1 - y]) for y in targets]
    loose = METHODS[name](4, loss=loss, strength=0.0).fit(inputs, targets)
    alone = Independent(loss=loss, strength=0.02).fit(inputs, targets)
    np.testing.assert_allclose(loose.coefficients_, alone.coefficients_, atol=1e-6)
    firm = METHODS[name](4, loss=loss, strength=1e7).fit(inputs, targets)
    together = Pooled(loss=loss, strength=0.02).fit(inputs, targets)
    np.testing.assert_allclose(firm.coefficients_, together.coefficients_, atol=1e-5)
    np.testing.assert_allclose(firm.intercepts_, 0, atol=1e-5)


def test_a_relation_is_averaged_over_directions_clipped_and_scaled():
    inputs, targets = problem("squared")
    given = np.array([[9, 4.0, -1, -3], [2, 9, 0, 1], [3, 0, 9, 0], [1, -1, 0, 9]])
    model = GraphLaplacian(relation=given).fit(inputs, targets)
    expected = np.zeros((4, 4))
    expected[0, 1] = expected[1, 0] = 3.0  # of 4 and 2
    expected[0, 2] = expected[2, 0] = 1.0  # of -1 and 3; -3 and 1 is clipped, 1 and -1 is nothing
    np.testing.assert_allclose(model.relation_, expected * 3 / expected.sum())
    alone = Independent(strength=0.01).fit(inputs, targets)
    np.testing.assert_allclose(model.coefficients_[3], alone.coefficients_[3], atol=1e-10)
    assert objective(model, (inputs, targets), model.coefficients_, model.intercepts_) == pytest.approx(
        model.objective_[0]
    )
