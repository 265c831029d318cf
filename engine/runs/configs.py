"""The kinds of run that a worker can work off, and how each is described: networks, linear models, federated ones."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar

from engine import catalog
from engine.checks import check_fields
from engine.datasets.settings import DataSettings
from engine.errors import KindredError
from engine.federated.settings import FederatedSettings
from engine.runs.config import RunConfig


@dataclass(frozen=True, kw_only=True)
class LinearConfig(DataSettings):
    """A comparison of regularised multi-task methods on linear models, as samples a task grow.

    Attributes:
        methods: of the catalog (kind ``linear``), separated by commas; empty: all.
        sizes: training samples a task, separated by commas; ``all`` for all there are.
        seeds: of the samples drawn, from ``seed`` on.
        seed: the first.
        relation: of ``graph_laplacian``: ``[source, target]``, how closely tasks are related, such as an affinity;
            empty: that method is left out.
        threads: of computation.
    """

    kind: ClassVar[str] = "linear"
    methods: str = ""
    sizes: str = "10,20,40,80"
    seeds: int = 5
    seed: int = 0
    relation: tuple[tuple[float, ...], ...] = ()
    threads: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        ranges = {"seeds": (int, 1, 100), "seed": (int, 0, 2**31 - 1), "threads": (int, 1, 1024)}
        check_fields(self, ranges, {})
        object.__setattr__(self, "relation", tuple(tuple(row) for row in self.relation))
        for name in self.chosen:
            catalog.find("linear", name)
        for size in self.sample_sizes:
            if size is not None and size < 2:
                raise KindredError(f"A size is {size}; give at least 2 training samples a task, or all.")

    @property
    def chosen(self) -> tuple[str, ...]:
        """The names of the methods."""
        named = names_in(self.methods)
        every = [entry.name for entry in catalog.entries("linear")]
        return named or tuple(name for name in every if name != "graph_laplacian" or self.relation)

    @property
    def sample_sizes(self) -> tuple[int | None, ...]:
        """Training samples a task; ``None`` for all.

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
        return tuple(sizes)

    def to_json(self) -> dict[str, Any]:
        """As a plain dictionary."""
        return {"kind": self.kind, **asdict(self)}


@dataclass(frozen=True, kw_only=True)
class FederatedConfig(FederatedSettings, DataSettings):
    """Federated learning of linear models, each task a client, by several methods on the same draws of drop-outs.

    Attributes:
        methods: of the catalog (kind ``federated``), separated by commas; empty: all.
        rounds: of communication, at most.
        loss: ``auto``: ``squared`` for real numbers, ``logistic`` for binary tasks.
        clients: where they run: ``in_process``, or ``processes`` of their own.
        matrix: of the relations ``similarity`` and ``precision``: ``[task, task]``.
        threads: of computation; as many processes where clients have their own.
    """

    kind: ClassVar[str] = "federated"
    loss: str = "auto"
    methods: str = ""
    rounds: int = 100
    clients: str = "in_process"
    matrix: tuple[tuple[float, ...], ...] = ()
    threads: int = 1

    def __post_init__(self) -> None:
        DataSettings.__post_init__(self)
        if self.loss != "auto":
            FederatedSettings.__post_init__(self)
        else:
            FederatedSettings(
                **{field.name: getattr(self, field.name) for field in fields(FederatedSettings)} | {"loss": "squared"}
            )
        ranges = {"rounds": (int, 1, 1_000_000), "threads": (int, 1, 1024)}
        check_fields(self, ranges, {"clients": ("in_process", "processes")})
        object.__setattr__(self, "matrix", tuple(tuple(row) for row in self.matrix))
        for name in self.chosen:
            catalog.find("federated", name)
        if self.relation in ("similarity", "precision") and not self.matrix:
            raise KindredError(
                f"The relation is {self.relation!r}, but no matrix is given; give one, or choose mean or learned."
            )

    @property
    def chosen(self) -> tuple[str, ...]:
        """The names of the methods."""
        return names_in(self.methods) or tuple(entry.name for entry in catalog.entries("federated"))

    def to_json(self) -> dict[str, Any]:
        """As a plain dictionary."""
        return {"kind": self.kind, **asdict(self)}


Config = RunConfig | LinearConfig | FederatedConfig
# kind → its configuration, and what works it off
KINDS: dict[str, tuple[type[Config], str]] = {
    "network": (RunConfig, "engine.training.session:Session"),
    "linear": (LinearConfig, "engine.regularized.session:LinearSession"),
    "federated": (FederatedConfig, "engine.federated.session:FederatedSession"),
}


def kind_of(content: Mapping[str, Any]) -> str:
    """The kind of run that a stored configuration describes."""
    return content.get("kind", "network")


def config_of(content: Mapping[str, Any]) -> Config:
    """The configuration that was stored.

    Raises:
        KindredError: for an unknown kind or setting, or a value out of range.
    """
    kind = kind_of(content)
    if kind not in KINDS:
        raise KindredError(f"The kind of run {kind!r} is unknown; this Kindred knows {', '.join(KINDS)}.")
    if kind == "network":
        return RunConfig.from_json({name: value for name, value in content.items() if name != "kind"})
    known = {field.name for field in fields(KINDS[kind][0])}
    unknown = sorted(content.keys() - known - {"kind"})
    if unknown:
        raise KindredError(f"The setting {unknown[0]!r} of a {kind} run is unknown; known are {', '.join(known)}.")
    return KINDS[kind][0](**{name: value for name, value in content.items() if name != "kind"})


def names_in(listed: str) -> tuple[str, ...]:
    """The names in a list separated by commas."""
    return tuple(name.strip() for name in listed.split(",") if name.strip())
