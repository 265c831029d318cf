"""The Training page of runs of linear models, and of federated ones."""

import re

import numpy as np
import pytest

from app.components import live_chart
from app.components.learned import Learned, mean_and_margin
from app.views.training_linear import helped_in_words
from tests.app.views.stored_models import curves, federated, linear, rounds


@pytest.fixture
def drawn(monkeypatch):
    """Figures that the page draws, by the beginning of their key."""
    figures = {}

    def keep(figure, *, key, label):
        figures[re.split("-yeast", key)[0]] = figure

    monkeypatch.setattr(live_chart, "plain", keep)
    return figures


def texts(app):
    kinds = (app.caption, app.info, app.warning, app.markdown, app.subheader)
    return " ".join(str(each.value) for kind in kinds for each in kind).replace("\\", "").replace("\u00a0", " ")


def labels(app):
    kinds = (app.multiselect, app.selectbox, app.get("button_group"), app.get("download_button"), app.toggle)
    return [each.label for kind in kinds for each in kind]


def control(app, label):
    return next(each for each in (*app.selectbox, *app.get("button_group")) if each.label == label)


OF_NETWORKS = ("Task weights", "Gradient conflicts", "validation")


def test_a_line_a_method_with_its_interval_over_seeds(show, store, drawn):
    content = curves()
    app = show("training", run=linear(store, content=content))
    assert not app.exception and not app.error
    learned = Learned.of(content)
    traces = {trace.name: trace for trace in drawn["learning"].data}
    assert set(traces) == set(learned.methods)
    mean, margin, _ = mean_and_margin(learned.of_task(None))
    place = learned.methods.index("clustered")
    np.testing.assert_allclose(traces["clustered"].y, mean[place])
    np.testing.assert_allclose(traces["clustered"].error_y.array, np.nan_to_num(margin[place]))
    assert list(np.isfinite(margin[place])) == [True, True, True, False]  # all are the same for every seed
    assert "Of all (162) nothing is drawn" in texts(app) and "None where a size takes all" in texts(app)
    assert drawn["learning"].layout.xaxis.ticktext[-1] == "all (162)"
    assert "share of wrong labels" in texts(app)


def test_nothing_that_only_networks_have_is_shown(show, store, drawn):
    for run_id in (linear(store, content=curves()), federated(store, content=rounds())):
        app = show("training", run=run_id)
        assert "Tasks" not in labels(app) and not any(word in texts(app) for word in OF_NETWORKS)


def test_a_task_and_the_difference_can_be_chosen_and_are_in_the_address(show, store, drawn):
    content = curves()
    app = show("training", run=linear(store, content=content))
    control(app, "Error of").set_value("b").run()
    control(app, "Show").set_value("difference").run()
    assert not app.exception
    assert "b" in app.query_params["curve_of"] and "difference" in app.query_params["measure"]
    learned = Learned.of(content)
    place = learned.methods.index("pooled")
    traces = {trace.name: trace for trace in drawn["learning"].data}
    np.testing.assert_allclose(traces["pooled"].y, np.nanmean(learned.less_base("b")[place], axis=-1))
    np.testing.assert_array_equal(traces["independent"].y, 0)


def test_the_address_is_followed_but_for_a_task_that_is_unknown(show, store, drawn):
    run_id = linear(store, content=curves())
    assert control(show("training", run=run_id, curve_of="c"), "Error of").value == "c"
    app = show("training", run=run_id, curve_of="nope")
    assert not app.exception and control(app, "Error of").value is None


def test_the_least_error_of_a_size_is_bold_and_so_is_a_sure_difference(show, store, drawn):
    content = curves()
    app = show("training", run=linear(store, content=content))
    errors, differences = (table.value for table in app.table)
    learned = Learned.of(content)
    mean, _, _ = mean_and_margin(learned.of_task(None))
    for size, column in enumerate(errors):
        bold = [name.replace("\\", "") for name in errors.index if errors[column][name].startswith("**")]
        assert bold == [learned.methods[mean[:, size].argmin()]]
    mean, margin, _ = mean_and_margin(learned.less_base(None))
    assert "independent" not in differences.index and len(differences) == len(learned.methods) - 1
    with np.errstate(invalid="ignore"):
        sure = (np.abs(mean) > margin)[1:]
    written = differences.map(lambda text: text.startswith("**")).to_numpy()
    np.testing.assert_array_equal(written, sure)


def test_where_sharing_helps_is_said(show, store, drawn):
    said = texts(show("training", run=linear(store, content=curves())))
    assert "Sharing helps at 10" in said and "task_covariance" in said


def test_where_sharing_does_not_help_is_said():
    content = curves(sizes=(10, 100), methods=("independent", "pooled"))
    for row in content["rows"]:
        worse = {("pooled", 10): -0.1, ("pooled", 100): 0.1}.get((row["method"], row["size"]), 0.0)
        row["errors"] = [0.3 + worse + 0.001 * (row["seed"] % 2) * (row["method"] == "pooled")] * 5
    said = helped_in_words(Learned.of(content), None).replace("\\", "").replace("\u00a0", " ")
    assert "**Sharing helps at 10 samples a task.**" in said and "−0.0996" in said
    assert "At 100 all others are worse." in said
    content["rows"] = [row | {"errors": [0.3 + 0.01 * (row["seed"] % 2)] * 5} for row in content["rows"]]
    assert "no method is better" in helped_in_words(Learned.of(content), None)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (curves(seeds=1), "from two seeds on"),
        (curves(methods=("pooled", "clustered")), "Without independent"),
        (curves(methods=("independent",)), "only independent"),
    ],
)
def test_what_cannot_be_told_is_said(show, store, drawn, content, said):
    app = show("training", run=linear(store, content=content))
    assert not app.exception and not app.error and said in texts(app)


def test_a_comparison_at_work_shows_what_there_is(show, store, drawn):
    app = show("training", run=linear(store, "running", content=curves(rows=20)))
    assert not app.exception and drawn["learning"].data
    assert any("fit 20 of 160" in bar.text for bar in app.get("progress"))


@pytest.mark.parametrize("make", [linear, federated])
@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("queued", "the first results appear here after"),
        ("running", "the first results appear here after"),
        ("cancelled", "stopped before its first"),
        ("failed", "stopped before its first"),
    ],
)
def test_what_has_no_results_says_why(show, store, drawn, make, status, said):
    app = show("training", run=make(store, status, error="*bad* data." if status == "failed" else ""))
    assert not app.exception and not app.error and not drawn
    assert said in texts(app)
    if status == "failed":
        assert "failed at" in texts(app) and "*bad* data." in texts(app)


def test_a_cancelled_run_shows_what_there_is(show, store, drawn):
    app = show("training", run=federated(store, "cancelled", content=rounds(count=20)))
    assert "cancelled at round 20 of 60" in texts(app) and drawn["errors"].data


def test_the_facts_of_both_kinds_are_told(show, store, drawn):
    said = texts(show("training", run=linear(store, content=curves(), seeds=3)))
    for fact in ("yeast", "4", "10, 20, 40, all", "**3**"):
        assert fact in said
    run_id = federated(store, content=rounds(), stragglers=0.3, tie=2.5, clients="processes")
    said = texts(show("training", run=run_id))
    for fact in ("**60**", "**learned**", "**2.5**", "20% a round", "30% a round", "in own processes"):
        assert fact in said


def test_the_gap_and_when_it_reached_the_goal(show, store, drawn):
    app = show("training", run=federated(store, content=rounds(per_round=0.8)))
    assert not app.exception and not app.error
    assert [trace.name for trace in drawn["gap"].data] == ["mocha"]  # the others have none
    assert "mocha reached a gap of 0.0001 by round 42" in texts(app)  # 0.8⁴² = 8.5e-5
    said = texts(show("training", run=federated(store, content=rounds(per_round=0.95))))
    assert "mocha has not reached a gap of 0.0001: after 60 rounds it is 0.046" in said


def test_without_mocha_there_is_no_gap(show, store, drawn):
    app = show("training", run=federated(store, content=rounds(methods=("fedavg",)), related=False))
    assert not app.exception and "gap" not in drawn and drawn["errors"].data


def test_errors_against_rounds_or_bytes(show, store, drawn):
    content = rounds()
    app = show("training", run=federated(store, content=content))
    control(app, "Against").set_value("bytes").run()
    assert not app.exception and "bytes" in app.query_params["against"]
    mocha = content["methods"]["mocha"]
    np.testing.assert_allclose(drawn["errors"].data[0].x, np.add(mocha["up"], mocha["down"]))
    np.testing.assert_allclose(drawn["errors"].data[0].y, np.mean(mocha["errors"], axis=1))
    control(app, "Error of").set_value("d").run()
    np.testing.assert_allclose(drawn["errors"].data[0].y, np.array(mocha["errors"])[:, 3])


def test_who_takes_part_is_drawn_only_where_someone_drops_out(show, store, drawn):
    content = rounds()
    show("training", run=federated(store, content=content))
    (trace,) = drawn["present"].data
    np.testing.assert_array_equal(trace.y, content["methods"]["mocha"]["present"])
    drawn.clear()
    app = show("training", run=federated(store, content=rounds(drop=0)))
    assert "present" not in drawn and "All 5 clients took part in every round" in texts(app)


def test_the_table_has_every_client_s_last_errors(show, store, drawn):
    content = rounds()
    table = show("training", run=federated(store, content=content)).dataframe[0].value
    assert table["client"].tolist() == content["clients"] and table["samples"].tolist() == content["samples"]
    for method, told in content["methods"].items():
        np.testing.assert_allclose(table[method], told["errors"][-1])


def test_files_are_offered(show, store, drawn):
    assert "CSV of all errors" in labels(show("training", run=linear(store, content=curves())))
    assert "CSV of all rounds" in labels(show("training", run=federated(store, content=rounds())))


def test_the_table_behind_the_charts_holds_every_round(show, store, drawn):
    content = rounds()
    app = show("training", run=federated(store, content=content))
    clients, gap, errors, sent, present = (table.value for table in app.dataframe)
    assert len(clients) == len(content["clients"])
    mocha = content["methods"]["mocha"]
    np.testing.assert_allclose(gap["mocha"], mocha["gap"])
    np.testing.assert_allclose(errors["mocha"], np.mean(mocha["errors"], axis=1))
    np.testing.assert_allclose(sent["mocha"], np.add(mocha["up"], mocha["down"]))
    np.testing.assert_allclose(present["mocha"], mocha["present"])
    assert errors.index.tolist() == mocha["round"]


@pytest.mark.parametrize(
    ("make", "content", "said"),
    [
        (linear, curves(), ("共享有帮助", "没有抽取")),
        (federated, rounds(), ("间隙达到 0.0001", "最后一轮的平均测试误差")),
        (linear, None, ("首批结果会出现在这里",)),
        (federated, None, ("首批结果会出现在这里",)),
    ],
)
def test_the_page_is_told_in_chinese(show, store, drawn, make, content, said):
    app = show("training", run=make(store, "finished" if content else "queued", content=content), language="zh")
    assert not app.exception and not app.error and app.title[0].value == "训练"
    assert all(each in texts(app) for each in said)
    if make is linear and content:
        assert drawn["learning"].layout.xaxis.ticktext[-1] == "全部（162）"
