"""Several processes that train one network: each takes its share of every batch, and all hold the same numbers.

The processes draw the same joint batch, and each takes every so many-th sample of it. Gradients, losses and all else
that is made of samples are exchanged, so that parameters, optimiser, weighting and observer are the same in every
process, and what they are does not depend on how many there are, but for rounding.
"""

import os
import threading
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor
from torch.distributed.rendezvous import rendezvous
from torch.nn import Parameter

from engine.affinity.shared import exchanging, gather
from engine.errors import KindredError
from engine.processes import processes, rank
from engine.runs.config import RunConfig
from engine.training.feed import Batch
from engine.training.losses import known_places

PATIENCE = timedelta(minutes=20)  # for a process that is late; longer than the first one waits for a store that is away
WORD_SECONDS = 2  # to wait for the last word of a process that is lost
LAST_WORD = "last word"


class Ranks:
    """This process's place among those that train one run; without arguments, on its own, where all this is nothing.

    Args:
        rank: which this is, from 0.
        size: how many there are.
        board: where a process that ends leaves a last word for the others.

    Attributes:
        joint: samples of the batch whose share goes through the network now.
        ending: is set once this process is to end, and is then soon set in all of them.
    """

    def __init__(self, rank: int = 0, size: int = 1, board: dist.Store | None = None) -> None:
        self.rank, self.size = rank, size
        self.joint = 0
        self.ending = threading.Event()
        self._board = board

    @property
    def own(self) -> slice:
        """Which of anything shared out is this process's."""
        return slice(self.rank, None, self.size)

    def device(self, name: str) -> torch.device:
        """Where this process computes: of several CUDA devices, the one that is its own.

        Raises:
            KindredError: if there is none.
        """
        if name == "cuda" and not torch.cuda.is_available():
            raise KindredError("The device is 'cuda', but this machine has no CUDA device; choose 'cpu'.")
        if name == "cpu" or self.size == 1:
            return torch.device(name)
        local, there = int(os.environ["LOCAL_RANK"]), torch.cuda.device_count()
        if local >= there:
            raise KindredError(
                f"Process {self.rank} would need the CUDA device {local}, but this machine has {there}; start no more "
                f"processes on a machine than that (--nproc-per-node {there}), or choose the device cpu."
            )
        torch.cuda.set_device(local)
        return torch.device("cuda", local)

    def check(self, config: RunConfig, sizes: Sequence[int]) -> None:
        """See that several processes can train this to the numbers of one.

        Args:
            sizes: of the batches of each part of the data.

        Raises:
            KindredError: if they cannot.
        """
        if self.size == 1:
            return
        if config.auxiliary != "none":
            raise KindredError(
                f"The auxiliary method {config.auxiliary!r} trains a second network through the update of the first, "
                "which is not shared out; train it in one process (without torchrun), or set auxiliary to none."
            )
        if min(sizes) < self.size:
            raise KindredError(
                f"The smallest batch has {min(sizes)} samples, which {self.size} processes cannot share; choose a "
                f"larger batch size, or start at most {min(sizes)}."
            )

    def shared_out(self, batches: list[Batch], joint: Sequence[int]) -> list[Batch]:
        """This process's batches with the factors that make the average of all processes' losses the joint batch's.

        With n labels of a task here, of N in the joint batch and P processes, its mean loss here counts P · n / N.

        Args:
            batches: this process's share.
            joint: samples of each joint batch.
        """
        if self.size == 1:
            return batches
        places = [
            known_places(task, batch.labels[task.name])
            for batch in batches
            for task in batch.tasks
            if task.name in batch.sparse
        ]
        here = torch.tensor(places, dtype=torch.float64)
        counted = zip(here.tolist(), self.total(here).tolist() if places else (), strict=True)
        shared = []
        for batch, samples in zip(batches, joint, strict=True):
            whole = len(batch.inputs), samples  # in proportion
            counts = {task.name: next(counted) if task.name in batch.sparse else whole for task in batch.tasks}
            shares = {task: self.size * own / every for task, (own, every) in counts.items() if every}
            shared.append(replace(batch, joint=samples, shares=shares))
        return shared

    def total(self, values: Tensor) -> Tensor:
        """The sum over all processes."""
        if self.size == 1:
            return values
        total = values.clone(memory_format=torch.contiguous_format)
        with exchanging():
            dist.all_reduce(total)
        return total

    def average(self, values: Tensor) -> Tensor:
        """The mean over all processes."""
        return self.total(values) / self.size if self.size > 1 else values

    def gathered(self, rows: Tensor) -> Tensor:
        """The rows of the joint batch, of this process's share."""
        return gather(rows) if self.size > 1 else rows

    def average_gradients(self, parameters: Iterable[Parameter]) -> None:
        """Make every ``.grad`` its mean over all processes; the same parameters have one in each."""
        if self.size == 1:
            return
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        if gradients:
            mean = self.average(torch.cat([gradient.flatten() for gradient in gradients]))
            for gradient, part in zip(gradients, mean.split([each.numel() for each in gradients]), strict=True):
                gradient.copy_(part.view_as(gradient))

    def stop(self, asked: bool) -> bool:
        """Whether all of them stop here, as one was asked to."""
        if self.size == 1:
            return asked
        stopping = bool(self.total(torch.tensor(float(asked or self.ending.is_set()))) > 0)
        if stopping:
            self.ending.set()
        return stopping

    def tell(self, value: Any = None) -> Any:
        """What the first process says, to all of them."""
        if self.size == 1:
            return value
        told = [value]
        with exchanging():
            dist.broadcast_object_list(told, 0)
        return told[0]

    def leave_word(self, sentence: str) -> None:
        """Tell the others why this process ends; the first word counts, as the rest may follow from it."""
        if self._board is None:
            return
        with exchanging():
            self._board.compare_set(LAST_WORD, "", f"Process {self.rank} of {self.size} ended: {sentence}")

    def last_word(self) -> str:
        """Why the run ends, if another process is lost."""
        try:
            self._board.wait([LAST_WORD], timedelta(seconds=WORD_SECONDS))
            return self._board.get(LAST_WORD).decode()
        except RuntimeError:
            return (
                f"One of the {self.size} processes was killed, or can no longer be reached; see what it printed, then "
                "resume the run."
            )


def join() -> Ranks:
    """Take this process's place among those that torchrun started.

    Raises:
        KindredError: if they cannot be reached.
    """
    try:
        board, _, _ = next(rendezvous("env://", timeout=PATIENCE))
        # Numbers on the CPU are exchanged by gloo, and those on CUDA devices by NCCL.
        with_cuda = torch.cuda.is_available() and dist.is_nccl_available()
        dist.init_process_group(
            "cpu:gloo,cuda:nccl" if with_cuda else "gloo",
            store=dist.PrefixStore("exchange", board),
            rank=rank(),
            world_size=processes(),
            timeout=PATIENCE,
        )
    except (RuntimeError, ValueError) as error:
        raise KindredError(
            f"The {processes()} processes cannot reach each other ({error}); start them with torchrun."
        ) from error
    return Ranks(rank(), processes(), dist.PrefixStore("words", board))
