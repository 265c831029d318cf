"""Evaluating a batch a second time as if it were the first."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import torch
from torch import Tensor, nn

Value = TypeVar("Value")


class Start:
    """All that a forward pass draws on besides parameters and inputs, as it was when this was made.

    The random generators of CPU and device, whether and in which type autocast was on, and a module's buffers
    (BatchNorm's running statistics, say).

    Args:
        device: where the pass computes.
        module: whose buffers it reads; None if unknown.
    """

    def __init__(self, device: torch.device, module: nn.Module | None = None) -> None:
        self.device, self.module = device, module
        self.buffers = [] if module is None else [(buffer, buffer.detach().clone()) for buffer in module.buffers()]
        self.on_cpu = torch.get_rng_state()
        self.on_gpu = torch.cuda.get_rng_state(device) if device.type == "cuda" else None
        self.autocast = torch.is_autocast_enabled(device.type), torch.get_autocast_dtype(device.type)

    def restore(self) -> None:
        """Bring generators and buffers back to this state."""
        for buffer, value in self.buffers:
            buffer.data.copy_(value)  # .data: a graph that holds the buffer stays valid
        torch.set_rng_state(self.on_cpu)
        if self.on_gpu is not None:
            torch.cuda.set_rng_state(self.on_gpu, self.device)


def replay(start: Start, evaluate: Callable[[], Value]) -> Value:
    """Repeat a forward pass from its start: the same random masks, the same buffers, the same autocast; without grad.

    Generators, and the buffers of every module that the pass enters, are left as they were found.
    """
    found = Start(start.device, start.module)
    start.restore()
    enabled, dtype = start.autocast
    torch.clear_autocast_cache()  # it keeps casts of weights from before a step
    try:
        with _buffers_kept(), warnings.catch_warnings(), torch.no_grad():
            warnings.filterwarnings("ignore", message="Using `torch.compile.*global hooks")  # as is meant here
            with torch.autocast(start.device.type, dtype, enabled):
                return evaluate()
    finally:
        torch.clear_autocast_cache()
        found.restore()


@contextmanager
def _buffers_kept() -> Iterator[None]:
    """Restore, at the end, the buffers of all modules whose forward begins meanwhile, whoever they belong to."""
    seen: set[int] = set()
    kept: list[tuple[Tensor, Tensor]] = []

    def keep(module: nn.Module, _inputs: object) -> None:
        for each in module.modules():
            if id(each) not in seen:
                seen.add(id(each))
                kept.extend((buffer, buffer.detach().clone()) for buffer in each.buffers(recurse=False))

    hook = nn.modules.module.register_module_forward_pre_hook(keep)
    try:
        yield
    finally:
        hook.remove()
        for buffer, value in kept:
            buffer.data.copy_(value)
