import numpy as np
import pytest

from tests.engine.weighting.problems import make, weigh

ROWS = np.eye(3)


def epochs(method, table):
    """Weights of every epoch, of two updates each, whose mean losses are the table's rows."""
    weights = []
    for epoch, means in enumerate(table):
        for step in (0, 1):
            losses = np.array(means) * (0.5 + step)
            weights.append(weigh(method, ROWS, losses=losses, step=2 * epoch + step, epoch=epoch)[1])
    return weights


@pytest.mark.parametrize("temperature", [0.5, 2.0])
def test_uniform_for_two_epochs_then_by_the_change_of_the_epoch_means(temperature):
    table = [[1, 2, 4], [0.5, 2, 1], [0.5, 1, 3], [9, 9, 9]]
    weights = epochs(make("dwa", 3, dwa_temperature=temperature), table)
    for early in weights[:4]:
        np.testing.assert_array_equal(early, 1)
    for epoch in (2, 3):
        change = np.array(table[epoch - 1]) / table[epoch - 2]
        expected = 3 * np.exp(change / temperature) / np.exp(change / temperature).sum()
        np.testing.assert_allclose(weights[2 * epoch], expected)
        np.testing.assert_allclose(weights[2 * epoch + 1], expected)


def test_a_task_whose_loss_rises_counts_more():
    weights = epochs(make("dwa", 3), [[1, 1, 1], [2, 1, 0.5], [1, 1, 1]])[-1]
    assert weights[0] > weights[1] > weights[2]


def test_a_loss_of_zero_counts_as_unchanged():
    weights = epochs(make("dwa", 3), [[0, 0, 1], [0, 1, 1], [1, 1, 1]])[-1]
    np.testing.assert_allclose(weights, 1)
