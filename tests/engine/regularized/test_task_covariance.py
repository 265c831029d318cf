import numpy as np
import pytest
from scipy.linalg import sqrtm

from engine.regularized.independent import Independent
from engine.regularized.linear import Problem
from engine.regularized.task_covariance import TaskCovariance, task_covariance
from engine.regularized.trace_norm import TraceNorm
from tests.engine.regularized.problems import LOSSES, problem, samples, smoothed

losses = pytest.mark.parametrize("loss", LOSSES)


@losses
@pytest.mark.parametrize("ridge", [0.0, 0.1])
def test_covariance_and_coefficients_are_each_best_for_the_other(loss, ridge):
    data = problem(loss, tasks=5)
    model = TaskCovariance(loss=loss, strength=0.1, ridge=ridge, smoothing=0.1, tolerance=1e-9).fit(*data)
    w = model.coefficients_
    root = np.real(sqrtm(w @ w.T + smoothed(model, data) * np.eye(5)))
    np.testing.assert_allclose(model.covariance_, root / np.trace(root), atol=1e-7)
    coupling = 0.1 * np.linalg.inv(5 * model.covariance_) + ridge * np.eye(5)
    own = Problem(loss, *data, [np.full(len(x), 1 / len(x)) for x in data[0]]).losses()
    np.testing.assert_allclose(w, own.minimise(coupling, 1e-9, 10_000).coefficients, atol=1e-6)


@losses
def test_the_covariance_without_smoothing_to_speak_of(loss):
    """With as many samples as it takes for coefficients of full rank."""
    data = samples(np.random.default_rng(0).normal(size=(3, 6)), loss, 60)
    model = TaskCovariance(loss=loss, strength=0.01, smoothing=1e-6).fit(*data)
    root = np.real(sqrtm(model.coefficients_ @ model.coefficients_.T))
    np.testing.assert_allclose(model.covariance_, root / np.trace(root), atol=1e-6)


@losses
def test_a_covariance_is_positive_definite_of_trace_1_and_a_relation_a_correlation(loss):
    model = TaskCovariance(loss=loss, strength=1.0).fit(*problem(loss, tasks=7))
    assert np.linalg.eigvalsh(model.covariance_)[0] > 0
    np.testing.assert_allclose(np.trace(model.covariance_), 1)
    np.testing.assert_array_equal(model.covariance_, model.covariance_.T)
    np.testing.assert_array_equal(np.diag(model.relation_), 1)
    assert (np.abs(model.relation_) <= 1).all()


@pytest.mark.parametrize("seed", range(3))
def test_no_other_covariance_is_better(seed):
    random = np.random.default_rng(seed)
    w, epsilon = random.normal(size=(4, 6)), 0.01
    whole = w @ w.T + epsilon * np.eye(4)
    best = np.trace(np.linalg.solve(task_covariance(w, epsilon), whole))
    np.testing.assert_allclose(best, np.sqrt(np.linalg.eigvalsh(whole)).sum() ** 2)
    for _ in range(50):
        other = random.normal(size=(4, 4))
        other = other @ other.T + 0.1 * np.eye(4)
        assert np.trace(np.linalg.solve(other / np.trace(other), whole)) >= best


@losses
def test_tasks_alike_opposed_and_unrelated(loss):
    random = np.random.default_rng(0)
    inputs, targets = samples(random.normal(size=(2, 6)), loss, 60, shift=0, noise=0.1)
    turned = -targets[0] if loss == "squared" else 1 - targets[0]
    model = TaskCovariance(loss=loss, strength=0.05)
    model.fit([inputs[0], inputs[0], inputs[0], inputs[1]], [targets[0], targets[0], turned, targets[1]])
    assert model.relation_[0, 1] > 0.99
    assert model.relation_[0, 2] < -0.99
    assert abs(model.relation_[0, 3]) < 0.9
    np.testing.assert_allclose(model.coefficients_[0], model.coefficients_[1], atol=1e-4)


def test_orthogonal_tasks_of_one_length_are_as_if_alone():
    inputs = np.vstack([np.eye(3), -np.eye(3)]) * np.sqrt(3)
    targets = [inputs[:, task] for task in range(3)]
    model = TaskCovariance(strength=0.5).fit([inputs] * 3, targets)
    np.testing.assert_allclose(model.covariance_, np.eye(3) / 3, atol=1e-6)
    alone = Independent(strength=0.5).fit([inputs] * 3, targets)
    np.testing.assert_allclose(model.coefficients_, alone.coefficients_, rtol=1e-5, atol=1e-6)


@losses
def test_it_is_the_trace_norm_of_another_strength(loss):
    """(strength / 2T) ‖W‖_*² has the slope of strength' · ‖W‖_* for strength' = (strength / T) ‖W‖_*."""
    data = problem(loss, tasks=4)
    model = TaskCovariance(loss=loss, strength=0.2, smoothing=1e-5, tolerance=1e-8, max_iterations=20_000).fit(*data)
    strength = 0.2 / 4 * np.linalg.norm(model.coefficients_, "nuc")
    trace = TraceNorm(loss=loss, strength=strength, tolerance=1e-8).fit(*data)
    np.testing.assert_allclose(model.coefficients_, trace.coefficients_, atol=2e-3)
