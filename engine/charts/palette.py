"""Colours and labels that every chart shares: blue helps, orange hurts, and task names are text, not markup."""

from dataclasses import asdict, dataclass

LONG_LABEL = 20
SHORT_LABEL = 9
LEGEND_ABOVE = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"}  # the plot


@dataclass(frozen=True)
class Palette:
    """The colours of one theme.

    Blue against orange stays apart under every common colour blindness, and both ends contrast with the page;
    the middle of the scale sinks into the page, so that what is near zero looks like nothing.

    Attributes:
        helps, hurts: lines and arrows of positive and of negative affinity.
        scale: the diverging colour scale from hurts over neutral to helps, as plotly stops.
        blank: cells without a value.
        text, muted, grid: writing, secondary writing and thin lines.
        tasks: of lines that belong to tasks; any two stay apart under every common colour blindness.
    """

    helps: str
    hurts: str
    scale: tuple[tuple[float, str], ...]
    blank: str
    text: str
    muted: str
    grid: str
    tasks: tuple[str, ...]


LIGHT = Palette(
    helps="#2270b8",
    hurts="#c85a11",
    scale=(
        (0.0, "#a8430a"),
        (0.2, "#d9762b"),
        (0.4, "#f3c9a5"),
        (0.5, "#f7f7f5"),
        (0.6, "#b3d1ea"),
        (0.8, "#4c8fcb"),
        (1.0, "#12539a"),
    ),
    blank="#e6e8eb",
    text="#1c2733",
    muted="#5a6675",
    grid="#dde2e8",
    tasks=("#3050f0", "#ad4600", "#0f9bd8", "#8a35aa", "#979700", "#ee4499", "#00360a", "#484858"),
)
DARK = Palette(
    helps="#62a8e8",
    hurts="#f08c46",
    scale=(
        (0.0, "#ffae6b"),
        (0.2, "#d8742c"),
        (0.4, "#6b3f22"),
        (0.5, "#20262f"),
        (0.6, "#234b72"),
        (0.8, "#3c83c4"),
        (1.0, "#84c2ff"),
    ),
    blank="#343b46",
    text="#e8edf3",
    muted="#a3afbd",
    grid="#333c48",
    tasks=("#7799ff", "#ff9a1a", "#aafcff", "#9a33ff", "#ffe833", "#c0589c", "#26801a", "#b8b8c0"),
)


def both_palettes() -> dict[str, dict]:
    """The light and the dark palette as plain data, for the browser to choose from."""
    return {"light": asdict(LIGHT), "dark": asdict(DARK)}


def escape(name: str) -> str:
    """A name that plotly shows as it is written, though it reads ``<b>`` and ``&amp;`` as markup, ``%{x}`` as a value.

    >>> escape("<b>cats & dogs</b>")
    '&lt;b&gt;cats &amp; dogs&lt;/b&gt;'
    """
    return name.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("%{", "%&#123;")


def shorten(name: str, limit: int = LONG_LABEL) -> str:
    """A name of at most ``limit`` characters, cut before its end, as names of one family often differ there.

    >>> shorten("attribute 27", 9)
    'attri… 27'
    """
    return name if len(name) <= limit else name[: limit - 4] + "…" + name[-3:]


def labels(tasks: tuple[str, ...]) -> dict[str, list[str]]:
    """The task names as plotly may show them: in full (hover), for a wide chart's axes and for a narrow one's."""
    return {
        "full": [escape(task) for task in tasks],
        "wide": [escape(shorten(task)) for task in tasks],
        "narrow": [escape(shorten(task, SHORT_LABEL)) for task in tasks],
    }


def base_layout() -> dict:
    """The layout that all figures start from; the live chart replaces its colours by the page's theme."""
    return {
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"color": LIGHT.text, "size": 13},
        "margin": {"l": 64, "r": 16, "t": 12, "b": 48},
        "hoverlabel": {"align": "left"},
        "showlegend": False,
    }


def translucent(colour: str, opacity: float) -> str:
    """A ``#rrggbb`` colour as ``rgba(...)``.

    >>> translucent("#2270b8", 0.5)
    'rgba(34,112,184,0.5)'
    """
    red, green, blue = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity:g})"
