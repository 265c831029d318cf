import numpy as np
import pytest
from scipy.optimize import minimize

from engine.regularized.clustered import Clustered, memberships
from engine.regularized.independent import Independent
from tests.engine.regularized.problems import LOSSES, clustered, problem, samples

losses = pytest.mark.parametrize("loss", LOSSES)


@losses
@pytest.mark.parametrize("seed", range(3))
def test_planted_clusters_are_found(loss, seed):
    random = np.random.default_rng(seed)
    own = np.arange(9) % 3
    coefficients = random.normal(size=(3, 12))[own] + 0.1 * random.normal(size=(9, 12))
    model = Clustered(loss=loss, clusters=3, strength=1.0, ridge=0.3).fit(*samples(coefficients, loss, 80, seed))
    same = own[:, None] == own
    assert model.relation_[same].min() > 0.8
    assert np.abs(model.relation_[~same]).max() < 0.5
    np.testing.assert_array_equal(np.diag(model.relation_), 1)


def test_hard_clusters_are_penalised_by_the_distance_from_their_means():
    """Where coefficients are the same within each of k clusters, M is F Fᵀ and only the ridge is left."""
    own, eta = np.array([0, 0, 1, 1, 1]), 0.1
    w = np.random.default_rng(0).normal(size=(2, 6))[own]
    hard = np.equal.outer(own, own) / np.bincount(own)[own]
    np.testing.assert_allclose(memberships(w, 2, eta), hard, atol=1e-6)
    np.testing.assert_allclose((1 + eta) * clustered(np.linalg.svd(w)[1], 5, 2, eta), (w**2).sum())


@pytest.mark.parametrize("clusters", [1, 2, 3, 4])
@pytest.mark.parametrize("eta", [0.01, 0.5, 10.0])
def test_memberships_are_the_best_of_those_allowed(clusters, eta):
    w = np.random.default_rng(clusters).normal(size=(4, 6)) * np.array([[1], [1], [5], [0.1]])
    shared = memberships(w, clusters, eta)
    shares = np.linalg.eigvalsh(shared)
    assert shares[0] >= -1e-9 and shares[-1] <= 1 + 1e-9
    np.testing.assert_allclose(np.trace(shared), clusters)
    found = np.trace(np.linalg.solve(eta * np.eye(4) + shared, w @ w.T))
    singular = np.linalg.svd(w)[1]
    least = minimize(
        lambda m: (singular**2 / (eta + m)).sum(),
        np.full(4, clusters / 4),
        bounds=[(0, 1)] * 4,
        constraints={"type": "eq", "fun": lambda m: m.sum() - clusters},
        options={"ftol": 1e-14, "maxiter": 1000},
    )
    np.testing.assert_allclose(found, least.fun, rtol=1e-5)
    np.testing.assert_allclose(found, clustered(singular, 4, clusters, eta), rtol=1e-9)


@losses
def test_as_many_clusters_as_tasks_are_as_if_alone(loss):
    data = problem(loss)
    model = Clustered(loss=loss, clusters=4, strength=3.0, ridge=0.1).fit(*data)
    alone = Independent(loss=loss, strength=0.1).fit(*data)
    np.testing.assert_allclose(model.coefficients_, alone.coefficients_, atol=1e-6)


@losses
def test_a_vanishing_strength_is_as_if_alone(loss):
    data = problem(loss)
    model = Clustered(loss=loss, clusters=2, strength=1e-6, ridge=0.1).fit(*data)
    alone = Independent(loss=loss, strength=0.1).fit(*data)
    np.testing.assert_allclose(model.coefficients_, alone.coefficients_, atol=1e-4)


def test_a_task_with_nothing_to_learn_has_no_relation():
    inputs, targets = problem("squared")
    targets[2] = np.full_like(targets[2], 3.0)
    model = Clustered(clusters=2, strength=10.0).fit(inputs, targets)
    assert np.isfinite(model.relation_).all()
