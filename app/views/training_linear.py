"""Training, of a comparison of linear models: errors of each method as samples a task grow, and where sharing helps."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from app import state
from app.components import live_chart
from app.components.behind import tables_below
from app.components.curve_picker import pick_curve
from app.components.kinds import methods_in_words, spaced
from app.components.learned import ARTIFACT, BASE, Learned, error_of, mean_and_margin
from app.components.runs import store
from app.components.status import way_on
from app.components.subject import Subject
from app.components.text import joined, plain
from engine.charts.learning_curves import MethodCurve, learning_curves
from engine.charts.methods import REFERENCES
from engine.runs.run import Run
from engine.spreadsheets import csv_of
from engine.texts import text

_MEASURES = ("error", "difference")


def facts(run: Run) -> dict[str, str | None]:
    """What is known of the run, by what it is called."""
    told = run.config
    return {
        text("training.data_set"): told.get("dataset"),
        text("training.methods"): methods_in_words(told),
        text("training_linear.sizes"): spaced(told.get("sizes", "")),
        text("training.seeds"): str(told.get("seeds", "")),
    }


def show_linear(subject: Subject) -> None:
    """All below the facts, as far as the run is."""
    run = subject.first
    content = store().artifact(run.id, ARTIFACT)
    if content is None or not content["rows"]:
        st.info(_waiting(run), icon=":material/hourglass_top:" if run.active else ":material/info:")
        state.write_url("run")
        return
    learned = Learned.of(content)
    task, measure = _pick(subject, learned)
    state.write_url("run", "curve_of", "measure")
    values = learned.less_base(task) if measure == "difference" else learned.of_task(task)
    if measure == "difference":
        title = text("training_linear.difference_of", task=task or text("training_linear.all_tasks"), base=BASE)
    else:
        title = text("learned.mean_error") if task is None else text("learned.error_of", task=task)
    live_chart.plain(
        learning_curves(
            _curves(learned, values),
            learned.samples,
            [learned.size_name(place) for place in range(len(learned.sizes))],
            title,
        ),
        key=f"learning-{subject.id}",
        label=text("training_linear.label", what=title, methods=text("words.comma").join(learned.methods)),
    )
    st.caption(plain(_look_for(learned, measure)))
    st.markdown(helped_in_words(learned, task))
    _tables(learned, task)
    st.download_button(
        text("training_linear.csv"),
        lambda: csv_of(learned.table()),
        f"{subject.file_name}-learning-curves.csv",
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
        key=f"csv-curves-{subject.id}",
    )


def _waiting(run: Run) -> str:
    if run.active:
        return text("training_linear.first" if run.step else "training_linear.starting")
    return text("training_linear.stopped", way_on=way_on(run))


def _pick(subject: Subject, learned: Learned) -> tuple[str | None, str]:
    """The task, None for their mean, and the measure to draw."""
    of, measure = st.columns([1, 1.4], vertical_alignment="bottom")
    task = pick_curve(of, subject, learned.tasks, text("training_linear.all_tasks"))
    if BASE not in learned.methods:
        return task, "error"
    chosen = measure.segmented_control(
        text("training_linear.show"),
        _MEASURES,
        format_func=lambda each: text(f"training_linear.{each}", base=BASE),
        default=state.get("measure"),
        required=True,
        key=f"pick-measure-{subject.id}",
        help=text("training_linear.about_measures", base=BASE),
    )
    state.put("measure", chosen)
    return task, chosen


def _curves(learned: Learned, values: np.ndarray) -> list[MethodCurve]:
    """References last, so that the others come first in the legend."""
    curves = [
        MethodCurve(method, *mean_and_margin(values[place]))
        for place, method in enumerate(learned.methods)
        if np.isfinite(values[place]).any()
    ]
    return sorted(curves, key=lambda curve: curve.method in REFERENCES)


def _look_for(learned: Learned, measure: str) -> str:
    seeds = len(learned.seeds)
    bars = "one_draw" if seeds < 2 else "bars" if learned.drawn.all() else "bars_where_drawn"
    return text(
        "training_linear.look",
        look=text(f"training_linear.look_{measure}", base=BASE),
        bars=text(f"training_linear.{bars}", seeds=seeds),
        error=error_of(learned.loss),
    )


def helped_in_words(learned: Learned, task: str | None) -> str:
    """At which sizes a method that shares is better than each task alone, surely so; in Markdown."""
    difference = learned.less_base(task)
    if difference is None:
        return text("training_linear.no_base", base=BASE)
    mean, margin, _ = mean_and_margin(difference)
    if not np.isfinite(margin).any():
        return text("training_linear.one_seed")
    others = [place for place, method in enumerate(learned.methods) if method != BASE]
    if not others:
        return text("training_linear.only_base", base=BASE)
    mean, margin = mean[others], margin[others]
    names = [learned.methods[place] for place in others]
    helps, hurts = mean + margin < 0, mean - margin > 0
    sizes = [place for place in range(len(learned.sizes)) if np.isfinite(margin[:, place]).any()]

    def said_of(key: str, places: Sequence[int]) -> str:
        where = plain(joined([learned.size_name(place) for place in places]))
        return text(f"training_linear.{key}", sizes=where, base=BASE)

    gains: dict[str, list[str]] = {}
    for place in sizes:
        if helps[:, place].any():
            best = int(np.where(helps[:, place], mean[:, place], np.inf).argmin())
            gain = _cell(mean[best, place], margin[best, place], bold=False, signed=True)
            at = text("training_linear.gain_at", gain=gain, size=learned.size_name(place))
            gains.setdefault(names[best], []).append(at)
    said = []
    if gains:
        most = [text("training_linear.gains_of", method=name, gains=joined(each)) for name, each in gains.items()]
        said.append(said_of("helps", [place for place in sizes if helps[:, place].any()]))
        said.append(plain(text("training_linear.most", gains=text("training_linear.next").join(most), base=BASE)))
    if neither := [place for place in sizes if not helps[:, place].any() and not hurts[:, place].all()]:
        said.append(said_of("neither", neither))
    if whole := list(np.flatnonzero(~learned.drawn)):
        said.append(said_of("not_drawn", whole))
    if worse := [place for place in sizes if hurts[:, place].all()]:
        said.append(said_of("hurts", worse))
    return text("training_linear.between").join(said)


def _tables(learned: Learned, task: str | None) -> None:
    place = tables_below("training-table")
    if place is None:
        return
    sizes = [learned.size_name(size) for size in range(len(learned.sizes))]
    with place:
        st.markdown(text("training_linear.errors"))
        st.table(_frame(learned, sizes, learned.of_task(task), best=True))
        st.caption(text("training_linear.about_errors"))
        difference = learned.less_base(task)
        if difference is not None:
            st.markdown(text("training_linear.difference", base=BASE))
            others = np.array([method != BASE for method in learned.methods])
            st.table(_frame(learned, sizes, difference, best=False)[others])
            st.caption(text("training_linear.about_differences"))


def _frame(learned: Learned, sizes: list[str], values: np.ndarray, best: bool) -> pd.DataFrame:
    mean, margin, _ = mean_and_margin(values)
    least = np.where(np.isfinite(mean), mean, np.inf).min(axis=0)
    with np.errstate(invalid="ignore"):
        bold = mean == least if best else np.abs(mean) > margin
    written = [
        [
            _cell(mean[method, size], margin[method, size], bold[method, size], signed=not best)
            for size in range(len(sizes))
        ]
        for method in range(len(learned.methods))
    ]
    return pd.DataFrame(written, [plain(method) for method in learned.methods], [plain(size) for size in sizes])


def _cell(mean: float, margin: float, bold: bool, signed: bool) -> str:
    if not np.isfinite(mean):
        return "–"
    written = _signed(mean) if signed else f"{mean:.4f}"
    if np.isfinite(margin):
        written += f"\u00a0±\u00a0{margin:.4f}"
    return f"**{written}**" if bold else written


def _signed(value: float) -> str:
    return f"{value:+.4f}".replace("-", "−")
