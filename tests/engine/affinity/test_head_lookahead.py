import pytest
import torch
from torch import nn

from engine.affinity.estimator import Unsuited
from engine.affinity.first_order import FirstOrder
from engine.affinity.head_lookahead import HeadLookahead
from engine.affinity.lookahead import Lookahead
from engine.affinity.shared import Shared
from tests.engine.affinity.problems import TASKS, estimate, mlp, problem, sgd


@pytest.mark.parametrize("dropout", [0.0, 0.4])
@pytest.mark.parametrize("batch_norm", [False, True])
def test_it_is_the_lookahead_of_the_last_layer(dropout, batch_norm):
    results = []
    for shared_part in ("layer", "trunk"):
        model, inputs, labels = problem(dropout=dropout, batch_norm=batch_norm, double=True)
        if shared_part == "layer":  # the other shared layers do not step
            for layer in model.trunk[:4]:
                layer.requires_grad_(False)
        estimator = Lookahead() if shared_part == "layer" else HeadLookahead()
        results.append(estimate(estimator, model, inputs, labels, sgd(model, 0.5))[0])
    torch.testing.assert_close(*results)


def test_first_order_on_that_layer_is_its_limit():
    model, inputs, labels = problem(double=True)
    limit, _ = estimate(FirstOrder(block=2), model, inputs, labels)
    errors = [
        (estimate(HeadLookahead(), model, inputs, labels, sgd(model, rate))[0] - limit).abs().max().item()
        for rate in (1e-2, 1e-3)
    ]
    assert errors[1] < errors[0] / 8


def test_what_comes_before_the_layer_runs_once_more_only():
    model, inputs, labels = problem(double=True)
    below, computed = model.trunk[0], []
    nn.Linear.forward, plain = (lambda self, given: (computed.append(self), plain(self, given))[1]), nn.Linear.forward
    try:
        estimate(HeadLookahead(), model, inputs, labels, sgd(model))
    finally:
        nn.Linear.forward = plain
    assert sum(layer is below for layer in computed) == 2  # the observed pass and the first replay
    assert sum(layer is model.trunk[4] for layer in computed) == 2 + len(TASKS)
    assert "forward" not in below.__dict__


def test_nested_modules_and_skip_connections():
    class Residual(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second, self.tail = nn.Linear(6, 6), nn.Linear(6, 6), nn.Sequential(nn.Tanh())

        def forward(self, given):
            return self.tail(given + self.second(torch.relu(self.first(given))))

    results = []
    for estimator in (HeadLookahead(), Lookahead()):
        torch.manual_seed(0)
        model, inputs, labels = problem(trunk=nn.Sequential(nn.Linear(6, 6), Residual()), features=6, double=True)
        if isinstance(estimator, Lookahead):
            model.trunk[0].requires_grad_(False)
            model.trunk[1].first.requires_grad_(False)
        results.append(estimate(estimator, model, inputs, labels, sgd(model, 0.3))[0])
    torch.testing.assert_close(*results)


def test_a_layer_used_twice_is_evaluated_in_full():
    layer = nn.Linear(6, 6)
    results = []
    for estimator in (HeadLookahead(), Lookahead()):
        model, inputs, labels = problem(trunk=nn.Sequential(layer, nn.Tanh(), layer), features=6, double=True)
        layer.double()
        results.append(estimate(estimator, model, inputs, labels, sgd(model, 0.3))[0])
    torch.testing.assert_close(*results)


def test_parameters_alone_are_not_enough():
    model, inputs, labels = problem(trunk=mlp())
    with pytest.raises(Unsuited, match="choose the estimator lookahead"):
        estimate(
            HeadLookahead(), model, inputs, labels, sgd(model), shared=Shared(model.shared_parameters(), len(TASKS))
        )
