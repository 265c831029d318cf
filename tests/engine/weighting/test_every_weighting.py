"""What must be true of every way to combine task losses."""

import numpy as np
import pytest
import torch

from engine import catalog
from engine.errors import KindredError
from engine.weighting.weighting import Surgery
from tests.engine.weighting.problems import Training, given, gradients, make, paired, tasks_of, weigh

NAMES = [entry.name for entry in catalog.entries("weighting")]
SURGERY = [name for name in NAMES if issubclass(catalog.load("weighting", name), Surgery)]
IN_RANDOM_ORDER = ("pcgrad", "gradvac")
ONE_SCALE = [name for name in NAMES if name != "uncertainty"]

every = pytest.mark.parametrize("name", NAMES)
counts = pytest.mark.parametrize("count", [2, 3, 14])


@every
@counts
def test_every_parameter_gets_a_gradient_and_what_was_there_stays(name, count):
    first, second = Training(name, count), Training(name, count)
    first.method.backward(first.joint())
    for parameter in second.network().parameters():
        parameter.grad = torch.full_like(parameter, 2.0)
    second.method.backward(second.joint())
    for once, added in zip(first.network().parameters(), second.network().parameters(), strict=True):
        assert once.grad.isfinite().all() and once.grad.any()
        torch.testing.assert_close(added.grad, once.grad + 2)
    for parameter in first.method.parameters():
        assert parameter.grad.isfinite().all() and parameter.grad.any()


@every
@counts
def test_permuting_the_tasks_permutes_the_weights_and_leaves_the_update(name, count):
    order = np.random.default_rng(count).permutation(count)
    tasks = tasks_of(count)
    plain, permuted = make(name, tasks), make(name, tuple(tasks[place] for place in order))
    random = np.random.default_rng(7)
    for step in range(4):
        jacobian = paired(count, step) if name in IN_RANDOM_ORDER else gradients(count, seed=step, imbalance=10)
        losses, metrics = random.uniform(0.5, 2, count), random.uniform(0, 1, count)
        update, weights = weigh(plain, jacobian, losses=losses, metrics=metrics, step=step, epoch=step)
        names = [tasks[place].name for place in order]
        same, moved = weigh(
            permuted, jacobian[order], losses=losses[order], metrics=metrics[order], step=step, epoch=step, names=names
        )
        np.testing.assert_allclose(same, update, rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(moved, weights[order], rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", ONE_SCALE)
@pytest.mark.parametrize("count", [1, 2, 3, 14])
@pytest.mark.parametrize("length", [1e-6, 1.0, 1e6])
def test_equal_gradients_get_their_sum(name, count, length):
    method = make(name, count)
    for step in range(4):
        gradient = length * gradients(1, seed=step)[0]
        losses = np.full(count, 1.5 / (1 + step))
        update, _ = weigh(method, np.tile(gradient, (count, 1)), losses=losses, step=step, epoch=step)
        np.testing.assert_allclose(update, count * gradient, rtol=1e-6)


@every
def test_one_task_alone_follows_its_gradient(name):
    method = make(name, tasks_of(2)[1:])
    for step in range(4):
        jacobian = gradients(1, seed=step)
        update, weights = weigh(method, jacobian, losses=[0.3], metrics=[0.1 * step], step=step, epoch=step)
        np.testing.assert_allclose(update, jacobian[0])
        np.testing.assert_allclose(weights, 1)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "graddrop"])
@counts
@pytest.mark.parametrize("imbalance", [1, 1e4])
def test_the_update_is_the_gradients_with_the_weights_reported(name, count, imbalance):
    jacobian = gradients(count, seed=count, imbalance=imbalance)
    method = make(name, count)
    for step in range(3):
        update, weights = weigh(method, jacobian, losses=np.linspace(1, 2, count), step=step, epoch=step)
        np.testing.assert_allclose(update, weights @ jacobian, rtol=1e-9, atol=1e-12 * imbalance)


@every
@counts
def test_the_losses_fall(name, count):
    training = Training(name, count)
    before = training.losses()
    training.run(20)
    assert (training.losses() / before).mean() < 0.95


@every
@pytest.mark.parametrize("count", [3, 14])
def test_a_resumed_run_goes_on_bit_for_bit(name, count):
    first = Training(name, count)
    first.run(3)
    saved = first.saved()
    torch.rand(5)
    weights = first.run(5).weights
    second = Training(name, count)
    second.load(saved)
    assert torch.equal(second.run(5).weights, weights)
    for one, other in zip(first.network().parameters(), second.network().parameters(), strict=True):
        assert torch.equal(one, other)
    assert second.saved() == first.saved()


@every
def test_a_state_once_taken_is_not_moved_by_later_updates(name):
    training = Training(name, 3)
    training.run(3)
    state = training.method.state()
    saved = training.saved()
    training.run(3)
    other = Training(name, 3)
    other.load(saved)
    torch.testing.assert_close(state, other.method.state(), rtol=0, atol=0)


@every
def test_training_leaves_the_global_random_numbers_alone(name):
    training = Training(name, 3)
    before = torch.get_rng_state()
    training.run(2)
    assert torch.equal(torch.get_rng_state(), before)


@every
@counts
def test_gradients_of_zero_are_no_obstacle(name, count):
    method = make(name, count)
    for step, rows in enumerate((0, count - 1, count)):
        jacobian = gradients(count)
        jacobian[rows:] = 0
        losses = np.full(count, 0.0 if rows == 0 else 1.0)
        update, weights = weigh(method, jacobian, losses=losses, step=step, epoch=step)
        assert np.isfinite(update).all() and np.isfinite(weights).all()
        assert update.any() == (rows > 0)


@pytest.mark.parametrize("name", SURGERY)
@pytest.mark.parametrize("zero", [0, 3, 4])
def test_a_task_without_a_gradient_changes_nothing_for_the_others(name, zero):
    jacobian = paired(5)
    jacobian[zero] = 0
    with_it, weights = weigh(make(name, 5), jacobian)
    without, others = weigh(make(name, 4), np.delete(jacobian, zero, 0))
    np.testing.assert_allclose(with_it, without, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(np.delete(weights, zero), others, rtol=1e-9)
    assert weights[zero] == 0


@pytest.mark.parametrize("name", [*SURGERY, "gradnorm"])
def test_a_gradient_that_is_not_finite_is_refused_by_its_task(name):
    jacobian = gradients(4)
    jacobian[1, 3], jacobian[3, 0] = np.nan, np.inf
    with pytest.raises(KindredError, match="After 12 updates the gradient of 'task 1', 'task 3' is not finite"):
        make(name, 4).backward(given(jacobian, step=12))


@pytest.mark.parametrize("name", SURGERY)
def test_the_cosines_are_those_of_the_gradients(name):
    jacobian = gradients(4, imbalance=100)
    jacobian[2] = 0
    cosines = make(name, 4).backward(given(jacobian)).cosines.numpy()
    rows = np.delete(jacobian, 2, 0)
    rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    np.testing.assert_allclose(np.delete(np.delete(cosines, 2, 0), 2, 1), rows @ rows.T, atol=1e-12)
    assert np.isnan(cosines[2]).all() and np.isnan(cosines[:, 2]).all()


@pytest.mark.parametrize("name", SURGERY)
def test_heads_get_the_plain_gradient_of_their_task(name):
    joint = given(gradients(5, imbalance=1000))
    make(name, 5).backward(joint)
    assert [each.grad.item() for each in joint.own] == [1] * 5


@pytest.mark.parametrize("name", SURGERY)
@pytest.mark.parametrize("factor", [1e-7, 1e7])
def test_gradients_of_another_unit_are_weighed_alike(name, factor):
    jacobian = paired(5)
    update, weights = weigh(make(name, 5), jacobian)
    longer, same = weigh(make(name, 5), factor * jacobian)
    np.testing.assert_allclose(same, weights, rtol=1e-7)
    np.testing.assert_allclose(longer, factor * update, rtol=1e-7, atol=1e-7 * factor)
