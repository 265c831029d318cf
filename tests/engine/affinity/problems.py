"""A small network with tasks of every loss, and estimators applied to it as the observer does."""

import torch
from torch import nn

from engine.affinity.estimator import Update
from engine.affinity.shared import Shared
from engine.tasks import Task
from engine.training.losses import task_losses

TASKS = (
    Task("yes", "binary_cross_entropy"),
    Task("kind", "cross_entropy", 3),
    Task("size", "squared_error"),
    Task("age", "squared_error"),
)


class TrunkAndHeads(nn.Module):
    """The plainest network for several tasks, as anyone might write it."""

    def __init__(self, tasks, trunk, features):
        super().__init__()
        self.tasks = tuple(tasks)
        self.trunk = trunk
        self.heads = nn.ModuleList(nn.Linear(features, task.outputs) for task in tasks)

    def forward(self, inputs):
        features = self.trunk(inputs)
        return {task.name: head(features) for task, head in zip(self.tasks, self.heads, strict=True)}

    def shared_parameters(self):
        return list(self.trunk.parameters())


def mlp(dropout=0.0, batch_norm=False):
    return nn.Sequential(
        nn.Linear(6, 8),
        nn.BatchNorm1d(8) if batch_norm else nn.Identity(),
        nn.ReLU(),
        nn.Dropout(dropout),
        nn.Linear(8, 5),
        nn.Tanh(),
    )


def problem(tasks=TASKS, *, trunk=None, features=5, dropout=0.0, batch_norm=False, seed=0, samples=16, double=False):
    """A model, inputs and labels; with ``double`` all in float64."""
    torch.manual_seed(seed)
    model = TrunkAndHeads(tasks, trunk or mlp(dropout, batch_norm), features)
    inputs = torch.randn(samples, 6)
    labels = {
        "yes": torch.randint(0, 2, (samples,)).float(),
        "kind": torch.randint(0, 3, (samples,)),
        "size": torch.randn(samples),
        "age": torch.randn(samples),
    }
    if double:
        model, inputs = model.double(), inputs.double()
        labels = {task: each.double() if each.is_floating_point() else each for task, each in labels.items()}
    return model, inputs, labels


def sgd(model, rate=0.1):
    return torch.optim.SGD(model.parameters(), lr=rate)


def estimate(estimator, model, inputs, labels, optimizer=None, *, tasks=TASKS, shared=None, step=0, check=True):
    """What the estimator says of one batch, and the losses with their graph."""

    def evaluate():
        return task_losses(tasks, model(inputs), labels)

    shared = shared or Shared(model.trunk, len(tasks))
    shared.expect()
    losses = evaluate()
    matrix = estimator(Update(step, losses, shared, evaluate, optimizer, check=check))
    shared.forget()
    return matrix, losses


def gradients(model, inputs, labels, parameters, tasks=TASKS):
    """``[tasks, numbers]``, by one backward pass a task; and the losses."""
    losses = task_losses(tasks, model(inputs), labels)
    rows = [
        torch.cat([each.flatten() for each in torch.autograd.grad(loss, parameters, retain_graph=True)])
        for loss in losses.values()
    ]
    return torch.stack(rows), torch.stack(list(losses.values())).detach()
