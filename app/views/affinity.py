"""Affinity: who helps and who hurts whom, over training time."""

import math

import streamlit as st

from app import state
from app.charts.curves import LossHistory, loss_curves, pair_curves
from app.charts.heatmap import cluster_order, name_order
from app.components import live_chart
from app.components.runs import follow_run, interval, pick_run, store
from app.components.scale import pick_scale
from app.components.text import plain
from engine.affinity.matrix import AffinityMatrix
from engine.affinity.series import AffinitySeries
from engine.runs.run import Run

_ORDERS = {"given": "As given", "name": "By name", "cluster": "By clustering"}


def show() -> None:
    """The page."""
    st.title("Affinity")
    st.caption(
        "Row = **source**, the task whose gradient step is taken. Column = **target**, the task whose loss changes. "
        "Blue: the source helps the target; orange: it hurts. Click a cell to follow that pair."
    )
    run = pick_run()
    order, scale, own = st.columns([1.2, 2, 1.2], vertical_alignment="bottom")
    with order:
        state.put(
            "order",
            st.selectbox(
                "Order of tasks",
                list(_ORDERS),
                format_func=_ORDERS.__getitem__,
                index=list(_ORDERS).index(state.get("order")),
                key="pick-order",
            ),
        )
    with scale:
        pick_scale("Colour scale")
    with own:
        show_self = st.toggle(
            "Show self-affinity", help="How a task's own step lowers its own loss; far above the rest."
        )
    follow_run(run.id, lambda run, observed: _matrix(run, observed, show_self))


def _matrix(run: Run, observed: AffinitySeries, show_self: bool) -> None:

    shown = live_chart.heatmap(
        observed,
        key=f"heatmap-{run.id}",
        interval=interval(observed),
        mode=state.get("mode"),
        order=_order(run, observed),
        scale=state.get("scale"),
        show_self=show_self,
        selected=state.get("pair"),
    )
    state.put("interval", shown.interval)
    state.put("mode", shown.mode)
    state.put("pair", shown.pair)
    state.write_url("run", "interval", "mode", "order", "scale", "pair")
    st.caption(plain(f"Entries: {run.quantity}." + (f" Source: {run.source}." if run.source else "")))
    _pair(run, observed, shown)
    _table(run, observed, shown)


def _order(run: Run, observed: AffinitySeries) -> tuple[int, ...]:
    """The order of rows and columns, the same at every step of the run."""
    order = state.get("order")
    if order == "name":
        return name_order(observed.tasks)
    if order == "cluster":
        ended = "" if run.active else "whole"
        return state.kept(f"clusters {run.id} {ended}", lambda: cluster_order(observed.mean().affinity))
    return tuple(range(len(observed.tasks)))


def _pair(run: Run, observed: AffinitySeries, shown: live_chart.HeatmapResult) -> None:
    if shown.pair is None or not set(shown.pair) <= set(observed.tasks):
        st.info(
            "Click a cell of the heatmap to see that pair over time, in both directions.", icon=":material/ads_click:"
        )
        return
    source, target = shown.pair
    mean = observed.mean(*shown.steps)
    st.subheader(plain(f"{source} and {target}") if source != target else plain(source))
    directions = {(source, target), (target, source)}
    for column, (helper, helped) in zip(
        st.columns(2), sorted(directions, key=lambda pair: pair[0] != source), strict=False
    ):
        place = observed.tasks.index(helper), observed.tasks.index(helped)
        error = mean.standard_error[place]
        column.metric(
            plain(f"{helper} → {helped}"),
            f"{mean.affinity[place]:.4g}",
            delta=f"± {error:.2g} standard error" if math.isfinite(error) else "no standard error: one update",
            delta_color="off",
            delta_arrow="off",
        )
    over_time, losses = st.columns(2)
    with over_time:
        if len(observed) > 1:
            live_chart.plain(
                pair_curves(observed, source, target),
                key=f"pair-{run.id}",
                label=f"Affinity between {source} and {target} over training",
            )
        else:
            st.info("One matrix only: there is no course over time.", icon=":material/info:")
    with losses:
        history = _losses(run, (source, target))
        if history:
            live_chart.plain(
                loss_curves(history), key=f"losses-{run.id}", label=f"Losses of {source} and {target} over training"
            )
        else:
            st.info("No losses are stored with this matrix.", icon=":material/info:")


def _losses(run: Run, tasks: tuple[str, ...]) -> dict[str, LossHistory]:
    evaluations = store().evaluations(run.id)
    if not evaluations:
        return {}
    curves = {}
    for task in dict.fromkeys(tasks):
        place = run.tasks.index(task)
        points = {
            split: (
                [e.step for e in evaluations if e.split == split],
                [float(e.losses[place]) for e in evaluations if e.split == split],
            )
            for split in ("train", "validation")
        }
        curves[task] = LossHistory(*points["train"], *points["validation"])
    return curves


def _table(run: Run, observed: AffinitySeries, shown: live_chart.HeatmapResult) -> None:
    mean = observed.mean(*shown.steps)
    with st.expander(f"The same as a table, steps {mean.step_from} to {mean.step_to}"):
        frame = AffinityMatrix(observed.tasks, mean.affinity).frame()
        st.caption(f"Rows = source, columns = target; mean of {mean.updates} updates.")
        st.download_button(
            "CSV",
            frame.to_csv().encode(),
            f"{run.id}-affinity-{mean.step_from}-{mean.step_to}.csv",
            "text/csv",
            icon=":material/download:",
        )
        labels = [plain(task) for task in observed.tasks]
        st.table(frame.set_axis(labels, axis=0).set_axis(labels, axis=1).map("{:.4g}".format))
