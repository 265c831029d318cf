"""A measured network: which it is, how it was trained, and how well each of its tasks does. Needs no torch."""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from engine.grouping.capacity import FULL
from engine.studies.study import StudyNetwork


@dataclass(frozen=True)
class Order:
    """A network to train.

    Attributes:
        tasks: in the order of the data set.
        cost: SNT, of which the network's size follows.
        seed: of the initial weights and the order of the data.
        transfer_from: the task whose single-task network of full size and the same seed lends its trunk, which then
            does not learn; empty: the network learns all of itself.
    """

    tasks: tuple[str, ...]
    cost: float = FULL.cost
    seed: int = 0
    transfer_from: str = ""

    @property
    def network(self) -> StudyNetwork:
        """The network without how it is trained."""
        return StudyNetwork(self.tasks, self.cost)

    @property
    def source(self) -> "Order | None":
        """The training whose trunk this one needs, if any."""
        return Order((self.transfer_from,), FULL.cost, self.seed) if self.transfer_from else None

    @property
    def name(self) -> str:
        """In words, as in ``depth+normals, seed 0``."""
        trunk = f" on the trunk of {self.transfer_from}" if self.transfer_from else ""
        return f"{self.network.name}{trunk}, seed {self.seed}"


@dataclass(frozen=True, eq=False)
class Measurement:
    """What came out of one training; all losses and metrics are those of the weights of the best epoch.

    Attributes:
        key: tells the training from every other; see ``key_of``.
        setting: what measurements must have in common to be compared; see ``setting_of``.
        tasks: of the network, in the order of the data set.
        cost: SNT, as ordered.
        seed, transfer_from: as of ``Order``.
        snt: the multiplications of one inference, as a multiple of those of a network of full size with the same tasks
            and one trunk (hard sharing); near ``cost`` for such networks.
        parameters: trained numbers.
        losses: split → ``[tasks]``; lower is better. Of ``validation`` and ``test``; those ``early_stopped`` are of
            validation after a short training.
        metrics: split → ``[tasks]``; higher is better; NaN where a metric has no meaning.
        epochs: trained.
        best_epoch: the one, counted from 1, with the least validation loss, whose weights were kept.
        seconds: they took.
    """

    key: str
    setting: str
    tasks: tuple[str, ...]
    cost: float
    seed: int
    transfer_from: str
    snt: float
    parameters: int
    losses: Mapping[str, np.ndarray]
    metrics: Mapping[str, np.ndarray]
    epochs: int
    best_epoch: int
    seconds: float

    @property
    def order(self) -> Order:
        """What was ordered."""
        return Order(self.tasks, self.cost, self.seed, self.transfer_from)

    @property
    def snt_epochs(self) -> float:
        """What the training cost."""
        return self.cost * self.epochs

    def to_json(self) -> dict[str, Any]:
        """As plain JSON, numbers to the last bit; null for NaN."""
        plain = {field.name: getattr(self, field.name) for field in fields(self)}
        arrays = {
            name: {split: [None if math.isnan(value) else value for value in values.tolist()] for split, values in of}
            for name, of in (("losses", self.losses.items()), ("metrics", self.metrics.items()))
        }
        return plain | {"tasks": list(self.tasks)} | arrays

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Measurement":
        """From what ``to_json`` gave."""
        arrays = {
            name: {split: np.array(values, float) for split, values in content[name].items()}
            for name in ("losses", "metrics")
        }
        return cls(**{**content, "tasks": tuple(content["tasks"]), **arrays})


def setting_of(settings: Mapping[str, Any]) -> str:
    """A digest of the settings that decide results and are the same for all networks of a study."""
    return _digest(settings)


def key_of(settings: Mapping[str, Any], order: Order) -> str:
    """A digest of all that decides a training's result; equal keys mean equal numbers to the last bit.

    The order in which the tasks are named is no part of it, as a network always holds them in the data set's order.
    """
    network = {
        "tasks": sorted(order.tasks),
        "cost": float(order.cost),
        "seed": order.seed,
        "transfer_from": order.transfer_from,
    }
    return _digest({"settings": dict(settings), "network": network})


def _digest(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
