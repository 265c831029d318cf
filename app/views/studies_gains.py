"""Who helps whom in a study, as measured: the table of the relation of every two tasks."""

import numpy as np
import pandas as pd
import streamlit as st

from app import state
from app.components import live_chart
from app.components.losses import SPLITS, pick_split
from app.components.studies import Choice
from app.components.text import plain
from engine.charts.heatmap import affinity_heatmap
from engine.charts.quantity import GAIN
from engine.spreadsheets import csv_of
from engine.studies.relations import gains, gains_over_full

_OVER = {"half": "half size", "full": "full size"}
_MEASURE = {"half": gains, "full": gains_over_full}
_ABOUT = (
    "Half size, as the authors: two of those cost as much as the pair's network, so that a gain is one at equal cost. "
    "Full size: what joining a network at no other change does to the target."
)
_WHY = {
    "half": "Both ways of serving the two tasks then cost 1 SNT (Standley et al., ICML 2020).",
    "full": "The network of the pair is no larger, so that it serves two tasks at the cost of one.",
}


def show_gains(choice: Choice) -> None:
    """The heatmap, and the same as a table."""
    study = choice.study
    left, right = st.columns(2, vertical_alignment="bottom")
    with left:
        split = pick_split(study)
    over = right.segmented_control(
        "Compared with the target alone at",
        list(_OVER),
        format_func=_OVER.__getitem__,
        default=state.get("gain_over"),
        required=True,
        key=f"pick-gain-over-{choice.key}",
        help=_ABOUT,
    )
    state.put("gain_over", over)
    table = _MEASURE[over](study, split)
    if not np.isfinite(table).any():
        st.info(
            f"No pair can be told yet: that takes the networks of two tasks, and of each task alone at {_OVER[over]}"
            f"{' (pairs, half_singles)' if over == 'half' else ' (pairs, singles)'}.",
            icon=":material/info:",
        )
        return
    st.caption(
        f"100 · (loss of the target alone at {_OVER[over]} / its loss in the network of both − 1), in percent, on "
        f"{SPLITS[split].lower()} losses. {_WHY[over]} Blue: the source helps; orange: it hurts."
    )
    live_chart.matrix(
        affinity_heatmap(table, study.tasks, quantity=GAIN),
        key=f"gains-{choice.key}-{split}-{over}",
        label=f"By how many per cent each pair's network does better than the target alone at {_OVER[over]}; rows are "
        "sources, columns are targets",
    )
    unknown = int(np.isnan(table[~np.eye(len(table), dtype=bool)]).sum())
    if unknown:
        st.caption(
            f":material/visibility_off: {unknown} of {table.size - len(table)} entries are grey, as a network that "
            "they need was not measured; they are not zero, but unknown."
        )
    _table(table, study.tasks, f"{choice.file_name}-gains-{split}-over-{over}.csv")


def _table(table: np.ndarray, tasks: tuple[str, ...], file_name: str) -> None:
    frame = pd.DataFrame(table, pd.Index(tasks, name="source"), pd.Index(tasks, name="target"))
    with st.expander("The same as a table"):
        st.caption("Gains in percent; rows = source, columns = target.")
        st.download_button("CSV", csv_of(frame, index=True), file_name, "text/csv", icon=":material/download:")
        labels = [plain(task) for task in tasks]
        st.table(frame.set_axis(labels, axis=0).set_axis(labels, axis=1).map(_number))


def _number(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:+.2f}".replace("-", "−")
