"""How task losses become one update: every choice, checked at the door. Needs no torch."""

from dataclasses import dataclass

from engine import catalog
from engine.checks import check_fields

RANGES = {
    "weight_rate": (float, 0.0, 10.0),
    "asymmetry": (float, 0.0, 10.0),
    "dwa_temperature": (float, 0.01, 1000.0),
    "focus": (float, 0.0, 10.0),
    "caution": (float, 0.0, 0.999),
    "target_decay": (float, 0.0, 1.0),
}
CHOICES = {"mgda_scale": ("none", "l2", "loss")}


@dataclass(frozen=True, kw_only=True)
class WeightingSettings:
    """Attributes:
    weighting: in the catalog.
    weight_rate: of ``gradnorm`` and ``uncertainty``: the learning rate of the weights.
    asymmetry: of ``gradnorm``: α, how strongly a task that learns slowly is pulled up.
    dwa_temperature: of ``dwa``: T; the larger, the more even the weights.
    focus: of ``dtp``: γ, how strongly hard tasks are preferred.
    caution: of ``cagrad``: c, how far the update may leave the mean gradient.
    target_decay: of ``gradvac``: β, how fast its goal for the cosines follows them.
    mgda_scale: of ``mgda`` and ``mgda_ub``: what each gradient is divided by first.
    """

    weighting: str = "equal"
    weight_rate: float = 0.025
    asymmetry: float = 1.5
    dwa_temperature: float = 2.0
    focus: float = 2.0
    caution: float = 0.5
    target_decay: float = 0.01
    mgda_scale: str = "none"

    def __post_init__(self) -> None:
        catalog.find("weighting", self.weighting)
        check_fields(self, RANGES, CHOICES)
