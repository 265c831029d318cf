"""Affinity in a Lightning ``Trainer``: one callback."""

import importlib
import sys
import weakref
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

from torch import Tensor

from engine.affinity.observer import Losses
from engine.errors import KindredError
from engine.tracking.callback import Part, Tracking, losses_of, part_of

PACKAGES = ("lightning.pytorch", "pytorch_lightning")  # one library under two names, whose classes do not mix


def _library() -> ModuleType:
    """The name of Lightning that the program uses already, or else the one that is installed."""
    for package in sorted(PACKAGES, key=lambda package: package not in sys.modules):
        try:
            return importlib.import_module(package)
        except ModuleNotFoundError as error:
            if error.name is None or not package.startswith(error.name):
                raise  # it is installed, but something that it needs is not
    raise KindredError(
        "engine.tracking.lightning needs Lightning, which is not installed; run `pip install pytorch-lightning` (or "
        "lightning), or use engine.AffinityTracker in a loop of your own."
    )


class AffinityCallback(_library().Callback):
    """Observes the affinities of a Lightning training and writes them to the store while it runs.

    ::

        class Model(LightningModule):
            def training_step(self, batch, batch_idx):
                self.losses = self.task_losses(batch)          # dict: task → scalar, not weighted
                return sum(self.losses.values())

        callback = AffinityCallback(["depth", "normals"], shared="trunk", losses="losses", run="my run")
        Trainer(callbacks=[callback]).fit(model)

    It works under automatic and manual optimisation, accumulation, clipping, mixed precision and several processes, and
    leaves training as it is, see ``AffinityTracker``. Its state is part of Lightning's checkpoints, so that
    ``fit(ckpt_path=…)`` goes on with the same run. An exception in training ends the run as failed.

    Every batch is an observation of its own, so that under accumulation the run counts batches, not optimiser steps.
    Losses that were observed before are passed over, as where manual optimisation takes several backward passes.

    Args:
        tasks: the task names.
        shared: where the shared part is in the ``LightningModule``: a path such as ``"net.trunk"``, or a function of it
            that gives the module, or a list of parameters.
        losses: where ``training_step`` leaves the dict task → scalar loss: a path, or a function of the module.
        run: the run's name; left empty, one is made up.
        closure: ``closure(module, batch)`` gives the same losses anew; lookaheads need it, all else does not. It must
            not log.
        resume: whether a training that resumes from a checkpoint goes on with its run, or begins a new one.
        tracker: further arguments of ``AffinityTracker``, such as ``affinity``, ``overhead``, ``store``, ``writers``.
            The optimiser is the trainer's first one, unless ``optimizer`` or ``step_size`` says otherwise.

    Raises:
        KindredError: when training starts, if an argument is not as it must be; see ``AffinityTracker``.
    """

    def __init__(
        self,
        tasks: Sequence[str],
        shared: Part,
        losses: Part,
        run: str = "",
        closure: Callable[[Any, Any], Losses] | None = None,
        *,
        resume: bool = True,
        **tracker: Any,
    ) -> None:
        self._tracking = Tracking(tasks, run, resume, tracker)
        self._shared, self._losses, self._closure = shared, losses, closure
        self._batch: Any = None
        self._seen: weakref.ref[Tensor] | None = None

    @property
    def run(self) -> str:
        """The run's id in the store; empty before training and in a process that does not write."""
        return self._tracking.run

    @property
    def state_key(self) -> str:
        """What Lightning files the state under: a trainer may have a callback for each of several runs."""
        return self._generate_state_key(run=self._tracking.name)

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Begin: devices, processes and checkpoints are in place by now."""
        shared = part_of(pl_module, self._shared, "shared")
        optimizer = trainer.optimizers[0] if trainer.optimizers else None
        made = trainer.global_step * trainer.accumulate_grad_batches
        self._tracking.begin(shared, optimizer, _batches(trainer), made)

    def on_train_batch_start(self, trainer: Any, pl_module: Any, batch: Any, batch_idx: int) -> None:
        """Keep the batch for the closure."""
        self._batch = batch

    def on_before_backward(self, trainer: Any, pl_module: Any, loss: Tensor) -> None:
        """Observe: the losses have their graph, and nothing is scaled yet."""
        if not self._tracking.active:
            return
        losses, batch = losses_of(pl_module, self._losses), self._batch
        if self._observed_before(losses):
            return
        closure = None if self._closure is None else lambda: self._closure(pl_module, batch)
        self._tracking.observe(losses, closure)

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        """Let go of the batch."""
        self._batch = None

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        """End the run."""
        self._tracking.finish()

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
        """End the run as failed."""
        self._tracking.fail(exception)

    def state_dict(self) -> dict[str, Any]:
        """The tracker's state, for the checkpoint."""
        return self._tracking.state()

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """The tracker's state from a checkpoint; training starts later."""
        self._tracking.load(state_dict)

    def _observed_before(self, losses: Losses) -> bool:
        """Whether these are the tensors of the last observation. Only a weak reference is kept, so that no graph is."""
        try:
            one = next((loss for loss in losses.values() if isinstance(loss, Tensor)), None)
        except Exception:
            return False  # the tracker asks for them again, and records why they cannot be had
        if one is None:
            return False
        before, self._seen = self._seen, weakref.ref(one)
        return before is not None and before() is one


def _batches(trainer: Any) -> int:
    """The batches that a training will have at most; 0 where it has no end."""
    limits = []
    if trainer.max_epochs is not None and trainer.max_epochs >= 0:
        limits.append(trainer.max_epochs * trainer.num_training_batches)
    if trainer.max_steps >= 0:
        limits.append(trainer.max_steps * trainer.accumulate_grad_batches)
    most = min(limits, default=float("inf"))
    return 0 if most == float("inf") else int(most)
