"""How affinity is observed: every choice, checked at the door. Needs no torch."""

from dataclasses import dataclass

from engine import catalog
from engine.checks import check_fields
from engine.errors import KindredError

CHEAP = ("last_layer", "first_order", "head_lookahead")

RANGES = {
    "overhead": (float, 0.001, 10.0),
    "every": (int, 1, 1_000_000),
    "block": (int, 0, 100_000),
    "layers": (int, 1, 1000),
    "columns": (int, 0, 4096),
    "correct_every": (int, 2, 100_000),
}
CHOICES = {
    "lookahead_step": ("sgd", "optimizer"),
    "cheap": CHEAP,
    "preconditioned": (False, True),
    "metric": (False, True),
}


@dataclass(frozen=True, kw_only=True)
class AffinitySettings:
    """Attributes:
    affinity: an estimator of the catalog, ``auto``, or ``none``.
    overhead: what ``auto`` may cost, as a share of plain training time.
    every: observe at every k-th update; ``auto`` chooses its own interval.
    lookahead_step: of ``lookahead``: ``sgd``, or ``optimizer`` for the optimiser's own step.
    block: of ``first_order``, ``gradient_cosine`` and ``gradient_conflict``: only the last so many shared parameter
        tensors; 0: all.
    preconditioned: of ``first_order``: weigh parameters as Adam does.
    layers: of ``last_layer``: how many of the last layers.
    columns: of ``last_layer``: of its random projection; 0: none.
    metric: of ``last_layer``: add the layers below by a fitted metric.
    cheap: of ``corrected``: the estimator of every update.
    correct_every: of ``corrected``: observed updates for each exact one.
    """

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

    def __post_init__(self) -> None:
        if self.affinity != "none":
            catalog.find("estimator", self.affinity)
        check_fields(self, RANGES, CHOICES)
        if self.affinity == "auto" and self.every != 1:
            raise KindredError(
                f"Every is {self.every}, but auto chooses its own interval from the overhead; leave it at 1, or choose "
                "another estimator."
            )
        if self.metric and self.layers != 1:
            raise KindredError(
                f"Layers is {self.layers}, but the metric stands for the layers below a single last one; set layers to "
                "1, or leave the metric off."
            )
