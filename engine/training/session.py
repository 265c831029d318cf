"""One training run from its description to its last step, resumable at any step to the same numbers bit for bit."""

import math
import time
from dataclasses import replace
from typing import Any

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
from engine.datasets.dataset import SPLITS, Dataset, at_most, known
from engine.datasets.loading import load_dataset, offers
from engine.errors import KindredError
from engine.runs.config import RunConfig, check_fit
from engine.tasks import Evaluation
from engine.training.feed import Batch, parts_of
from engine.training.joint_layers import join_layers
from engine.training.losses import Tally, add_up, task_losses, task_metrics
from engine.training.mean_losses import MeanLosses
from engine.training.ranks import Ranks
from engine.training.readings import Readings
from engine.training.sampling import Sampler
from engine.training.sink import Sink
from engine.weighting.weighting import JointStep

WINDOWS_A_RUN = 100


class Session:
    """Model, optimiser, data and the step reached.

    Args:
        config: what to train.
        dataset: what ``config`` names, if it is loaded already.
        ranks: the processes that train together, each with a session of its own; by default this one alone.

    Raises:
        KindredError: if the data set and the configuration do not fit, or cannot be shared out.
    """

    def __init__(self, config: RunConfig, dataset: Dataset | None = None, ranks: Ranks | None = None) -> None:
        self.ranks = ranks or Ranks()
        self.device = self.ranks.device(config.device)
        torch.set_num_threads(config.threads)
        self.config = config
        self.dataset = at_most(dataset or load_dataset(config), config.samples, config.seed)
        _check_data(config, self.dataset)
        blueprint = blueprint_of(config, self.dataset)
        self.tasks = blueprint.tasks
        self.parts = {
            split: parts_of(self.dataset.tasks, getattr(self.dataset, split), self.device) for split in SPLITS
        }
        self.sampler = Sampler([len(part) for part in self.dataset.train], config, config.batch_size, config.seed)
        self.ranks.check(config, self.sampler.sizes)
        self.steps_per_epoch = self.sampler.steps_per_epoch
        self.steps = self.steps_per_epoch * config.epochs
        self.window_steps = config.every * (config.window or math.ceil(self.steps / config.every / WINDOWS_A_RUN))

        self.cost = cost_of(blueprint)
        torch.manual_seed(config.seed)
        self.model = join_layers(build(blueprint).to(self.device), self.ranks)
        self.model.gathered = self.ranks.gathered
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
        self.losses = MeanLosses(len(self.tasks))

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
            if self.ranks.stop(sink.stop_requested()):
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
        batches = self._batches()
        outputs: dict[str, torch.Tensor] = {}

        def evaluate() -> dict[str, torch.Tensor]:
            losses = {}
            for batch in batches:
                self.ranks.joint = batch.joint
                outputs.update(self.model(batch.inputs, batch.tasks))
                losses |= task_losses(batch.tasks, outputs, batch.labels, batch.sparse, batch.shares)
            return {task.name: losses[task.name] for task in self.tasks if task.name in losses}

        if self.observer is not None:
            self.observer.prepare()
        losses = evaluate()
        given = dict(outputs)
        window = self.observer.observe(losses, evaluate) if self.observer is not None else None
        self.model.zero_grad()
        self.optimizer.zero_grad()
        if losses:  # a batch may have no label at all
            joint = JointStep(
                step=self.step,
                epoch=self.step // self.steps_per_epoch,
                tasks=[task.name for task in self.tasks],
                losses=losses,
                shared=self._shared,
                own=self._own,
                last_shared=self.model.last_shared(),
                features=self._features,
                metrics=lambda: self._metrics(batches, given),
                average=self.ranks.average,
                processes=self.ranks.size,
            )
            self.losses.add(joint.values, joint.labelled)
            self.readings.add(self.weighting.backward(joint), joint.labelled)
        self._features = ()
        regularizer = self.model.regularizer()
        if regularizer is not None:
            regularizer.backward()
        self.ranks.average_gradients([*self.model.parameters(), *self.weighting.parameters()])
        self.optimizer.step()
        if self.relating is not None:
            self.relating.step()
        self.model.after_step(self.config.learning_rate)
        if self.auxiliary is not None:
            (batch,) = batches
            self.auxiliary.meta_step(self.model, batch.inputs, batch.labels, self.config.learning_rate)
            self._features = ()  # its passes are not those of an update
        self.step += 1
        self.seconds += time.perf_counter() - began
        return window

    def evaluate(self, split: str) -> Evaluation:
        """Losses and metrics over a whole split, in evaluation mode; moves nothing."""
        tallies = {task.name: Tally(task) for task in self.tasks}
        self.model.begin_step(self.step / self.steps)
        self.model.eval()
        with torch.no_grad():
            for part in self.parts[split]:
                for batch in map(self._with_generated, part.chunks(own=self.ranks.own)):
                    outputs = self.model(batch.inputs, batch.tasks)
                    for task in batch.tasks:
                        tallies[task.name].add(outputs[task.name], batch.labels[task.name], task.name in batch.sparse)
        self.model.train()
        add_up(tallies.values(), self.ranks.total)
        losses = np.array([tally.loss for tally in tallies.values()], np.float32)
        metrics = np.array([tally.metric for tally in tallies.values()], np.float32)
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
            "losses": self.losses.state(),
            "sampler": self.sampler.state(),
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
        self.step, self.seconds = state["step"], state["seconds"]
        self.losses.load_state(state["losses"])
        self.sampler.load_state(state["sampler"])
        self.weighting.load_state(state["weighting"])
        self.readings.load_state(state["readings"])
        if self.auxiliary is not None:
            self.auxiliary.load_state(state["auxiliary"])
        if self.observer is not None:
            self.observer.load_state(state["observer"])

    def _batches(self) -> list[Batch]:
        drawn = self.sampler.draw(self.step)
        own = self.ranks.own
        batches = [self._with_generated(self.parts["train"][part].batch(indices[own])) for part, indices in drawn]
        return self.ranks.shared_out(batches, [len(indices) for _, indices in drawn])

    def _with_generated(self, batch: Batch) -> Batch:
        if self.auxiliary is None:
            return batch
        task = self.auxiliary.task
        labels = batch.labels | {task.name: self.auxiliary.labels(batch.inputs, batch.labels)}
        return replace(batch, tasks=(*batch.tasks, task), labels=labels)

    def _metrics(self, batches: list[Batch], outputs: dict[str, torch.Tensor]) -> torch.Tensor:
        found: dict[str, float] = {}
        for batch in batches:
            found |= task_metrics(batch.tasks, outputs, batch.labels, batch.sparse, self.ranks.total)
        return torch.tensor([found.get(task.name, torch.nan) for task in self.tasks])

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

    def _report_window(self, sink: Sink) -> None:
        """Mean losses and weights since the last window, and the network's own readings as they are now."""
        losses, seen = self.losses.close()
        sink.evaluation(Evaluation(self.step, "train", losses, np.full_like(losses, np.nan)))
        for task, loss, labelled in zip(self.tasks, losses.tolist(), seen.tolist(), strict=True):
            if labelled and not math.isfinite(loss):
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
            sink.artifact("generated labels", self.auxiliary.examples(self.parts["validation"][0]))


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
    return Blueprint(tasks, dataset.input_shape, config)


def _check_data(config: RunConfig, dataset: Dataset) -> None:
    """See that the data set, now that it is known, goes with the rest.

    Raises:
        KindredError: if it does not.
    """
    kinds = ("dataset", "trunk", "architecture", "weighting", "auxiliary")
    chosen = {kind: getattr(config, kind) for kind in kinds} | {"estimator": config.affinity}
    check_fit(chosen, tuple(offers(dataset)))
    if len(dataset.train) == 1 and len(dataset.train[0]) < config.batch_size:
        raise KindredError(
            f"Batch size is {config.batch_size}, but {dataset.name} has {len(dataset.train[0])} training samples; "
            "choose a batch size no larger than that."
        )
    alone = all(len(part.labels) == 1 for part in dataset.train)
    if config.affinity != "none" and config.parts_a_step == 1 and alone:
        raise KindredError(
            "Parts a step is 1, so that no update sees two tasks and no affinity can be observed; let an update draw "
            "2 or more, or observe none."
        )
    if config.auxiliary == "maxl":
        (part,) = dataset.train
        for task in config.primary_tasks:
            labels = part.labels.get(task)
            if labels is not None and (not isinstance(labels, np.ndarray) or not known(labels).all()):
                raise KindredError(
                    f"Some labels of the primary task {task!r} are missing, but maxl makes finer ones of each; leave "
                    "those samples out, or set auxiliary to none."
                )


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
