import numpy as np
import pytest
import torch
from scipy.optimize import minimize

from tests.engine.weighting.problems import gradients, make, weigh


def direction(rows, caution):
    """The d of the paper: without the factor that brings it to the one scale."""
    update, _ = weigh(make("cagrad", len(rows), caution=caution), rows)
    return update * (1 + caution) / len(rows)


def dual_bound(rows, caution):
    """The least value of the paper's dual that a general solver finds; no d can do better than any value of it."""
    mean, count = rows.mean(0), len(rows)

    def dual(weights):
        return weights @ rows @ mean + caution * np.linalg.norm(mean) * np.linalg.norm(weights @ rows)

    sums_to_one = {"type": "eq", "fun": lambda weights: weights.sum() - 1}
    start, bounds = np.full(count, 1 / count), [(0, 1)] * count
    return minimize(dual, start, bounds=bounds, constraints=sums_to_one, method="SLSQP", tol=1e-12).fun


@pytest.mark.parametrize("count", [2, 3, 14])
@pytest.mark.parametrize("caution", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("imbalance", [1, 10])
def test_the_worst_gain_reaches_the_bound_of_the_dual_within_the_ball(count, caution, imbalance):
    rows = gradients(count, seed=count, imbalance=imbalance)
    mean, found = rows.mean(0), direction(rows, caution)
    assert np.linalg.norm(found - mean) <= caution * np.linalg.norm(mean) * (1 + 1e-8)
    assert (rows @ found).min() == pytest.approx(dual_bound(rows, caution), rel=1e-4)


@pytest.mark.parametrize("seed", range(3))
def test_no_random_direction_of_the_ball_serves_the_worst_off_better(seed):
    rows = gradients(3, 3, seed=seed)
    mean, found = rows.mean(0), direction(rows, 0.5)
    around = np.random.default_rng(seed).standard_normal((20_000, 3))
    others = mean + 0.5 * np.linalg.norm(mean) * around / np.linalg.norm(around, axis=1, keepdims=True)
    best = (others @ rows.T).min(1).max()
    assert best <= (rows @ found).min() + 1e-9
    assert best > (rows @ found).min() - 0.02


@pytest.mark.parametrize("imbalance", [1e3, 1e4])
def test_at_great_imbalance_no_neighbour_in_the_ball_is_better(imbalance):
    rows = gradients(4, 6, imbalance=imbalance)
    mean, found = rows.mean(0), direction(rows, 0.5)
    radius = 0.5 * np.linalg.norm(mean)
    assert np.linalg.norm(found - mean) == pytest.approx(radius, rel=1e-6)
    value, random = (rows @ found).min(), np.random.default_rng(0)
    for size in (1e-1, 1e-3, 1e-5):
        others = found - mean + size * radius * random.standard_normal((2000, 6))
        others *= np.minimum(1, radius / np.linalg.norm(others, axis=1))[:, None]
        assert ((mean + others) @ rows.T).min(1).max() <= value + 1e-7 * abs(value)


def test_without_caution_it_is_the_sum():
    rows = gradients(4)
    update, weights = weigh(make("cagrad", 4, caution=0.0), rows)
    np.testing.assert_allclose(update, rows.sum(0))
    np.testing.assert_allclose(weights, 1)


def test_opposite_gradients_only_shorten_the_step():
    rows = np.array([[3.0, 0], [-1, 0]])
    np.testing.assert_allclose(direction(rows, 0.5), 0.5 * rows.mean(0), rtol=1e-6)


def test_at_a_stationary_point_the_step_harms_none():
    rows = np.array([[2.0, 0, 0], [-2, 0, 0], [0, 1, 0]])
    found = direction(rows, 0.5)
    assert (rows @ found).min() > -1e-5
    np.testing.assert_allclose(found, rows.mean(0), atol=1e-5)


def test_near_a_stationary_point_large_factors_cancel_without_a_loss():
    rows = np.array([[1000.25, 0.003, 0], [-1000.25, 0.002, 0], [0.125, 0, 0.5]], np.float32)
    update, weights = weigh(make("cagrad", 3), rows, dtype=torch.float32)
    assert np.abs(weights).max() > 25
    np.testing.assert_allclose(update, weights @ rows.astype(float), rtol=1e-6, atol=1e-9)


def test_gradients_that_cancel_give_no_step():
    update, weights = weigh(make("cagrad", 2), np.array([[1.0, 0], [-1, 0]]))
    assert not update.any() and np.isfinite(weights).all()
