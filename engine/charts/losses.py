"""The losses of all tasks over training, however many: a colour for each while colours last."""

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go

from engine.charts.colours import styles
from engine.charts.course import MOST, Line, task_curves
from engine.charts.palette import LIGHT
from engine.texts import text

HEIGHT = 320
WIDE = 30.0  # times the least loss that the largest is, from which on the axis is logarithmic


def loss_lines(losses: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> go.Figure:
    """One line a task, in the colour that it has everywhere; more than there are colours are all alike, and the browser
    brings out the one looked at.

    Args:
        losses: task → steps and values, both of the same length; lower is better.
    """
    many = len(losses) > MOST
    colours = {task: style.colour for task, style in styles(losses).items()}
    lines = [Line(task, colours[task], *points, faint=many) for task, points in losses.items()]
    figure = task_curves(lines, text("curves.loss"))
    values = np.concatenate([values for _, values in losses.values()])
    if values.min() > 0 and values.max() > WIDE * values.min():
        figure.update_yaxes(type="log")
    if many:
        for trace in figure.data:
            trace.update(line_color=LIGHT.muted, meta={"task": trace.meta["task"]})
    return figure.update_layout(height=HEIGHT, showlegend=not many)
