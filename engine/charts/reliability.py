"""How the reliability of the mean affinity grows while a run observes."""

import numpy as np
import plotly.graph_objects as go

from engine.charts.curves import COLOURS
from engine.charts.palette import LIGHT, base_layout
from engine.texts import text


def reliability_curve(steps: np.ndarray, values: np.ndarray, enough: float) -> go.Figure:
    """The reliability of the mean from the run's beginning up to each step.

    Args:
        steps: ``[points]``, increasing.
        values: ``[points]``, 0 to 1; NaN where unknown, which leaves a gap.
        enough: the value, drawn dashed, from which an affinity is reliable enough to group by.
    """
    figure = go.Figure(layout=base_layout())
    figure.add_scatter(
        x=np.asarray(steps),
        y=np.asarray(values),
        mode="lines+markers" if len(steps) < 30 else "lines",
        line={"color": COLOURS[0], "width": 2},
        marker={"size": 5},
        hovertemplate=text("reliability_curve.up_to", step="%{x}", value="%{y:.2f}") + "<extra></extra>",
    )
    figure.add_hline(
        y=enough,
        line={"width": 1.5, "color": LIGHT.muted, "dash": "dash"},
        annotation={
            "text": text("reliability_curve.enough"),
            "font": {"size": 12},
            "xanchor": "right",
            "x": 1,
            "yanchor": "top",
        },
    )
    return figure.update_layout(
        height=240,
        xaxis={"title": {"text": text("reliability_curve.steps")}, "zeroline": False},
        yaxis={"title": {"text": text("reliability_curve.reliability")}, "range": [0, 1.04], "zeroline": False},
    )
