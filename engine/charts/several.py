"""What the entries of the matrices are that compare several runs, in the words of their charts."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import plotly.graph_objects as go

from engine.charts.heatmap import affinity_heatmap
from engine.charts.palette import SHORT_LABEL, shorten
from engine.charts.quantity import Quantity
from engine.texts import text


@dataclass(frozen=True)
class Compared(Quantity):
    """A difference to the baseline, or a correlation of runs; ``sort`` is its section of ``several`` in the texts."""

    @property
    def said(self) -> str:
        """What it is called."""
        return text(f"several.name.{self.name}")

    def _word(self, part: str, **values: str) -> str:
        return text(f"several.{self.sort}.{part}", **values)


def to_baseline(scale: Literal["raw", "standardised", "rank"]) -> Quantity:
    """A run − the baseline, on a scale of `engine.affinity.comparison`."""
    return Compared(scale, "difference")


def between_runs(name: Literal["pearson", "spearman"]) -> Quantity:
    """The correlation of every two runs."""
    return Compared(name, "correlation", mutual=True)


def correlations_heatmap(
    names: tuple[str, ...], correlations: np.ndarray, kind: Literal["pearson", "spearman"]
) -> go.Figure:
    """The correlation of every two runs; the colours end at −1 and 1. Names that a narrow chart would cut to the same
    are numbered.

    Args:
        correlations: ``[runs, runs]``; NaN where not known.
    """
    if len({shorten(name, SHORT_LABEL) for name in names}) < len(names):
        names = tuple(f"{place}. {name}" for place, name in enumerate(names, 1))
    ends = np.ones((1, len(names), len(names)))
    return affinity_heatmap(correlations, names, quantity=between_runs(kind), over=ends)
