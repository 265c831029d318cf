import numpy as np
import torch

from engine.affinity.estimator import step_generator
from tests.engine.weighting.problems import gradients, make, weigh


def test_agrees_with_the_rule_for_the_same_draw():
    rows = gradients(4)
    for step in range(5):
        drawn = torch.rand(20, dtype=torch.float64, generator=step_generator(3, step)).numpy()
        positive = 0.5 * (1 + rows.sum(0) / np.abs(rows).sum(0)) > drawn
        kept = np.where(positive, rows > 0, rows < 0)
        update, shares = weigh(make("graddrop", 4, seed=3), rows, step=step)
        np.testing.assert_allclose(update, (rows * kept).sum(0))
        np.testing.assert_allclose(shares, kept.mean(1))


def test_all_is_kept_where_the_signs_agree():
    rows = np.abs(gradients(4)) * np.where(np.arange(20) % 2, 1, -1)
    update, shares = weigh(make("graddrop", 4), rows)
    np.testing.assert_allclose(update, rows.sum(0))
    np.testing.assert_array_equal(shares, 1)


def test_the_shares_count_only_numbers_that_are_not_zero():
    update, shares = weigh(make("graddrop", 3), np.array([[1.0, 2, 0, 0], [3.0, 0, 0, 1], [0.0, 0, 0, 0]]))
    np.testing.assert_array_equal(update, [4, 2, 0, 1])
    np.testing.assert_array_equal(shares, [1, 1, 0])


def test_the_sign_is_drawn_by_how_much_of_the_gradient_it_has():
    rows = np.repeat(np.array([[3.0], [-1.0]]), 40_000, 1)  # P = ½ (1 + 2 / 4) = .75
    update, shares = weigh(make("graddrop", 2), rows)
    assert set(update.tolist()) == {3.0, -1.0}
    np.testing.assert_allclose(shares, [0.75, 0.25], atol=0.01)
