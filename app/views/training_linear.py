"""Training, of a comparison of linear models: errors of each method as samples a task grow, and where sharing helps."""

import numpy as np
import pandas as pd
import streamlit as st

from app import state
from app.components import live_chart
from app.components.curve_picker import pick_curve
from app.components.kinds import FIRST, LINEAR, methods_in_words, spaced
from app.components.learned import ARTIFACT, BASE, ERROR, Learned, mean_and_margin
from app.components.runs import store
from app.components.status import way_on
from app.components.subject import Subject
from app.components.text import joined, plain
from engine.charts.learning_curves import MethodCurve, learning_curves
from engine.charts.methods import REFERENCES
from engine.runs.run import Run
from engine.spreadsheets import csv_of

ABOUT = (
    "Linear models of all tasks, learned together by several methods from few samples a task up to many. Where "
    "samples are few, a method that shares between related tasks can be right more often than one that learns each "
    f"task alone ({BASE})."
)
_MEAN = "mean of all tasks"
_MEASURES = {"error": "Error", "difference": f"Difference to {BASE}"}


def facts(run: Run) -> dict[str, str | None]:
    """What is known of the run."""
    told = run.config
    return {
        "data set": told.get("dataset"),
        "methods": methods_in_words(told),
        "samples a task": spaced(told.get("sizes", "")),
        "seeds": str(told.get("seeds", "")),
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
    whose = "mean test error" if task is None else f"test error of {task}"
    unit = ERROR[learned.loss]
    title = f"{whose} (lower is better)" if measure == "error" else f"difference to {BASE}"
    live_chart.plain(
        learning_curves(
            _curves(learned, values),
            learned.samples,
            [learned.size_name(place) for place in range(len(learned.sizes))],
            title,
        ),
        key=f"learning-{subject.id}",
        label=f"{whose.capitalize()} of {', '.join(learned.methods)} against the training samples a task",
    )
    st.caption(plain(_look_for(learned, measure, unit)))
    st.markdown(helped_in_words(learned, task))
    _tables(learned, task)
    st.download_button(
        "CSV of all errors",
        lambda: csv_of(learned.table()),
        f"{subject.file_name}-learning-curves.csv",
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
    )


def _waiting(run: Run) -> str:
    if run.active:
        begun = "The" if run.step else "The worker is starting; the"
        return f"{begun} first results appear here after {FIRST[LINEAR]}."
    return f"This run stopped before its first results. {way_on(run)}"


def _pick(subject: Subject, learned: Learned) -> tuple[str | None, str]:
    """The task, None for their mean, and the measure to draw."""
    of, measure = st.columns([1, 1.4], vertical_alignment="bottom")
    task = pick_curve(of, subject, learned.tasks, _MEAN)
    if BASE not in learned.methods:
        return task, "error"
    chosen = measure.segmented_control(
        "Show",
        list(_MEASURES),
        format_func=_MEASURES.__getitem__,
        default=state.get("measure"),
        required=True,
        key=f"pick-measure-{subject.id}",
        help=f"The difference is taken on the same samples, seed by seed, so that what makes a sample easy or hard for "
        f"all does not count: it tells more surely than two errors side by side whether a method beats {BASE}.",
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


def _look_for(learned: Learned, measure: str, unit: str) -> str:
    bars = (
        f"Bars: 95 % intervals (Student's t) over {len(learned.seeds)} draws of the samples."
        if len(learned.seeds) > 1
        else "One draw of the samples only, so nothing says how sure it is."
    )
    if len(learned.seeds) > 1 and not learned.drawn.all():
        bars += " None where a size takes all there are, as nothing is drawn then."
    look = (
        "Look for coloured lines below the dashed grey one at the left, where samples are few."
        if measure == "error"
        else f"Below 0 is better than {BASE}; look for bars that lie below it altogether."
    )
    return f"{look} {bars} A click on a name above hides its line. Error: {unit}."


def helped_in_words(learned: Learned, task: str | None) -> str:
    """At which sizes a method that shares is better than each task alone, surely so; in Markdown."""
    difference = learned.less_base(task)
    if difference is None:
        return f"Without {BASE} among the methods there is nothing to tell whether sharing helps."
    mean, margin, _ = mean_and_margin(difference)
    if not np.isfinite(margin).any():
        return "Whether sharing helps can be told from two seeds on."
    others = [place for place, method in enumerate(learned.methods) if method != BASE]
    if not others:
        return f"There is only {BASE}, so nothing tells whether sharing helps."
    mean, margin = mean[others], margin[others]
    names = [learned.methods[place] for place in others]
    helps, hurts = mean + margin < 0, mean - margin > 0
    sizes = [place for place in range(len(learned.sizes)) if np.isfinite(margin[:, place]).any()]
    most: dict[str, list[str]] = {}
    for place in sizes:
        if helps[:, place].any():
            best = int(np.where(helps[:, place], mean[:, place], np.inf).argmin())
            gain = _cell(mean[best, place], margin[best, place], bold=False, signed=True)
            most.setdefault(names[best], []).append(f"{gain} at {learned.size_name(place)}")
    said = []
    if most:
        where = joined([learned.size_name(place) for place in sizes if helps[:, place].any()])
        gains = "; ".join(f"{method}, {joined(each)}" for method, each in most.items())
        said.append(f"**Sharing helps at {plain(where)} samples a task.** The most against {BASE}: {plain(gains)}.")
    neither = [place for place in sizes if not helps[:, place].any() and not hurts[:, place].all()]
    if neither:
        where = joined([learned.size_name(place) for place in neither])
        said.append(plain(f"At {where} no method is better than {BASE} by more than chance could do."))
    whole = [learned.size_name(place) for place in np.flatnonzero(~learned.drawn)]
    if whole:
        said.append(plain(f"Of {joined(whole)} nothing is drawn, so that nothing tells chance from gain there."))
    worse = [place for place in sizes if hurts[:, place].all()]
    if worse:
        said.append(plain(f"At {joined([learned.size_name(place) for place in worse])} all others are worse."))
    return " ".join(said)


def _tables(learned: Learned, task: str | None) -> None:
    sizes = [learned.size_name(place) for place in range(len(learned.sizes))]
    with st.expander("The same as numbers", icon=":material/table_chart:"):
        st.markdown("Test error")
        st.table(_frame(learned, sizes, learned.of_task(task), best=True))
        st.caption("Mean ± 95 % interval over seeds; columns: training samples a task. Bold: the least of a size.")
        difference = learned.less_base(task)
        if difference is not None:
            st.markdown(f"Difference to {BASE}")
            others = np.array([method != BASE for method in learned.methods])
            st.table(_frame(learned, sizes, difference, best=False)[others])
            st.caption(
                "Of the same samples, seed by seed. Bold: the interval does not hold 0. Every interval is of one "
                "method and size alone: of twenty such, about one misses by chance."
            )


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
    text = _signed(mean) if signed else f"{mean:.4f}"
    if np.isfinite(margin):
        text += f"\u00a0±\u00a0{margin:.4f}"
    return f"**{text}**" if bold else text


def _signed(value: float) -> str:
    return f"{value:+.4f}".replace("-", "−")
