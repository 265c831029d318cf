"""From settings to the plan by which a run is observed."""

from collections.abc import Callable
from typing import Any

from torch import Tensor

from engine import catalog
from engine.affinity.auto import Auto
from engine.affinity.estimator import Estimator, Update
from engine.affinity.settings import AffinitySettings
from engine.affinity.shared import Shared

MOST_NUMBERS = 30_000_000  # gradients that auto may hold at once, so that memory stays near that of plain training


class Fixed:
    """One estimator at every k-th update; the counterpart of ``Auto``."""

    def __init__(self, name: str, estimator: Estimator, every: int) -> None:
        self.name, self.estimator, self.every = name, estimator, every
        self.quantity = estimator.quantity

    def due(self, step: int) -> bool:
        """Whether that update should be observed."""
        return step % self.every == 0

    def observe(self, update: Update) -> Tensor:
        """The relation of the update's tasks, see ``Estimator``."""
        return self.estimator(update)

    def passed(self, step: int, plain: float, steps: int, observing: float) -> None:
        """Timings change nothing."""

    def note(self) -> str:
        """Nothing to say: it was chosen by the user."""
        return ""

    def state(self) -> dict[str, Any]:
        """For a checkpoint."""
        return {"estimator": self.estimator.state()}

    def load_state(self, state: dict[str, Any], step: int) -> None:
        """Take up a state."""
        self.estimator.load_state(state["estimator"])


Plan = Auto | Fixed


def plan_of(settings: AffinitySettings, shared: Shared, tasks: int, steps: int = 0, seed: int = 0) -> Plan:
    """The plan that the settings describe.

    Args:
        settings: with an estimator other than ``none``.
        shared: what the tasks share.
        tasks: how many there are.
        steps: planned updates; 0 if unknown.
        seed: of random projections and draws.
    """
    if settings.affinity != "auto":
        return Fixed(settings.affinity, _estimator(settings.affinity, settings, seed), settings.every)
    candidates: dict[str, Estimator] = {}
    if shared.module is not None:
        last_layer = catalog.load("estimator", "last_layer")
        candidates["last_layer"] = last_layer(seed=seed)
        candidates["last_layer over 2 layers"] = last_layer(2, seed=seed)
        candidates["last_layer over 3 layers"] = last_layer(3, seed=seed)
    if not candidates or tasks * sum(each.numel() for each in shared.parameters()) <= MOST_NUMBERS:
        candidates["first_order"] = catalog.load("estimator", "first_order")()
    return Auto(candidates, settings.overhead, tasks, steps, shared.first)


def _estimator(name: str, settings: AffinitySettings, seed: int) -> Estimator:
    options: dict[str, Callable[[], dict[str, Any]]] = {
        "lookahead": lambda: {"step": settings.lookahead_step},
        "first_order": lambda: {"block": settings.block, "preconditioned": settings.preconditioned},
        "last_layer": lambda: {
            "layers": settings.layers,
            "columns": settings.columns,
            "metric": settings.metric,
            "seed": seed,
        },
        "gradient_cosine": lambda: {"block": settings.block},
        "gradient_conflict": lambda: {"block": settings.block},
        "corrected": lambda: {
            "cheap": _estimator(settings.cheap, settings, seed),
            "exact": _estimator("lookahead", settings, seed),
            "period": settings.correct_every,
            "seed": seed,
        },
    }
    return catalog.load("estimator", name)(**options.get(name, dict)())
