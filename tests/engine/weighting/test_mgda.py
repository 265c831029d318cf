import numpy as np
import pytest
import torch
from torchjd.aggregation import MGDAWeighting

from tests.engine.weighting.problems import given, gradients, make, weigh


@pytest.mark.parametrize("name", ["mgda", "mgda_ub"])
@pytest.mark.parametrize("imbalance", [1, 1e3, 1e4])
@pytest.mark.parametrize("count", [2, 3, 14])
@pytest.mark.parametrize("seed", range(3))
def test_no_task_gets_worse_and_all_that_count_gain_alike(name, imbalance, count, seed):
    rows = gradients(count, seed=seed, imbalance=imbalance)
    update, weights = weigh(make(name, count), rows)
    nearest, least = update / count, np.linalg.norm(rows, axis=1).min()
    excess = (rows @ nearest - nearest @ nearest) / (np.linalg.norm(rows, axis=1) * least)
    assert excess.min() > -1e-10
    assert np.abs(excess[weights > 0]).max() < 1e-10
    np.testing.assert_allclose(weights.sum(), count)


def test_float32_gradients_a_thousand_times_apart():
    rows = torch.from_numpy(gradients(5, imbalance=1000)).float()
    update, weights = weigh(make("mgda", 5), rows.double())
    gain = rows.double().numpy() @ update
    assert (gain >= update @ update / 5 * (1 - 1e-9)).all()


def test_two_tasks_in_closed_form():
    one, two = np.array([1.0, 0, 0]), np.array([-3.0, 4, 0])
    share = (two - one) @ two / ((two - one) @ (two - one))
    update, weights = weigh(make("mgda", 2), np.array([one, two]))
    np.testing.assert_allclose(weights, [2 * share, 2 * (1 - share)])
    np.testing.assert_allclose(update, 2 * (share * one + (1 - share) * two))


def test_orthogonal_gradients_count_inversely_to_their_squared_length():
    _, weights = weigh(make("mgda", 3), np.diag([1.0, 2, 4]))
    inverse = 1 / np.array([1, 4, 16])
    np.testing.assert_allclose(weights, 3 * inverse / inverse.sum())


@pytest.mark.parametrize("seed", range(3))
def test_agrees_with_frank_wolfe(seed):
    rows = gradients(4, seed=seed, imbalance=3)
    _, weights = weigh(make("mgda", 4), rows)
    gram = torch.from_numpy(rows @ rows.T)
    slow = MGDAWeighting(epsilon=1e-7, max_iters=4000)(gram).numpy()
    np.testing.assert_allclose(weights / 4, slow, atol=2e-3)
    length = np.linalg.norm(weights @ rows / 4)
    assert length <= np.linalg.norm(slow @ rows) * (1 + 1e-12)


@pytest.mark.parametrize("name", ["mgda", "mgda_ub"])
def test_scaled_gradients_are_those_that_are_combined(name):
    rows, losses = gradients(3, imbalance=50), np.array([0.1, 2.0, 1.0])
    for scale, divisors in (("l2", np.linalg.norm(rows, axis=1)), ("loss", losses)):
        update, weights = weigh(make(name, 3, mgda_scale=scale), rows, losses=losses)
        _, plain = weigh(make(name, 3), rows / divisors[:, None])
        expected = plain / divisors
        np.testing.assert_allclose(weights, 3 * expected / expected.sum())
        np.testing.assert_allclose(update, weights @ rows)
        assert (rows @ update >= -1e-9).all()


@pytest.mark.parametrize("name", ["mgda", "mgda_ub"])
@pytest.mark.parametrize("scale", ["none", "l2", "loss"])
def test_equal_gradients_get_their_sum_whatever_they_are_divided_by(name, scale):
    row = gradients(1)[0]
    update, _ = weigh(make(name, 3, mgda_scale=scale), np.tile(row, (3, 1)), losses=[0.1, 0.0, 7.0])
    np.testing.assert_allclose(update, 3 * row, rtol=1e-7)


def test_opposite_gradients_have_no_common_step():
    update, weights = weigh(make("mgda", 2), np.array([[1.0, 2], [-2, -4]]))
    np.testing.assert_allclose(update, 0, atol=1e-7)
    np.testing.assert_allclose(weights, [4 / 3, 2 / 3])


def test_a_solved_task_does_not_end_the_training_of_the_others():
    rows = gradients(3)
    rows[1] = 0
    update, weights = weigh(make("mgda", 3), rows)
    assert weights[1] == 0 and weights.sum() == pytest.approx(2)
    assert np.linalg.norm(update) > 1


def test_the_gradients_are_accumulated_over_all_shared_parameters():
    joint = given(gradients(2))
    make("mgda", 2).backward(joint)
    assert joint.shared[0].grad.shape == (20,)
