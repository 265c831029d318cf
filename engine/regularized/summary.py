"""What came out of a comparison of linear methods: mean errors, and how far seeds leave them open."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import stdtrit

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Mean:
    """Attributes:
    value: over seeds; NaN without any.
    half_width: of its interval of 95 % by Student's t; NaN for fewer than two seeds.
    seeds: how many there are.
    """

    value: float
    half_width: float
    seeds: int

    def __str__(self) -> str:
        if np.isnan(self.half_width):
            return "–" if np.isnan(self.value) else f"{self.value:.4f}"
        return f"{self.value:.4f} ± {self.half_width:.4f}"


def mean_of(values: Sequence[float]) -> Mean:
    """The mean of one value a seed, and where the mean of all seeds lies.

    >>> print(mean_of([0.1, 0.2, 0.3]))
    0.2000 ± 0.2484
    """
    found = np.asarray(values, dtype=np.float64)
    count = len(found)
    half = stdtrit(count - 1, (1 + CONFIDENCE) / 2) * found.std(ddof=1) / np.sqrt(count) if count > 1 else np.nan
    return Mean(float(found.mean()) if count else np.nan, float(half), count)


def mean_errors(curves: Mapping[str, Any]) -> dict[tuple[str, int | None], Mean]:
    """Method and size → the mean test error over tasks, of those that have test samples.

    The interval is over seeds: over the samples that were drawn, given these tasks and this test split. Where a size
    takes all samples there are, nothing was drawn, and no interval is known.

    Args:
        curves: the artifact ``learning curves``.
    """
    found: dict[tuple[str, int | None], list[float]] = {
        (method, size): [] for method in curves["methods"] for size in curves["sizes"]
    }
    for row in curves["rows"]:
        known = [error for error in row["errors"] if error is not None]
        found[row["method"], row["size"]].append(float(np.mean(known)))
    drawn = {
        size: counts != curves["available"] for size, counts in zip(curves["sizes"], curves["counts"], strict=True)
    }
    return {(method, size): mean_of(values if drawn[size] else values[:1]) for (method, size), values in found.items()}
