"""Layers that look at a whole batch, or draw for it, where each process has a share of it only."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.dropout import _DropoutNd

from engine.errors import KindredError
from engine.training.ranks import Ranks

MASKS = (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d)


class _Total(torch.autograd.Function):
    """The sum over all processes. As each one's loss depends on it, so is its gradient the sum of theirs."""

    @staticmethod
    def forward(context, values: Tensor, ranks: Ranks) -> Tensor:
        context.ranks = ranks
        return ranks.total(values)

    @staticmethod
    def backward(context, gradient: Tensor) -> tuple[Tensor, None]:
        return context.ranks.total(gradient), None


class JointBatchNorm(_BatchNorm):
    """Normalises by the mean and the variance of the joint batch, with the parameters and statistics of ``norm``."""

    def __init__(self, norm: _BatchNorm, ranks: Ranks) -> None:
        super().__init__(norm.num_features, norm.eps, norm.momentum, norm.affine, norm.track_running_stats)
        for name in ("weight", "bias", "running_mean", "running_var", "num_batches_tracked"):
            setattr(self, name, getattr(norm, name))
        self.train(norm.training)
        self._ranks = ranks

    def forward(self, inputs: Tensor) -> Tensor:
        """As ``norm``'s, on this process's samples."""
        if not self.training:
            return F.batch_norm(inputs, self.running_mean, self.running_var, self.weight, self.bias, False, 0, self.eps)
        places = [0, *range(2, inputs.ndim)]
        shape = [1, -1] + [1] * (inputs.ndim - 2)
        count = inputs.numel() // inputs.shape[1]
        sums = _Total.apply(torch.cat([inputs.sum(places), inputs.new_tensor([count])]), self._ranks)
        count = sums[-1].detach()
        mean = sums[:-1] / count
        centred = inputs - mean.view(shape)
        variance = _Total.apply(centred.square().sum(places), self._ranks) / count
        if self.running_mean is not None:
            with torch.no_grad():
                self.num_batches_tracked.add_(1)
                pace = 1 / float(self.num_batches_tracked) if self.momentum is None else self.momentum
                self.running_mean.lerp_(mean, pace)
                self.running_var.lerp_(variance * count / (count - 1), pace)
        normal = centred * (variance + self.eps).rsqrt().view(shape)
        return normal if self.weight is None else normal * self.weight.view(shape) + self.bias.view(shape)

    def _check_input_dim(self, input: Tensor) -> None:
        """Any number of positions."""


class JointDropout(nn.Module):
    """Draws the mask of the joint batch, as one process would, and takes the rows of this process's samples."""

    def __init__(self, dropout: nn.Module, ranks: Ranks) -> None:
        super().__init__()
        self.dropout, self._ranks = dropout, ranks
        self.train(dropout.training)

    def forward(self, inputs: Tensor) -> Tensor:
        """As ``dropout``'s, on this process's samples.

        Raises:
            KindredError: if the rows of the inputs are not samples.
        """
        if not self.training:
            return inputs
        joint, own = self._ranks.joint, self._ranks.own
        samples = len(range(joint)[own])
        if len(inputs) != samples:
            raise KindredError(
                f"A dropout layer was given {len(inputs)} rows where this process has {samples} samples; "
                "several processes need its inputs to begin with the samples. Train in one process (without torchrun)."
            )
        whole_maps = not isinstance(self.dropout, nn.Dropout)  # then one draw a channel, whatever its positions
        shape = [*inputs.shape[1:2], *[1] * (inputs.ndim - 2)] if whole_maps else inputs.shape[1:]
        mask = self.dropout(inputs.new_ones(joint, *shape))[own]
        return inputs * mask.clone()  # the graph then keeps these rows alone


def join_layers(network: nn.Module, ranks: Ranks) -> nn.Module:
    """The network with such layers replaced, in place; on one's own nothing is. Parameters and buffers stay the same.

    Raises:
        KindredError: if a layer cannot be had for several processes.
    """
    if ranks.size == 1:
        return network
    replaced: dict[nn.Module, nn.Module] = {}
    for parent in list(network.modules()):
        for name, layer in parent._modules.items():
            if layer is not None and layer not in replaced:
                replaced[layer] = _joint(layer, ranks)
            if layer is not None:
                parent._modules[name] = replaced[layer]
    return network


def _joint(layer: nn.Module, ranks: Ranks) -> nn.Module:
    if isinstance(layer, _BatchNorm):
        return JointBatchNorm(layer, ranks)
    if isinstance(layer, MASKS):
        return JointDropout(layer, ranks)
    if isinstance(layer, _DropoutNd):
        raise KindredError(
            f"The network has a layer {type(layer).__name__}, which is not shared out among processes; use Dropout, or "
            "train in one process (without torchrun)."
        )
    return layer
