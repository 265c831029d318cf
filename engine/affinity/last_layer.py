"""First-order affinity of the last shared layer alone, from its inputs and the gradients at its outputs."""

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.affinity.estimator import Estimator, Unsuited, Update, step_generator
from engine.affinity.metric import fit_metric, metric_fits
from engine.affinity.tap import Call

HALF_SCALE = 4096.0  # lifts gradients above float16's smallest number
REFIT = 50  # observations between two fits of the metric


class LastLayer(Estimator):
    """How well two tasks' gradients on the last trainable weight layer of the shared module agree.

    With a the layer's input, δ_i = ∂L_i/∂(its output) and R a random matrix of ``columns`` columns with E[R Rᵀ] = 1::

        S_i = Σ_samples δ_i [a R, 1]ᵀ                    (the layer's gradient, seen through R; 1 for its bias)
        Z[s, t] = ⟨S_s, S_t⟩ / L_t

    and, with ``metric``, the layers below through a matrix M fitted to how one step on them moved the layer's input
    (W: the layer's weight)::

        Z[s, t] = (⟨S_s, S_t⟩ + ⟨M Wᵀ S_s, Wᵀ S_t⟩) / L_t

    δ_i comes from a backward pass through the heads alone, which ends at the layer; no pass reaches the layers below.
    S is linear in the samples, so that processes sum S before any product is formed. A convolution is the same layer at
    every position, its input the patch below it. A layer that runs several times an update (once a task, on its own
    inputs) sums over its runs.

    Cost: one backward pass through the heads, and a product of ``[features, batch]`` and ``[batch, columns]`` a task;
    .01 to .1 of a step on convolutional networks. Bias: leaves out the curvature, and without the metric the layers
    below; the projection is unbiased (a new R at every observation).

    Args:
        columns: of R; 0: no projection.
        metric: add the layers below; needs a linear layer and a trunk without BatchNorm, on which it was found to hurt.
            None: where it can be.
        seed: of R.

    Source: eq. 1 of Fifty et al., NeurIPS 2021, expanded to first order and cut down to one layer; the random
    projection: Johnson and Lindenstrauss, 1984; the layers below: this project.
    """

    fidelity = 0.92

    def __init__(self, columns: int = 16, metric: bool | None = False, seed: int = 0) -> None:
        self.columns, self.metric, self.seed = columns, metric, seed
        self._observed = 0
        self._fitted: Tensor | None = None

    def __call__(self, update: Update) -> Tensor:
        losses = update.positive()
        calls = update.shared.last_calls()
        if not calls:
            raise Unsuited(
                "No trainable linear or convolutional layer of the shared module was seen to run; give the module (not "
                "its parameters) as `shared`, outside of torch.compile, or choose the estimator first_order."
            )
        layer = calls[0].layer
        features = self._features(calls, update)
        gradients = torch.stack([self._seen(update, task, calls, features) for task in update.losses])
        gradients = update.shared.average(gradients)
        products = gradients.flatten(1) @ gradients.flatten(1).T
        if self.metric is None:
            self.metric = metric_fits(update.shared)
        if self.metric:
            if self._fitted is None or self._observed % REFIT == 0:
                self._fitted = fit_metric(update)
            below = layer.weight.detach().T @ gradients
            products += (self._fitted @ below).flatten(1) @ below.flatten(1).T
        self._observed += 1
        return products.double() / losses

    def costs(self, tasks: int) -> float:
        return 0.02 * tasks

    def state(self) -> dict[str, Any]:
        return {"observed": self._observed, "metric": self._fitted}

    def load_state(self, state: dict[str, Any]) -> None:
        self._observed, self._fitted = state["observed"], state["metric"]

    def _features(self, calls: list[Call], update: Update) -> list[Tensor]:
        """For every run of the layer ``[places, columns (+ 1 with a bias)]``: its projected inputs at every place."""
        layer = calls[0].layer
        size = layer.weight[0].numel()
        dtype = torch.promote_types(layer.weight.dtype, torch.float32)
        projection = None
        if self.columns:
            generator = step_generator(self.seed, update.step)
            random = torch.randn(self.columns, size, generator=generator) / math.sqrt(self.columns)
            projection = random.to(update.shared.device, dtype)
        return [_inputs(layer, call.inputs.to(dtype), projection) for call in calls]

    def _seen(self, update: Update, task: str, calls: list[Call], features: list[Tensor]) -> Tensor:
        """``[outputs, columns]``: the task's gradient on the layer, through the projection."""
        loss = update.losses[task]
        scale = HALF_SCALE if calls[0].dtype == torch.float16 else 1.0
        found = torch.autograd.grad(
            loss,
            [call.output for call in calls],
            torch.full_like(loss, scale),
            retain_graph=True,
            allow_unused=True,
        )
        parts = [
            _at_places(calls[0].layer, gradient).to(inputs.dtype) @ inputs
            for gradient, inputs in zip(found, features, strict=True)
            if gradient is not None
        ]
        if not parts:
            raise Unsuited(
                f"The loss of {task!r} does not depend on the last layer of the shared module, so that no step on it "
                "changes it; choose the estimator first_order, or leave the task out."
            )
        return sum(parts) / scale


def _inputs(layer: nn.Module, inputs: Tensor, projection: Tensor | None) -> Tensor:
    """``[places, columns (+ 1)]``: what the layer multiplies its weights with, at every sample and position."""
    if isinstance(layer, nn.Linear):
        rows = inputs.flatten(0, -2) if inputs.ndim > 1 else inputs[None]
        rows = rows if projection is None else rows @ projection.T
    else:
        size = layer.weight[0].numel()
        kernels = torch.eye(size, dtype=inputs.dtype, device=inputs.device) if projection is None else projection
        convolve = {3: F.conv1d, 4: F.conv2d, 5: F.conv3d}[layer.weight.ndim]
        maps = convolve(
            inputs if inputs.ndim == layer.weight.ndim else inputs[None],
            kernels.view(-1, *layer.weight.shape[1:]),
            stride=layer.stride,
            padding=layer.padding,
            dilation=layer.dilation,
        )
        rows = maps.flatten(2).transpose(1, 2).flatten(0, 1)
    return rows if layer.bias is None or not layer.bias.requires_grad else F.pad(rows, (0, 1), value=1.0)


def _at_places(layer: nn.Module, gradient: Tensor) -> Tensor:
    """``[outputs, places]`` from a gradient at the layer's output."""
    if isinstance(layer, nn.Linear):
        return gradient.reshape(-1, gradient.shape[-1]).T
    gradient = gradient if gradient.ndim == layer.weight.ndim else gradient[None]
    return gradient.flatten(2).transpose(0, 1).flatten(1)
