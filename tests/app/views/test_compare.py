"""The Compare page: two readings, two runs, or two parts of training side by side."""

import numpy as np
import pytest

from app.components.subject import GROUP
from app.views.compare_result import agreement_in_words, interval_in_words, number
from engine.affinity.comparison import Correlation, compare
from engine.affinity.matrix import AffinityMatrix
from engine.affinity.uncertainty import SeedGroup
from engine.runs.config import RunConfig
from tests.app.views.stored import TASKS, readings, seeds, windows, with_readings

NAN = float("nan")


def texts(app):
    kinds = (app.caption, app.info, app.error, app.warning, app.markdown, app.subheader)
    return " ".join(str(each.value) for kind in kinds for each in kind).replace("\\", "")


def box(app, label, place=0):
    return [each for each in app.selectbox if each.label == label][place]


def parts(app, place=0):
    return [each for each in app.get("button_group") if each.label == "Part of training"][place]


def opened(show, **parameters):
    app = show("compare", **parameters)
    assert not app.exception and not app.error
    return app


def expected(store, left, right, **also):
    """The comparison of two (run, reading, from, to)."""
    sides = [store.series(run, reading).mean(start, stop) for run, reading, start, stop in (left, right)]
    return compare(TASKS, sides[0].affinity, TASKS, sides[1].affinity, **also)


def test_two_readings_of_one_run_are_compared_at_first(show, store):
    run_id = with_readings(store, "gradient_cosine", "mixing")
    app = opened(show, run=run_id)
    assert [each.value for each in app.selectbox if each.label == "Reading"] == ["affinity", "gradient_cosine"]
    assert box(app, "Left run").value == box(app, "Right run").value == run_id
    found = expected(store, (run_id, "affinity", None, None), (run_id, "gradient_cosine", None, None))
    values = {metric.label: (metric.value, metric.delta) for metric in app.metric}
    for name, each in (("Pearson", found.pearson), ("Spearman", found.spearman)):
        assert values[name] == (number(each.value), f"{number(each.low)} to {number(each.high)} (95 %)")
    assert values["Pairs compared"] == ("20", "of 5 tasks that both have")
    assert len(app.get("bidi_component")) == 4  # two matrices, their difference, the pairs


def test_the_same_reading_of_another_run_on_the_same_tasks_is_next(show, store):
    other = with_readings(store, seed=1)
    store.add_matrix(AffinityMatrix(("x", "y", "z"), np.eye(3)), "strangers")
    run_id = with_readings(store, seed=2)
    app = opened(show, run=run_id)
    assert box(app, "Right run").value == other and box(app, "Reading", 1).value == "affinity"
    assert other in app.query_params["other"]


def test_one_reading_of_one_run_says_that_both_sides_are_the_same_until_halves_are_chosen(show, store):
    run_id = with_readings(store)
    app = opened(show, run=run_id)
    assert box(app, "Right run").value == run_id and "Both sides show the same" in texts(app)
    parts(app, 0).set_value("first").run()
    parts(app, 1).set_value("second").run()
    assert not app.exception and "Both sides show the same" not in texts(app)
    found = expected(store, (run_id, "affinity", 0, 60), (run_id, "affinity", 60, 120))
    assert app.metric[0].value == number(found.pearson.value)
    assert "first half, steps 0 to 60" in texts(app) and "second half, steps 60 to 120" in texts(app)
    assert "first" in app.query_params["part"] and "second" in app.query_params["other_part"]


def test_all_choices_come_from_the_address(show, store):
    one, other = with_readings(store, "mixing", seed=1), with_readings(store, "gradient_cosine", seed=2)
    app = opened(
        show, run=one, reading="mixing", part="first", other=other, other_reading="gradient_cosine",
        other_part="second", difference="rank", order="cluster", scale="centred",
    )  # fmt: skip
    found = expected(store, (one, "mixing", 0, 60), (other, "gradient_cosine", 60, 120))
    assert app.metric[1].value == number(found.spearman.value)
    frame = app.dataframe[0].value
    place = TASKS.index
    for row in frame.itertuples(index=False):
        cell = place(row.source), place(row.target)
        assert row.left == found.left[cell] and row.right == found.right[cell]
        assert row[4] == found.difference("rank")[cell]
    assert list(frame.iloc[:, 4].abs()) == sorted(frame.iloc[:, 4].abs(), reverse=True)
    for name in ("run", "reading", "part", "other", "other_reading", "other_part", "difference", "order", "scale"):
        assert name in app.query_params


def test_another_left_run_begins_the_right_side_anew(show, store):
    one, other = with_readings(store, "mixing", seed=1), with_readings(store, "edges", seed=2)
    app = opened(show, run=one, other=other, other_reading="edges", part="first")
    box(app, "Left run").set_value(other).run()
    assert not app.exception and not app.error
    assert box(app, "Right run").value == other
    assert [each.value for each in app.selectbox if each.label == "Reading"] == ["affinity", "edges"]
    assert parts(app).value == "whole"


@pytest.mark.parametrize(("also", "usual"), [("affinity", "raw"), ("mixing", "standardised")])
def test_the_difference_is_taken_as_it_is_only_where_both_sides_have_one_unit(show, store, also, usual):
    run_id, other = with_readings(store, "mixing"), with_readings(store, "mixing", seed=1)
    app = opened(show, run=run_id, other=other, other_reading=also)
    (control,) = [each for each in app.get("button_group") if each.label == "Difference of the entries"]
    assert control.value == usual and "difference" not in app.query_params
    found = expected(store, (run_id, "affinity", None, None), (other, also, None, None)).difference(usual)
    np.testing.assert_allclose(sorted(app.dataframe[0].value.iloc[:, 4]), sorted(found[np.isfinite(found)]))
    control.set_value("rank").run()
    assert "rank" in app.query_params["difference"] and "right − left, ranks" in app.dataframe[0].value.columns


def test_the_file_names_both_sides(show, store, monkeypatch):
    files = []
    monkeypatch.setattr("streamlit.download_button", lambda *arguments, **_: files.append(arguments[2]))
    run_id = with_readings(store, "mixing")
    opened(show, run=run_id, other_part="second")
    assert files == [f"compare-{run_id}-affinity-whole-{run_id}-mixing-second.csv"]


def test_a_group_of_seeds_is_a_side_like_any_other(show, store):
    ids = seeds(store, also=("mixing",))
    app = opened(show, run=GROUP + ids[0], other=ids[1], other_reading="mixing")
    group = SeedGroup(tuple(store.series(run_id) for run_id in ids)).mean()
    found = compare(TASKS, group.affinity, TASKS, store.series(ids[1], "mixing").mean().affinity)
    assert app.metric[0].value == number(found.pearson.value)
    assert "Mean of 3 seeds" in texts(app)


def test_only_the_common_tasks_are_compared_and_the_others_are_named(show, store):
    run_id = with_readings(store)
    values = np.random.default_rng(0).normal(0, 1, (4, 4))
    other = store.add_matrix(AffinityMatrix(("d", "*b*", "a", "c"), values), "some")
    app = opened(show, run=run_id, other=other)
    assert app.metric[2].value == "6" and "3 tasks" in app.metric[2].delta
    assert "Left out, as only one side has them: b, e, *b*." in texts(app)
    assert "no interval with fewer than 5 tasks" in app.metric[0].delta


def test_strangers_are_told_what_to_choose(show, store):
    run_id = with_readings(store)
    other = store.add_matrix(AffinityMatrix(("a", "y", "z"), np.eye(3)), "strangers")
    app = opened(show, run=run_id, other=other)
    assert "only a in common" in texts(app) and "at least 3 tasks" in texts(app)
    assert not app.metric and "Choose on the right a run on the same data set" in texts(app)


def test_a_side_without_any_reading_says_which_choices_give_one(show, store):
    run_id, nothing = with_readings(store), with_readings(store, affinity=False)
    for sides in ({"run": run_id, "other": nothing}, {"run": nothing, "other": run_id}):
        app = opened(show, **sides)
        assert "trained without observing affinities" in texts(app) and "mtan" in texts(app) and not app.metric


def test_one_matrix_has_no_halves(show, store):
    one = store.runs()[0].id
    app = opened(show, run=one)
    assert parts(app).disabled
    assert parts(opened(show, run=one, part="first")).value == "whole"


def test_halves_of_a_live_run_wait_for_its_second_window(show, store):
    run_id = store.create(RunConfig("yeast"), "live")
    begun = {"tasks": TASKS, "metrics": ["acc"] * 5, "steps": 500}
    store.write(run_id, store.claim(run_id), windows(0)[:1], step=10, **begun)
    app = show("compare", run=run_id, part="first")
    assert not app.exception and "one window only" in texts(app)


def test_another_right_run_keeps_the_reading_where_it_has_it(show, store):
    left, mixing = with_readings(store, "edges"), with_readings(store, "mixing", "edges", seed=1)
    neither = with_readings(store, seed=2)
    app = opened(show, run=left, other=mixing, other_reading="edges")
    box(app, "Right run").set_value(left).run()
    assert box(app, "Reading", 1).value == "edges"
    box(app, "Right run").set_value(neither).run()
    assert not app.exception and not app.error and box(app, "Reading", 1).value == "affinity"


def test_a_side_that_the_store_lacks_is_an_error_box(show, store):
    app = show("compare", run=with_readings(store), other="nope")
    assert not app.exception and "no run 'nope'" in texts(app)


def test_task_names_with_markup_are_text(show, store):
    names = ("<img src=x onerror=alert(1)>", "**b** :red[x]", "c")
    values = np.random.default_rng(0).normal(0, 1, (2, 3, 3))
    ids = [store.add_matrix(AffinityMatrix(names, each), "<script>x</script>") for each in values]
    app = opened(show, run=ids[0], other=ids[1])
    assert len(app.metric) == 3
    said = " ".join(each.value for kind in (app.caption, app.markdown, app.subheader) for each in kind)
    assert "<script>" not in said.replace("\\<", "") and "**b**" not in said


def test_a_live_run_is_followed_and_offers_new_readings(show, store):
    run_id = store.create(RunConfig("yeast"), "live")
    token = store.claim(run_id)
    begun = {"tasks": TASKS, "metrics": ["acc"] * 5, "steps": 500}
    store.write(run_id, token, windows(0)[:6], step=60, **begun)
    app = opened(show, run=run_id, other=run_id, part="first", other_part="second")
    assert "steps 0 to 30" in texts(app) and len(app.get("progress")) == 1
    store.write(run_id, token, windows(0)[6:], step=120, readings=readings(0, "edges"))
    app.run()
    assert not app.exception and "first half, steps 0 to 60" in texts(app)
    assert box(app, "Reading").options == ["Affinity", "Edges"]


@pytest.mark.parametrize(
    ("pearson", "spearman", "said"),
    [
        ((0.9, 0.8, 0.95), (0.95, 0.9, 0.97), "Nearly the same"),
        ((0.7, 0.6, 0.8), (0.7, 0.6, 0.8), "Much alike"),
        ((0.5, 0.3, 0.6), (0.4, 0.3, 0.6), "Somewhat alike"),
        ((0.2, 0.1, 0.3), (0.2, 0.1, 0.3), "Hardly alike"),
        ((-0.7, -0.8, -0.6), (-0.7, -0.8, -0.6), "Rather the opposite"),
        ((0.4, -0.1, 0.7), (0.4, -0.1, 0.7), "No relation can be told from chance"),
        ((0.9, 0.7, 0.95), (0.4, -0.1, 0.7), "Only the large entries go together"),
        ((0.4, NAN, NAN), (0.7, NAN, NAN), "The two correlations differ"),
        ((NAN, NAN, NAN), (NAN, NAN, NAN), "cannot be said"),
    ],
)
def test_how_alike_is_said_in_words(pearson, spearman, said):
    assert said in agreement_in_words(Correlation(*pearson), Correlation(*spearman))


def test_an_interval_is_said_or_why_there_is_none():
    assert interval_in_words(Correlation(0.5, -0.25, 0.75), 9) == "−0.25 to 0.75 (95 %)"
    assert "fewer than 5 tasks" in interval_in_words(Correlation(0.5, NAN, NAN), 4)
    assert interval_in_words(Correlation(1.0, NAN, NAN), 9) == "no interval"
    assert "equal" in interval_in_words(Correlation(NAN, NAN, NAN), 9)
