"""How the layers below a layer move its input, as one matrix fitted from one extra forward pass."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.affinity.estimator import Update
from engine.affinity.shared import Shared
from engine.affinity.tap import Call
from engine.errors import KindredError

RIDGE = 1.0  # times the mean eigenvalue; with .01 single directions are believed too much, and it does harm
RELATIVE_STEP = 1e-3  # of the lower parameters' norm


def metric_fits(shared: Shared) -> bool:
    """Whether ``fit_metric`` can be had: a linear last layer, run once on ``[batch, features]``; no BatchNorm."""
    calls = shared.last_calls()
    return (
        len(calls) == 1
        and isinstance(calls[0].layer, nn.Linear)
        and calls[0].inputs.ndim == 2
        and not any(isinstance(each, nn.modules.batchnorm._BatchNorm) for each in shared.module.modules())
    )


def fit_metric(update: Update) -> Tensor:
    """M of ``[inputs, inputs]``: a gradient step of size η on the layers below moves the layer's input by −η M y.

    With a the layer's input, W its weight and S = Σ δ [a, 1]ᵀ its gradient for the total loss, y = Wᵀ S [a, 1] is what
    the layer above asks of a sample's input, and of those like it. A small step along the total gradient on the lower
    parameters shows how each sample's input really moves, Δa / −η, and M is the ridge regression of that on y.

    Args:
        update: of which the shared module is run again, once, without grad.

    Raises:
        KindredError: where ``metric_fits`` does not hold.

    Source: this project.
    """
    shared = update.shared
    if not metric_fits(shared):
        raise KindredError(
            "The metric for the layers below needs a linear last layer that runs once an update on [batch, features], "
            "in a shared module without BatchNorm; leave `metric` off."
        )
    (call,) = shared.last_calls()
    layer = call.layer
    own = {id(parameter) for parameter in layer.parameters()}
    lower = [parameter for parameter in shared.parameters() if id(parameter) not in own]
    total = sum(update.losses.values())
    delta, *gradients = torch.autograd.grad(total, [call.output, *lower], retain_graph=True, allow_unused=True)
    moving = [(p, shared.average(g)) for p, g in zip(lower, gradients, strict=True) if g is not None]
    weight = layer.weight.detach()
    if not moving:
        return weight.new_zeros(layer.in_features, layer.in_features)
    inputs = F.pad(call.inputs.to(weight.dtype), (0, 1), value=0.0 if layer.bias is None else 1.0)
    asked = inputs @ (weight.T @ shared.average(delta.to(weight.dtype).T @ inputs)).T
    moved = _moves(update, call, moving).to(weight.dtype)
    cross, square = (shared.average(left.T @ asked) for left in (moved, asked))
    square.diagonal().add_(RIDGE * square.diagonal().mean().clamp_min(torch.finfo(square.dtype).tiny))
    return torch.linalg.solve(square, cross.T).T


def _moves(update: Update, call: Call, moving: list[tuple[Tensor, Tensor]]) -> Tensor:
    """``[places, inputs]``: by how much each input of the layer moves, per unit of step size, against the gradient."""
    shared = update.shared
    home = [parameter.detach().clone() for parameter, _ in moving]
    length = torch.stack([gradient.norm() for _, gradient in moving]).norm()
    norm = torch.stack([parameter.detach().norm() for parameter, _ in moving]).norm()
    step = float(RELATIVE_STEP * norm / length) if length > 0 else 0.0
    if not step:
        return torch.zeros_like(call.inputs)
    seen: list[Tensor] = []
    hook = call.layer.register_forward_pre_hook(lambda _layer, inputs: seen.append(inputs[0]))
    try:
        for parameter, gradient in moving:
            parameter.data.sub_(gradient, alpha=step)
        shared.replay(shared.start, shared.run_again, "shared part")
    finally:
        hook.remove()
        for (parameter, _), value in zip(moving, home, strict=True):
            parameter.data.copy_(value)
    return (call.inputs - seen[-1]) / step
