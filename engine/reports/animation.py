"""The matrix over training as an animation: one small file that plays in any browser."""

import base64

import numpy as np

from engine.affinity.series import AffinitySeries
from engine.charts.heatmap import cluster_order, robust_max
from engine.charts.palette import both_palettes
from engine.charts.quantity import AFFINITY, quantity_of
from engine.errors import KindredError
from engine.markup import Markup, element
from engine.reports.page import Script, data, frontend, page
from engine.texts import text
from engine.version import VERSION

MOST_FRAMES = 200
UNKNOWN = -32768
SPEEDS = (0.25, 0.5, 1, 2, 4)  # times 10 frames a second


def animation_html(series: AffinitySeries, title: str, reading: str = AFFINITY.name) -> str:
    """The file's text in the present language.

    Args:
        series: the windows; more than ``MOST_FRAMES`` of them are shown as means of several neighbouring ones.
        title: what it is of.
        reading: what the entries are, a name of the catalog.

    Raises:
        KindredError: if there is no window.
    """
    if not len(series):
        raise KindredError("There is no window to animate yet; wait for the first, or choose another run.")
    steps, means = frames(series)
    order = cluster_order(series.mean().affinity)
    means = means[:, order][:, :, order]
    tasks = [series.tasks[place] for place in order]
    packed, unit = in_16_bits(means)
    off_diagonal = np.where(np.eye(len(tasks), dtype=bool), np.nan, means)
    quantity = quantity_of(reading)
    heading = text("animation.title", name=title, what=quantity.said)
    look = text("animation.look", low=quantity.ends[0], high=quantity.ends[1])
    content = {
        "tasks": tasks,
        "spans": [quantity.span(start, stop) for start, stop in steps.tolist()],
        "limit": robust_max(off_diagonal),
        "unit": unit,
        "values": base64.b64encode(packed.tobytes()).decode(),
        "speeds": SPEEDS,
        "palettes": both_palettes(),
        "words": {name: text(f"animation.{name}") for name in ("frame", "cell", "unknown", "play", "pause")},
        "ends": quantity.ends,
    }
    pooled = text("animation.pooled", count=len(series)) if len(steps) < len(series) else ""
    shown = [
        element("h1", heading),
        *(element("p", said, class_="muted") for said in (look, pooled) if said),
        element(
            "div",
            element("canvas", id="matrix", role="img", aria_label=text("animation.matrix"), tabindex="0"),
            element("output", id="cell", aria_live="polite"),
            class_="stage",
        ),
        element("canvas", id="bar", aria_hidden="true"),
        element("p", element("output", id="when"), class_="when"),
        _controls(),
        element("p", text("animation.keys"), class_="muted"),
        element("p", text("animation.made", version=VERSION), class_="muted"),
    ]
    body = [element("main", *shown), data("content", content)]
    return page(heading, body, frontend("animation.css"), [Script(frontend("animation.js"))])


def frames(series: AffinitySeries) -> tuple[np.ndarray, np.ndarray]:
    """Neighbouring windows put together, so that there are ``MOST_FRAMES`` at most.

    Returns:
        ``[frames, 2]``, the steps at which each begins and ends, and ``[frames, source, target]``, the means; NaN where
        a pair was not observed.
    """
    ends = np.unique(np.linspace(0, len(series), min(len(series), MOST_FRAMES) + 1).astype(int))
    totals = np.add.reduceat(series.totals, ends[:-1], axis=0, dtype=np.float64)
    counts = np.add.reduceat(series.pair_counts, ends[:-1], axis=0)
    edges = series.edges[ends]
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.stack([edges[:-1], edges[1:]], axis=1), totals / counts


def in_16_bits(values: np.ndarray) -> tuple[np.ndarray, float]:
    """Whole numbers from −32767 to 32767, or ``UNKNOWN``, and the unit that they are multiples of."""
    unit = float(np.nanmax(np.abs(values), initial=0.0)) / 32767 or 1.0
    return np.where(np.isnan(values), UNKNOWN, np.round(values / unit)).astype("<i2"), unit


def _controls() -> Markup:
    speeds = [element("option", text("animation.times", speed=f"{speed:g}"), value=str(speed), selected=speed == 1)
              for speed in SPEEDS]  # fmt: skip
    return element(
        "div",
        element("button", text("animation.play"), id="play", type="button"),
        element("label", element("input", type="checkbox", id="loop", checked=True), text("animation.loop")),
        element("label", text("animation.speed"), " ", element("select", *speeds, id="speed")),
        element(
            "label",
            element("span", text("animation.slider")),
            element("input", type="range", id="time", min="0", value="0", step="1"),
            class_="time",
        ),
        class_="controls",
    )
