import numpy as np
import pytest
import torch
from torch import nn

from engine.affinity.estimator import Unsuited
from engine.affinity.first_order import FirstOrder
from engine.affinity.last_layer import LastLayer
from engine.affinity.metric import fit_metric
from engine.affinity.shared import Shared
from engine.errors import KindredError
from tests.engine.affinity.problems import TASKS, estimate, gradients, mlp, problem

TRUNKS = {
    "linear": (lambda: mlp(), 5),
    "linear, no bias": (lambda: nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 5, bias=False), nn.ReLU()), 5),
    "in-place activation": (lambda: nn.Sequential(nn.Linear(6, 5), nn.ReLU(inplace=True)), 5),
    "under BatchNorm": (lambda: nn.Sequential(nn.Linear(6, 5), nn.BatchNorm1d(5), nn.ReLU()), 5),
    "convolution": (
        lambda: nn.Sequential(
            nn.Unflatten(1, (1, 2, 3)),
            nn.Conv2d(1, 3, 2, padding=1),
            nn.ReLU(),
            nn.Conv2d(3, 4, (2, 3), stride=(1, 2), padding=1, dilation=1),
            nn.ReLU(),
            nn.Flatten(),
        ),
        32,
    ),
    "one-dimensional convolution": (
        lambda: nn.Sequential(nn.Unflatten(1, (2, 3)), nn.Conv1d(2, 4, 2), nn.Tanh(), nn.Flatten()),
        8,
    ),
    "several positions": (
        lambda: nn.Sequential(nn.Unflatten(1, (3, 2)), nn.Linear(2, 4), nn.ReLU(), nn.Flatten()),
        12,
    ),
}


def last_parameters(trunk):
    layer = [each for each in trunk if isinstance(each, nn.Linear | nn.Conv1d | nn.Conv2d)][-1]
    return list(layer.parameters())


@pytest.mark.parametrize(("make", "features"), TRUNKS.values(), ids=TRUNKS.keys())
def test_without_projection_it_is_first_order_on_that_layer(make, features):
    model, inputs, labels = problem(trunk=make(), features=features, double=True)
    found, losses = gradients(model, inputs, labels, last_parameters(model.trunk))
    matrix, _ = estimate(LastLayer(columns=0), model, inputs, labels)
    torch.testing.assert_close(matrix, found @ found.T / losses)


@pytest.mark.parametrize(("make", "features"), TRUNKS.values(), ids=TRUNKS.keys())
@pytest.mark.parametrize("layers", [2, 9])
def test_over_several_layers_it_is_first_order_on_all_of_them(make, features, layers):
    """More layers than there are means all; of a layer under BatchNorm, all but BatchNorm's own parameters."""
    model, inputs, labels = problem(trunk=make(), features=features, double=True)
    weighted = [each for each in model.trunk if isinstance(each, nn.Linear | nn.Conv1d | nn.Conv2d)]
    parameters = [parameter for layer in weighted for parameter in layer.parameters()]
    found, losses = gradients(model, inputs, labels, parameters)
    matrix, _ = estimate(LastLayer(layers, columns=0), model, inputs, labels)
    torch.testing.assert_close(matrix, found @ found.T / losses)


@pytest.mark.parametrize("kind", ["linear", "convolution"])
def test_the_projection_is_unbiased(kind):
    """Over many draws the mean lies within its confidence interval of the value without projection."""
    make, features = TRUNKS[kind]
    model, inputs, labels = problem(trunk=make(), features=features, double=True)
    exact, _ = estimate(LastLayer(columns=0), model, inputs, labels)
    shared = Shared(model.trunk, len(TASKS))
    draws = torch.stack(
        [estimate(LastLayer(columns=4), model, inputs, labels, shared=shared, step=step)[0] for step in range(1500)]
    )
    error = draws.std(0) / np.sqrt(len(draws))
    assert (error > 0).all()
    assert ((draws.mean(0) - exact).abs() < 4 * error).all()  # 16 entries: 4 σ is passed by chance once in 1,000
    assert error.max() < 0.1 * exact.abs().max()


def test_with_one_layer_and_a_small_step_nothing_is_left_out():
    model, inputs, labels = problem(trunk=nn.Sequential(nn.Linear(6, 5), nn.Tanh()), double=True)
    one, _ = estimate(LastLayer(columns=0), model, inputs, labels)
    other, _ = estimate(FirstOrder(), model, inputs, labels)
    torch.testing.assert_close(one, other)


def test_a_layer_that_runs_once_a_task_sums_over_its_runs():
    """Every task on inputs of its own, through one trunk: the gradient of a task comes from its run alone."""
    model, inputs, labels = problem(double=True)
    mine = {task.name: inputs + place for place, task in enumerate(TASKS)}

    def forward(_inputs):
        return {task.name: head(model.trunk(mine[task.name])) for task, head in zip(TASKS, model.heads, strict=True)}

    model.forward = forward
    found, losses = gradients(model, inputs, labels, last_parameters(model.trunk))
    matrix, _ = estimate(LastLayer(columns=0), model, inputs, labels)
    torch.testing.assert_close(matrix, found @ found.T / losses)


def test_tied_weights_count_where_the_layer_runs():
    """A trunk that runs its last layer twice: both runs belong to the gradient."""
    layer = nn.Linear(6, 6)
    model, inputs, labels = problem(trunk=nn.Sequential(layer, nn.Tanh(), layer), features=6, double=True)
    found, losses = gradients(model, inputs, labels, list(layer.parameters()))
    matrix, _ = estimate(LastLayer(columns=0), model, inputs, labels)
    torch.testing.assert_close(matrix, found @ found.T / losses)


def test_a_frozen_last_layer_is_passed_over():
    model, inputs, labels = problem(double=True)
    model.trunk[4].requires_grad_(False)
    found, losses = gradients(model, inputs, labels, list(model.trunk[0].parameters()))
    matrix, _ = estimate(LastLayer(columns=0), model, inputs, labels)
    torch.testing.assert_close(matrix, found @ found.T / losses)


def test_parameters_alone_are_not_enough():
    model, inputs, labels = problem()
    shared = Shared(model.shared_parameters(), len(TASKS))
    with pytest.raises(Unsuited, match="give the module .* or choose the estimator first_order"):
        estimate(LastLayer(), model, inputs, labels, shared=shared)


def test_the_metric_finds_the_layers_below_where_it_can_know_them():
    """One lower linear layer, no activation, one-hot inputs in equal number: a step moves a sample's input by a
    multiple of what is asked, so that only the ridge keeps M from being exact."""
    torch.manual_seed(0)
    size = 6
    trunk = nn.Sequential(nn.Linear(size, 4, bias=False), nn.Linear(4, 5, bias=False))
    model, _, _ = problem(trunk=trunk, double=True, samples=48)
    inputs = torch.eye(size, dtype=torch.float64).repeat(8, 1)
    _, _, labels = problem(double=True, samples=48)
    exact, _ = estimate(FirstOrder(), model, inputs, labels)
    plain, _ = estimate(LastLayer(columns=0), model, inputs, labels)
    lifted, _ = estimate(LastLayer(columns=0, metric=True), model, inputs, labels)

    def agreement(one):
        return np.corrcoef(one.flatten(), exact.flatten())[0, 1]

    assert agreement(lifted) > agreement(plain)
    assert (lifted - exact).norm() < 0.9 * (plain - exact).norm()


def test_the_metric_predicts_the_move_it_was_fitted_to():
    """M's prediction of how the total gradient step moves the layer's input explains most of that move."""
    model, inputs, labels = problem(double=True, samples=200)
    captured = {}

    def fit(update):
        captured["metric"] = fit_metric(update)
        return captured["metric"]

    _, losses = estimate(fit, model, inputs, labels)
    first, last = model.trunk[0], model.trunk[4]
    below = nn.Sequential(*model.trunk[:4])
    before = below(inputs)
    total = sum(losses.values())
    hidden_gradient = torch.autograd.grad(total, list(last.parameters()), retain_graph=True)
    gradient = torch.autograd.grad(total, list(first.parameters()))
    with torch.no_grad():
        for parameter, each in zip(first.parameters(), gradient, strict=True):
            parameter -= 1e-6 * each
        moved = (before - below(inputs)) / 1e-6
    seen = torch.cat([hidden_gradient[0], hidden_gradient[1][:, None]], 1)
    given = torch.cat([before, torch.ones(len(before), 1)], 1).detach()
    asked = given @ (last.weight.T @ seen).T
    predicted = asked @ captured["metric"].T
    explained = 1 - (moved - predicted).square().sum() / moved.square().sum()
    assert explained > 0.5


@pytest.mark.parametrize("trunk", ["convolution", "under BatchNorm", "several positions"])
def test_the_metric_is_refused_where_it_does_not_fit(trunk):
    make, features = TRUNKS[trunk]
    model, inputs, labels = problem(trunk=make(), features=features)
    with pytest.raises(KindredError, match="leave `metric` off"):
        estimate(LastLayer(metric=True), model, inputs, labels)
