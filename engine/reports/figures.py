"""The figures of a report, and how they are sent along: as plain data, drawn in the reader's theme."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from engine.affinity.series import AffinitySeries, IntervalMean
from engine.charts.frontier import FrontierFrame, NetworkCard, frontier_curve
from engine.charts.heatmap import affinity_heatmap, cluster_order
from engine.charts.palette import DARK, LEGEND_ABOVE, LIGHT, Palette, base_layout, escape, shorten
from engine.charts.together import together_heatmap
from engine.grouping.problem import GroupingProblem
from engine.grouping.solution import Network, Solution
from engine.grouping.stability import Stability
from engine.reports.evidence import SURE, Evidence, Pair
from engine.reports.findings import Findings, Grouping
from engine.texts import text

FEW = 40  # tasks, beyond which dots are small
MOST_BARS = 8  # pairs at each end
MOST_LINES = 6
MOST_POINTS = 60


def as_data(figure: go.Figure) -> dict[str, Any]:
    """Traces and layout as plain data, without plotly's template of several kB."""
    data = json.loads(figure.to_json())
    data["layout"].pop("template", None)
    return data


def theme_colours() -> dict[str, str]:
    """Each colour of the light palette with the dark one in its place."""
    light = [LIGHT.helps, LIGHT.hurts, LIGHT.blank, LIGHT.text, LIGHT.muted, LIGHT.grid, *LIGHT.tasks]
    dark = [DARK.helps, DARK.hurts, DARK.blank, DARK.text, DARK.muted, DARK.grid, *DARK.tasks]
    light += [colour for _, colour in LIGHT.scale]
    dark += [colour for _, colour in DARK.scale]
    return dict(zip(light, dark, strict=True))


def matrix_figure(tasks: tuple[str, ...], mean: IntervalMean) -> go.Figure:
    """The heatmap in clustered order; a dot in a cell's corner says that it may be noise."""
    order = cluster_order(mean.affinity)
    figure = affinity_heatmap(mean.affinity, tasks, order)
    if figure.data[0].texttemplate:
        _write_numbers(figure)
    placed = np.ix_(order, order)
    with np.errstate(invalid="ignore"):
        unsure = np.abs(mean.affinity[placed]) <= SURE * mean.standard_error[placed]
    np.fill_diagonal(unsure, False)
    rows, columns = np.nonzero(unsure)
    figure.add_scatter(
        x=columns + 0.38,
        y=rows - 0.36,
        mode="markers",
        marker={"size": 4 if len(tasks) <= FEW else 2, "color": LIGHT.text},
        hoverinfo="skip",
    )
    return figure


def _write_numbers(figure: go.Figure) -> None:
    """The numbers in the cells, each in black or white by its cell's colour in either theme."""
    cells = figure.data[0]
    rows, columns = np.nonzero(np.isfinite(cells.z))
    shares = (np.clip(cells.z[rows, columns] / cells.zmax, -1, 1) + 1) / 2
    written = [cells.text[row][column].replace("-", "−") for row, column in zip(rows, columns, strict=True)]
    figure.update_traces(texttemplate=None)
    figure.add_scatter(
        x=columns,
        y=rows,
        mode="text",
        text=written,
        textfont={"size": 11},
        hoverinfo="skip",
        meta={"ink": {"light": _inks(shares, LIGHT), "dark": _inks(shares, DARK)}},
    )


def _inks(shares: np.ndarray, palette: Palette) -> list[str]:
    """Black or white, whichever reads better on the colour at each share of the palette's scale."""
    stops = [at for at, _ in palette.scale]
    channels = np.array([[int(colour[start : start + 2], 16) for start in (1, 3, 5)] for _, colour in palette.scale])
    rgb = np.stack([np.interp(shares, stops, channels[:, channel]) for channel in range(3)], axis=-1) / 255
    luminance = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4) @ (0.2126, 0.7152, 0.0722)
    return np.where(luminance > 0.18, "#000000", "#ffffff").tolist()  # where both contrast alike


def bars_figure(pairs: Sequence[Pair]) -> go.Figure:
    """The strongest pairs at both ends, those that help most above, each with two standard errors at both sides.

    Args:
        pairs: those that help most first.
    """
    shown = [pair for pair in pairs[:MOST_BARS] if pair.value > 0]
    shown += [pair for pair in pairs[-MOST_BARS:] if pair.value < 0 and pair not in shown]
    wide, narrow = ([_named(pair, longest) for pair in shown] for longest in (14, 8))
    figure = go.Figure(layout=base_layout())
    figure.add_bar(
        x=[pair.value for pair in shown],
        y=list(range(len(shown))),
        orientation="h",
        marker={"color": [LIGHT.helps if pair.value > 0 else LIGHT.hurts for pair in shown]},
        error_x={"array": [SURE * pair.error for pair in shown], "color": LIGHT.text, "thickness": 1.5},
        customdata=[[escape(f"{pair.source} → {pair.target}")] for pair in shown],
        hovertemplate="%{customdata[0]}: %{x:.3~g}<extra></extra>",
    )
    return figure.update_layout(
        height=90 + 26 * len(shown),
        bargap=0.35,
        meta={"narrow": narrow},
        margin={"l": 8, "r": 16},
        xaxis={"title": {"text": text("report.bars_axis")}, "zeroline": True, "zerolinecolor": LIGHT.muted},
        yaxis={
            "tickvals": list(range(len(shown))),
            "ticktext": wide,
            "range": [len(shown) - 0.5, -0.5],
            "automargin": True,
            "showgrid": False,
            "zeroline": False,
        },
    )


def _named(pair: Pair, longest: int) -> str:
    return f"{escape(shorten(pair.source, longest))} → {escape(shorten(pair.target, longest))}"


def course_figure(evidence: Evidence, pairs: Sequence[Pair]) -> go.Figure:
    """How each of a few pairs went over the whole run."""
    figure = go.Figure(layout=base_layout())
    steps, values = pair_courses(evidence.series, pairs)
    for place, pair in enumerate(pairs):
        figure.add_scatter(
            x=steps,
            y=values[place],
            mode="lines",
            line={"color": LIGHT.tasks[place], "width": 2, "dash": "solid" if pair.value > 0 else "dash"},
            name=_named(pair, 14),
            hovertemplate=escape(f"{pair.source} → {pair.target}") + ": %{y:.3~g}<extra></extra>",
        )
    figure.add_hline(y=0, line={"width": 1, "color": LIGHT.muted})
    return figure.update_layout(
        height=380,
        showlegend=True,
        legend=LEGEND_ABOVE,
        hovermode="closest",
        margin={"t": 40},
        xaxis={"title": {"text": text("report.step_axis")}, "zeroline": False},
        yaxis={"title": {"text": text("report.affinity_axis")}, "zeroline": False},
    )


def pair_courses(series: AffinitySeries, pairs: Sequence[Pair]) -> tuple[np.ndarray, np.ndarray]:
    """The means of pairs in neighbouring windows, of so many together that there are ``MOST_POINTS`` at most.

    Returns:
        the middle of each interval in steps, and ``[pairs, intervals]``; NaN where a pair was not observed.
    """
    ends = np.unique(np.linspace(0, len(series), min(len(series), MOST_POINTS) + 1).astype(int))
    rows = [series.tasks.index(pair.source) for pair in pairs]
    columns = [series.tasks.index(pair.target) for pair in pairs]
    totals = np.add.reduceat(series.totals[:, rows, columns], ends[:-1], axis=0, dtype=np.float64)
    counts = np.add.reduceat(series.counts[:, rows, columns], ends[:-1], axis=0)
    edges = series.edges[ends]
    with np.errstate(invalid="ignore", divide="ignore"):
        return (edges[:-1] + edges[1:]) / 2, (totals / counts).T


def followed(found: Findings) -> list[Pair]:
    """The pairs whose course is shown: those that help and that hurt most, of those that are sure if there are any."""
    sure = [pair for pair in found.pairs if pair.sure]
    shown = sure or list(found.pairs)
    half = MOST_LINES // 2
    hurt = [pair for pair in shown[-half:] if pair.value < 0]
    help_ = [pair for pair in shown if pair.value > 0 and pair not in hurt][: MOST_LINES - len(hurt)]
    return help_ + hurt


def budgets_figure(grouping: Grouping) -> go.Figure:
    """What each budget buys, with a dotted line at the one that is told."""
    frames = [
        FrontierFrame(
            each.budget,
            each.problem.shown(each.value),
            each.proved_optimal,
            each.gap,
            tuple(card(each.problem, network) for network in each.networks),
        )
        for each in grouping.solutions
    ]
    figure = frontier_curve(frames, text("report.value_axis"), grouping.knee)
    figure.add_vline(x=grouping.chosen.budget, line={"width": 1.5, "color": LIGHT.muted, "dash": "dot"})
    return figure.update_layout(height=340)


def card(problem: GroupingProblem, network: Network) -> NetworkCard:
    """A network with the score that each of its tasks is predicted to have."""
    capacity = problem.capacity_of(len(network.serves), network.cost)
    return NetworkCard(
        network.cost,
        tuple((task, problem.shown(problem.score(task, network.tasks, capacity))) for task in network.serves),
        tuple(task for task in network.tasks if task not in network.serves),
    )


def together_figure(solution: Solution, stable: Stability) -> go.Figure:
    """How often two tasks are served by one network when the affinities are drawn anew."""
    return together_heatmap(
        solution.problem.serving, stable.together, [network.serves for network in solution.networks]
    )
