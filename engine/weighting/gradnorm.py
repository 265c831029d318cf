"""GradNorm: weights that bring the tasks' gradients to one length, longer for tasks that learn slowly."""

from copy import deepcopy
from typing import Any

import torch
from torch import Tensor
from torch.nn import Parameter

from engine.tasks import Task
from engine.weighting.settings import WeightingSettings
from engine.weighting.weighting import JointStep, Weighting, check_finite

LEAST = 1e-3


class GradNorm(Weighting):
    """Weights w_i, 1 at the start, that follow the gradient of the distance of every G_i from its target ::

        G_i = w_i ‖∇_W L_i‖          W: the parameters of the last shared layer
        r_i = (L_i / L_i(0)) / mean_j (L_j / L_j(0))          above 1 for a task that learns slowly
        minimise over w:  Σ_i |G_i − mean_j(G_j) · r_i^α|          the second term held constant; α: ``asymmetry``

    by one step of an Adam of their own at ``weight_rate``, after which they are brought to the sum T. So a task that
    learns slowly gets a longer gradient. Equal gradients of equal losses keep the weights 1: their sum. An update is
    made with the weights as they were before their own step, as in the paper. Cost: T backward passes through the heads
    and the last shared layer. L_i(0) is the loss of the first batch that has labels of the task. A task without labels
    in a batch takes no part in its means; its weight moves by Adam's momentum alone.

    Source: Chen et al., "GradNorm: Gradient Normalization for Adaptive Loss Balancing in Deep Multitask Networks",
    ICML 2018, algorithm 1.

    Departures: no weight falls below .001 before they are brought to the sum T, as a negative one would train the task
    backwards; a loss that begins at exactly 0 counts as one that has not changed.
    """

    def __init__(self, tasks: tuple[Task, ...], settings: WeightingSettings, seed: int = 0) -> None:
        super().__init__(tasks, settings, seed)
        self.task_weights = Parameter(torch.ones(len(tasks), dtype=torch.float64))
        self.adam = torch.optim.Adam([self.task_weights], lr=settings.weight_rate)
        self.first_losses = torch.full((len(tasks),), torch.nan, dtype=torch.float64)

    def weights(self, joint: JointStep) -> Tensor:
        used, there = self.task_weights.detach().clone(), joint.labelled
        self.first_losses = torch.where(self.first_losses.isnan(), joint.values, self.first_losses)
        lengths = _gradient_lengths(joint)
        check_finite(lengths, joint)
        change = torch.where(self.first_losses > 0, joint.values / self.first_losses, 1.0)[there]
        slowness = change / change.mean() if change.any() else torch.ones_like(change)
        scaled = (used * lengths)[there]
        target = scaled.mean() * slowness**self.settings.asymmetry
        self.task_weights.grad = torch.zeros_like(used)
        self.task_weights.grad[there] = (scaled - target).sign() * lengths[there]
        self.adam.step()
        with torch.no_grad():
            self.task_weights.clamp_(min=LEAST)
            self.task_weights.mul_(len(used) / self.task_weights.sum())
        return used

    def state(self) -> dict[str, Any]:
        return deepcopy(
            {
                "task_weights": self.task_weights.detach(),
                "first_losses": self.first_losses,
                "adam": self.adam.state_dict(),
            }
        )

    def load_state(self, state: dict[str, Any]) -> None:
        with torch.no_grad():
            self.task_weights.copy_(state["task_weights"])
        self.first_losses = state["first_losses"]
        self.adam.load_state_dict(state["adam"])


def _gradient_lengths(joint: JointStep) -> Tensor:
    """``[tasks]``, float64, on the CPU: of every task's gradient on the last shared layer; 0 for one without a loss."""
    lengths = torch.zeros(len(joint.tasks), dtype=torch.float64)
    rows = []
    for loss in joint.losses.values():
        parts = torch.autograd.grad(loss, list(joint.last_shared), retain_graph=True, materialize_grads=True)
        rows.append(torch.cat([part.flatten() for part in parts]))
    lengths[joint.labelled] = joint.average(torch.stack(rows)).double().norm(dim=1).cpu()
    return lengths
