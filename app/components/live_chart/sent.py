"""What the live chart's JavaScript is sent: numbers and figures as plain data, a run's windows by their addresses."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from app.components import pieces
from engine.affinity.series import AffinitySeries
from engine.charts.frontier import FrontierFrame, certificate, step_sentence
from engine.charts.quantity import AFFINITY, Quantity, Scale
from engine.errors import KindredError


@dataclass(frozen=True)
class Mark:
    """Attributes:
    step: of training.
    said: what happened there, in a sentence.
    """

    step: int
    said: str


@dataclass(frozen=True)
class MomentFrame:
    """The best grouping at a moment of training.

    Attributes:
        step: of training.
        frame: what its cards show.
    """

    step: int
    frame: FrontierFrame


def as_data(figure: go.Figure) -> dict[str, Any]:
    """The figure as plain JSON data, arrays in plotly's own compact form."""
    return json.loads(figure.to_json())


def frame_as_data(frame: FrontierFrame) -> dict[str, Any]:
    """One budget's grouping, with its certificate and the step to it in words."""
    networks = [
        {"cost": network.cost, "serves": [list(served) for served in network.serves], "aux": list(network.auxiliary)}
        for network in frame.networks
    ]
    return {
        "budget": frame.budget,
        "value": frame.value,
        "proved": frame.proved,
        "certificate": certificate(frame),
        "networks": networks,
        "note": frame.note,
        "step": step_sentence(frame),
    }


def mark_as_data(mark: Mark) -> dict[str, Any]:
    """A mark on the time slider."""
    return {"step": mark.step, "said": mark.said}


def over_time(
    series: AffinitySeries,
    seeds: Sequence[AffinitySeries],
    scale: Scale,
    figure: dict[str, Any],
    quantity: Quantity = AFFINITY,
) -> dict[str, Any]:
    """A chart over time: its frame, and where to fetch the windows of the one series, or of each of the seeds, from
    which the browser takes the mean and the standard error of any interval.

    Args:
        figure: the frame, ``as_data``.

    Raises:
        KindredError: if a seed has other edges than the series.
    """
    for seed in seeds:
        if not np.array_equal(seed.edges, series.edges):
            raise KindredError(
                f"A seed's windows end at step {int(seed.edges[-1])} in {len(seed)} parts, the series' at "
                f"{int(series.edges[-1])} in {len(series)}; bring all seeds to common edges first."
            )
    return {
        "figure": figure,
        "tasks": list(series.tasks),
        "scale": scale,
        "words": quantity.words(scale),
        "series": {
            "edges": series.edges.tolist(),
            "noisy": quantity.noisy,
            "members": [_member(each) for each in seeds or (series,)],
        },
    }


def _member(series: AffinitySeries) -> dict[str, Any]:
    """Updates a window, and pieces with the sums over them, and with counts where some update skipped some pair."""
    return {"updates": series.updates.tolist(), "complete": series.complete, "pieces": pieces.addresses(series)}
