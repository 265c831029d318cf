"""The kinds of run that a worker can work off, and how each is described: networks, studies of many, linear
models, federated ones."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar, NamedTuple

from engine import catalog
from engine.checks import check_fields, check_texts
from engine.datasets.settings import DataSettings
from engine.datasets.tables.columns import names_in
from engine.errors import KindredError
from engine.federated.settings import NEEDS_MATRIX, FederatedSettings
from engine.runs.config import RunConfig
from engine.runs.study_config import StudyConfig


@dataclass(frozen=True, kw_only=True)
class LinearConfig(DataSettings):
    """A comparison of regularised multi-task methods on linear models, as samples a task grow.

    Attributes:
        tasks: which, separated by commas; empty: all.
        methods: of the catalog (kind ``linear``), separated by commas; empty: all.
        sizes: training samples a task, separated by commas; ``all`` for all there are.
        seeds: of the samples drawn, from ``seed`` on.
        seed: the first.
        relation: of ``graph_laplacian``: ``[source, target]``, how closely tasks are related, such as an affinity, in
            the order of the tasks; empty: that method is left out.
    """

    kind: ClassVar[str] = "linear"
    tasks: str = ""
    methods: str = ""
    sizes: str = "10,20,40,80"
    seeds: int = 5
    seed: int = 0
    relation: tuple[tuple[float, ...], ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        check_fields(self, {"seeds": (int, 1, 100), "seed": (int, 0, 2**31 - 1)}, {})
        object.__setattr__(self, "relation", _square("relation", self.relation))
        for name in self.chosen:
            catalog.find("linear", name)
        if ("graph_laplacian" in self.chosen) != bool(self.relation):
            raise KindredError(
                "The method graph_laplacian and a relation of the tasks go together; give both, or leave both out."
            )
        for size in self.sample_sizes:
            if size is not None and size < 2:
                raise KindredError(f"A size is {size}; give at least 2 training samples a task, or all.")

    @property
    def chosen(self) -> tuple[str, ...]:
        """The names of the methods."""
        named = tuple(dict.fromkeys(names_in(self.methods)))
        every = [entry.name for entry in catalog.entries("linear")]
        return named or tuple(name for name in every if name != "graph_laplacian" or self.relation)

    @property
    def sample_sizes(self) -> tuple[int | None, ...]:
        """Training samples a task, from few to many, each once; ``None`` for all, which is last.

        Raises:
            KindredError: if one is no whole number.
        """
        sizes = []
        for size in names_in(self.sizes):
            if size != "all" and not size.isdecimal():
                raise KindredError(f"A size is {size!r}; give whole numbers and all, as in 10,20,40,all.")
            sizes.append(None if size == "all" else int(size))
        if not sizes:
            raise KindredError("No size is given; give training samples a task, as in 10,20,40,all.")
        return tuple(sorted(set(sizes), key=lambda size: (size is None, size or 0)))

    def to_json(self) -> dict[str, Any]:
        """As a plain dictionary."""
        return {"kind": self.kind, **asdict(self)}


@dataclass(frozen=True, kw_only=True)
class FederatedConfig(FederatedSettings, DataSettings):
    """Federated learning of linear models, each task a client, by several methods on the same draws of drop-outs.

    Attributes:
        tasks: which, separated by commas; empty: all.
        methods: of the catalog (kind ``federated``), separated by commas; empty: all.
        rounds: of communication.
        loss: ``auto``: ``squared`` for real numbers, ``logistic`` for binary tasks.
        clients: where they run: ``in_process``, or ``processes`` of their own.
        matrix: of the relations ``similarity`` and ``precision``: ``[task, task]``.
        threads: of computation; as many processes where clients have their own.
    """

    kind: ClassVar[str] = "federated"
    loss: str = "auto"
    tasks: str = ""
    methods: str = ""
    rounds: int = 100
    clients: str = "in_process"
    matrix: tuple[tuple[float, ...], ...] = ()
    threads: int = 1

    def __post_init__(self) -> None:
        DataSettings.__post_init__(self)
        self.settings(self.loss if self.loss != "auto" else "squared")
        ranges = {"rounds": (int, 1, 1_000_000), "threads": (int, 1, 1024)}
        check_fields(self, ranges, {"clients": ("in_process", "processes")})
        object.__setattr__(self, "matrix", _square("matrix", self.matrix))
        for name in self.chosen:
            catalog.find("federated", name)
        if (self.relation in NEEDS_MATRIX) != bool(self.matrix):
            raise KindredError(
                f"The relation {self.relation!r} {'needs a' if not self.matrix else 'takes no'} matrix; give one with "
                f"{' or '.join(NEEDS_MATRIX)}, and none otherwise."
            )

    def settings(self, loss: str) -> FederatedSettings:
        """Those of every method, with this loss."""
        own = {field.name: getattr(self, field.name) for field in fields(FederatedSettings)}
        return FederatedSettings(**own | {"loss": loss})

    @property
    def chosen(self) -> tuple[str, ...]:
        """The names of the methods."""
        named = tuple(dict.fromkeys(names_in(self.methods)))
        return named or tuple(entry.name for entry in catalog.entries("federated"))

    def to_json(self) -> dict[str, Any]:
        """As a plain dictionary."""
        return {"kind": self.kind, **asdict(self)}


Config = RunConfig | StudyConfig | LinearConfig | FederatedConfig


class Kind(NamedTuple):
    """Attributes:
    config: how its runs are described.
    session: ``module:class`` that works them off.
    checkpoint: name of the file of their state, whose ending tells the format.
    """

    config: type[Config]
    session: str
    checkpoint: str


KINDS: dict[str, Kind] = {
    "network": Kind(RunConfig, "engine.training.session:Session", "checkpoint.pt"),
    "study": Kind(StudyConfig, "engine.training.study_session:StudySession", "checkpoint.npz"),
    "linear": Kind(LinearConfig, "engine.regularized.session:LinearSession", "checkpoint.npz"),
    "federated": Kind(FederatedConfig, "engine.federated.session:FederatedSession", "checkpoint.npz"),
}


def kind_of(content: Mapping[str, Any]) -> str:
    """The kind of run that a stored configuration describes."""
    return content.get("kind", "network")


def config_of(content: Mapping[str, Any]) -> Config:
    """The configuration that was stored.

    Raises:
        KindredError: for an unknown kind or setting, or a value out of range.
    """
    if not isinstance(content, Mapping):
        raise KindredError(f"The configuration is a {type(content).__name__}; it must be an object of settings.")
    kind = kind_of(content)
    if not isinstance(kind, str) or kind not in KINDS:
        raise KindredError(f"The kind of run {kind!r} is unknown; this Kindred knows {', '.join(KINDS)}.")
    if "dataset" not in content:
        raise KindredError("The configuration names no data set; add the setting 'dataset'.")
    if kind == "network":
        return RunConfig.from_json({name: value for name, value in content.items() if name != "kind"})
    known = {field.name for field in fields(KINDS[kind].config)}
    unknown = sorted(content.keys() - known - {"kind"})
    if unknown:
        raise KindredError(f"The setting {unknown[0]!r} of a {kind} run is unknown; known are {', '.join(known)}.")
    own = {name: value for name, value in content.items() if name != "kind"}
    check_texts(KINDS[kind].config, own)
    return KINDS[kind].config(**own)


def _square(name: str, rows: Any) -> tuple[tuple[float, ...], ...]:
    """A matrix of finite numbers as it is compared and stored.

    Raises:
        KindredError: if it is none.
    """
    if not isinstance(rows, str):
        try:
            found = tuple(tuple(map(float, row)) for row in rows)
        except (TypeError, ValueError):
            found = ((math.nan,),)
        if all(len(row) == len(found) and all(map(math.isfinite, row)) for row in found):
            return found
    raise KindredError(f"The {name} is no square of finite numbers; give one row and one column for each task.")
