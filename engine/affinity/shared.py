"""What the tasks share: its parameters, its forward passes as they happen, and its other processes."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn import Parameter

from engine.affinity.replay import Replayer, Start
from engine.affinity.tap import Call, Tap
from engine.errors import KindredError


class NoPath(Exception):
    """A loss does not depend on what it should; whoever knows the task's name turns this into a sentence."""


class PeerGaveUp(KindredError):
    """Another process of a distributed run stopped tracking."""


class PeerLost(KindredError):
    """Another process of a distributed run ended, or cannot be reached."""


@contextmanager
def exchanging() -> Iterator[None]:
    """While processes exchange numbers.

    Raises:
        PeerLost: if one of them is not there.
    """
    try:
        yield
    except RuntimeError as error:  # what torch's backends raise for a connection that closed, and for a timeout
        raise PeerLost("Another process of this run ended, or cannot be reached; see its own message.") from error


def gather(rows: Tensor) -> Tensor:
    """``[samples, …]``: the rows of all processes: the first of each, then the second of each, and so on.

    Where each process has every so many-th sample of a batch, that is the batch's own order.
    """
    counts = torch.zeros(dist.get_world_size(), dtype=torch.int64, device=rows.device)
    counts[dist.get_rank()] = len(rows)
    with exchanging():
        dist.all_reduce(counts)
        padded = rows.new_zeros(int(counts.max()), *rows.shape[1:])
        padded[: len(rows)] = rows
        every = [torch.empty_like(padded) for _ in counts]
        dist.all_gather(every, padded)
    there = torch.arange(len(padded), device=rows.device)[:, None] < counts
    return torch.stack(every, 1)[there]


class Shared:
    """The shared part of a network, seen from outside: nothing in it is altered.

    Args:
        shared: a module, or a list of parameters. Only a module's layers can be followed, which the cheap estimators
            need, and only a module's, or the network's, forward pass, for the same random masks in a second one.
        most_tasks: how many tasks there are.
        network: the module whose forward pass is followed, if it is not ``shared`` itself: where a network runs the
            shared part piece by piece.
        towers: how many equal parts of the shared module run beside each other; each has a last layer.

    Attributes:
        module: None if a list of parameters was given.
        replay: repeats a forward pass.

    Raises:
        KindredError: if nothing in it is trainable.
    """

    def __init__(
        self,
        shared: nn.Module | Iterable[Parameter],
        most_tasks: int,
        network: nn.Module | None = None,
        towers: int = 1,
    ) -> None:
        self.module = shared if isinstance(shared, nn.Module) else None
        self._network = network or self.module
        self._towers = towers
        given = list(shared.parameters() if self.module is not None else shared)
        self._all = list({id(parameter): parameter for parameter in given}.values())  # tied ones once
        if not any(isinstance(each, Parameter) and each.requires_grad for each in self._all):
            raise KindredError(
                f"`shared` holds {len(self._all)} parameters of which none is trainable; give the module, or the list "
                "of parameters, that the tasks share."
            )
        self.device = self._all[0].device
        self.processes = dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1
        self.replay = Replayer()
        self._tap = None
        self._start: Start | None = None
        self._arguments: tuple[tuple, dict[str, Any]] = ((), {})
        self._wanted = False
        if self.module is not None:
            layers = sum(1 for _ in self.module.modules())
            self._tap = Tap(self.module, most=layers * (most_tasks + 1))
        self._hook = None
        if self._network is not None:
            self._hook = self._network.register_forward_pre_hook(self._note_start, with_kwargs=True)

    def expect(self) -> None:
        """Follow the next forward passes: their update will be observed."""
        self._start, self._wanted = None, True
        if self._tap is not None:
            self._tap.open()

    def forget(self) -> None:
        """Stop following, and let go of the graph."""
        self._start, self._arguments, self._wanted = None, ((), {}), False
        if self._tap is not None:
            self._tap.close()

    def detach(self) -> None:
        """Take every hook off the module."""
        self.forget()
        if self._tap is not None:
            self._tap.remove()
        if self._hook is not None:
            self._hook.remove()

    @property
    def start(self) -> Start | None:
        """The state before the followed forward pass; None where it could not be followed."""
        return self._start

    def run_again(self) -> None:
        """Run the network, or the shared module, on the inputs of the followed pass; for what its layers then see."""
        arguments, named = self._arguments
        self._network(*arguments, **named)

    def last_calls(self, layers: int = 1) -> list[Call]:
        """The runs of the last trainable weight layers in the followed pass, so many of every tower.

        Empty where it could not be followed.
        """
        return [] if self._tap is None else self._tap.last_calls(layers * self._towers)

    def parameters(self) -> list[Parameter]:
        """The trainable shared parameters, as of now.

        Raises:
            KindredError: if the module's parameters are no longer those of the beginning.
        """
        if self.module is not None:
            present = {id(parameter) for parameter in self.module.parameters()}
            if present != {id(parameter) for parameter in self._all}:
                raise KindredError(
                    "The shared module's parameters were replaced since tracking began; its steps would no longer move "
                    "the model. Load weights in place (load_state_dict), or begin a new tracker."
                )
        return [parameter for parameter in self._all if parameter.requires_grad]

    def gradients(self, loss: Tensor, parameters: list[Parameter]) -> list[Tensor]:
        """One task's gradient on ``parameters``, averaged over processes; zeros where a parameter has no part in it.

        Raises:
            NoPath: if the loss depends on none of them.
        """
        found = torch.autograd.grad(loss, parameters, retain_graph=True, allow_unused=True)
        if all(gradient is None for gradient in found):
            raise NoPath()
        filled = [
            torch.zeros_like(parameter) if gradient is None else gradient
            for parameter, gradient in zip(parameters, found, strict=True)
        ]
        return filled if self.processes == 1 else [self.average(gradient) for gradient in filled]

    def average(self, values: Tensor) -> Tensor:
        """The mean over all processes; the values themselves where there is one process."""
        if self.processes == 1:
            return values
        self.agree(fine=True)
        total = values.clone()
        with exchanging():
            dist.all_reduce(total)
        return total / self.processes

    def gathered(self, rows: Tensor) -> Tensor:
        """``[samples, …]``: the rows of all processes, as ``gather`` orders them; the rows themselves where there is
        one process."""
        if self.processes == 1:
            return rows
        self.agree(fine=True)
        return gather(rows)

    def agree(self, fine: bool) -> None:
        """Make sure that all processes are well, so that none waits for one that gave up.

        Every exchange begins with this, and a process that gives up calls it once with ``fine=False``.

        Raises:
            PeerGaveUp: if another process gave up.
        """
        if self.processes == 1:
            return
        troubled = torch.tensor(0.0 if fine else 1.0, device=self.device)
        with exchanging():
            dist.all_reduce(troubled)
        if fine and troubled.item():
            raise PeerGaveUp("Another process of this run gave up tracking; see its own message.")

    def first(self, value: int) -> int:
        """The value that the first process has, on all of them."""
        if self.processes == 1:
            return value
        self.agree(fine=True)
        told = torch.tensor(value, device=self.device)
        with exchanging():
            dist.broadcast(told, 0)
        return int(told.item())

    def _note_start(self, _module: nn.Module, arguments: tuple, named: dict[str, Any]) -> None:
        if torch.compiler.is_compiling() or not self._wanted or self._start is not None or not torch.is_grad_enabled():
            return
        self._start, self._arguments = Start(self.device, self._network), (arguments, named)


def averaged_losses(losses: Mapping[str, Tensor], shared: Shared) -> Tensor:
    """``[tasks]``, float64, detached, averaged over processes."""
    return shared.average(torch.stack([loss.detach() for loss in losses.values()]).double())
