import json
import re

import numpy as np
import pytest

from app.components import live_chart
from app.components.live_chart.sent import as_data
from app.components.subject import GROUP
from app.views.training_labels import SIZE, picture
from engine import catalog
from engine.runs.config import RunConfig
from tests.app.views.stored import learned, tracked, windows

MANY = tuple(f"t{number}" for number in range(11))


@pytest.fixture
def drawn(monkeypatch):
    """Figures that the page draws, by the beginning of their key."""
    figures = {}

    def keep(figure, *, key, label):
        figures[re.split("-(?:seeds:)?yeast", key)[0]] = figure

    monkeypatch.setattr(live_chart, "plain", keep)
    return figures


def texts(app):
    kinds = (app.caption, app.info, app.warning, app.markdown, app.subheader)
    return " ".join(str(each.value) for kind in kinds for each in kind).replace("\\", "")


def tasks_of(figure):
    return {trace.legendgroup for trace in figure.data}


def pick(app):
    return next(each for each in app.multiselect if each.label == "Tasks")


def test_losses_are_solid_on_validation_and_dotted_on_training_data(show, store, drawn):
    run_id = learned(store)
    app = show("training", run=run_id)
    assert not app.exception and not app.error
    figure = drawn["course-0"]
    lines = {(trace.legendgroup, trace.line.dash): trace for trace in figure.data}
    assert len(lines) == len(figure.data) == 2 * 5
    validation = [each for each in store.evaluations(run_id) if each.split == "validation"]
    solid = lines["b", "solid"]
    np.testing.assert_array_equal(solid.x, [each.step for each in validation])
    np.testing.assert_allclose(solid.y, [each.losses[1] for each in validation])
    assert list(lines["b", "dot"].x) == [10, 20, 30, 40]
    assert "loss" in figure.layout.yaxis.title.text


def test_each_metric_has_a_chart_of_the_tasks_that_it_is_quoted_for(show, store, drawn):
    show("training", run=learned(store, metrics=("accuracy", "R²", "accuracy", "R²", "R²")))
    titles = {figure.layout.yaxis.title.text: tasks_of(figure) for figure in drawn.values()}
    assert titles["accuracy (higher is better)"] == {"a", "c"}
    assert titles["R² (higher is better)"] == {"b", "d", "e"}
    assert all(trace.line.dash == "solid" for trace in drawn["course-1"].data)


def test_a_task_has_one_colour_in_all_charts_and_keeps_it_when_another_goes(show, store, drawn):
    weights = np.arange(1, 21).reshape(4, 5) / 10
    app = show("training", run=learned(store, weights=weights, weighting="dwa"))
    colours = {trace.legendgroup: trace.meta["colour"] for trace in drawn["course-0"].data}
    assert len(set(colours.values())) == 5
    for figure in (drawn["course-1"], drawn["weights"]):
        assert {trace.legendgroup: trace.meta["colour"] for trace in figure.data} == colours
    pick(app).set_value(["e", "c"]).run()
    left = {trace.legendgroup: trace.meta["colour"] for trace in drawn["course-0"].data}
    assert left == {task: colours[task] for task in ("c", "e")}


def test_at_most_eight_tasks_are_drawn_and_the_choice_is_in_the_address(show, store, drawn):
    app = show("training", run=learned(store, tasks=MANY))
    assert tasks_of(drawn["course-0"]) == set(MANY[:8])
    assert "curves" not in app.query_params
    pick(app).set_value(["t10", "t3"]).run()
    assert tasks_of(drawn["course-0"]) == {"t10", "t3"}
    assert json.loads(app.query_params["curves"]) == ["t10", "t3"]


def test_the_tasks_of_an_address_are_drawn_but_for_unknown_ones(show, store, drawn):
    run_id = learned(store, tasks=MANY)
    show("training", run=run_id, curves='["t9", "nope"]')
    assert tasks_of(drawn["course-0"]) == {"t9"}
    show("training", run=run_id, curves='["nope"]')
    assert tasks_of(drawn["course-0"]) == set(MANY[:8])


def test_no_chosen_task_draws_no_curves(show, store, drawn):
    app = show("training", run=learned(store), curves="[]")
    assert not app.exception and not drawn and "Choose at least one task" in texts(app)


def test_primary_tasks_come_first_and_auxiliaries_are_faint(show, store, drawn):
    app = show("training", run=learned(store, tasks=MANY, primary="t9,t10"))
    assert pick(app).value[:2] == ["t9", "t10"]
    assert "t0 · auxiliary" in pick(app).options and "t9" in pick(app).options
    opacity = {trace.legendgroup: trace.opacity for trace in drawn["course-0"].data}
    assert opacity["t9"] == opacity["t10"] == 1 > opacity["t0"]
    assert "Primary: t9, t10. The 9 other tasks are auxiliaries" in texts(app)


def test_weights_are_means_over_windows_with_what_the_method_does(show, store, drawn):
    weights = np.random.default_rng(0).random((4, 5))
    app = show("training", run=learned(store, weights=weights, weighting="uncertainty"))
    by_task = {trace.legendgroup: trace for trace in drawn["weights"].data}
    np.testing.assert_array_equal(by_task["c"].x, [5, 15, 25, 35])
    np.testing.assert_allclose(by_task["c"].y, weights[:, 2], rtol=1e-6)
    entry = catalog.find("weighting", "uncertainty")
    assert f"{entry.summary} ({entry.paper})" in texts(app)


def test_a_task_without_labels_in_a_window_leaves_a_gap_in_its_weights(show, store, drawn):
    weights = np.full((4, 5), 1.5)
    weights[1, 2] = np.nan
    app = show("training", run=learned(store, weights=weights, weighting="dwa"))
    assert not app.exception
    by_task = {trace.legendgroup: trace for trace in drawn["weights"].data}
    assert (len(by_task["c"].x), len(by_task["a"].x)) == (3, 4) and np.isfinite(by_task["c"].y).all()
    json.dumps(as_data(drawn["weights"]), allow_nan=False)


def test_equal_weights_of_tasks_that_lack_labels_now_and_then_need_no_chart(show, store, drawn):
    weights = np.ones((4, 5))
    weights[1:, 2] = np.nan
    app = show("training", run=learned(store, weights=weights))
    assert "weights" not in drawn and "Every task counted 1 wherever it had labels" in texts(app)
    assert app.dataframe[0].value["weight"].tolist() == [1] * 5


def test_equal_weights_need_no_chart(show, store, drawn):
    app = show("training", run=learned(store))
    assert "weights" not in drawn and "Every task counted 1" in texts(app)


def test_conflicts_are_shares_of_pairs_and_cosines_their_mean(show, store, drawn):
    app = show("training", run=learned(store, conflicts=True, weighting="pcgrad"))
    np.testing.assert_array_equal(drawn["gradient_conflict"].data[0].x, [5, 15, 25, 35])
    np.testing.assert_allclose(drawn["gradient_conflict"].data[0].y, 1 / 10)  # one of ten pairs, always
    np.testing.assert_allclose(drawn["gradient_cosine"].data[0].y, (9 * 0.25 - 0.5) / 10)
    assert "Most often in conflict: a and b, at 100% of the updates; the mean of all pairs is 10%" in texts(app)


def test_without_conflicts_the_way_to_them_is_said(show, store, drawn):
    app = show("training", run=learned(store))
    assert "gradient_conflict" not in drawn
    assert "pcgrad" in texts(app) and "affinity estimator gradient_conflict" in texts(app)


def test_conflicts_that_an_estimator_observed_are_shown_too(show, store, drawn):
    run_id = store.create(RunConfig("yeast", affinity="gradient_cosine"))
    token = store.claim(run_id)
    columns = {"tasks": list("abcde"), "metrics": ["accuracy"] * 5, "step": 40, "steps": 40, "status": "finished"}
    source = store.evaluations(learned(store))
    store.write(run_id, token, windows(0, 4), source, **columns)
    show("training", run=run_id)
    assert "gradient_cosine" in drawn and "gradient_conflict" not in drawn


def test_the_facts_of_a_run_are_told(show, store, drawn):
    app = show("training", run=learned(store, architecture="mtan", weighting="dwa"))
    said = texts(app)
    for fact in ("mtan", "dwa", "12,345", "1.5 SNT", "4 ms", "auto chose *nothing*"):
        assert fact in said


def test_the_table_has_the_last_values_of_every_task(show, store, drawn):
    run_id = learned(store, primary="b")
    table = show("training", run=run_id).dataframe[0].value
    assert table["role"].tolist() == ["auxiliary", "primary", "auxiliary", "auxiliary", "auxiliary"]
    by = {each.split: each for each in store.evaluations(run_id) if each.step == 40}
    np.testing.assert_allclose(table["test_loss"], by["test"].losses)
    np.testing.assert_allclose(table["validation_metric"], by["validation"].metrics)
    np.testing.assert_allclose(table["best_validation_metric"], by["validation"].metrics)
    np.testing.assert_allclose(table["training_loss"], by["train"].losses)


def test_both_files_are_offered(show, store, drawn):
    app = show("training", run=learned(store))
    assert [button.label for button in app.get("download_button")] == [
        "CSV of losses and metrics",
        "CSV of task weights",
    ]


def test_seeds_are_shown_as_their_mean(show, store, drawn):
    ids = store.create_seeds(RunConfig("yeast", affinity="none"), "yeast", 2)
    for run_id, scale in zip(ids, (1, 3), strict=True):
        learned(store, run_id=run_id, scale=scale, weights=np.full((4, 5), scale))
    app = show("training", run=GROUP + ids[0])
    assert not app.exception
    first = [each.losses[0] for each in store.evaluations(ids[0]) if each.split == "validation"]
    solid = next(trace for trace in drawn["course-0"].data if trace.line.dash == "solid")
    np.testing.assert_allclose(solid.y, 2 * np.array(first))
    np.testing.assert_allclose(drawn["weights"].data[0].y, 2)
    assert "Mean of the seeds" in texts(app)


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda store: store.runs()[0].id, "published matrix comes without its training"),
        (lambda store: tracked(store), "Its loop has recorded no losses yet"),
        (lambda store: tracked(store, "finished"), "Its loop recorded no losses"),
        (lambda store: store.create(RunConfig("yeast")), "worker is starting"),
    ],
)
def test_what_has_no_course_says_why(show, store, drawn, make, expected):
    app = show("training", run=make(store))
    assert not app.exception and not app.error and not drawn
    assert expected in texts(app)


def test_a_running_run_shows_what_there_is_and_how_far_it_is(show, store, drawn):
    app = show("training", run=learned(store, status="running"))
    assert "Live: step 40 of 40" in app.get("progress")[0].text
    assert drawn["course-0"].data
    assert "test_loss" not in app.dataframe[0].value


def labels(thumbnail, count=3):
    groups = [
        {
            "class": of,
            "subclass": place,
            "count": count * place,
            "share": float(place),
            "examples": [
                {"index": 7 + each, "probability": 0.5, "thumbnail": thumbnail} for each in range(count * place)
            ],
        }
        for of in range(2)
        for place in range(2)
    ]
    use = {"entropy": 0.25, "certainty": 0.6}
    return {"primary": "a", "classes": 2, "subclasses": 2, "samples": 6, "groups": groups, **use}


def with_labels(show, store, **also):
    names = ("a", "b", "a (generated)")
    artifacts = {"generated labels": labels(**also)} if also else None
    return show("training", run=learned(store, tasks=names, primary="a", auxiliary="maxl", artifacts=artifacts))


def test_generated_labels_are_rows_of_thumbnails_with_their_share(show, store, drawn):
    app = with_labels(show, store, thumbnail=[[0, 255], [128, 0]])
    assert not app.exception
    assert [each.text for each in app.get("progress")] == ["**1** · 0% · 0 samples", "**2** · 100% · 3 samples"]
    (images,) = app.get("image")
    assert images.captions == ["50%"] * 3
    assert all(image.url.endswith(".png") for image in images.proto.imgs)  # another format would blur its few pixels
    assert "No sample is of this class" in texts(app) and "25%" in texts(app)


def test_generated_labels_of_a_table_name_the_samples(show, store, drawn):
    app = with_labels(show, store, thumbnail=None)
    assert not app.get("image")
    assert "Samples 7 (50%), 8 (50%), 9 (50%)" in texts(app)


def test_generated_labels_that_are_not_there_yet_are_announced(show, store, drawn):
    assert "after the first pass" in texts(with_labels(show, store))


def test_the_generated_task_is_drawn_faint_after_the_primary_one(show, store, drawn):
    app = with_labels(show, store)
    assert pick(app).value == ["a", "a (generated)", "b"]
    opacity = {trace.legendgroup: trace.opacity for trace in drawn["course-0"].data}
    assert opacity["a"] > opacity["a (generated)"] == opacity["b"]


def test_a_thumbnail_is_magnified_without_a_blur():
    grey = picture([[0, 255], [128, 0]])
    assert grey.shape[0] >= SIZE and set(np.unique(grey)) == {0, 128, 255}
    assert grey[0, 0] == 0 and grey[0, -1] == 255
    colour = picture([[[1, 2, 3]] * 32] * 32)
    assert colour.shape == (128, 128, 3)


def test_a_run_is_reached_from_the_list_of_runs(show, store):
    run_id = learned(store)
    keys = {button.key for button in show("runs").button}
    assert f"training-{run_id}" in keys
    assert not any(key == f"training-{run.id}" for key in keys for run in store.runs() if run.origin == "published")


def test_the_table_behind_the_charts_holds_what_every_line_is_drawn_through(show, store, drawn):
    weights = np.random.default_rng(0).random((4, 5))
    run_id = learned(store, weights=weights, weighting="dwa", conflicts=True)
    app = show("training", run=run_id)
    standing, losses, metrics, counted, conflicts, cosines = (table.value for table in app.dataframe)
    for frame, figure in ((losses, drawn["course-0"]), (metrics, drawn["course-1"]), (counted, drawn["weights"])):
        assert len(frame.columns) == len(figure.data)
        for column, trace in zip(frame, figure.data, strict=True):
            known = frame[column].dropna()
            np.testing.assert_array_equal(known.index, trace.x)
            np.testing.assert_allclose(known, trace.y)
    np.testing.assert_allclose(conflicts.iloc[:, 0], drawn["gradient_conflict"].data[0].y)
    np.testing.assert_allclose(cosines.iloc[:, 0], drawn["gradient_cosine"].data[0].y)


def test_a_closed_table_is_not_drawn(show, store, drawn):
    app = show("training", run=learned(store))
    app.session_state["training-table"] = False
    assert not app.run().dataframe


def test_the_page_is_told_in_chinese(show, store, drawn):
    run_id = learned(
        store, weights=np.arange(1, 21).reshape(4, 5) / 10, conflicts=True, primary="b", weighting="pcgrad"
    )
    app = show("training", run=run_id, language="zh")
    assert not app.exception and not app.error
    assert app.title[0].value == "训练" and "梯度冲突" in texts(app) and "主任务：b" in texts(app)
    assert drawn["course-0"].layout.yaxis.title.text == "损失（越低越好）"
    assert drawn["course-1"].layout.yaxis.title.text == "accuracy（越高越好）"
    assert app.dataframe[0].value["role"].tolist() == ["辅助任务", "主任务", *["辅助任务"] * 3]
    assert list(app.dataframe[1].value.columns[:1]) == ["b · 训练"]
