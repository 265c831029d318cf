"""Where a trunk's last trainable weight layer runs: what went in, and the place in the graph of what came out."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.autograd.graph import GradientEdge, get_gradient_edge

WEIGHT_LAYERS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)


@dataclass(frozen=True)
class Call:
    """One run of a layer.

    Attributes:
        layer: which.
        inputs: what went in.
        output: where what came out stands in the graph. (An edge, as an activation may overwrite the tensor.)
        source: where what went in stands in the graph; None if nothing trainable lies below.
        dtype: of what came out.
    """

    layer: nn.Module
    inputs: Tensor
    output: GradientEdge
    source: GradientEdge | None
    dtype: torch.dtype


class Tap:
    """Follows a module's forward passes, while it is open, and tells which weight layer ran last.

    Nothing that the pass computes is altered. A layer counts if it is linear or a plain convolution and its weight is
    trainable. It may run several times an update, once for each task's own inputs, say.

    Args:
        module: the shared trunk.
        most: how many calls to remember; older ones are dropped, so that a loop which forgets to observe keeps no
            graphs alive.
    """

    def __init__(self, module: nn.Module, most: int) -> None:
        self._most = most
        self._open = False
        self._calls: list[Call] = []
        self._hooks = [
            layer.register_forward_hook(self._record)
            for layer in module.modules()
            if isinstance(layer, WEIGHT_LAYERS) and _plain(layer)
        ]

    def open(self) -> None:
        """Record from now on, until closed; what was recorded before is forgotten."""
        self._calls.clear()
        self._open = True

    def close(self) -> None:
        """Stop recording and forget, so that the graph can be freed."""
        self._open = False
        self._calls.clear()

    def remove(self) -> None:
        """Take all hooks off the module."""
        self.close()
        for hook in self._hooks:
            hook.remove()

    def last_calls(self, layers: int = 1) -> list[Call]:
        """The runs of the last so many layers, the last one's first; empty if none ran where this could see it."""
        wanted = list(dict.fromkeys(call.layer for call in reversed(self._calls)))[:layers]
        return [call for layer in wanted for call in self._calls if call.layer is layer]

    def _record(self, layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        if not self._open or torch.compiler.is_compiling() or not torch.is_grad_enabled():
            return
        if layer.weight.requires_grad and output.requires_grad and len(inputs) == 1:
            (given,) = inputs
            source = get_gradient_edge(given) if given.requires_grad else None
            self._calls.append(Call(layer, given.detach(), get_gradient_edge(output), source, output.dtype))
            del self._calls[: -self._most]


def _plain(layer: nn.Module) -> bool:
    return isinstance(layer, nn.Linear) or (layer.groups == 1 and layer.padding_mode == "zeros")


def modules_before(module: nn.Module, layer: nn.Module) -> Iterator[nn.Module]:
    """The largest parts of ``module`` that are neither ``layer`` nor hold it, in the order they were registered."""
    for child in module.children():
        if child is layer:
            continue
        if any(each is layer for each in child.modules()):
            yield from modules_before(child, layer)
        else:
            yield child
