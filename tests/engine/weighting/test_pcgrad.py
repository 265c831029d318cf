import numpy as np
import pytest
import torch
from torchjd.aggregation import PCGradWeighting

from engine.affinity.estimator import step_generator
from tests.engine.weighting.problems import gradients, make, weigh


def slow(rows, orders):
    """The algorithm as the paper has it, on the gradients themselves."""
    total = np.zeros(rows.shape[1])
    for task, order in enumerate(orders):
        projected = rows[task].copy()
        for other in order:
            if other != task and projected @ rows[other] < 0:
                projected -= projected @ rows[other] / (rows[other] @ rows[other]) * rows[other]
        total += projected
    return total


def test_two_tasks_in_closed_form():
    one, two = np.array([1.0, 0]), np.array([-1.0, 1])
    update, weights = weigh(make("pcgrad", 2), np.array([one, two]))
    np.testing.assert_allclose(update, [0.5, 0.5 + 1])
    np.testing.assert_allclose(weights, [1 + 1, 1 + 0.5])


def test_gradients_that_do_not_conflict_get_their_sum():
    for rows in (np.diag([1.0, 5, 0.1]), np.abs(gradients(5))):
        update, weights = weigh(make("pcgrad", len(rows)), rows)
        np.testing.assert_allclose(update, rows.sum(0))
        np.testing.assert_array_equal(weights, 1)


@pytest.mark.parametrize("seed", range(6))
def test_agrees_with_torchjd_where_there_is_but_one_order(seed):
    rows = gradients(2, 3, seed=seed, imbalance=100)
    _, weights = weigh(make("pcgrad", 2), rows)
    np.testing.assert_allclose(weights, PCGradWeighting()(torch.from_numpy(rows @ rows.T)))


@pytest.mark.parametrize("count", [3, 14])
@pytest.mark.parametrize("step", range(4))
def test_agrees_with_the_plain_algorithm_on_the_gradients(count, step):
    rows = gradients(count, 10, seed=step, imbalance=10)
    orders = torch.rand(count, count, generator=step_generator(5, step)).argsort(1).numpy()
    update, _ = weigh(make("pcgrad", count, seed=5), rows, step=step)
    np.testing.assert_allclose(update, slow(rows, orders), atol=1e-10)


def test_a_task_turned_against_its_own_gradient_is_left_so():
    # Task 0 at 0°, met in the order 1, 2, 3, is turned to 45°, 90° and 135°.
    angles = np.deg2rad([0, 135, 180, 225])
    rows = np.stack([np.cos(angles), np.sin(angles)], 1)
    for step in range(60):
        orders = torch.rand(4, 4, generator=step_generator(0, step)).argsort(1).numpy()
        update, _ = weigh(make("pcgrad", 4), rows, step=step)
        np.testing.assert_allclose(update, slow(rows, orders), atol=1e-10)


def test_the_order_changes_with_the_update_and_the_seed():
    rows = gradients(8, 6)
    updates = [weigh(make("pcgrad", 8, seed=seed), rows, step=step)[0] for seed in (0, 1) for step in (0, 1)]
    assert len({update.round(9).tobytes() for update in updates}) == 4
    np.testing.assert_array_equal(weigh(make("pcgrad", 8, seed=1), rows, step=1)[0], updates[3])
