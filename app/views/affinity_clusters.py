"""The clusters that the cut through the tree of the Affinity page makes: which tasks each holds, and how they act."""

import numpy as np
import pandas as pd
import streamlit as st

from app.components.frames import show_frame
from engine.charts.dendrogram import ClusterTree
from engine.charts.quantity import Quantity
from engine.texts import text


def show_clusters(
    tasks: tuple[str, ...], tree: ClusterTree, count: int, affinity: np.ndarray, quantity: Quantity
) -> None:
    """An expander with one row a cluster, in the order of the matrix.

    Args:
        affinity: ``[source, target]``, what the matrix shows.
    """
    clusters = tree.clusters(count)
    with st.expander(text("affinity_clusters.title", count=len(clusters)), key="affinity-clusters"):
        rows = [
            {
                text("affinity_clusters.cluster"): place + 1,
                text("affinity_clusters.size"): len(members),
                text("affinity_clusters.members"): text("words.comma").join(tasks[task] for task in members),
                text("affinity_clusters.within", name=quantity.said): within(affinity, members),
                text("affinity_clusters.others", name=quantity.said): onto_others(affinity, members),
            }
            for place, members in enumerate(clusters)
        ]
        short = st.column_config.NumberColumn(format="%.3g")
        config = {text(f"affinity_clusters.{part}", name=quantity.said): short for part in ("within", "others")}
        show_frame(pd.DataFrame(rows), column_config=config, hide_index=True, width="stretch")
        st.caption(text("affinity_clusters.about"))


def within(affinity: np.ndarray, members: tuple[int, ...]) -> float:
    """The mean over the known pairs of different tasks in a cluster; NaN where there is none."""
    part = affinity[np.ix_(members, members)]
    return _mean(part[~np.eye(len(members), dtype=bool)])


def onto_others(affinity: np.ndarray, members: tuple[int, ...]) -> float:
    """The mean over the known pairs of a source in the cluster and a target outside it; NaN where there is none."""
    outside = np.setdiff1d(np.arange(len(affinity)), members)
    return _mean(affinity[np.ix_(members, outside)])


def _mean(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")
