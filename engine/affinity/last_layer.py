"""First-order affinity of the last shared layer alone, from its inputs and the gradients at its outputs."""

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.graph import GradientEdge

from engine.affinity.estimator import Estimator, Unsuited, Update, step_generator
from engine.affinity.metric import fit_metric
from engine.affinity.tap import Call

HALF_SCALE = 4096.0  # lifts gradients above float16's smallest number
PRIOR_FIDELITY = (0.85, 0.92, 0.95)  # of one, two, three and more layers
REFIT = 50  # observations between two fits of the metric


class LastLayer(Estimator):
    """How well two tasks' gradients on the last trainable weight layer of the shared module agree.

    With a the layer's input, δ_i = ∂L_i/∂(its output) and R a random matrix of ``columns`` columns with E[R Rᵀ] = 1::

        S_i = Σ_samples δ_i [a R, 1]ᵀ                    (the layer's gradient, seen through R; 1 for its bias)
        Z[s, t] = ⟨S_s, S_t⟩ / L_t

    summed over the last so many ``layers``. With ``metric``, the layers below one last layer come in through a matrix M
    fitted to how one step on them moved the layer's input (W: the layer's weight)::

        Z[s, t] = (⟨S_s, S_t⟩ + ⟨M Wᵀ S_s, Wᵀ S_t⟩) / L_t

    δ_i comes from a backward pass through the heads alone, which ends at the layer; no pass reaches the layers below.
    S is linear in the samples, so that processes sum S before any product is formed. A convolution is the same layer at
    every position, its input the patch below it. A layer that runs several times an update (once a task, on its own
    inputs) sums over its runs.

    Cost: one backward pass through the heads, and a product of ``[features, batch]`` and ``[batch, columns]`` a task;
    .02 of a step a task was measured on convolutional networks, and 3 times that with each further layer. Bias: leaves
    out the curvature and the layers below; the projection is unbiased (a new R at every observation).

    Args:
        layers: how many of the last layers.
        columns: of R; 0: no projection. A layer with no more inputs than columns is not projected.
        metric: add the layers below; needs one linear layer, in a trunk without BatchNorm.
        seed: of R.

    Source: eq. 1 of Fifty et al., NeurIPS 2021, expanded to first order and cut down to the last layers; the random
    projection: Johnson and Lindenstrauss, 1984; the metric: this project.
    """

    def __init__(self, layers: int = 1, columns: int = 16, metric: bool = False, seed: int = 0) -> None:
        self.layers, self.columns, self.metric, self.seed = layers, columns, metric, seed
        self.fidelity = PRIOR_FIDELITY[min(layers, len(PRIOR_FIDELITY)) - 1]
        self._observed = 0
        self._fitted: Tensor | None = None

    def __call__(self, update: Update) -> Tensor:
        losses = update.positive()
        calls = update.shared.last_calls(self.layers)
        if not calls:
            raise Unsuited(
                "No trainable linear or convolutional layer of the shared module was seen to run; give the module (not "
                "its parameters) as `shared`, outside of torch.compile, or choose the estimator first_order."
            )
        features = [self._features(call, update) for call in calls]
        # One block a layer, made beforehand: small tensors kept between large ones that go would fragment the memory.
        seen = {
            call.layer: inputs.new_zeros(len(losses), len(inputs), len(call.layer.weight))
            for call, inputs in zip(calls, features, strict=True)
        }
        outputs = [call.output for call in calls]
        scale = HALF_SCALE if calls[0].dtype == torch.float16 else 1.0
        for place, task in enumerate(update.losses):
            found = _gradients(task, update.losses[task], outputs, scale)
            for call, gradient, inputs in zip(calls, found, features, strict=True):
                if gradient is not None:
                    rows = _at_places(call.layer, gradient).to(inputs.dtype)
                    seen[call.layer][place].addmm_(inputs, rows, alpha=1 / scale)
        products = 0.0
        for layer, block in seen.items():
            gradients = seen[layer] = update.shared.average(block)
            products = products + gradients.flatten(1) @ gradients.flatten(1).T
        if self.metric:
            if self._fitted is None or self._observed % REFIT == 0:
                self._fitted = fit_metric(update)
            below = seen[calls[0].layer] @ calls[0].layer.weight.detach()
            products = products + (below @ self._fitted.T).flatten(1) @ below.flatten(1).T
        self._observed += 1
        return products.double() / losses

    def costs(self, tasks: int) -> float:
        return 0.02 * tasks * 3 ** (min(self.layers, len(PRIOR_FIDELITY)) - 1)

    def state(self) -> dict[str, Any]:
        return {"observed": self._observed, "metric": self._fitted}

    def load_state(self, state: dict[str, Any]) -> None:
        self._observed, self._fitted = state["observed"], state["metric"]

    def _features(self, call: Call, update: Update) -> Tensor:
        """``[columns (+ 1 with a bias), places]``: the projected inputs of one run, at every sample and position."""
        layer, size = call.layer, call.layer.weight[0].numel()
        dtype = torch.promote_types(layer.weight.dtype, torch.float32)
        projection = None
        if 0 < self.columns < size:
            # The same R for all runs of a layer, as they add up to one gradient.
            generator = step_generator(self.seed, update.step)
            random = torch.randn(self.columns, size, generator=generator) / math.sqrt(self.columns)
            projection = random.to(update.shared.device, dtype)
        return _inputs(layer, call.inputs.to(dtype), projection)


def _gradients(task: str, loss: Tensor, outputs: list[GradientEdge], scale: float) -> tuple[Tensor | None, ...]:
    """The task's gradients at every output of the layers, times ``scale``; None where it does not depend on one."""
    weight = None if scale == 1 else torch.full_like(loss, scale)
    found = torch.autograd.grad(loss, outputs, weight, retain_graph=True, allow_unused=True)
    if all(gradient is None for gradient in found):
        raise Unsuited(
            f"The loss of {task!r} does not depend on the last layer of the shared module, so that no step on it "
            "changes it; choose the estimator first_order, or leave the task out."
        )
    return found


def _inputs(layer: nn.Module, inputs: Tensor, projection: Tensor | None) -> Tensor:
    """``[columns (+ 1), places]``: what the layer multiplies its weights with, at every sample and position."""
    if isinstance(layer, nn.Linear):
        rows = (inputs.flatten(0, -2) if inputs.ndim > 1 else inputs[None]).T
        rows = rows if projection is None else projection @ rows
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
        rows = maps.flatten(2).transpose(0, 1).flatten(1)
    return rows if layer.bias is None or not layer.bias.requires_grad else F.pad(rows, (0, 0, 0, 1), value=1.0)


def _at_places(layer: nn.Module, gradient: Tensor) -> Tensor:
    """``[places, outputs]`` from a gradient at the layer's output."""
    if isinstance(layer, nn.Linear):
        return gradient.reshape(-1, gradient.shape[-1])
    gradient = gradient if gradient.ndim == layer.weight.ndim else gradient[None]
    return gradient.flatten(2).transpose(0, 1).flatten(1).T
