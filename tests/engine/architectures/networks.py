"""Small networks of every design, on vectors, images and dense maps, and their tasks in another order."""

import re
from dataclasses import replace

import torch
from torch import nn

from engine import catalog
from engine.architectures.cost import build
from engine.architectures.network import Blueprint
from engine.architectures.settings import NetworkSettings
from engine.tasks import Task
from engine.training.losses import task_losses

HERE = "tests.engine.architectures.networks"
ARCHITECTURES = [entry.name for entry in catalog.entries("architecture")]
KINDS = {
    "vectors": {"trunk": "mlp", "width": 5},
    "images": {"trunk": "convolutional", "width": 4},
    "dense": {"trunk": "convolutional", "width": 4},
    "pyramid": {"trunk": f"{HERE}:pyramid"},
}
INPUTS = {"vectors": (6,), "images": (2, 6, 6), "dense": (2, 6, 6), "pyramid": (2, 6, 6)}
PHASES = (0.0, 0.35, 0.9)  # warm-up, search and settled, by the default settings


class Residual(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.layer = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, inputs):
        return inputs + self.layer(inputs).relu()


def pyramid(_input_shape):
    """A trunk whose stages give maps of two sizes, and a vector at last."""
    return [
        nn.Sequential(nn.Conv2d(2, 4, 3, padding=1), nn.ReLU()),
        Residual(4),
        nn.Sequential(nn.Conv2d(4, 6, 2, stride=2), nn.ReLU()),
        nn.Sequential(nn.Flatten(), nn.Linear(54, 7), nn.ReLU()),
    ]


def tasks_of(count, kind="vectors"):
    """Tasks of all losses in turn; for dense maps every other one is dense."""
    losses = (("squared_error", 1), ("binary_cross_entropy", 1), ("cross_entropy", 3))
    return tuple(
        Task(f"task {place}", *losses[place % 3], dense=kind == "dense" and place % 2 == 0) for place in range(count)
    )


def blueprint(architecture, count=3, kind="vectors", **settings):
    settings = NetworkSettings(architecture=architecture, **KINDS[kind] | settings)
    return Blueprint(tasks_of(count, kind), INPUTS[kind], settings)


def network(architecture, count=3, kind="vectors", seed=0, **settings):
    torch.manual_seed(seed)
    return build(blueprint(architecture, count, kind, **settings))


def scattered(network, by=0.3, seed=1):
    """The network with noise on all its parameters, so that no two towers, gates or policies are the same."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter += by * torch.randn(parameter.shape, generator=generator)
    return network


def batch(tasks, kind="vectors", samples=8, seed=2):
    """Inputs and labels."""
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.randn(samples, *INPUTS[kind], generator=generator)
    labels = {}
    for task in tasks:
        drawn = torch.randn(samples, *(INPUTS[kind][1:] if task.dense else ()), generator=generator)
        labels[task.name] = {
            "squared_error": drawn,
            "binary_cross_entropy": (drawn > 0).float(),
            "cross_entropy": (drawn > 0).long() + (drawn > 1),
        }[task.loss]
    return inputs, labels


def total_loss(network, inputs, labels):
    """All losses and what the network adds to them."""
    total = torch.stack(list(task_losses(network.tasks, network(inputs), labels).values())).sum()
    regularizer = network.regularizer()
    return total if regularizer is None else total + regularizer


def train(network, inputs, labels, steps, rate=0.01):
    """As a session does, with Adam."""
    related = {id(each) for each in network.relation_parameters()}
    optimizer = torch.optim.Adam(
        [
            {"params": [each for each in network.parameters() if id(each) not in related]},
            {"params": network.relation_parameters(), "lr": 10 * rate},
        ],
        lr=rate,
    )
    network.train()
    for step in range(steps):
        network.begin_step(step / steps)
        optimizer.zero_grad()
        total_loss(network, inputs, labels).backward()
        optimizer.step()
        network.after_step(rate)
    network.begin_step(1.0)


def tower(stages, inputs):
    """What stages run one after the other give."""
    for stage in stages:
        inputs = stage(inputs)
    return inputs


_BY_TASK = re.compile(r"^(own|shared|heads\.layers|attention\.\d+)\.(\d+)\.")


def permuted(network, plan, order):
    """The network that has the same parts, with its tasks in another order."""
    other = build(replace(plan, tasks=tuple(plan.tasks[place] for place in order)))
    state = network.state_dict()
    other.load_state_dict(
        {
            name: _permuted(name, state[_BY_TASK.sub(lambda at: f"{at[1]}.{order[int(at[2])]}.", name)], order)
            for name in other.state_dict()
        }
    )
    return other


def _permuted(name, values, order):
    count = len(order)
    edges = [(target, source) for target in range(count) for source in range(count) if target != source]
    moved = [edges.index((order[target], order[source])) for target, source in edges]
    match name.split(".")[0]:
        case "alpha":
            return values[:, order][:, :, order]
        case "policy":
            return values[order]
        case "mixes":
            blocks = values.view(count, len(values) // count, count, -1)
            return blocks[order][:, :, order].reshape(values.shape)
        case "gates":
            return values[:, moved]
        case "weights":
            return values[moved]
        case _:
            return values
