import math

import numpy as np
import torch

from tests.engine.weighting.problems import given, gradients, make, tasks_of, weigh


def test_at_the_optimum_the_variance_is_the_loss_of_a_regression_and_twice_that_of_a_classification():
    losses = [0.7, 0.2, 1.3]
    method = make("uncertainty", 3)
    (log_variances,) = method.parameters()
    optimizer = torch.optim.SGD([log_variances], lr=1.0)
    for _ in range(200):
        optimizer.zero_grad()
        method.backward(given(gradients(3), losses=losses))
        optimizer.step()
    assert [task.loss for task in tasks_of(3)] == ["squared_error", "binary_cross_entropy", "cross_entropy"]
    np.testing.assert_allclose(log_variances.detach().exp(), [0.7, 2 * 0.2, 2 * 1.3], rtol=1e-5)


def test_the_weights_are_the_inverse_variances_halved_for_a_regression():
    method = make("uncertainty", 3)
    method.load_state({"log_variances": torch.tensor([math.log(2), math.log(4), math.log(0.5)])})
    update, weights = weigh(method, np.eye(3))
    np.testing.assert_allclose(weights, [0.25, 0.25, 2], rtol=1e-6)
    np.testing.assert_allclose(update, weights)


def test_the_heads_are_weighed_as_well():
    joint = given(np.eye(3))
    make("uncertainty", 3).backward(joint)
    assert [each.grad.item() for each in joint.own] == [0.5, 1, 1]


def test_a_task_that_is_solved_for_good_gives_no_infinite_weight():
    method = make("uncertainty", 2)
    optimizer = torch.optim.SGD(method.parameters(), lr=1.0)
    for _ in range(500):
        optimizer.zero_grad()
        update, weights = weigh(method, np.zeros((2, 3)), losses=[0.0, 0.0])
        optimizer.step()
    assert np.isfinite(weights).all() and not update.any()
    optimizer.zero_grad()
    weigh(method, np.eye(2), losses=[1.0, 1.0])
    optimizer.step()
    assert (method.parameters()[0] > 0).all(), "the variance must come back once there is a loss"
