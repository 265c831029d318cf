"""Measuring a network: trained to convergence with early stopping, then judged on validation and on test samples."""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
from torch import Tensor, nn

from engine.affinity.series import Window
from engine.architectures.cost import at_capacity, snt_of
from engine.datasets.dataset import Dataset, only
from engine.errors import KindredError
from engine.runs.study_config import StudyConfig
from engine.studies.measurement import Measurement, Order
from engine.studies.study import EARLY_STOPPED, TEST, VALIDATION
from engine.tasks import Evaluation
from engine.training.session import Session, blueprint_of

TRUNK = "shared."  # what the names of a trunk's weights begin with


class Reports(Protocol):
    """Where one training reports to, and what may end it early."""

    def window(self, window: Window) -> None: ...
    def evaluation(self, evaluation: Evaluation) -> None: ...
    def progress(self, epochs: float) -> None: ...
    def checkpoint(self, state: Callable[[], dict[str, Any]]) -> None: ...
    def stop_requested(self) -> bool: ...


class Measuring:
    """The training of one network, resumable at any update to the same numbers bit for bit.

    With L_t(e) the validation loss of task t after epoch e, an epoch's score is the mean over the tasks of
    L_t(e) / L_t(0), the loss before training; lower is better. The training ends ``patience`` epochs after the last new
    lowest score, or after ``epochs``. The weights of the epoch with the lowest score are taken up again, and judged.

    Args:
        config: how all networks of the study are trained.
        dataset: of the study, with all its tasks.
        order: the network.
        lent: of a transfer: the weights of the single-task network that lends its trunk.
        observe: whether the estimator observes affinities; it changes no number of the measurement.

    Attributes:
        session: the network, its optimiser and its data.
        epoch: epochs trained.

    Raises:
        KindredError: if the network cannot be built, or cannot be trained on this data.
    """

    def __init__(
        self,
        config: StudyConfig,
        dataset: Dataset,
        order: Order,
        lent: Mapping[str, Tensor] | None = None,
        observe: bool = False,
    ) -> None:
        self.config, self.order = config, order
        self.session = session_of(config, dataset, order, observe)
        if lent is not None:
            _freeze(self.session.model.shared, lent)
        self.epoch, self.seconds = 0, 0.0
        self._first: Evaluation | None = None  # before training
        self._early: Evaluation | None = None  # after a short training
        self._best_score, self._best_epoch = math.inf, 0
        self._best_weights: dict[str, Tensor] = {}

    @property
    def done(self) -> bool:
        """Whether the training has ended."""
        return self.epoch >= self.config.epochs or self.epoch - self._best_epoch >= self.config.patience

    def run(self, reports: Reports) -> Measurement | None:
        """Train from the update reached to the end, or until ``reports`` asks to stop.

        Returns:
            The measurement, or None where it was stopped.

        Raises:
            KindredError: if the training diverges.
        """
        session = self.session
        if self._first is None:
            self._first = self._evaluated(VALIDATION)
            reports.evaluation(self._first)
        while not self.done:
            if reports.stop_requested():
                reports.checkpoint(self.state)
                return None
            began = time.perf_counter()
            window = session.update()
            if window is not None:
                reports.window(window)
            if session.step % session.steps_per_epoch == 0:
                reports.evaluation(self._end_epoch())
            self.seconds += time.perf_counter() - began
            reports.progress(session.step / session.steps_per_epoch)
            reports.checkpoint(self.state)
        return self._measurement()

    def weights(self) -> dict[str, Tensor]:
        """Those that were measured, once the training has ended."""
        return self._best_weights

    def state(self) -> dict[str, Any]:
        """All that the rest of the training depends on, as tensors and plain values."""
        return {
            "session": self.session.state(),
            "epoch": self.epoch,
            "seconds": self.seconds,
            "first": _plain(self._first),
            "early": _plain(self._early),
            "best_score": self._best_score,
            "best_epoch": self._best_epoch,
            "best_weights": self._best_weights,
        }

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from where ``state`` was taken."""
        self.session.load_state(state["session"])
        self.epoch, self.seconds = state["epoch"], state["seconds"]
        self._first, self._early = _evaluation(state["first"]), _evaluation(state["early"])
        self._best_score, self._best_epoch = state["best_score"], state["best_epoch"]
        self._best_weights = dict(state["best_weights"])

    def _end_epoch(self) -> Evaluation:
        self.epoch += 1
        found = self._evaluated(VALIDATION)
        if self.epoch <= self.config.early_epochs:
            self._early = found
        before = self._first.losses.astype(float)
        score = float(np.mean(found.losses / np.where(before > 0, before, 1)))
        if score < self._best_score:
            self._best_score, self._best_epoch = score, self.epoch
            self._best_weights = {name: each.detach().clone() for name, each in self.session.model.state_dict().items()}
        return found

    def _measurement(self) -> Measurement:
        session = self.session
        _take_up(session, self._best_weights, self._best_epoch)
        found = {VALIDATION: self._evaluated(VALIDATION), TEST: self._evaluated(TEST), EARLY_STOPPED: self._early}
        blueprint = blueprint_of(session.config, session.dataset)
        full = replace(blueprint, settings=self.config.training(self.order))
        return Measurement(
            key=self.config.key(self.order),
            setting=self.config.setting,
            tasks=tuple(task.name for task in session.tasks),
            cost=self.order.cost,
            seed=self.order.seed,
            transfer_from=self.order.transfer_from,
            snt=snt_of(blueprint, full),
            parameters=sum(each.numel() for each in session.model.parameters() if each.requires_grad),
            losses={split: each.losses.astype(float) for split, each in found.items()},
            metrics={split: each.metrics.astype(float) for split, each in found.items()},
            epochs=self.epoch,
            best_epoch=self._best_epoch,
            seconds=self.seconds,
        )

    def _evaluated(self, split: str) -> Evaluation:
        found = self.session.evaluate(split)
        for task, loss in zip(self.session.tasks, found.losses.tolist(), strict=True):
            if not math.isfinite(loss):
                cause = (
                    f"the training has diverged after {self.session.step} updates; lower the learning rate"
                    if self.session.step
                    else f"a measurement needs labels of every task on {split} samples, so leave that task out"
                )
                raise KindredError(f"The {split} loss of {task.name!r} in {self.order.name} is {loss}: {cause}.")
        return found


def session_of(config: StudyConfig, dataset: Dataset, order: Order, observe: bool = False) -> Session:
    """The network of an order at its size, with its tasks' data, before training.

    Args:
        dataset: of the study, with all its tasks.

    Raises:
        KindredError: if it cannot be built, or cannot be trained on this data.
    """
    data = only(dataset, order.tasks)
    training = config.training(order, observe)
    training = replace(training, parts_a_step=min(training.parts_a_step, len(data.train)))
    sized = at_capacity(blueprint_of(training, data), order.cost)
    return Session(replace(training, width=sized.settings.width), data)


def network_of(
    config: StudyConfig, dataset: Dataset, measurement: Measurement, weights: Mapping[str, Tensor]
) -> Session:
    """A measured network as it was judged.

    Args:
        dataset: of the study, with all its tasks.
        weights: those that were kept of it.
    """
    session = session_of(config, dataset, measurement.order)
    _take_up(session, weights, measurement.best_epoch)
    return session


def _take_up(session: Session, weights: Mapping[str, Tensor], epoch: int) -> None:
    session.model.load_state_dict(weights)
    session.step = epoch * session.steps_per_epoch  # what is annealed, as it was then


def _freeze(trunk: nn.Module, lent: Mapping[str, Tensor]) -> None:
    """Give a trunk the weights that another network learned; it keeps them, and computes as in evaluation."""
    own = {name.removeprefix(TRUNK): weight for name, weight in lent.items() if name.startswith(TRUNK)}
    trunk.load_state_dict(own)
    trunk.requires_grad_(False)
    trunk.register_forward_pre_hook(_as_evaluated)


def _as_evaluated(trunk: nn.Module, _inputs: tuple[Any, ...]) -> None:
    trunk.eval()


def _plain(evaluation: Evaluation | None) -> dict[str, Any] | None:
    if evaluation is None:
        return None
    numbers = {"losses": evaluation.losses.tolist(), "metrics": evaluation.metrics.tolist()}
    return {"step": evaluation.step, "split": evaluation.split, **numbers}


def _evaluation(plain: dict[str, Any] | None) -> Evaluation | None:
    if plain is None:
        return None
    losses, metrics = (np.array(plain[name], np.float32) for name in ("losses", "metrics"))
    return Evaluation(plain["step"], plain["split"], losses, metrics)
