"""How a run is described: every choice, checked at the door."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from engine import catalog
from engine.affinity.settings import AffinitySettings
from engine.architectures.settings import NetworkSettings
from engine.auxiliary.settings import AuxiliarySettings
from engine.checks import check_fields, check_texts
from engine.datasets.settings import DataSettings
from engine.errors import KindredError
from engine.weighting.settings import WeightingSettings

_RANGES = {
    "epochs": (int, 1, 100_000),
    "batch_size": (int, 2, 1_000_000),
    "learning_rate": (float, 1e-8, 100.0),
    "momentum": (float, 0.0, 0.9999),
    "window": (int, 0, 1_000_000),
    "seed": (int, 0, 2**31 - 1),
    "threads": (int, 1, 1024),
}

_CHOICES = {
    "optimizer": ("sgd", "adam"),
    "device": ("cpu", "cuda"),
}


@dataclass(frozen=True, kw_only=True)
class RunConfig(AffinitySettings, AuxiliarySettings, WeightingSettings, NetworkSettings, DataSettings):
    """Everything that decides a run's result; two runs with equal configurations end with equal numbers.

    The fields of the data, the network, the weighting, auxiliary tasks and the affinity are described by their own
    classes. Which updates the estimator ``auto`` observes depends on how fast the machine is; all else does not.

    Attributes:
        optimizer: ``sgd`` (with ``momentum``) or ``adam``.
        learning_rate: of the joint update, and the step size of the lookahead.
        batch_size: samples an update, of each part where tasks have inputs of their own; a last, smaller batch of a
            pass is left out.
        epochs: passes over the training split; of several parts, updates that see about as many samples as there are.
        window: updates that a stored window sums, of those observed; 0 chooses so that a run has at most 100 windows.
        seed: of the initial weights, the order of the data and random masks.
        threads: of computation; part of the result's last bits.
        device: ``cpu`` or ``cuda``.
    """

    optimizer: str = "sgd"
    learning_rate: float = 0.05
    momentum: float = 0.0
    batch_size: int = 64
    epochs: int = 20
    window: int = 0
    seed: int = 0
    threads: int = 1
    device: str = "cpu"

    def __post_init__(self) -> None:
        for settings in (DataSettings, NetworkSettings, WeightingSettings, AuxiliarySettings, AffinitySettings):
            settings.__post_init__(self)
        check_fields(self, _RANGES, _CHOICES)
        chosen = {kind: getattr(self, kind) for kind in ("dataset", "trunk", "architecture", "weighting", "auxiliary")}
        for estimator in (self.affinity, self.cheap) if self.affinity == "corrected" else (self.affinity,):
            check_fit({**chosen, "estimator": estimator})
            if estimator == "last_layer" and self.metric:
                _check_metric(self)

    def to_json(self) -> dict[str, Any]:
        """As a plain dictionary."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "RunConfig":
        """From a plain dictionary.

        Raises:
            KindredError: for an unknown setting, or a value out of range or of another type.
        """
        unknown = sorted(content.keys() - {field.name for field in fields(cls)})
        if unknown:
            raise KindredError(
                f"The setting {unknown[0]!r} is unknown; the settings are "
                f"{', '.join(field.name for field in fields(cls))}."
            )
        check_texts(cls, content)
        return cls(**content)


def _check_metric(config: RunConfig) -> None:
    for kind, need, other in (
        ("architecture", catalog.ONE_REPRESENTATION, "hard_sharing"),
        ("dataset", catalog.ONE_INPUT, "yeast"),
    ):
        name = getattr(config, kind)
        if need not in _had(kind, name, need, None):
            raise KindredError(
                f"Metric is on, but needs {need}, which the {kind} {name!r} has not; leave the metric off, or choose a "
                f"{kind} like {other}."
            )


def check_fit(chosen: Mapping[str, str], offered: tuple[str, ...] | None = None) -> None:
    """See that what every chosen method needs is had by another one.

    Args:
        chosen: kind → name; names that the catalog does not know, such as one's own trunk, need nothing.
        offered: what the data set has, once it is loaded; by default what the catalog says, and all of one's own.

    Raises:
        KindredError: naming the two that do not go together, and what does.
    """
    for kind, name in chosen.items():
        for need in catalog.needs(kind, name):
            giver = catalog.GIVEN_BY[need]
            if giver not in chosen or need in _had(giver, chosen[giver], need, offered):
                continue
            fitting = [entry.name for entry in catalog.entries(giver) if need in entry.has]
            others = [entry.name for entry in catalog.entries(kind) if need not in entry.needs]
            others += ["none"] if kind in ("estimator", "auxiliary") else []
            raise KindredError(
                f"The {kind} {name!r} needs {need}, which the {giver} {chosen[giver]!r} has not; choose the "
                f"{giver} {' or '.join(fitting)}, or the {kind} {' or '.join(others[:3])}."
            )


def _had(giver: str, name: str, need: str, offered: tuple[str, ...] | None) -> tuple[str, ...]:
    if giver == "dataset" and offered is not None:
        return offered
    return (need,) if ":" in name else catalog.has(giver, name)
