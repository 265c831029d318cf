"""A study: the networks that some tasks can share on one data set, and what was measured of them. Needs no torch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from types import MappingProxyType

import numpy as np

from engine.affinity.matrix import check_tasks
from engine.errors import KindredError
from engine.grouping.candidates import Candidate
from engine.grouping.capacity import FULL, HALF_SINGLE
from engine.grouping.losses import LossTable

VALIDATION, TEST, EARLY_STOPPED = "validation", "test", "early_stopped"


@dataclass(frozen=True)
class StudyNetwork:
    """A network that can be trained.

    Attributes:
        tasks: in the order of the study's.
        cost: SNT, standard network time: 1 for a network of full size.
    """

    tasks: tuple[str, ...]
    cost: float = FULL.cost

    @property
    def name(self) -> str:
        """As in ``depth+normals`` or ``depth@0.5``: what the command line takes."""
        return "+".join(self.tasks) + ("" if self.cost == FULL.cost else f"@{self.cost:g}")


@dataclass(frozen=True, eq=False)
class Study:
    """What is known of networks that compare: the same data, training and sizes, other sets of tasks.

    Arrays ``[networks, tasks]`` hold NaN where the network has no such task, or nothing is known of it.

    Attributes:
        name: unique among studies.
        tasks: T names.
        networks: all that can be chosen, measured or not.
        losses: split → ``[networks, tasks]``, the mean over seeds; lower is better. ``validation`` is what one chooses
            by, ``test`` what one reports, ``early_stopped`` the validation losses after a short training.
        spread: split → the deviation over seeds, where there are several.
        metrics: split → the metrics, higher is better.
        weights: ``[tasks]``, what a task's loss is multiplied by in the value of a grouping, the mean over tasks: 1
            each where losses add up as they are, or 1 over the task's loss alone at half size.
        affinity: ``[source, target]``, observed in one run of all tasks, higher where the source helps more; or None.
        linearised: ``[networks, tasks]``, losses estimated from the gradients of one network of all tasks; or None.
        transfer: ``[source, target]``, the target's test loss on features learned by the source alone; or None.
        epochs: ``[networks]``, of training to convergence; NaN where not known.
        early_share: what an early-stopped training costs, as a share of a whole one; NaN where not known.
        source: the paper, or the settings in words.

    Raises:
        KindredError: if networks are given twice, or hold unknown tasks, or an array has another shape.
    """

    name: str
    tasks: tuple[str, ...]
    networks: tuple[StudyNetwork, ...]
    losses: Mapping[str, np.ndarray]
    spread: Mapping[str, np.ndarray] = field(default_factory=lambda: MappingProxyType({}))
    metrics: Mapping[str, np.ndarray] = field(default_factory=lambda: MappingProxyType({}))
    weights: np.ndarray | None = None
    affinity: np.ndarray | None = None
    linearised: np.ndarray | None = None
    transfer: np.ndarray | None = None
    epochs: np.ndarray | None = None
    early_share: float = 0.2
    source: str = ""

    def __post_init__(self) -> None:
        tasks = check_tasks(self.tasks)
        networks = tuple(self.networks)
        for network in networks:
            unknown = [task for task in network.tasks if task not in tasks]
            if unknown:
                raise KindredError(
                    f"The network {network.name} of the study {self.name!r} holds {unknown[0]!r}; the tasks are "
                    f"{', '.join(tasks)}."
                )
        if len(set(networks)) < len(networks):
            twice = next(each.name for each in networks if networks.count(each) > 1)
            raise KindredError(f"The study {self.name!r} lists the network {twice} twice; keep one of the two.")
        weights = np.ones(len(tasks)) if self.weights is None else np.asarray(self.weights, float)
        object.__setattr__(self, "tasks", tasks)
        object.__setattr__(self, "networks", networks)
        object.__setattr__(self, "weights", weights)
        shape = (len(networks), len(tasks))
        arrays = {**self.losses, **self.spread, **self.metrics, "linearised": self.linearised}
        for name, values in arrays.items():
            if values is not None and np.shape(values) != shape:
                raise KindredError(f"{name} of the study {self.name!r} has the shape {np.shape(values)}, not {shape}.")

    @property
    def holds(self) -> np.ndarray:
        """``[networks, tasks]``: whether the network trains the task."""
        return np.array([[task in network.tasks for task in self.tasks] for network in self.networks], dtype=bool)

    @property
    def costs(self) -> np.ndarray:
        """``[networks]``: in SNT."""
        return np.array([network.cost for network in self.networks])

    def place(self, tasks: Sequence[str], cost: float = FULL.cost) -> int | None:
        """Where the network of these tasks and cost stands, or None."""
        wanted = frozenset(tasks)
        found = (
            number
            for number, network in enumerate(self.networks)
            if network.cost == cost and frozenset(network.tasks) == wanted
        )
        return next(found, None)

    def known(self, split: str = VALIDATION) -> np.ndarray:
        """``[networks]``: whether all losses of the network are known on a split."""
        losses = self.losses.get(split)
        if losses is None:
            return np.zeros(len(self.networks), dtype=bool)
        return (np.isfinite(losses) | ~self.holds).all(axis=1)

    def with_known(self, keep: np.ndarray, split: str = VALIDATION) -> "Study":
        """The study as if only these networks had been measured on a split, and nothing on the test split but them.

        Args:
            keep: ``[networks]``, booleans.
        """
        losses = dict(self.losses)
        for name in (split, TEST):
            if name in losses:
                losses[name] = np.where(keep[:, None], losses[name], np.nan)
        return replace(self, losses=losses)

    def candidates(self, losses: np.ndarray) -> tuple[Candidate, ...]:
        """Networks to choose from, their scores the negated ``[networks, tasks]`` losses; those not known left out."""
        found = []
        for network, row in zip(self.networks, losses, strict=True):
            scores = tuple(-float(row[self.tasks.index(task)]) for task in network.tasks)
            if np.isfinite(scores).all():
                found.append(Candidate(network.tasks, scores, network.cost))
        return tuple(found)


def whole_study(tasks: Sequence[str]) -> tuple[StudyNetwork, ...]:
    """Every set of tasks at full size, 2ⁿ − 1 of them, and every task alone at half size, as Standley et al. train."""
    tasks = tuple(tasks)
    halves = [StudyNetwork((task,), HALF_SINGLE.cost) for task in tasks]
    sets = [StudyNetwork(chosen) for size in range(1, len(tasks) + 1) for chosen in combinations(tasks, size)]
    return (*halves, *sets)


def from_losses(table: LossTable, setting: str, source: str = "", early_share: float = 0.2) -> Study:
    """A setting of a table of losses as a study."""
    tasks = table.tasks(setting)
    splits = table.losses[setting]
    keys = dict.fromkeys(network for networks in splits.values() for network in networks)
    networks = tuple(StudyNetwork(tuple(task for task in tasks if task in members), cost) for members, cost in keys)
    losses = {}
    for split, known in splits.items():
        rows = [[known.get(key, {}).get(task) for task in tasks] for key in keys]
        losses[split] = np.array(rows, dtype=float)
    return Study(setting or table.name, tasks, networks, losses, early_share=early_share, source=source)
