"""Training loops of many kinds, to be run with a tracker and without."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

TASKS = ("depth", "normals", "edges")


class Net(nn.Module):
    """A trunk and three heads; the parts that a feature needs are switched on."""

    def __init__(self, dropout=0.0, norm=False, tied=False, unused=False, frozen=False):
        super().__init__()
        self.trunk = nn.Sequential(
            nn.Linear(6, 16),
            nn.BatchNorm1d(16) if norm else nn.Identity(),
            nn.ReLU(inplace=True),
            nn.Dropout(dropout),
            nn.Linear(16, 16),
            nn.ReLU(),
        )
        if tied:
            self.trunk.append(self.trunk[4])
        if unused:
            self.trunk.register_parameter("spare", nn.Parameter(torch.randn(3)))
        if frozen:
            self.trunk[0].requires_grad_(False)
        self.heads = nn.ModuleList(
            nn.Sequential(nn.Dropout(dropout), nn.BatchNorm1d(16) if norm else nn.Identity(), nn.Linear(16, 1))
            for _ in TASKS
        )

    def forward(self, inputs):
        if inputs.ndim == 3:  # a batch of its own for every task
            return [head(self.trunk(mine)) for mine, head in zip(inputs, self.heads, strict=True)]
        features = self.trunk(inputs)
        return [head(features) for head in self.heads]


@dataclass(frozen=True)
class Loop:
    """What is special about a loop."""

    net: Callable[[], Net] = Net
    absent: bool = False  # a task is missing from every second batch
    missing: bool = False  # labels are missing for single samples
    own_inputs: bool = False
    weights: tuple[float, ...] = (1.0, 1.0, 1.0)
    accumulate: int = 1
    clip: float | None = None
    autocast: torch.dtype | None = None
    scaler: bool = False
    compiled: str | None = None
    optimizer: Callable = lambda parameters: torch.optim.SGD(parameters, lr=0.05, momentum=0.9)


LOOPS = {
    "plain": Loop(),
    "adam": Loop(optimizer=lambda parameters: torch.optim.Adam(parameters, lr=0.01)),
    "dropout": Loop(lambda: Net(dropout=0.3)),
    "BatchNorm": Loop(lambda: Net(norm=True)),
    "dropout and BatchNorm": Loop(lambda: Net(dropout=0.3, norm=True)),
    "tied weights": Loop(lambda: Net(tied=True)),
    "unused parameters": Loop(lambda: Net(unused=True)),
    "frozen parameters": Loop(lambda: Net(frozen=True)),
    "loss weights": Loop(weights=(0.1, 5.0, 0.0)),
    "accumulation": Loop(accumulate=3),
    "clipping": Loop(clip=0.1),
    "mixed precision": Loop(lambda: Net(dropout=0.2), autocast=torch.bfloat16),
    "half precision and GradScaler": Loop(autocast=torch.float16, scaler=True),
    "missing labels": Loop(missing=True),
    "absent tasks": Loop(absent=True),
    "own inputs": Loop(own_inputs=True),
    "compiled": Loop(compiled="aot_eager"),
}


def train(loop, observe=None, prepare=None, steps=12):
    """Train, handing each update to ``observe(model, losses, closure)``.

    Args:
        prepare: called with the model and the optimiser before the first step; gives ``observe``.

    Returns:
        All that must not depend on being observed: weights, buffers, the optimiser's state, the generator's.
    """
    torch.manual_seed(0)
    model = loop.net()
    optimizer = loop.optimizer([parameter for parameter in model.parameters() if parameter.requires_grad])
    scaler = torch.amp.GradScaler("cpu", enabled=loop.scaler)
    forward = torch.compile(model, backend=loop.compiled) if loop.compiled else model
    observe = prepare(model, optimizer) if prepare is not None else observe
    for step in range(steps):
        for _ in range(loop.accumulate):
            inputs = torch.randn(3, 8, 6) if loop.own_inputs else torch.randn(8, 6)
            labels = [inputs[..., place, None] if inputs.ndim == 2 else inputs[place, :, :1] for place in range(3)]
            known = [torch.rand(8, 1) > (0.4 if loop.missing else -1) for _ in TASKS]

            def evaluate(inputs=inputs, labels=labels, known=known, step=step):
                context = torch.autocast("cpu", loop.autocast) if loop.autocast else nullcontext()
                with context:
                    outputs = forward(inputs)
                losses = {
                    task: F.mse_loss(output.float()[mask], label[mask])
                    for task, output, label, mask in zip(TASKS, outputs, labels, known, strict=True)
                    if mask.any()
                }
                if loop.absent and step % 2:
                    losses.pop("edges", None)
                return losses

            losses = evaluate()
            if observe is not None:
                observe(losses, evaluate)
            total = sum(
                weight * losses[task] for task, weight in zip(TASKS, loop.weights, strict=True) if task in losses
            )
            scaler.scale(total / loop.accumulate).backward()
        scaler.unscale_(optimizer)
        if loop.clip:
            nn.utils.clip_grad_norm_(model.parameters(), loop.clip)
        scaler.step(optimizer)
        scaler.update()
        optimizer.zero_grad()
    state = [value.clone() for value in model.state_dict().values()]
    for content in optimizer.state_dict()["state"].values():
        state += [value.clone() for value in content.values() if isinstance(value, torch.Tensor)]
    return [*state, torch.get_rng_state()]
