"""The exact lookahead against a slow one that deep-copies everything and takes one task at a time."""

import copy

import pytest
import torch
from torch import nn

from engine.affinity.estimator import Update
from engine.affinity.lookahead import Lookahead
from engine.affinity.shared import Shared
from engine.errors import KindredError
from engine.training.losses import task_losses
from tests.engine.affinity.problems import TASKS, TrunkAndHeads, estimate, gradients, problem


def optimizer_of(model, kind, rate):
    if kind == "adam":
        return torch.optim.Adam(model.parameters(), lr=rate)
    return torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9 if kind == "momentum" else 0.0)


def observe(model, inputs, labels, optimizer, step="sgd", tasks=TASKS):
    return estimate(Lookahead(step), model, inputs, labels, optimizer, tasks=tasks)


def slow_reference(model, inputs, labels, optimizer, step, tasks=TASKS):
    """One deep copy of model and optimiser for every source, each doing a real step on the trunk alone."""
    generator = torch.get_rng_state()

    def losses_of(copied):
        torch.set_rng_state(generator)
        return task_losses(tasks, copied(inputs), labels)

    rows = []
    for source in tasks:
        copied, stepper = copy.deepcopy((model, optimizer))
        if step == "sgd":
            stepper = torch.optim.SGD(copied.trunk.parameters(), lr=optimizer.param_groups[0]["lr"])
        before = losses_of(copied)
        copied.zero_grad()
        before[source.name].backward()
        for head in copied.heads:
            for parameter in head.parameters():
                parameter.grad = None
        stepper.step()
        after = losses_of(copied)
        rate = optimizer.param_groups[0]["lr"]
        rows.append([(1 - after[t.name].item() / before[t.name].item()) / rate for t in tasks])
    torch.set_rng_state(generator)
    return torch.tensor(rows, dtype=torch.float64)


@pytest.mark.parametrize("step", ["sgd", "optimizer"])
@pytest.mark.parametrize("kind", ["plain", "momentum", "adam"])
@pytest.mark.parametrize(("dropout", "batch_norm"), [(0.0, False), (0.4, False), (0.0, True), (0.4, True)])
def test_equals_the_slow_reference(step, kind, dropout, batch_norm):
    model, inputs, labels = problem(dropout=dropout, batch_norm=batch_norm, double=True)
    optimizer = optimizer_of(model, kind, 0.05)
    for _ in range(3):  # so that momentum and Adam have a past
        optimizer.zero_grad()
        sum(task_losses(TASKS, model(inputs), labels).values()).backward()
        optimizer.step()
    expected = slow_reference(model, inputs, labels, optimizer, step)
    found, _ = observe(model, inputs, labels, optimizer, step)
    assert (found - expected).abs().max() < 1e-6 * expected.abs().max()


def test_agrees_with_first_order_as_the_step_vanishes():
    model, inputs, labels = problem(double=True)
    found, losses = gradients(model, inputs, labels, model.shared_parameters())
    limit = found @ found.T / losses
    errors = []
    for rate in (1e-2, 1e-3, 1e-4):
        matrix, _ = observe(model, inputs, labels, optimizer_of(model, "plain", rate))
        errors.append((matrix - limit).abs().max().item())
    assert errors[1] < errors[0] / 8
    assert errors[2] < errors[1] / 8


def test_permuting_the_tasks_permutes_the_matrix():
    model, inputs, labels = problem()
    matrix, _ = observe(model, inputs, labels, optimizer_of(model, "plain", 0.1))
    order = [2, 0, 3, 1]
    permuted = TrunkAndHeads([TASKS[i] for i in order], model.trunk, 5)
    permuted.heads = nn.ModuleList([model.heads[i] for i in order])
    again, _ = observe(permuted, inputs, labels, optimizer_of(permuted, "plain", 0.1), tasks=[TASKS[i] for i in order])
    torch.testing.assert_close(again, matrix[order][:, order], rtol=1e-5, atol=1e-6)


def test_rows_are_sources():
    """Only a task that uses the shared parameters can help another, and its step size is scaled by its own loss."""
    model, inputs, labels = problem()
    with torch.no_grad():
        model.heads[2].weight.zero_()  # 'size' has no gradient on the trunk, and its loss does not depend on it
    matrix, _ = observe(model, inputs, labels, optimizer_of(model, "plain", 0.1))
    assert (matrix[2] == 0).all() and (matrix[:, 2] == 0).all()
    with torch.no_grad():
        model.heads[3].weight.mul_(100)  # a loud source moves the others' losses; they move its loss too
    louder, _ = observe(model, inputs, labels, optimizer_of(model, "plain", 1e-4))
    assert louder[3, 0].abs() > 10 * louder[0, 3].abs()


def test_a_frozen_trunk_layer_takes_no_step():
    model, inputs, labels = problem()
    model.trunk[0].requires_grad_(False)
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.1)
    matrix, _ = observe(model, inputs, labels, optimizer)
    assert matrix.isfinite().all() and (matrix.diagonal() > 0).all()


def test_two_learning_rates_are_refused():
    model, inputs, labels = problem()
    first, *others = model.parameters()
    optimizer = torch.optim.SGD([{"params": [first], "lr": 0.1}, {"params": others, "lr": 0.2}])
    with pytest.raises(KindredError, match="one parameter group"):
        observe(model, inputs, labels, optimizer)


def test_a_learning_rate_of_zero_tells_nothing_yet():
    """As where a warm-up begins."""
    model, inputs, labels = problem()
    assert observe(model, inputs, labels, optimizer_of(model, "plain", 0.0))[0].isnan().all()


def test_without_a_step_size_the_way_out_is_told():
    model, inputs, labels = problem()
    with pytest.raises(KindredError, match="give the tracker `optimizer`.*or `step_size`"):
        observe(model, inputs, labels, None)
    with pytest.raises(KindredError, match="no optimiser is known"):
        observe(model, inputs, labels, None, "optimizer")


def test_a_list_of_parameters_does_as_well_as_a_module_even_with_dropout():
    """Without a module the first pass's masks are not known, but before and after share one mask."""
    model, inputs, labels = problem(dropout=0.4, samples=4096)
    optimizer = optimizer_of(model, "plain", 0.1)
    parts = Shared(model.shared_parameters(), len(TASKS))
    matrix, _ = estimate(Lookahead(), model, inputs, labels, optimizer, shared=parts)
    whole, _ = observe(model, inputs, labels, optimizer)
    assert (matrix - whole).abs().max() < 0.2 * whole.abs().max()  # two masks, many samples


@pytest.mark.parametrize("wrong", ["noise", "tasks", "nothing"])
def test_a_closure_that_does_not_repeat_the_batch_is_refused(wrong):
    model, inputs, labels = problem(dropout=0.2)

    def closure():
        if wrong == "noise":
            return task_losses(TASKS, model(torch.randn_like(inputs)), labels)
        losses = task_losses(TASKS, model(inputs), labels)
        del losses["kind"]
        return losses

    shared = Shared(model.trunk, len(TASKS))
    shared.expect()
    losses = task_losses(TASKS, model(inputs), labels)
    given = None if wrong == "nothing" else closure
    update = Update(0, losses, shared, given, optimizer_of(model, "plain", 0.1), check=True)
    expected = {"noise": "must evaluate the same batch", "tasks": "'kind' differs", "nothing": "closure=…"}[wrong]
    with pytest.raises(KindredError, match=expected):
        Lookahead()(update)
    assert all(parameter.grad is None for parameter in model.parameters())


def test_a_diverging_step_names_source_and_target():
    model, inputs, labels = problem()
    with pytest.raises(KindredError, match="After the step of '.*' alone, the loss of '.*' is (nan|inf)"):
        observe(model, inputs, labels, optimizer_of(model, "plain", 1e30))
    assert all(parameter.isfinite().all() for parameter in model.parameters())
