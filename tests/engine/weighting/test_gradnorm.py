import numpy as np
import pytest

from tests.engine.weighting.problems import make, weigh

ROWS = np.array([[1.0, 0, 0], [0, 3.0, 0]])


def test_the_first_step_by_hand():
    method = make("gradnorm", 2, weight_rate=0.1)
    _, first = weigh(method, ROWS)
    _, second = weigh(method, ROWS)
    np.testing.assert_array_equal(first, 1)
    # G = (1, 3), the target 2 for both: Adam's first step is the rate, up for the first and down for the second.
    np.testing.assert_allclose(second, [1.1, 0.9], rtol=1e-6)


def test_the_gradients_come_to_one_length():
    method = make("gradnorm", 2, weight_rate=0.01)
    for _ in range(300):
        update, weights = weigh(method, ROWS)
    np.testing.assert_allclose(update, [1.5, 1.5, 0], atol=0.05)
    np.testing.assert_allclose(weights, [1.5, 0.5], atol=0.05)


@pytest.mark.parametrize("asymmetry, rises", [(1.5, True), (0.0, False)])
def test_a_task_that_learns_slowly_gets_more_weight(asymmetry, rises):
    method = make("gradnorm", 3, asymmetry=asymmetry)
    rows = np.eye(3)
    for step in range(20):
        _, weights = weigh(method, rows, losses=[4.0, 4 * 0.9**step, 0.5 * 0.9**step])
    assert (weights[0] > 1.2) == rises
    np.testing.assert_allclose(weights[1], weights[2], rtol=1e-6)
    np.testing.assert_allclose(weights.sum(), 3)


@pytest.mark.parametrize("length, rises", [(1.33, True), (1.35, False)])
def test_the_target_is_the_mean_length_times_a_power_of_the_relative_loss(length, rises):
    # Task 0 keeps its loss and task 1 a ninth of it: r = (1.8, .2). With α = ½ and the mean length 1 the target of task
    # 0 is √1.8 = 1.342. The length of task 1 is above its target √.2 = .447 and wants to fall in either case.
    method = make("gradnorm", 2, asymmetry=0.5)
    weigh(method, np.eye(2), losses=[1, 9])
    _, still = weigh(method, np.diag([length, 2 - length]), losses=[1, 1])
    _, moved = weigh(method, np.eye(2), losses=[1, 1])
    np.testing.assert_array_equal(still, 1)
    assert (moved[0] > 1.01) == rises


@pytest.mark.parametrize("rate", [0.0, 0.025, 10.0])
def test_weights_stay_positive_and_sum_to_the_number_of_tasks(rate):
    method = make("gradnorm", 3, weight_rate=rate)
    for step in range(10):
        _, weights = weigh(method, np.diag([1, 100.0, 0.01]), losses=[1, 1 + step, 0.0])
        assert (weights > 0).all()
        np.testing.assert_allclose(weights.sum(), 3)


def test_a_loss_that_begins_at_zero_does_not_end_the_balancing():
    method = make("gradnorm", 3, weight_rate=0.1)
    for _ in range(5):
        _, weights = weigh(method, np.diag([1, 5.0, 0]), losses=[1, 1, 0.0])
    assert weights[0] > 1.2 and weights[1] < 0.8
