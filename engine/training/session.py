"""One training run from its description to its last step, resumable at any step to the same numbers bit for bit."""

import math
import time
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import torch

from engine import catalog
from engine.affinity.series import Window
from engine.datasets.dataset import Dataset, Split, epoch_order
from engine.errors import KindredError
from engine.runs.config import RunConfig
from engine.tasks import Evaluation
from engine.training.losses import task_losses, task_metrics
from engine.training.replay import Replay

WINDOWS_A_RUN = 100
EVALUATION_CHUNK = 4096


class Sink(Protocol):
    """Where a session reports to, and what may end it early."""

    def window(self, window: Window) -> None: ...
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
        self.estimator = None
        if config.affinity != "none":
            self.estimator = catalog.load("estimator", config.affinity)(
                self.model.shared_parameters(), self.optimizer, config.lookahead_step
            )
        self.step = 0
        self._order = (-1, torch.empty(0))
        self._clear_window()

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
            self.update()
            if self.step % self.window_steps == 0 or self.step == self.steps:
                self._close_window(sink)
            if self.step % self.steps_per_epoch == 0:
                sink.evaluation(self.evaluate("validation"))
            seconds_left = (time.monotonic() - began) / (self.step - first) * (self.steps - self.step)
            sink.progress(self.step, seconds_left)
            sink.checkpoint(self.state)
        return True

    def update(self) -> None:
        """One joint update, observed if its turn has come."""
        inputs, labels = self._batch()
        observed = self.estimator is not None and self.step % self.config.every == 0
        replay = Replay(self.model, self.device) if observed else None

        def evaluate() -> dict[str, torch.Tensor]:
            return task_losses(self.tasks, self.model(inputs), labels)

        losses = evaluate()
        if observed:
            affinity = self.estimator(losses, lambda: replay(evaluate)).cpu()
            self.updates += 1
            self.total += affinity
            self.total_squares += affinity.square()
        self.loss_total += torch.stack([loss.detach().double() for loss in losses.values()]).cpu()

        self.optimizer.zero_grad()
        self.combine(losses).backward()
        self.optimizer.step()
        self.step += 1

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

    def state(self) -> dict[str, Any]:
        """All that the rest of the run depends on, as tensors and plain values."""
        return {
            "step": self.step,
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "generator": torch.get_rng_state(),
            "gpu_generator": torch.cuda.get_rng_state(self.device) if self.device.type == "cuda" else None,
            "updates": self.updates,
            "total": self.total,
            "total_squares": self.total_squares,
            "loss_total": self.loss_total,
        }

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from where ``state`` was taken; the continuation equals an undisturbed run's bit for bit."""
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        torch.set_rng_state(state["generator"])
        if state["gpu_generator"] is not None:
            torch.cuda.set_rng_state(state["gpu_generator"], self.device)
        self.step, self.updates = state["step"], state["updates"]
        self.total, self.total_squares = state["total"], state["total_squares"]
        self.loss_total = state["loss_total"]

    def _batch(self) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        epoch, position = divmod(self.step, self.steps_per_epoch)
        if self._order[0] != epoch:
            self._order = epoch, epoch_order(len(self.train), self.config.seed, epoch).to(self.device)
        first = position * self.config.batch_size
        return self.train.batch(self._order[1][first : first + self.config.batch_size])

    def _clear_window(self) -> None:
        tasks = len(self.tasks)
        self.updates = 0
        self.total = torch.zeros(tasks, tasks, dtype=torch.float64)
        self.total_squares = torch.zeros(tasks, tasks, dtype=torch.float64)
        self.loss_total = torch.zeros(tasks, dtype=torch.float64)

    def _close_window(self, sink: Sink) -> None:
        length = (self.step - 1) % self.window_steps + 1
        if self.updates:
            totals = (values.to(torch.float32).numpy() for values in (self.total, self.total_squares))
            sink.window(Window(self.step - length, self.step, self.updates, *totals))
        losses = (self.loss_total / length).to(torch.float32).numpy()
        sink.evaluation(Evaluation(self.step, "train", losses, np.full_like(losses, np.nan)))
        self._clear_window()


def _optimizer(config: RunConfig, model: torch.nn.Module) -> torch.optim.Optimizer:
    if config.optimizer == "adam":
        return torch.optim.Adam(model.parameters(), lr=config.learning_rate)
    return torch.optim.SGD(model.parameters(), lr=config.learning_rate, momentum=config.momentum)
