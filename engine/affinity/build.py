"""From settings to the plan by which a run is observed."""

from collections.abc import Callable
from typing import Any

from torch import Tensor

from engine import catalog
from engine.affinity.auto import Auto
from engine.affinity.estimator import Estimator, Update
from engine.affinity.settings import AffinitySettings
from engine.affinity.shared import Shared

# What auto chooses from. Further down, images are large and so is what would have to be kept of them.
DEPTHS = {"last_layer": 1, "last_layer over 2 layers": 2, "last_layer over 3 layers": 3}


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
    first_order = catalog.load("estimator", "first_order")()
    if shared.module is None:
        return Auto({"first_order": first_order}, settings.overhead, tasks, steps, shared.first)
    last_layer = catalog.load("estimator", "last_layer")
    candidates = {name: last_layer(layers, seed=seed) for name, layers in DEPTHS.items()}
    return Auto(candidates, settings.overhead, tasks, steps, shared.first, ("first_order", first_order))


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
