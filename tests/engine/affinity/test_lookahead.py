"""The exact lookahead against a slow one that deep-copies everything and takes one task at a time."""

import copy

import pytest
import torch
from torch import nn

from engine.affinity.lookahead import Lookahead
from engine.architectures.hard_sharing import HardSharing
from engine.errors import KindredError
from engine.tasks import Task
from engine.training.losses import task_losses
from engine.training.replay import Replay

TASKS = (
    Task("yes", "binary_cross_entropy"),
    Task("kind", "cross_entropy", 3),
    Task("size", "squared_error"),
    Task("age", "squared_error"),
)
CPU = torch.device("cpu")


def problem(tasks=TASKS, *, dropout=0.0, batch_norm=False, seed=0):
    torch.manual_seed(seed)
    trunk = nn.Sequential(
        nn.Linear(6, 8),
        nn.BatchNorm1d(8) if batch_norm else nn.Identity(),
        nn.ReLU(),
        nn.Dropout(dropout),
        nn.Linear(8, 5),
        nn.Tanh(),
    )
    model = HardSharing(tasks, trunk, 5)
    inputs = torch.randn(16, 6)
    labels = {
        "yes": torch.randint(0, 2, (16,)).float(),
        "kind": torch.randint(0, 3, (16,)),
        "size": torch.randn(16),
        "age": torch.randn(16),
    }
    return model, inputs, labels


def optimizer_of(model, kind, rate):
    if kind == "adam":
        return torch.optim.Adam(model.parameters(), lr=rate)
    return torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9 if kind == "momentum" else 0.0)


def observe(model, inputs, labels, optimizer, step="sgd", tasks=TASKS):
    """As the training loop does it; returns the matrix and the losses with their graph."""
    replay = Replay(model, CPU)

    def evaluate():
        return task_losses(tasks, model(inputs), labels)

    losses = evaluate()
    return Lookahead(model.shared_parameters(), optimizer, step)(losses, lambda: replay(evaluate)), losses


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
    model, inputs, labels = (part for part in problem(dropout=dropout, batch_norm=batch_norm))
    model.double()
    inputs = inputs.double()
    labels = {task: values.double() if values.is_floating_point() else values for task, values in labels.items()}
    optimizer = optimizer_of(model, kind, 0.05)
    for _ in range(3):  # so that momentum and Adam have a past
        optimizer.zero_grad()
        sum(task_losses(TASKS, model(inputs), labels).values()).backward()
        optimizer.step()
    expected = slow_reference(model, inputs, labels, optimizer, step)
    found, _ = observe(model, inputs, labels, optimizer, step)
    assert (found - expected).abs().max() < 1e-6 * expected.abs().max()


def test_agrees_with_first_order_as_the_step_vanishes():
    model, inputs, labels = problem()
    model.double()
    labels = {task: values.double() if values.is_floating_point() else values for task, values in labels.items()}
    losses = task_losses(TASKS, model(inputs.double()), labels)
    gradients = torch.stack(
        [
            torch.cat([g.flatten() for g in torch.autograd.grad(loss, model.shared_parameters(), retain_graph=True)])
            for loss in losses.values()
        ]
    )
    limit = gradients @ gradients.T / torch.stack(list(losses.values())).detach()
    errors = []
    for rate in (1e-2, 1e-3, 1e-4):
        matrix, _ = observe(model, inputs.double(), labels, optimizer_of(model, "plain", rate))
        errors.append((matrix - limit).abs().max().item())
    assert errors[1] < errors[0] / 8
    assert errors[2] < errors[1] / 8


def test_permuting_the_tasks_permutes_the_matrix():
    model, inputs, labels = problem()
    matrix, _ = observe(model, inputs, labels, optimizer_of(model, "plain", 0.1))
    order = [2, 0, 3, 1]
    permuted = HardSharing([TASKS[i] for i in order], model.trunk, 5)
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


@pytest.mark.parametrize("step", ["sgd", "optimizer"])
@pytest.mark.parametrize("kind", ["plain", "momentum", "adam"])
def test_nothing_is_left_changed(step, kind):
    model, inputs, labels = problem(dropout=0.3, batch_norm=True)
    optimizer = optimizer_of(model, kind, 0.1)

    def snapshot():
        return copy.deepcopy((model.state_dict(), optimizer.state_dict(), torch.get_rng_state()))

    def same(one, other):
        return torch.equal(one, other) if isinstance(one, torch.Tensor) else one == other

    def flat(value):
        if isinstance(value, dict):
            return [leaf for key in value for leaf in flat(value[key])]
        return [leaf for each in value for leaf in flat(each)] if isinstance(value, list | tuple) else [value]

    for _ in range(2):
        replay = Replay(model, CPU)
        losses = task_losses(TASKS, model(inputs), labels)
        before = snapshot()
        Lookahead(model.shared_parameters(), optimizer, step)(
            losses, lambda replay=replay: replay(lambda: task_losses(TASKS, model(inputs), labels))
        )
        after = snapshot()
        assert len(flat(before)) == len(flat(after))
        assert all(same(one, other) for one, other in zip(flat(before), flat(after), strict=True))
        assert all(parameter.grad is None for parameter in model.parameters())
        sum(losses.values()).backward()  # the graph is still good
        optimizer.step()
        optimizer.zero_grad()


def test_a_frozen_trunk_layer_takes_no_step():
    model, inputs, labels = problem()
    model.trunk[0].requires_grad_(False)
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.1)
    matrix, _ = observe(model, inputs, labels, optimizer)
    assert matrix.isfinite().all() and (matrix.diagonal() > 0).all()


def test_a_loss_of_zero_is_refused_with_the_way_out():
    parameter = nn.Parameter(torch.ones(2))
    optimizer = torch.optim.SGD([parameter], lr=0.1)
    losses = {"solved": (parameter * 0).sum(), "open": parameter.sum()}
    with pytest.raises(KindredError, match="'solved' is 0.0.*drop the task"):
        Lookahead([parameter], optimizer)(losses, lambda: losses)


def test_two_learning_rates_are_refused():
    first, second = nn.Parameter(torch.ones(1)), nn.Parameter(torch.ones(1))
    optimizer = torch.optim.SGD([{"params": [first], "lr": 0.1}, {"params": [second], "lr": 0.2}])
    with pytest.raises(KindredError, match="one parameter group"):
        Lookahead([first, second], optimizer)
