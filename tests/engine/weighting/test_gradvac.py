import numpy as np
import pytest
import torch

from engine.affinity.estimator import step_generator
from tests.engine.weighting.problems import gradients, make, paired, weigh


def slow(rows, goals, decay, generator):
    """The algorithm on the gradients themselves; changes ``goals``."""
    total = np.zeros(rows.shape[1])
    for task in range(len(rows)):
        turned = rows[task].copy()
        others = [other for other in range(len(rows)) if other != task]
        for place in torch.randperm(len(others), generator=generator).tolist():
            other = others[place]
            lengths = np.linalg.norm(turned), np.linalg.norm(rows[other])
            cosine, goal = turned @ rows[other] / (lengths[0] * lengths[1]), goals[task, other]
            if cosine < goal:
                sines = np.sqrt(1 - cosine**2), np.sqrt(1 - goal**2)
                turned += lengths[0] * (goal * sines[0] - cosine * sines[1]) / (lengths[1] * sines[1]) * rows[other]
            goals[task, other] = (1 - decay) * goal + decay * cosine
        total += turned
    return total


@pytest.mark.parametrize("count", [2, 3, 8])
@pytest.mark.parametrize("length", [1e-6, 1.0, 1e6])
def test_agrees_with_the_plain_algorithm_over_several_updates(count, length):
    method, goals = make("gradvac", count, seed=2, target_decay=0.3), np.zeros((count, count))
    for step in range(5):
        rows = length * (gradients(count, seed=step, imbalance=30) + 0.4)
        update, _ = weigh(method, rows, step=step)
        expected = slow(rows, goals, 0.3, step_generator(2, step))
        np.testing.assert_allclose(update, expected, rtol=1e-5, atol=1e-6 * np.abs(expected).max())
        np.testing.assert_allclose(method.state()["goals"], goals, atol=1e-6)


@pytest.mark.parametrize("count", [2, 5, 14])
def test_with_goals_that_stay_at_zero_it_is_pcgrad(count):
    method = make("gradvac", count, target_decay=0)
    for step in range(3):
        rows = paired(count, step)
        update, weights = weigh(method, rows, step=step)
        same, others = weigh(make("pcgrad", count), rows, step=step)
        np.testing.assert_allclose(update, same, atol=1e-6)
        np.testing.assert_allclose(weights, others, atol=1e-6)


def test_a_pair_below_its_goal_is_turned_to_it():
    method = make("gradvac", 2)
    method.load_state({"goals": torch.full((2, 2), 0.6, dtype=torch.float64)})
    one, two = np.array([2.0, 0, 0]), np.array([0.0, 1, 0])
    update, weights = weigh(method, np.array([one, two]))
    # Each is turned by so much of the other that their cosine is .6: 2 e₁ + 1.5 e₂, and e₂ + .75 e₁.
    np.testing.assert_allclose(update, [2 + 0.75, 1 + 1.5, 0], rtol=1e-6)
    np.testing.assert_allclose(weights, [1 + 0.75 / 2, 1 + 1.5], rtol=1e-6)


def test_a_goal_of_one_does_not_make_an_update_of_any_length():
    method = make("gradvac", 2, target_decay=1)
    weigh(method, np.array([[1.0, 0], [1, 0]]))
    update, _ = weigh(method, np.array([[1.0, 0], [0, 1]]))
    assert 1 < np.linalg.norm(update) < 15
