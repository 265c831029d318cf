"""A report: one file that says in words and charts which tasks help whom, how sure that is, and what to train."""

import gzip
import shlex
import time
from base64 import b64encode
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import plotly
import plotly.graph_objects as go

from engine import catalog
from engine.grouping.export import to_json
from engine.grouping.frontier import steps as steps_of
from engine.grouping.solution import Solution
from engine.markup import Markup, element, table
from engine.reports import figures
from engine.reports.findings import Findings, Grouping
from engine.reports.page import Script, data, download, frontend, page
from engine.reports.words import braced, certificate_in_words, how_stable, listed, number, percent, summary
from engine.runs.configs import kind_of
from engine.spreadsheets import csv_of
from engine.texts import text
from engine.version import VERSION

MOST_ROWS = 400  # of a table in the page; its CSV has all
PLOTLY = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
_TRAIN_SNIPPET = "python -m engine train --grouping {file} --to models"
_SOLVE_SNIPPET = "python -m engine solve --run {run} --from {start} --to {stop} --budget {budget:g} --serve {serving}"
_VERIFY_SNIPPET = "python -m engine verify {file}"


def report_html(found: Findings) -> str:
    """The report in the present language; about 2 MB, of which nearly all is plotly.js, compressed."""
    sections = {
        "summary": _summary(found),
        "matrix": _matrix(found),
        "strongest": _strongest(found),
        "course": _course(found),
        "learned": _learned(found),
        "grouping": _grouping(found),
        "budgets": _budgets(found.grouping),
        "stability": _stability(found.grouping),
        "train": _train(found),
        "facts": _facts(found),
        "method": _method(),
        "settings": _settings(found),
    }
    sections = {name: parts for name, parts in sections.items() if parts}
    title = text("report.title", name=found.name)
    contents = [element("li", element("a", text(f"report.{name}"), href=f"#{name}")) for name in sections]
    body = [
        element(
            "header",
            element("h1", title),
            element("p", text("report.made", date=time.strftime("%Y-%m-%d"), version=VERSION), class_="muted"),
            element("noscript", element("p", text("report.no_script"), class_="warning")),
        ),
        element("nav", element("ul", *contents), aria_label=text("report.contents")),
        element(
            "main",
            *(
                element("section", element("h2", text(f"report.{name}")), *parts, id=name)
                for name, parts in sections.items()
            ),
        ),
        data("colours", figures.theme_colours()),
        data("words", {"no_plot": text("report.no_plot")}),
        element("script", Markup(_packed_plotly()), type="text/plain", id="plotly"),
    ]
    return page(title, body, frontend("report.css"), [Script(frontend("report.js")), Script(_plotly(), "plotly")])


@cache
def _plotly() -> str:
    return PLOTLY.read_text(encoding="utf-8")


@cache
def _packed_plotly() -> str:
    return b64encode(gzip.compress(_plotly().encode(), 9, mtime=0)).decode()


def _paragraphs(sentences: Sequence[str]) -> list[Markup]:
    return [element("p", sentence) for sentence in sentences if sentence]


def _chart(name: str, figure: go.Figure, label: str) -> Markup:
    plot = element("div", class_="plot", data_figure=f"figure-{name}")
    return element("figure", plot, data(f"figure-{name}", figures.as_data(figure)), aria_label=label)


def _behind(*parts: str) -> Markup:
    """Tables behind a chart, closed until asked for."""
    return element("details", element("summary", text("report.numbers")), *parts)


def _summary(found: Findings) -> list[Markup]:
    active = [run for run in found.runs if run.active]
    warning = [
        element("p", text("report.run_is_active", step=run.step, steps=run.steps or "–"), class_="warning")
        for run in active[:1]
    ]
    return [*warning, element("ul", *(element("li", said) for said in summary(found)), class_="summary")]


def _matrix(found: Findings) -> list[Markup]:
    mean, tasks = found.mean, found.tasks
    look = [text("report.matrix_look"), text("report.matrix_look_dots") if found.errors_known else ""]
    sums = [("affinity", mean.affinity)]
    sums += [("error", mean.standard_error)] if found.errors_known else []
    tables = []
    for name, values in sums:
        frame = pd.DataFrame(values, pd.Index(tasks, name="source"), pd.Index(tasks, name="target"))
        title = text("report.mean_title" if name == "affinity" else "report.error_title")
        file_name = f"{found.run.id}-{name}-{mean.step_from}-{mean.step_to}.csv"
        tables.append(download(text(f"report.{'matrix' if name == 'affinity' else name}_csv"), csv_of(frame, True),
                               file_name, "text/csv"))  # fmt: skip
        rows = [[task, *(number(value) for value in row)] for task, row in zip(tasks, values, strict=True)]
        tables.append(table(["", *tasks], rows, title, heads=True))
    chart = _chart("matrix", figures.matrix_figure(tasks, mean), text("report.matrix_label"))
    return [element("p", " ".join(look), class_="muted"), chart, _behind(*tables)]


def _strongest(found: Findings) -> list[Markup]:
    if not found.pairs:
        return []
    header = [text(f"report.{name}") for name in ("source", "target", "affinity", "error", "verdict")]
    pairs = found.pairs[: MOST_ROWS // 2] + found.pairs[max(MOST_ROWS // 2, len(found.pairs) - MOST_ROWS // 2) :]
    rows = [
        [
            pair.source,
            pair.target,
            number(pair.value),
            number(pair.error, 2),
            text(f"report.verdict_{'open' if not pair.sure else 'helps' if pair.value > 0 else 'hurts'}"),
        ]
        for pair in pairs
    ]
    if not found.errors_known:
        header, rows = header[:3], [row[:3] for row in rows]
    look = text("report.bars_look" if found.errors_known else "report.bars_look_plain")
    return [
        element("p", look, class_="muted"),
        _chart("bars", figures.bars_figure(found.pairs), text("report.bars_label")),
        _behind(table(header, rows, text("report.pairs_title"))),
        _gives_and_gets(found),
    ]


def _gives_and_gets(found: Findings) -> Markup:
    others = np.where(np.eye(len(found.tasks), dtype=bool), np.nan, found.mean.affinity)
    helpers = {}
    for pair in reversed(found.pairs):  # the one that helps most last
        helpers[pair.target] = pair.source if pair.value > 0 else "–"
    rows = [
        [task, number(_mean(others[place])), number(_mean(others[:, place])), helpers.get(task, "–")]
        for place, task in enumerate(found.tasks)
    ]
    header = [text(f"report.{name}") for name in ("task", "gives", "gets", "best_helper")]
    return table(header, rows, text("report.gives_title"), heads=True)


def _mean(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")


def _course(found: Findings) -> list[Markup]:
    pairs = figures.followed(found)
    if not found.over_time or not pairs:
        return []
    steps, values = figures.pair_courses(found.evidence.series, pairs)
    header = [text("report.step_axis"), *(f"{pair.source} → {pair.target}" for pair in pairs)]
    rows = [[f"{step:.0f}", *map(number, row)] for step, row in zip(steps, values.T, strict=True)]
    return [
        element("p", text("report.course_look"), class_="muted"),
        _chart("course", figures.course_figure(found.evidence, pairs), text("report.course_label")),
        _behind(table(header, rows, text("report.course_title"))),
    ]


def _learned(found: Findings) -> list[Markup]:
    if not found.last:
        return []
    splits = [split for split in ("validation", "test", "train") if split in found.last]
    metrics = found.run.metrics or ("",) * len(found.tasks)
    header = [text("report.task"), text("report.metric")]
    columns = []
    for split in splits:
        last = found.last[split]
        header.append(text("report.split_loss", split=split))
        columns.append(last.losses)
        if np.isfinite(last.metrics).any():
            header.append(text("report.split_metric", split=split))
            columns.append(last.metrics)
    rows = [
        [task, metrics[place], *(number(column[place], 4) for column in columns)]
        for place, task in enumerate(found.tasks)
    ]
    return [table(header, rows, text("report.last_title"), heads=True)]


def _grouping(found: Findings) -> list[Markup]:
    grouping = found.grouping
    if grouping is None:
        return _paragraphs([text("report.no_grouping", why=found.refusal)])
    solution, stable = grouping.chosen, grouping.stability
    shown = solution.problem.shown
    facts = {
        text("report.value"): number(shown(solution.value), 6),
        text("report.bound"): number(shown(solution.bound), 6),
        text("report.cost_used"): text("report.cost_value", cost=f"{solution.cost:g}", budget=f"{solution.budget:g}"),
        text("report.certificate"): _certificate(solution),
    }
    header = [text(f"report.{name}") for name in ("network", "serves", "along", "scores", "cost")]
    rows = []
    for place, network in enumerate(solution.networks):
        scores = figures.card(solution.problem, network).serves
        along = [task for task in network.tasks if task not in network.serves]
        told = text("words.comma").join(f"{task} {number(score)}" for task, score in scores)
        row = [str(place + 1), text("words.comma").join(network.serves), text("words.comma").join(along) or "–"]
        rows.append([*row, told, f"{network.cost:g}", *([percent(stable.networks[place])] if stable else [])])
    header += [text("report.again")] if stable else []
    left_out = text("report.left_out", tasks=listed(grouping.left_out)) if grouping.left_out else ""
    words = text("report.value_words", count=len(solution.problem.serving))
    return [
        table(header, rows, text("report.networks_title")),
        _definitions(facts),
        *_paragraphs([words if solution.problem.weights is None else "", left_out]),
    ]


def _certificate(solution: Solution) -> str:
    why = certificate_in_words(solution.certificate.rests_on)
    if solution.proved_optimal:
        return text("report.certificate_proved", why=why)
    bound = number(solution.problem.shown(solution.bound), 6)
    return text("report.certificate_gap", why=why, bound=bound, gap=f"{100 * solution.gap:.2g} %")


def _budgets(grouping: Grouping | None) -> list[Markup]:
    if grouping is None or len(grouping.solutions) < 2:
        return []
    gained = {step.budget: step.gained for step in steps_of(grouping.solutions)}
    header = [text(f"report.{name}") for name in ("budget", "value", "gain", "proof", "grouping")]
    rows = [
        [
            f"{each.budget:g}",
            number(each.problem.shown(each.value), 4),
            number(each.problem.shown(gained[each.budget])) if each.budget in gained else "–",
            text("report.proof_best")
            if each.proved_optimal
            else text("report.proof_gap", gap=f"{100 * each.gap:.2g} %"),
            text("words.comma").join(map(braced, each.networks)),
        ]
        for each in grouping.solutions
    ]
    knee = text("report.knee", budget=f"{grouping.knee:g}") if grouping.knee is not None else ""
    return [
        element("p", text("report.budgets_look"), class_="muted"),
        _chart("budgets", figures.budgets_figure(grouping), text("report.budgets_label")),
        *_paragraphs([knee]),
        _behind(table(header, rows, text("report.budgets"))),
    ]


def _stability(grouping: Grouping | None) -> list[Markup]:
    if grouping is None or grouping.stability is None:
        return []
    serving = grouping.chosen.problem.serving
    parts = _paragraphs(how_stable(grouping))
    if len(serving) < 2:
        return parts
    shares = grouping.stability.together
    rows = [[task, *(percent(value) for value in row)] for task, row in zip(serving, shares, strict=True)]
    figure = figures.together_figure(grouping.chosen, grouping.stability)
    return [
        *parts,
        element("p", text("report.stability_look"), class_="muted"),
        _chart("together", figure, text("report.together_label")),
        _behind(table(["", *serving], rows, text("report.stability"), heads=True)),
    ]


def _train(found: Findings) -> list[Markup]:
    grouping = found.grouping
    if grouping is None:
        return []
    file_name = f"{found.run.id}-budget-{grouping.chosen.budget:g}.json"
    again = found.run.origin == "trained" and kind_of(found.run.config) in ("network", "study")
    told = {"file": shlex.quote(file_name), "run": shlex.quote(found.run.id), "budget": grouping.chosen.budget}
    told |= {"start": found.mean.step_from, "stop": found.mean.step_to}
    told["serving"] = shlex.quote(",".join(grouping.chosen.problem.serving))
    train = _TRAIN_SNIPPET.format(**told) + ("" if again else " --dataset …")
    solve = [] if found.evidence.group else [_SOLVE_SNIPPET.format(**told)]
    content = to_json(grouping.chosen, grouping.source).encode()
    return [
        element("p", download(text("report.grouping_file"), content, file_name, "application/json")),
        *_paragraphs([text("report.train_run" if again else "report.train_other")]),
        _command(train),
        *_paragraphs(["" if again else text("report.train_own"), text("report.train_again")]),
        _command("\n".join([*solve, _VERIFY_SNIPPET.format(**told)])),
        *_paragraphs([text("report.train_look")]),
    ]


def _command(line: str) -> Markup:
    return element("pre", element("code", line), tabindex="0")


def _facts(found: Findings) -> list[Markup]:
    run, told, mean = found.run, found.run.config, found.mean
    facts = {
        text("report.run"): found.name if found.name == run.id else f"{found.name}  ·  {run.id}",
        text("report.seeds"): ", ".join(each.id for each in found.runs) if len(found.runs) > 1 else "",
        text("report.origin"): text(f"report.origin_{run.origin}"),
        text("report.source_of_matrix"): run.source,
        text("report.data_set"): told.get("dataset", ""),
        text("report.design"): told.get("architecture", "hard_sharing") if run.origin == "trained" else "",
        text("report.weighting"): told.get("weighting", "equal") if run.origin == "trained" else "",
        text("report.estimator"): _estimator(found),
        text("report.observer"): run.note,
        text("report.entry"): run.quantity,
        text("report.tasks"): f"{len(found.tasks)}: {text('words.comma').join(found.tasks)}",
        text("report.steps"): str(run.step) if found.over_time else "",
        text("report.interval"): text(
            "report.interval_value", start=mean.step_from, stop=mean.step_to, updates=mean.updates
        )
        if found.over_time
        else "",
    }
    return [_definitions(facts)]


def _estimator(found: Findings) -> str:
    name = found.run.config.get("affinity", "")
    entry = next((entry for entry in catalog.entries("estimator") if entry.name == name), None)
    return f"{name} ({entry.paper})" if entry and entry.paper else name


def _definitions(facts: dict[str, str]) -> Markup:
    pairs = [(element("dt", name), element("dd", value)) for name, value in facts.items() if value]
    return element("dl", *(element("div", *pair) for pair in pairs))


def _method() -> list[Markup]:
    said = [text(f"report.method_{part}") for part in ("affinity", "error", "reliability", "grouping", "stability")]
    references = element("ul", *(element("li", each) for each in frontend("references.txt").splitlines()))
    return [*_paragraphs(said), element("h3", text("report.references")), references]


def _settings(found: Findings) -> list[Markup]:
    told = found.run.config
    if not told:
        return _paragraphs([text("report.no_settings")])
    rows = [[name, _shown(name, value)] for name, value in sorted(told.items())]
    return [_behind(table([text("report.setting"), text("report.value")], rows, text("report.settings"), heads=True))]


def _shown(name: str, value: object) -> str:
    """A setting; of a path only its end, as the rest says where things lie on someone's machine."""
    return Path(value).name if name in ("folder", "table") and isinstance(value, str) else str(value)
