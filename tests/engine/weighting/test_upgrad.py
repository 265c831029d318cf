import numpy as np
import pytest
from scipy.optimize import minimize

from tests.engine.weighting.problems import gradients, make, weigh


def slow(rows):
    """The sum of all projections, each by a general solver on the Gram matrix."""
    gram = rows @ rows.T
    weights = np.zeros(len(rows))
    for unit in np.eye(len(rows)):

        def squared_length(added, unit=unit):
            return (unit + added) @ gram @ (unit + added), 2 * gram @ (unit + added)

        bounds = [(0, None)] * len(rows)
        options = {"ftol": 1e-16, "gtol": 1e-12, "maxiter": 10_000}
        found = minimize(squared_length, 0 * unit, jac=True, bounds=bounds, method="L-BFGS-B", options=options)
        weights += unit + found.x
    return weights


@pytest.mark.parametrize("count", [2, 3, 14])
@pytest.mark.parametrize("imbalance", [1, 1e3, 1e4])
@pytest.mark.parametrize("seed", range(3))
def test_harms_no_task(count, imbalance, seed):
    rows = gradients(count, seed=seed, imbalance=imbalance)
    update, weights = weigh(make("upgrad", count), rows)
    assert (rows @ update / np.linalg.norm(rows, axis=1)).min() > -1e-10 * imbalance
    assert (weights >= 1).all()


@pytest.mark.parametrize("count", [2, 3, 6])
@pytest.mark.parametrize("seed", range(3))
def test_agrees_with_a_general_solver(count, seed):
    rows = gradients(count, 10, seed=seed, imbalance=5)
    _, weights = weigh(make("upgrad", count), rows)
    np.testing.assert_allclose(weights, slow(rows), rtol=1e-4)


def test_two_tasks_in_closed_form_as_pcgrad():
    rows = np.array([[1.0, 0], [-1, 1]])
    update, weights = weigh(make("upgrad", 2), rows)
    np.testing.assert_allclose(update, [0.5, 1.5])
    np.testing.assert_allclose(weights, [2, 1.5])


def test_gradients_that_do_not_conflict_get_their_sum():
    rows = np.abs(gradients(5))
    update, weights = weigh(make("upgrad", 5), rows)
    np.testing.assert_allclose(update, rows.sum(0))
    np.testing.assert_array_equal(weights, 1)


def test_opposite_gradients_have_no_common_step():
    update, _ = weigh(make("upgrad", 2), np.array([[1.0, 2], [-2, -4]]))
    np.testing.assert_allclose(update, 0, atol=1e-7)
