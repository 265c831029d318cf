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
from engine.architectures.cost import build, cost_of
from engine.architectures.network import Blueprint, Network
from engine.auxiliary.maxl import Maxl, generated_task
from engine.datasets.dataset import Dataset, Split, epoch_order
from engine.errors import KindredError
from engine.runs.config import RunConfig
from engine.tasks import Evaluation, TaskWeights
from engine.training.losses import task_losses, task_metrics
from engine.training.readings import Readings
from engine.weighting.weighting import JointStep

WINDOWS_A_RUN = 100
EVALUATION_CHUNK = 4096


class Sink(Protocol):
    """Where a session reports to, and what may end it early."""

    def window(self, window: Window, reading: str = "affinity") -> None: ...
    def weights(self, weights: TaskWeights) -> None: ...
    def artifact(self, name: str, content: Any) -> None: ...
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
        self.train = self.dataset.train.to(self.device)
        self.validation = self.dataset.validation.to(self.device)
        self.test = self.dataset.test.to(self.device)
        self.steps_per_epoch = len(self.train) // config.batch_size
        if not self.steps_per_epoch:
            raise KindredError(
                f"Batch size is {config.batch_size}, but {self.dataset.name} has {len(self.train)} training samples; "
                "choose a batch size no larger than that."
            )
        self.steps = self.steps_per_epoch * config.epochs
        self.window_steps = config.every * (config.window or math.ceil(self.steps / config.every / WINDOWS_A_RUN))

        blueprint = blueprint_of(config, self.dataset)
        self.tasks = blueprint.tasks
        self.cost = cost_of(blueprint)
        torch.manual_seed(config.seed)
        self.model = build(blueprint).to(self.device)
        self.auxiliary = self._auxiliary(blueprint)
        self.weighting = catalog.load("weighting", config.weighting)(self.tasks, config, config.seed)
        self.weighting.to(self.device)
        self.optimizer = _optimizer(config, self.model, self.weighting.parameters())
        relating = self.model.relation_parameters()
        self.relating = torch.optim.Adam(relating, lr=config.relation_rate) if relating else None
        self.observer = self._observer() if config.affinity != "none" else None
        self.readings = Readings(len(self.tasks))
        self.step = 0
        self.seconds = 0.0
        self._shared = list(self.model.shared.parameters())
        shared = {id(parameter) for parameter in self._shared}
        self._own = [parameter for parameter in self.model.parameters() if id(parameter) not in shared]
        self._order = (-1, torch.empty(0))
        self._features: tuple[torch.Tensor, ...] = ()
        self.model.heads.register_forward_pre_hook(self._keep_features)
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
            if self._ends_window(self.step):
                self._report_window(sink)
            if self.step % self.steps_per_epoch == 0:
                sink.evaluation(self.evaluate("validation"))
                self._report_labels(sink)
            seconds_left = (time.monotonic() - began) / (self.step - first) * (self.steps - self.step)
            sink.progress(self.step, seconds_left)
            sink.checkpoint(self.state)
        sink.evaluation(self.evaluate("test"))
        return True

    def update(self) -> Window | None:
        """One joint update, observed if its turn has come.

        Returns:
            The window of affinities that it ended, if any.
        """
        began = time.perf_counter()
        self.model.begin_step(self.step / self.steps)
        inputs, labels = self._batch()
        outputs: dict[str, torch.Tensor] = {}

        def evaluate() -> dict[str, torch.Tensor]:
            outputs.update(self.model(inputs))
            return task_losses(self.tasks, outputs, labels)

        if self.observer is not None:
            self.observer.prepare()
        losses = evaluate()
        given = dict(outputs)
        window = self.observer.observe(losses, evaluate) if self.observer is not None else None
        self.loss_total += torch.stack([loss.detach().double() for loss in losses.values()]).cpu()

        self.model.zero_grad()
        self.optimizer.zero_grad()
        joint = JointStep(
            step=self.step,
            epoch=self.step // self.steps_per_epoch,
            losses=losses,
            shared=self._shared,
            own=self._own,
            last_shared=self.model.last_shared(),
            features=self._features,
            metrics=lambda: torch.stack(list(task_metrics(self.tasks, given, labels).values())),
        )
        self.readings.add(self.weighting.backward(joint))
        self._features = ()
        regularizer = self.model.regularizer()
        if regularizer is not None:
            regularizer.backward()
        self.optimizer.step()
        if self.relating is not None:
            self.relating.step()
        self.model.after_step(self.config.learning_rate)
        if self.auxiliary is not None:
            self.auxiliary.meta_step(self.model, inputs, labels, self.config.learning_rate)
            self._features = ()  # its passes are not those of an update
        self.step += 1
        self.seconds += time.perf_counter() - began
        return window

    def evaluate(self, split: str) -> Evaluation:
        """Losses and metrics over a whole split, in evaluation mode; moves nothing."""
        data: Split = getattr(self, split)
        labels = self._with_generated(data.inputs, data.labels)
        self.model.begin_step(self.step / self.steps)
        self.model.eval()
        with torch.no_grad():
            chunks = [self.model(inputs) for inputs in data.inputs.split(EVALUATION_CHUNK)]
        self.model.train()
        outputs = {task.name: torch.cat([chunk[task.name] for chunk in chunks]) for task in self.tasks}
        measured = (task_losses, task_metrics)
        losses, metrics = (
            np.array([value.item() for value in measure(self.tasks, outputs, labels).values()], np.float32)
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
            "relating": self.relating.state_dict() if self.relating is not None else None,
            "generator": torch.get_rng_state(),
            "gpu_generator": torch.cuda.get_rng_state(self.device) if self.device.type == "cuda" else None,
            "observer": self.observer.state() if self.observer is not None else None,
            "loss_total": self.loss_total,
            "weighting": self.weighting.state(),
            "readings": self.readings.state(),
            "auxiliary": self.auxiliary.state() if self.auxiliary is not None else None,
            "seconds": self.seconds,
        }

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from where ``state`` was taken; the continuation equals an undisturbed run's bit for bit.

        Raises:
            KindredError: if it is of another network.
        """
        try:
            self.model.load_state_dict(state["model"])
        except RuntimeError as error:
            raise KindredError(
                "The checkpoint holds another network than the run describes, as one of an earlier Kindred does; "
                "delete its file checkpoint.pt and resume, which trains the run again from its start."
            ) from error
        self.optimizer.load_state_dict(state["optimizer"])
        if self.relating is not None:
            self.relating.load_state_dict(state["relating"])
        torch.set_rng_state(state["generator"])
        if state["gpu_generator"] is not None:
            torch.cuda.set_rng_state(state["gpu_generator"], self.device)
        self.step, self.loss_total, self.seconds = state["step"], state["loss_total"], state["seconds"]
        self.weighting.load_state(state["weighting"])
        self.readings.load_state(state["readings"])
        if self.auxiliary is not None:
            self.auxiliary.load_state(state["auxiliary"])
        if self.observer is not None:
            self.observer.load_state(state["observer"])

    def _batch(self) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        epoch, position = divmod(self.step, self.steps_per_epoch)
        if self._order[0] != epoch:
            self._order = epoch, epoch_order(len(self.train), self.config.seed, epoch).to(self.device)
        first = position * self.config.batch_size
        inputs, labels = self.train.batch(self._order[1][first : first + self.config.batch_size])
        return inputs, self._with_generated(inputs, labels)

    def _with_generated(self, inputs: torch.Tensor, labels: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        if self.auxiliary is None:
            return labels
        return labels | {self.auxiliary.task.name: self.auxiliary.labels(inputs, labels)}

    def _auxiliary(self, blueprint: Blueprint) -> Maxl | None:
        if self.config.auxiliary == "none":
            return None
        return Maxl(blueprint, self.config, self.device)

    def _keep_features(self, _heads: torch.nn.Module, arguments: tuple) -> None:
        if torch.is_grad_enabled():
            self._features = tuple(arguments[0])

    def _observer(self) -> Observer:
        config = self.config
        model = self.model
        part = model.shared if model.common_last_layer else model.shared.parameters()
        shared = Shared(part, len(self.tasks), model, len(model.towers))
        plan = plan_of(config, shared, len(self.tasks), self.steps, config.seed)
        return Observer([task.name for task in self.tasks], shared, plan, self._ends_window, self.optimizer)

    def _ends_window(self, step: int) -> bool:
        return step % self.window_steps == 0 or step == self.steps

    def _clear_losses(self) -> None:
        self.loss_total = torch.zeros(len(self.tasks), dtype=torch.float64)

    def _report_window(self, sink: Sink) -> None:
        """Mean losses and weights since the last window, and the network's own readings as they are now."""
        length = (self.step - 1) % self.window_steps + 1
        losses = (self.loss_total / length).to(torch.float32).numpy()
        sink.evaluation(Evaluation(self.step, "train", losses, np.full_like(losses, np.nan)))
        self._clear_losses()
        for task, loss in zip(self.tasks, losses.tolist(), strict=True):
            if not math.isfinite(loss):
                raise KindredError(
                    f"After {self.step} updates the loss of {task.name!r} is {loss}: the training has diverged; lower "
                    "the learning rate."
                )
        weights, windows = self.readings.close(self.step, self.model.readings())
        sink.weights(weights)
        for reading, window in windows.items():
            sink.window(window, reading)
        notes = (self.observer.plan.note() if self.observer is not None else "", self.model.note())
        sink.note(". ".join(note for note in notes if note))

    def _report_labels(self, sink: Sink) -> None:
        if self.auxiliary is not None:
            sink.artifact("generated labels", self.auxiliary.examples(self.validation))


def blueprint_of(config: RunConfig, dataset: Dataset) -> Blueprint:
    """What the network of a run is built from; with the generated task, if there is to be one.

    Raises:
        KindredError: if a task that the configuration names is not in the data set.
    """
    known = [task.name for task in dataset.tasks]
    for name in config.primary_tasks:
        if name not in known:
            raise KindredError(f"There is no task {name!r} in {dataset.name}; primary may name {', '.join(known)}.")
    tasks = dataset.tasks
    if config.auxiliary == "maxl":
        (primary,) = (task for task in tasks if task.name in config.primary_tasks)
        tasks = (*tasks, generated_task(primary, config.subclasses))
    return Blueprint(tasks, tuple(dataset.train.inputs.shape[1:]), config)


def _optimizer(config: RunConfig, model: Network, weighting: list[torch.nn.Parameter]) -> torch.optim.Optimizer:
    """Of the network without what relates its tasks, and of the weighting's own parameters in a group of their own."""
    relating = {id(parameter) for parameter in model.relation_parameters()}
    network = [parameter for parameter in model.parameters() if id(parameter) not in relating]
    groups = [{"params": network, "lr": config.learning_rate}]
    if weighting:
        groups.append({"params": weighting, "lr": config.weight_rate})
    if config.optimizer == "adam":
        return torch.optim.Adam(groups)
    return torch.optim.SGD(groups, momentum=config.momentum)
