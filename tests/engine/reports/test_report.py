import base64
import hashlib
import json
import re
from dataclasses import replace

import pytest

from engine.charts.palette import LIGHT
from engine.grouping.export import from_file
from engine.reports.figures import as_data, budgets_figure, followed, matrix_figure, pair_courses, theme_colours
from engine.reports.findings import findings
from engine.reports.report import report_html
from engine.texts import LANGUAGES, speaking
from tests.app import hostile
from tests.app.views.stored import seeds, tracked, trained
from tests.engine.reports.made import CLUSTERS, TASKS, series
from tests.engine.test_markup import Seen


def ids(html):
    return [value for name, value in Seen(html).attributes if name == "id"]


def without_data(html):
    """The page without what it holds for its script."""
    return re.sub(r"<script type=[^>]*>.*?</script>", "", html, flags=re.S)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_trained_run_has_every_section(store, language):
    with speaking(language):
        html = report_html(findings(store, [store.run(trained(store))]))
    assert {"summary", "matrix", "strongest", "course", "grouping", "budgets", "stability", "train", "facts", "method",
            "settings"} <= set(ids(html))  # fmt: skip
    assert f'<html lang="{language}">' in html and len(html) < 2_500_000


def test_it_asks_no_host_for_anything(store):
    html = without_data(report_html(findings(store, [store.run(trained(store))])))
    attributes = Seen(html).attributes
    assert ("name", "viewport") in attributes and any("default-src 'none'" in (value or "") for _, value in attributes)
    assert all(value.startswith(("#", "data:")) for name, value in attributes if name in ("src", "href"))
    assert "@import" not in html and "url(" not in html


def test_only_its_own_scripts_may_run(store):
    html = report_html(findings(store, [store.run(trained(store))]))
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)[1]
    assert "unsafe-inline" not in policy.split("script-src")[1] and "unsafe-eval" not in policy
    (source,) = re.findall(r"<script>(.*?)</script>", html, re.S)
    digest = base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
    assert digest in policy


def test_no_name_becomes_markup(store):
    found = hostile.filled(store)
    for run_id in (found["affinity"], found["matrix"]):
        html = report_html(findings(store, [store.run(run_id)], hostile.NAME))
        seen = Seen(html)
        assert "img" not in seen.tags and not any(name.startswith("on") for name, _ in seen.attributes)
        for task in hostile.TASKS:
            assert task in seen.text
        figures = re.findall(r'<script type="application/json" id="figure-\w+">(.*?)</script>', html, re.S)
        assert figures and not any("<" in figure for figure in figures)


def test_its_grouping_file_and_csv_are_whole(store):
    found = findings(store, [store.run(trained(store))], budget=2)
    links = dict(re.findall(r'href="data:([\w/]+);base64,([^"]+)"', report_html(found)))
    solution, source = from_file(base64.b64decode(links["application/json"]))
    assert solution == found.grouping.chosen and source["run"] == found.run.id
    assert base64.b64decode(links["text/csv"]).decode().startswith("source,")


def test_a_published_matrix_is_told_without_what_is_not_known(store):
    run = next(run for run in store.runs() if run.origin == "published")
    html = report_html(findings(store, [run]))
    assert not {"course", "stability", "learned"} & set(ids(html)) and {"grouping", "train"} <= set(ids(html))
    assert "There is one matrix" in html and "--dataset …" in html and "Fifty et al." in html


def test_a_tracked_run_at_work_says_so(store):
    html = report_html(findings(store, [store.run(tracked(store))]))
    assert "still training" in html


def test_seeds_are_named(store):
    runs = list(map(store.run, seeds(store)))
    text = Seen(without_data(report_html(findings(store, runs)))).text
    assert all(run.id in text for run in runs)


def test_of_a_path_only_the_end_is_told(store):
    run_id = hostile.filled(store)["affinity"]
    run = store.run(run_id)
    run = replace(run, config=run.config | {"folder": "/home/someone/secret/photographs"})
    text = Seen(report_html(findings(store, [run]))).text
    assert "photographs" in text and "someone" not in text


def test_figures_are_data_of_the_light_palette_that_the_dark_one_can_replace(store):
    found = findings(store, [store.run(trained(store))])
    written = json.dumps(as_data(matrix_figure(found.tasks, found.mean))) + json.dumps(
        as_data(budgets_figure(found.grouping))
    )
    assert "template" not in as_data(budgets_figure(found.grouping))["layout"]
    colours = theme_colours()
    assert {LIGHT.helps, LIGHT.text, LIGHT.scale[0][1]} <= set(colours) and LIGHT.scale[0][1] in written
    assert len(colours) == 6 + len(LIGHT.scale) + len(LIGHT.tasks)


def test_courses_pool_windows_without_losing_any(store):
    long = series(CLUSTERS, windows=500)
    found = findings(store, [store.run(trained(store))])
    pairs = followed(found)
    assert 0 < len(pairs) <= 6
    pair = type(pairs[0])("b", "a", 3.0, 0.1)
    steps, values = pair_courses(long, [pair])
    assert len(steps) == 60 and values.shape == (1, 60)
    assert values.mean() == pytest.approx(long.mean().affinity[TASKS.index("b"), 0], abs=0.01)
