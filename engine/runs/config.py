"""How a run is described: every choice, checked at the door."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from engine import catalog
from engine.errors import KindredError

CATALOG_FIELDS = {
    "dataset": "dataset",
    "architecture": "architecture",
    "trunk": "trunk",
    "weighting": "weighting",
    "affinity": "estimator",
}

# field → (type, least, greatest), both inclusive
_RANGES = {
    "epochs": (int, 1, 100_000),
    "batch_size": (int, 2, 1_000_000),
    "learning_rate": (float, 1e-8, 100.0),
    "momentum": (float, 0.0, 0.9999),
    "every": (int, 1, 1_000_000),
    "window": (int, 0, 1_000_000),
    "width": (int, 1, 16_384),
    "depth": (int, 1, 64),
    "dropout": (float, 0.0, 0.95),
    "seed": (int, 0, 2**31 - 1),
    "threads": (int, 1, 1024),
}

_CHOICES = {
    "optimizer": ("sgd", "adam"),
    "lookahead_step": ("sgd", "optimizer"),
    "device": ("cpu", "cuda"),
    "batch_norm": (False, True),
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
        affinity: the estimator, or ``none``.
        every: observe the affinity at every k-th update.
        lookahead_step: ``sgd``, or ``optimizer`` for the optimiser's own step.
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
    affinity: str = "lookahead"
    every: int = 1
    lookahead_step: str = "sgd"
    window: int = 0
    seed: int = 0
    threads: int = 1
    device: str = "cpu"

    def __post_init__(self) -> None:
        for field, kind in CATALOG_FIELDS.items():
            name = getattr(self, field)
            if (field, name) != ("affinity", "none"):
                catalog.find(kind, name)
        for field, (type_, least, greatest) in _RANGES.items():
            value = getattr(self, field)
            if type_ is float and type(value) is int:
                value = float(value)
                object.__setattr__(self, field, value)
            if type(value) is not type_ or not least <= value <= greatest or not math.isfinite(value):
                kind = "a whole number" if type_ is int else "a number"
                raise KindredError(f"{_spoken(field)} is {value!r}; it must be {kind} from {least} to {greatest}.")
        for field, allowed in _CHOICES.items():
            if getattr(self, field) not in allowed:
                raise KindredError(
                    f"{_spoken(field)} is {getattr(self, field)!r}; choose one of {', '.join(map(str, allowed))}."
                )

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


def _spoken(field: str) -> str:
    return field.replace("_", " ").capitalize()
