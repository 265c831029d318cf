"""Evaluating a batch a second time as if it were the first."""

from collections.abc import Callable
from typing import TypeVar

import torch
from torch import Tensor, nn

Value = TypeVar("Value")


class Replay:
    """Remembers, just before a forward pass, all that the pass draws on besides parameters and inputs.

    Calling it repeats a pass with the same random masks and from the same buffers (BatchNorm's running statistics,
    say), and leaves generators and buffers as they were found.

    Args:
        module: whose buffers a forward pass reads and moves.
        device: where it computes.
    """

    def __init__(self, module: nn.Module, device: torch.device) -> None:
        self.buffers = list(module.buffers())
        self.device = device
        self.start = self._capture()

    def __call__(self, evaluate: Callable[[], Value]) -> Value:
        found = self._capture()
        self._restore(self.start)
        try:
            return evaluate()
        finally:
            self._restore(found)

    def _capture(self) -> tuple[list[Tensor], Tensor, Tensor | None]:
        on_gpu = torch.cuda.get_rng_state(self.device) if self.device.type == "cuda" else None
        return [buffer.detach().clone() for buffer in self.buffers], torch.get_rng_state(), on_gpu

    def _restore(self, state: tuple[list[Tensor], Tensor, Tensor | None]) -> None:
        buffers, on_cpu, on_gpu = state
        for buffer, value in zip(self.buffers, buffers, strict=True):
            buffer.data.copy_(value)  # .data: a graph that holds the buffer stays valid
        torch.set_rng_state(on_cpu)
        if on_gpu is not None:
            torch.cuda.set_rng_state(on_gpu, self.device)
