"""Which tasks count, and which help: every choice, checked at the door. Needs no torch."""

from dataclasses import dataclass

from engine.checks import check_fields
from engine.errors import KindredError

RANGES = {
    "subclasses": (int, 2, 1000),
    "label_entropy": (float, 0.0, 100.0),
    "label_rate": (float, 0.0, 10.0),
}
CHOICES = {"auxiliary": ("none", "maxl")}


@dataclass(frozen=True, kw_only=True)
class AuxiliarySettings:
    """Attributes:
    primary: names of the tasks that are judged, separated by commas; the others train along as auxiliaries. Empty: all.
    auxiliary: ``maxl`` adds a generated auxiliary task to the one primary task, a classification.
    subclasses: of ``maxl``: generated classes to each class of the primary task.
    label_entropy: of ``maxl``: weight of the entropy term that keeps the generated classes in use. (The authors' 0.2 is
        for a meta-gradient of their size; here it makes all labels even.)
    label_rate: of ``maxl``: learning rate of the label generator.
    """

    primary: str = ""
    auxiliary: str = "none"
    subclasses: int = 5
    label_entropy: float = 0.02
    label_rate: float = 0.01

    def __post_init__(self) -> None:
        check_fields(self, RANGES, CHOICES)
        names = self.primary_tasks
        if len(set(names)) < len(names):
            raise KindredError(f"Primary is {self.primary!r}; name each task once, separated by commas.")
        if self.auxiliary == "maxl" and len(names) != 1:
            raise KindredError(
                f"Primary is {self.primary!r}, but maxl generates an auxiliary task for one primary task; name exactly "
                "one classification task."
            )

    @property
    def primary_tasks(self) -> tuple[str, ...]:
        """The names of the primary tasks; empty: all tasks are."""
        return tuple(name.strip() for name in self.primary.split(",") if name.strip())
