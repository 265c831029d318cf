"""Where the tasks stand in the relation graph: tasks that help each other close together, fixed over time."""

import networkx as nx
import numpy as np
import plotly.graph_objects as go
from scipy.stats import rankdata

from engine.charts.palette import LIGHT, base_layout, labels
from engine.errors import KindredError

NEAREST = 0.35  # the length of the strongest tie, where the weakest has 1
SPREADING_ROUNDS = 60


def positions(matrix: np.ndarray, seed: int = 0) -> np.ndarray:
    """One place per task, within the square from -1 to 1.

    Kamada & Kawai's layout, "An algorithm for drawing general undirected graphs" (1989), where the wanted distance
    of two tasks grows with the rank of their mutual affinity among all pairs, from strong help to strong harm;
    ranks, as the size of affinities differs by orders of magnitude. Tasks that would overlap are then pushed apart.

    Args:
        matrix: ``[source, target]``, of the whole run, so that places stay while an interval moves.
        seed: of the small disturbance that parts tasks in one place.

    Returns:
        ``[tasks, 2]``; the tasks on a circle where the affinities do not tell any pair from another.
    """
    count = len(matrix)
    if count == 1:
        return np.zeros((1, 2))
    known = np.nan_to_num(np.asarray(matrix, dtype=np.float64), posinf=0, neginf=0)
    pairs = np.triu_indices(count, 1)
    mutual = ((known + known.T) / 2)[pairs]
    if count < 4 or np.ptp(mutual) == 0:
        return _circle(count)
    wanted = np.zeros((count, count))
    ranks = rankdata(-mutual)
    wanted[pairs] = NEAREST + (1 - NEAREST) * (ranks - 1) / (len(ranks) - 1)
    wanted += wanted.T
    distances = {task: dict(enumerate(row)) for task, row in enumerate(wanted)}
    start = {task: tuple(place) for task, place in enumerate(_circle(count))}
    placed = nx.kamada_kawai_layout(nx.complete_graph(count), dist=distances, pos=start)
    places = np.array([placed[task] for task in range(count)])
    return _spread(places, np.random.default_rng(seed))


def _circle(count: int) -> np.ndarray:
    """Evenly on the unit circle, the first task at the top, clockwise."""
    angles = np.pi / 2 - 2 * np.pi * np.arange(count) / count
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def _spread(places: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """The places, each pair pushed to a readable distance, filling the square."""
    clearance = 1.5 / np.sqrt(len(places))
    places = _fill(places) + generator.normal(0, 1e-4, places.shape)
    for _ in range(SPREADING_ROUNDS):
        apart = places[:, None] - places[None]
        distance = np.linalg.norm(apart, axis=-1)
        np.fill_diagonal(distance, np.inf)
        push = np.maximum(clearance - distance, 0) / 2
        places = _fill(places + 0.5 * (apart / distance[..., None] * push[..., None]).sum(1))
    return places


def _fill(places: np.ndarray) -> np.ndarray:
    """Stretched to the square from -1 to 1 along both axes; an axis without extent is centred."""
    low, high = places.min(0), places.max(0)
    extent = np.where(high > low, high - low, 1)
    return np.where(high > low, (places - low) / extent * 2 - 1, 0)


def graph_frame(tasks: tuple[str, ...], places: np.ndarray) -> go.Figure:
    """The graph before its arrows: the labelled tasks; ``layout.meta`` carries the labels.

    Raises:
        KindredError: if there is not one place per task.
    """
    if np.shape(places) != (len(tasks), 2):
        raise KindredError(
            f"The positions have the shape {' × '.join(map(str, np.shape(places)))} for {len(tasks)} tasks; "
            "give two coordinates per task, as `engine.charts.graph.positions` does."
        )
    names = labels(tasks)
    axis = {"visible": False, "range": [-1.15, 1.15]}
    nodes = go.Scatter(
        x=places[:, 0].tolist(),
        y=places[:, 1].tolist(),
        mode="markers+text",
        text=names["wide"],
        textposition="top center",
        hovertext=names["full"],
        hovertemplate="%{hovertext}<extra></extra>",
        marker={"size": 16, "color": LIGHT.blank, "line": {"color": LIGHT.text, "width": 1.5}},
        cliponaxis=False,
    )
    layout = base_layout() | {
        "xaxis": axis,
        "yaxis": axis,
        "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
        "meta": {"labels": names},
    }
    return go.Figure(nodes, layout)
