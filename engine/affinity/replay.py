"""Evaluating a batch a second time as if it were the first."""

import warnings
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager, nullcontext
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


class Replayer:
    """Repeats forward passes, and leaves generators and buffers as they were found.

    The modules whose buffers a pass moves may be anyone's. They are found by watching all modules in the first pass of
    each kind; not in later ones, as a compiled model is compiled anew whenever it is watched or no longer is.
    """

    def __init__(self) -> None:
        self._entered: dict[Hashable, list[nn.Module]] = {}

    def __call__(self, start: Start, evaluate: Callable[[], Value], kind: Hashable) -> Value:
        """Evaluate from the start of a pass, without grad: the same random masks, the same buffers, the same autocast.

        Args:
            start: taken before the pass that is repeated.
            evaluate: runs it.
            kind: passes of one kind enter the same modules.
        """
        found = Start(start.device, start.module)
        start.restore()
        enabled, dtype = start.autocast
        torch.clear_autocast_cache()  # it keeps casts of weights from before a step
        try:
            with self._buffers_kept(kind), torch.no_grad(), torch.autocast(start.device.type, dtype, enabled):
                return evaluate()
        finally:
            torch.clear_autocast_cache()
            found.restore()

    @contextmanager
    def _buffers_kept(self, kind: Hashable) -> Iterator[None]:
        kept: list[tuple[Tensor, Tensor]] = []

        def keep(module: nn.Module) -> None:
            kept.extend((buffer, buffer.detach().clone()) for buffer in module.buffers(recurse=False))

        watching = nullcontext() if kind in self._entered else self._watched(kind, keep)
        for module in self._entered.get(kind, ()):
            keep(module)
        try:
            with watching:
                yield
        finally:
            for buffer, value in kept:
                buffer.data.copy_(value)

    @contextmanager
    def _watched(self, kind: Hashable, keep: Callable[[nn.Module], None]) -> Iterator[None]:
        """Call ``keep`` with every module before it, or one that holds it, first runs; and remember those modules."""
        entered: dict[int, nn.Module] = {}

        def enter(module: nn.Module, _inputs: object) -> None:
            for each in module.modules():
                if id(each) not in entered:
                    entered[id(each)] = each
                    keep(each)

        hook = nn.modules.module.register_module_forward_pre_hook(enter)
        try:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", message="Using `torch.compile.*global hooks")  # as is meant here
                yield
        finally:
            hook.remove()
        self._entered[kind] = [
            module for module in entered.values() if any(True for _ in module.buffers(recurse=False))
        ]
