"""What holds for every estimator, whatever it estimates."""

import copy

import pytest
import torch
from torch import nn

from engine import catalog
from engine.affinity.build import plan_of
from engine.affinity.corrected import Corrected
from engine.affinity.estimator import Update
from engine.affinity.first_order import FirstOrder
from engine.affinity.gradient_cosine import GradientConflict, GradientCosine
from engine.affinity.head_lookahead import HeadLookahead
from engine.affinity.last_layer import LastLayer
from engine.affinity.lookahead import Lookahead
from engine.affinity.representation import Representation
from engine.affinity.settings import AffinitySettings
from engine.affinity.shared import Shared
from engine.errors import KindredError
from engine.training.losses import task_losses
from tests.engine.affinity.problems import TASKS, TrunkAndHeads, estimate, problem, sgd

ESTIMATORS = {
    "lookahead": Lookahead,
    "lookahead, optimiser's step": lambda: Lookahead("optimizer"),
    "first_order": FirstOrder,
    "first_order, one tensor": lambda: FirstOrder(block=1),
    "last_layer": LastLayer,
    "last_layer, metric": lambda: LastLayer(metric=True),
    "head_lookahead": HeadLookahead,
    "corrected": lambda: Corrected(LastLayer(), Lookahead(), period=1),
    "gradient_cosine": GradientCosine,
    "gradient_conflict": GradientConflict,
    "representation": Representation,
}
every_estimator = pytest.mark.parametrize("make", ESTIMATORS.values(), ids=ESTIMATORS.keys())


def leaves(value):
    if isinstance(value, dict):
        return [leaf for key in value for leaf in leaves(value[key])]
    return [leaf for each in value for leaf in leaves(each)] if isinstance(value, list | tuple) else [value]


def same(one, other):
    return torch.equal(one, other) if isinstance(one, torch.Tensor) else one == other


@every_estimator
@pytest.mark.parametrize("kind", ["plain", "momentum", "adam"])
def test_nothing_is_left_changed(make, kind):
    """Weights, buffers, gradients, optimiser and generator end as without it, and the graph is still good."""
    make_optimizer = {
        "plain": sgd,
        "momentum": lambda model: torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9),
        "adam": lambda model: torch.optim.Adam(model.parameters(), lr=0.1),
    }[kind]
    estimator, results = make(), []
    for observed in (True, False):
        model, inputs, labels = problem(dropout=0.3, batch_norm=not _metric(estimator))
        optimizer, shared = make_optimizer(model), Shared(model.trunk, len(TASKS))
        for _ in range(3):
            if observed:
                _, losses = estimate(estimator, model, inputs, labels, optimizer, shared=shared)
            else:
                _, losses = estimate(lambda update: None, model, inputs, labels, optimizer, shared=shared)
            assert all(not parameter.grad.any() for parameter in model.parameters() if parameter.grad is not None)
            sum(losses.values()).backward()
            optimizer.step()
            optimizer.zero_grad()
        results.append(leaves(copy.deepcopy([model.state_dict(), optimizer.state_dict(), torch.get_rng_state()])))
    assert len(results[0]) == len(results[1])
    assert all(same(one, other) for one, other in zip(*results, strict=True))


def _metric(estimator):
    return isinstance(estimator, LastLayer) and estimator.metric


@every_estimator
def test_permuting_the_tasks_permutes_the_matrix(make):
    model, inputs, labels = problem(double=True)
    matrix, _ = estimate(make(), model, inputs, labels, sgd(model))
    assert matrix.dtype == torch.float64 and matrix.shape == (4, 4)
    order = [2, 0, 3, 1]
    permuted = TrunkAndHeads([TASKS[place] for place in order], model.trunk, 5)
    permuted.heads = nn.ModuleList([model.heads[place] for place in order])
    again, _ = estimate(make(), permuted, inputs, labels, sgd(permuted), tasks=[TASKS[place] for place in order])
    torch.testing.assert_close(again, matrix[order][:, order])


@every_estimator
def test_two_observations_of_one_update_agree(make):
    model, inputs, labels = problem(double=True)
    one, _ = estimate(make(), model, inputs, labels, sgd(model), step=3)
    other, _ = estimate(make(), model, inputs, labels, sgd(model), step=3)
    assert torch.equal(one, other)


@every_estimator
def test_a_task_without_a_path_to_the_shared_parameters_is_named(make):
    model, inputs, labels = problem()

    def cut(tasks, outputs, labels):
        losses = task_losses(tasks, outputs, labels)
        return losses | {"size": (model.heads[2].bias ** 2).sum() + 1}

    shared = Shared(model.trunk, len(TASKS))
    shared.expect()

    def evaluate():
        return cut(TASKS, model(inputs), labels)

    with pytest.raises(KindredError, match="'size' does not depend on"):
        make()(Update(0, evaluate(), shared, evaluate, sgd(model)))


@pytest.mark.parametrize("make", [Lookahead, FirstOrder, LastLayer, HeadLookahead])
@pytest.mark.parametrize("value", [0.0, -1.0])
def test_a_loss_that_is_not_positive_is_refused_with_the_way_out(make, value):
    model, inputs, labels = problem()
    labels["size"] = model(inputs)["size"].detach().squeeze(1)  # solved

    def shifted(update):
        update.losses["size"] = update.losses["size"] + value
        return make()(update)

    with pytest.raises(KindredError, match="The loss of 'size' is (0.0|-1.0).*gradient_cosine"):
        estimate(shifted, model, inputs, labels, sgd(model))
    matrix, _ = estimate(GradientCosine(), model, inputs, labels)
    assert matrix[:2, :2].isfinite().all() and matrix[2].isnan().all()  # no gradient, no direction


def test_every_estimator_of_the_catalog_can_be_planned():
    model, _, _ = problem()
    shared = Shared(model.trunk, len(TASKS))
    for entry in catalog.entries("estimator"):
        plan = plan_of(AffinitySettings(affinity=entry.name), shared, len(TASKS))
        assert plan.quantity


def test_states_carry_on():
    """An estimator with a past goes on from its state as if undisturbed."""
    for make in (lambda: LastLayer(metric=True), lambda: Corrected(LastLayer(metric=True), Lookahead(), period=3)):
        model, inputs, labels = problem(double=True)
        first, second = make(), make()
        for step in range(4):
            estimate(first, model, inputs, labels, sgd(model), step=step)
        second.load_state(first.state())
        for step in range(4, 9):
            one, _ = estimate(first, model, inputs, labels, sgd(model), step=step)
            other, _ = estimate(second, model, inputs, labels, sgd(model), step=step)
            assert torch.equal(one, other)
