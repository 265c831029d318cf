"""How a run is described: every choice, checked at the door."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from engine import catalog
from engine.affinity import settings as affinity
from engine.affinity.settings import AffinitySettings
from engine.checks import check_fields
from engine.errors import KindredError

_RANGES = {
    "epochs": (int, 1, 100_000),
    "batch_size": (int, 2, 1_000_000),
    "learning_rate": (float, 1e-8, 100.0),
    "momentum": (float, 0.0, 0.9999),
    "window": (int, 0, 1_000_000),
    "width": (int, 1, 16_384),
    "depth": (int, 1, 64),
    "dropout": (float, 0.0, 0.95),
    "seed": (int, 0, 2**31 - 1),
    "threads": (int, 1, 1024),
    **affinity.RANGES,
}

_CHOICES = {
    "optimizer": ("sgd", "adam"),
    "device": ("cpu", "cuda"),
    "batch_norm": (False, True),
    **affinity.CHOICES,
}


@dataclass(frozen=True)
class RunConfig:
    """Everything that decides a run's result; two runs with equal configurations end with equal numbers.

    Attributes:
        dataset, architecture, trunk, weighting: names in the catalog.
        width, depth, dropout, batch_norm: of the trunk.
        optimizer: ``sgd`` (with ``momentum``) or ``adam``.
        learning_rate: of the joint update, and the step size of the lookahead.
        batch_size: samples an update; a last, smaller batch of an epoch is left out.
        epochs: passes over the training split.
        affinity, overhead, every, lookahead_step, block, preconditioned, layers, columns, metric, cheap, correct_every:
            how the affinity is observed, see ``AffinitySettings``. Which updates ``auto`` observes depends on how fast
            the machine is; all else does not.
        window: observed updates that a stored window sums; 0 chooses so that a run has at most 100 windows.
        seed: of the initial weights, the order of the data and random masks.
        threads: of computation; part of the result's last bits.
        device: ``cpu`` or ``cuda``.
    """

    dataset: str
    architecture: str = "hard_sharing"
    trunk: str = "mlp"
    width: int = 64
    depth: int = 2
    dropout: float = 0.0
    batch_norm: bool = False
    weighting: str = "equal"
    optimizer: str = "sgd"
    learning_rate: float = 0.05
    momentum: float = 0.0
    batch_size: int = 64
    epochs: int = 20
    affinity: str = "auto"
    overhead: float = 0.10
    every: int = 1
    lookahead_step: str = "sgd"
    block: int = 0
    preconditioned: bool = False
    layers: int = 1
    columns: int = 16
    metric: bool = False
    cheap: str = "last_layer"
    correct_every: int = 10
    window: int = 0
    seed: int = 0
    threads: int = 1
    device: str = "cpu"

    def __post_init__(self) -> None:
        for kind in ("dataset", "architecture", "trunk", "weighting"):
            catalog.find(kind, getattr(self, kind))
        check_fields(self, _RANGES, _CHOICES)
        self.affinity_settings()

    def affinity_settings(self) -> AffinitySettings:
        """The part that says how affinity is observed."""
        return AffinitySettings(**{field.name: getattr(self, field.name) for field in fields(AffinitySettings)})

    def to_json(self) -> dict[str, Any]:
        """As a plain dictionary."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "RunConfig":
        """From a plain dictionary.

        Raises:
            KindredError: for an unknown setting or a value out of range.
        """
        unknown = sorted(content.keys() - {field.name for field in fields(cls)})
        if unknown:
            raise KindredError(
                f"The setting {unknown[0]!r} is unknown; the settings are "
                f"{', '.join(field.name for field in fields(cls))}."
            )
        return cls(**content)
