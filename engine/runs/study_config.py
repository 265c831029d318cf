"""How a study is described: every choice, checked at the door. Needs no torch."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from typing import Any, ClassVar

from engine.affinity.settings import AffinitySettings
from engine.auxiliary.settings import AuxiliarySettings
from engine.checks import check_fields
from engine.datasets.tables.columns import names_in
from engine.errors import KindredError
from engine.runs.config import RunConfig
from engine.runs.study_plan import TRANSFER, check_words, orders_of
from engine.studies.measurement import Order, key_of, setting_of

MOST_SEEDS = 100
VERSION = 1  # to be raised when a setting comes to mean something else, or a default changes: keys leave defaults out
_RANGES = {
    "seeds": (int, 1, MOST_SEEDS),
    "patience": (int, 1, 100_000),
    "early_share": (float, 0.001, 1.0),
    "workers": (int, 1, 256),
    "allowance": (float, 0.0, 1e12),
    "budget": (float, 0.0, 1e6),
    "bound": (float, 0.0, 1e6),
}
# What a network's losses do not depend on: observing moves nothing, and no network of a study has auxiliary tasks.
_UNDECISIVE = {field.name for settings in (AffinitySettings, AuxiliarySettings) for field in fields(settings)}
_UNDECISIVE |= {"window", "seed"}  # the seed is part of an order


@dataclass(frozen=True, kw_only=True)
class StudyConfig(RunConfig):
    """Networks of several sets of tasks, all trained alike, so that their losses compare.

    The fields of ``RunConfig`` say how each is trained: ``width`` is that of a network of 1 SNT, ``epochs`` are the
    most, ``seed`` is the first, ``threads`` are those of one training, and the estimator is used with ``observe`` only.

    Attributes:
        tasks: which, separated by commas; empty: all. At least two.
        networks: which, separated by commas: ``half_singles``, ``singles``, ``pairs``, ``all_in_one``, ``whole`` (all
            sets, and each task alone at half size), ``random:K`` (of K random partitions), ``transfer`` (each task on
            the trunk learned by each other one), or written out, as in ``depth+normals`` or ``depth@0.5``.
        seeds: trainings of each network, from ``seed`` on.
        patience: epochs without a new lowest validation loss (the mean over tasks, each relative to its loss before
            training) after which a training ends.
        early_share: the share of the most epochs after which the validation losses of a short training are taken.
        workers: trainings at a time, each in a process of its own; any number gives the same losses.
        observe: have the network of all tasks and the first seed observe affinities with the estimator.
        allowance: SNT-epochs that may be spent; 0: train all that is listed.
        budget: SNT of the grouping that is looked for.
        bound: stop when the regret is surely below so many per cent.
    """

    kind: ClassVar[str] = "study"
    epochs: int = 40
    tasks: str = ""
    networks: str = "half_singles,singles,pairs,all_in_one"
    seeds: int = 1
    patience: int = 5
    early_share: float = 0.2
    workers: int = 1
    observe: bool = False
    allowance: float = 0.0
    budget: float = 0.0
    bound: float = 0.0

    def __post_init__(self) -> None:
        check_fields(self, _RANGES, {"observe": (False, True)})
        if not self.observe:
            object.__setattr__(self, "affinity", "none")
        super().__post_init__()
        if self.observe and self.affinity == "none":
            raise KindredError("The study is to observe affinities, but the estimator is none; choose one, as auto.")
        if self.auxiliary != "none" or self.primary:
            raise KindredError(
                f"Auxiliary is {self.auxiliary!r} and primary {self.primary!r}; the networks of a study train and "
                "judge just the tasks they are made of, so set auxiliary to none and leave primary empty."
            )
        if self.seed + self.seeds > 2**31:
            raise KindredError(f"The last of {self.seeds} seeds from {self.seed} on is above {2**31 - 1}; begin lower.")
        check_words(self.networks)
        if TRANSFER in names_in(self.networks) and self.architecture != "hard_sharing":
            raise KindredError(
                f"The architecture is {self.architecture!r}, but transfer hands on the trunk of hard_sharing; choose "
                "that one, or leave transfer out."
            )

    @property
    def every_seed(self) -> range:
        """Those that are trained."""
        return range(self.seed, self.seed + self.seeds)

    @cached_property
    def decisive(self) -> dict[str, Any]:
        """All that decides a network's losses besides the network, as plain JSON: what is not as it is by default."""
        told = {
            field.name: getattr(self, field.name)
            for field in fields(RunConfig)
            if field.name not in _UNDECISIVE and getattr(self, field.name) != field.default
        }
        return {"version": VERSION, "patience": self.patience, "early_share": self.early_share, **told}

    @cached_property
    def setting(self) -> str:
        """What measurements must have in common with those of this study to be compared with them."""
        return setting_of(self.decisive)

    def key(self, order: Order) -> str:
        """What tells one training, and all that decides its result, from every other."""
        return key_of(self.decisive, order)

    @property
    def early_epochs(self) -> int:
        """Epochs of a short training."""
        return max(math.ceil(self.early_share * self.epochs), 1)

    def orders(self, tasks: Sequence[str]) -> tuple[Order, ...]:
        """What is listed, the most telling first.

        Args:
            tasks: those of the study, in the order of the data set.

        Raises:
            KindredError: if a network cannot be made of them, or there are fewer than two.
        """
        if len(tasks) < 2:
            raise KindredError(
                f"A study compares networks of two tasks or more, but there is {', '.join(tasks)} alone; name more."
            )
        return orders_of(self.networks, tasks, self.every_seed, self.observe)

    def training(self, order: Order, observe: bool = False) -> RunConfig:
        """How the network of an order is trained, at the width of 1 SNT."""
        told = {field.name: getattr(self, field.name) for field in fields(RunConfig)} | {"seed": order.seed}
        if order.transfer_from:
            told["weighting"] = "equal"  # one loss, and only a head to train
        if not observe:
            told |= {"affinity": "none", "every": 1, "metric": False}
        return RunConfig(**told)

    def to_json(self) -> dict[str, Any]:
        """As a plain dictionary."""
        return {"kind": self.kind, **asdict(self)}
