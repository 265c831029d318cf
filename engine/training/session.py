"""One training run from its description to its last step, resumable at any step to the same numbers bit for bit."""

import math
import time
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import torch

from engine import catalog
from engine.affinity.build import plan_of
from engine.affinity.observer import Observer
from engine.affinity.series import Window
from engine.affinity.shared import Shared
from engine.datasets.dataset import Dataset, Split, epoch_order
from engine.errors import KindredError
from engine.runs.config import RunConfig
from engine.tasks import Evaluation
from engine.training.losses import task_losses, task_metrics

WINDOWS_A_RUN = 100
EVALUATION_CHUNK = 4096


class Sink(Protocol):
    """Where a session reports to, and what may end it early."""

    def window(self, window: Window) -> None: ...
    def note(self, note: str) -> None: ...
    def evaluation(self, evaluation: Evaluation) -> None: ...
    def progress(self, step: int, seconds_left: float) -> None: ...
    def checkpoint(self, state: Callable[[], dict[str, Any]]) -> None: ...
    def stop_requested(self) -> bool: ...


class Session:
    """Model, optimiser, data and the step reached.

    Args:
        config: what to train.
        dataset: loaded from the catalog if not given.

    Raises:
        KindredError: if the data set and the configuration do not fit.
    """

    def __init__(self, config: RunConfig, dataset: Dataset | None = None) -> None:
        if config.device == "cuda" and not torch.cuda.is_available():
            raise KindredError("The device is 'cuda', but this machine has no CUDA device; choose 'cpu'.")
        torch.set_num_threads(config.threads)
        self.config = config
        self.device = torch.device(config.device)
        self.dataset = dataset or catalog.load("dataset", config.dataset)()
        self.tasks = self.dataset.tasks
        self.train = self.dataset.train.to(self.device)
        self.validation = self.dataset.validation.to(self.device)
        self.steps_per_epoch = len(self.train) // config.batch_size
        if not self.steps_per_epoch:
            raise KindredError(
                f"Batch size is {config.batch_size}, but {self.dataset.name} has {len(self.train)} training samples; "
                "choose a batch size no larger than that."
            )
        self.steps = self.steps_per_epoch * config.epochs
        self.window_steps = config.every * (config.window or math.ceil(self.steps / config.every / WINDOWS_A_RUN))

        torch.manual_seed(config.seed)
        trunk, features = catalog.load("trunk", config.trunk)(
            tuple(self.train.inputs.shape[1:]), config.width, config.depth, config.dropout, config.batch_norm
        )
        self.model = catalog.load("architecture", config.architecture)(self.tasks, trunk, features).to(self.device)
        self.combine = catalog.load("weighting", config.weighting)
        self.optimizer = _optimizer(config, self.model)
        self.observer = self._observer() if config.affinity != "none" else None
        self.step = 0
        self._order = (-1, torch.empty(0))
        self._clear_losses()

    def run(self, sink: Sink) -> bool:
        """Train from the step reached to the last one, or until the sink asks to stop.

        Returns:
            Whether the last step was reached.

        Raises:
            KindredError: if the affinity cannot be formed.
        """
        began, first = time.monotonic(), self.step
        if self.step == 0:
            sink.evaluation(self.evaluate("validation"))
        while self.step < self.steps:
            if sink.stop_requested():
                sink.checkpoint(self.state)
                return False
            window = self.update()
            if window is not None:
                sink.window(window)
                sink.note(self.observer.plan.note())
            if self._ends_window(self.step):
                self._report_losses(sink)
            if self.step % self.steps_per_epoch == 0:
                sink.evaluation(self.evaluate("validation"))
            seconds_left = (time.monotonic() - began) / (self.step - first) * (self.steps - self.step)
            sink.progress(self.step, seconds_left)
            sink.checkpoint(self.state)
        return True

    def update(self) -> Window | None:
        """One joint update, observed if its turn has come.

        Returns:
            The window of affinities that it ended, if any.
        """
        inputs, labels = self._batch()

        def evaluate() -> dict[str, torch.Tensor]:
            return task_losses(self.tasks, self.model(inputs), labels)

        losses = evaluate()
        window = self.observer.observe(losses, evaluate) if self.observer is not None else None
        self.loss_total += torch.stack([loss.detach().double() for loss in losses.values()]).cpu()

        self.optimizer.zero_grad()
        self.combine(losses).backward()
        self.optimizer.step()
        self.step += 1
        return window

    def evaluate(self, split: str) -> Evaluation:
        """Losses and metrics over a whole split, in evaluation mode; moves nothing."""
        data: Split = getattr(self, split)
        self.model.eval()
        with torch.no_grad():
            chunks = [self.model(inputs) for inputs in data.inputs.split(EVALUATION_CHUNK)]
        self.model.train()
        outputs = {task.name: torch.cat([chunk[task.name] for chunk in chunks]) for task in self.tasks}
        measured = (task_losses, task_metrics)
        losses, metrics = (
            np.array([value.item() for value in measure(self.tasks, outputs, data.labels).values()], np.float32)
            for measure in measured
        )
        return Evaluation(self.step, split, losses, metrics)

    @property
    def quantity(self) -> str:
        """What an entry of the observed matrices is, in words; empty if none are observed."""
        return self.observer.plan.quantity if self.observer is not None else ""

    def state(self) -> dict[str, Any]:
        """All that the rest of the run depends on, as tensors and plain values."""
        return {
            "step": self.step,
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "generator": torch.get_rng_state(),
            "gpu_generator": torch.cuda.get_rng_state(self.device) if self.device.type == "cuda" else None,
            "observer": self.observer.state() if self.observer is not None else None,
            "loss_total": self.loss_total,
        }

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from where ``state`` was taken; the continuation equals an undisturbed run's bit for bit."""
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        torch.set_rng_state(state["generator"])
        if state["gpu_generator"] is not None:
            torch.cuda.set_rng_state(state["gpu_generator"], self.device)
        self.step, self.loss_total = state["step"], state["loss_total"]
        if self.observer is not None:
            self.observer.load_state(state["observer"])

    def _batch(self) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        epoch, position = divmod(self.step, self.steps_per_epoch)
        if self._order[0] != epoch:
            self._order = epoch, epoch_order(len(self.train), self.config.seed, epoch).to(self.device)
        first = position * self.config.batch_size
        return self.train.batch(self._order[1][first : first + self.config.batch_size])

    def _observer(self) -> Observer:
        config = self.config
        shared = Shared(self.model.trunk, len(self.tasks))
        plan = plan_of(config.affinity_settings(), shared, len(self.tasks), self.steps, config.seed)
        return Observer([task.name for task in self.tasks], shared, plan, self._ends_window, self.optimizer)

    def _ends_window(self, step: int) -> bool:
        return step % self.window_steps == 0 or step == self.steps

    def _clear_losses(self) -> None:
        self.loss_total = torch.zeros(len(self.tasks), dtype=torch.float64)

    def _report_losses(self, sink: Sink) -> None:
        length = (self.step - 1) % self.window_steps + 1
        losses = (self.loss_total / length).to(torch.float32).numpy()
        sink.evaluation(Evaluation(self.step, "train", losses, np.full_like(losses, np.nan)))
        self._clear_losses()


def _optimizer(config: RunConfig, model: torch.nn.Module) -> torch.optim.Optimizer:
    if config.optimizer == "adam":
        return torch.optim.Adam(model.parameters(), lr=config.learning_rate)
    return torch.optim.SGD(model.parameters(), lr=config.learning_rate, momentum=config.momentum)
