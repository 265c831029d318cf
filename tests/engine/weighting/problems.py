"""Updates whose gradients are given, and a small network to train."""

import io

import numpy as np
import torch
from torch import nn
from torch.nn import Parameter

from engine import catalog
from engine.tasks import Task
from engine.training.losses import task_losses, task_metrics
from engine.weighting.settings import WeightingSettings
from engine.weighting.weighting import JointStep

KINDS = (("squared_error", 1), ("binary_cross_entropy", 1), ("cross_entropy", 3))


def tasks_of(count):
    return tuple(Task(f"task {place}", *KINDS[place % len(KINDS)]) for place in range(count))


def make(name, tasks, seed=0, **settings):
    tasks = tasks_of(tasks) if isinstance(tasks, int) else tasks
    return catalog.load("weighting", name)(tasks, WeightingSettings(weighting=name, **settings), seed)


def given(jacobian, losses=None, metrics=None, step=0, epoch=0, names=None, dtype=torch.float64):
    """An update of linear losses, whose gradients on the shared parameters are the rows of ``jacobian``; each also
    depends on a parameter of its own, on which its gradient is 1. The representation has the same gradients."""
    jacobian = torch.as_tensor(jacobian, dtype=dtype)
    tasks, numbers = jacobian.shape
    shared = Parameter(torch.zeros(numbers, dtype=dtype))
    own = [Parameter(torch.zeros((), dtype=dtype)) for _ in range(tasks)]
    features = shared * 1
    values = torch.ones(tasks) if losses is None else torch.as_tensor(losses)
    plain = [row @ features + each for row, each in zip(jacobian, own, strict=True)]
    names = names or [task.name for task in tasks_of(tasks)]
    return JointStep(
        step=step,
        epoch=epoch,
        tasks=names,
        losses={name: loss + value - loss.detach() for name, loss, value in zip(names, plain, values, strict=True)},
        shared=[shared],
        own=own,
        last_shared=[shared],
        features=[features] * tasks,
        metrics=lambda: torch.full((tasks,), 0.5) if metrics is None else torch.as_tensor(metrics),
    )


def weigh(method, jacobian, **update):
    """The update's gradient on the shared parameters, and the weights reported, as arrays."""
    joint = given(jacobian, **update)
    weighed = method.backward(joint)
    return joint.shared[0].grad.numpy(), weighed.weights.numpy()


def gradients(tasks, numbers=20, seed=0, imbalance=1.0):
    """Random gradients; the last is ``imbalance`` times longer than the first."""
    rows = np.random.default_rng(seed).standard_normal((tasks, numbers))
    return rows * np.geomspace(1, imbalance, tasks)[:, None]


def paired(tasks, seed=0):
    """Gradients of which each conflicts with one other at most, so that no method's order matters."""
    random = np.random.default_rng(seed)
    rows = np.zeros((tasks, 2 * tasks))
    for first in range(0, tasks - 1, 2):
        angle, lengths = random.uniform(1.8, 2.8), random.uniform(0.5, 2, 2)
        rows[first, first] = lengths[0]
        rows[first + 1, first : first + 2] = lengths[1] * np.cos(angle), lengths[1] * np.sin(angle)
    if tasks % 2:
        rows[-1, -1] = 1
    return rows


class Training:
    """A trunk, a head a task and a weighting, trained by gradient descent on batches of a fixed data set."""

    def __init__(self, name, count, rate=0.1):
        torch.manual_seed(1)
        self.tasks = tasks_of(count)
        self.trunk = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 8), nn.Tanh())
        self.heads = nn.ModuleList(nn.Linear(8, task.outputs) for task in self.tasks)
        self.inputs = torch.randn(32, 6)
        hidden = (torch.randn(count, 6) @ self.inputs.T).sin()
        self.labels = {task.name: _label(task, hidden[place]) for place, task in enumerate(self.tasks)}
        self.method = make(name, self.tasks, seed=3)
        groups = [{"params": list(self.network().parameters())}]
        if self.method.parameters():
            groups.append({"params": self.method.parameters()})
        self.optimizer = torch.optim.SGD(groups, lr=rate, momentum=0.5)
        self.step = 0

    def network(self):
        return nn.ModuleList([self.trunk, self.heads])

    def joint(self):
        rows = slice(16 * (self.step % 2), 16 * (self.step % 2) + 16)
        features = self.trunk(self.inputs[rows])
        outputs = {task.name: head(features) for task, head in zip(self.tasks, self.heads, strict=True)}
        labels = {name: label[rows] for name, label in self.labels.items()}
        return JointStep(
            step=self.step,
            epoch=self.step // 2,
            tasks=[task.name for task in self.tasks],
            losses=task_losses(self.tasks, outputs, labels),
            shared=list(self.trunk.parameters()),
            own=list(self.heads.parameters()),
            last_shared=list(self.trunk[2].parameters()),
            features=[features] * len(self.tasks),
            metrics=lambda: torch.tensor(list(task_metrics(self.tasks, outputs, labels).values())),
        )

    def losses(self):
        features = self.trunk(self.inputs)
        outputs = {task.name: head(features) for task, head in zip(self.tasks, self.heads, strict=True)}
        return torch.stack(list(task_losses(self.tasks, outputs, self.labels).values())).detach()

    def run(self, steps):
        for _ in range(steps):
            self.optimizer.zero_grad()
            weighed = self.method.backward(self.joint())
            self.optimizer.step()
            self.step += 1
        return weighed

    def saved(self):
        file = io.BytesIO()
        state = self.network().state_dict(), self.optimizer.state_dict(), self.method.state(), self.step
        torch.save(state, file)
        return file.getvalue()

    def load(self, saved):
        network, optimizer, method, self.step = torch.load(io.BytesIO(saved), weights_only=True)
        self.network().load_state_dict(network)
        self.optimizer.load_state_dict(optimizer)
        self.method.load_state(method)


def _label(task, hidden):
    if task.loss == "cross_entropy":
        return torch.bucketize(hidden, torch.tensor([-0.5, 0.5]))
    return (hidden > 0).float() if task.loss == "binary_cross_entropy" else hidden
