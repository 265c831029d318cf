import pytest
import torch

from engine.affinity.first_order import FirstOrder
from engine.affinity.lookahead import Lookahead
from engine.errors import KindredError
from tests.engine.affinity.problems import estimate, gradients, problem, sgd


@pytest.mark.parametrize(("dropout", "batch_norm"), [(0.0, False), (0.3, False), (0.0, True)])
def test_the_exact_lookahead_tends_to_it_as_the_step_vanishes(dropout, batch_norm):
    errors = []
    for rate in (1e-2, 1e-3, 1e-4):
        model, inputs, labels = problem(dropout=dropout, batch_norm=batch_norm, double=True)
        generator = torch.get_rng_state()  # so that both see the same masks
        exact, _ = estimate(Lookahead(), model, inputs, labels, sgd(model, rate))
        torch.set_rng_state(generator)
        first, _ = estimate(FirstOrder(), model, inputs, labels)
        errors.append((exact - first).abs().max().item())
    assert errors[1] < errors[0] / 8
    assert errors[2] < errors[1] / 8


def test_a_block_leaves_the_rest_out():
    model, inputs, labels = problem(double=True)
    parameters = model.shared_parameters()
    found, losses = gradients(model, inputs, labels, parameters[-2:])
    matrix, _ = estimate(FirstOrder(block=2), model, inputs, labels)
    torch.testing.assert_close(matrix, found @ found.T / losses)
    whole, _ = estimate(FirstOrder(), model, inputs, labels)
    lower, _ = gradients(model, inputs, labels, parameters[:-2])
    torch.testing.assert_close(whole, matrix + lower @ lower.T / losses)


def test_preconditioned_it_is_the_limit_of_adams_own_step_without_momentum():
    """Adam with β1 = 0 and a long memory steps along g / (√v̂ + ε), with v̂ hardly moved by the step itself."""
    errors = []
    for rate in (1e-4, 1e-5):
        model, inputs, labels = problem(double=True)
        adam = torch.optim.Adam(model.parameters(), lr=rate, betas=(0.0, 1 - 1e-9))
        for _ in range(3):
            adam.zero_grad()
            _, losses = estimate(lambda update: None, model, inputs, labels)
            sum(losses.values()).backward()
            adam.step()
        for state in adam.state.values():
            state["step"] += 1_000_000  # as after a long run, one more gradient moves v̂ by a millionth only
            state["exp_avg_sq"] *= 250_000
        exact, _ = estimate(Lookahead("optimizer"), model, inputs, labels, adam)
        first, _ = estimate(FirstOrder(preconditioned=True), model, inputs, labels, adam)
        errors.append(((exact - first).abs().max() / first.abs().max()).item())
    assert errors[1] < 1e-3
    assert errors[1] < errors[0] / 4


def test_preconditioning_waits_for_the_first_step_and_needs_adam():
    model, inputs, labels = problem()
    adam = torch.optim.Adam(model.parameters())
    matrix, _ = estimate(FirstOrder(preconditioned=True), model, inputs, labels, adam)
    assert matrix.isnan().all()
    for optimizer in (None, sgd(model)):
        with pytest.raises(KindredError, match="give the tracker its `optimizer`"):
            estimate(FirstOrder(preconditioned=True), model, inputs, labels, optimizer)
