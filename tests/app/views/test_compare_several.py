"""The Compare page with three runs to eight against a pinned baseline."""

import json

import numpy as np
import pytest

from app.components.subject import GROUP
from engine.affinity.matrix import AffinityMatrix
from engine.affinity.several import Matrix, several
from engine.affinity.uncertainty import SeedGroup
from engine.runs.config import RunConfig
from tests.app.views.stored import TASKS, learned, seeds, windows, with_readings
from tests.app.views.test_compare import box, texts


def opened(show, runs, **parameters):
    app = show("compare", runs=json.dumps(runs), **parameters)
    assert not app.exception and not app.error
    return app


def control(app, label):
    (found,) = [each for each in app.get("button_group") if each.label == label]
    return found


def asked(app, name):
    """A choice as the address has it."""
    value = app.query_params[name]
    return value if isinstance(value, str) else value[0]


def tables(app):
    """The tables by what their first column or index is called."""
    return {(each.value.index.name or each.value.columns[0]): each.value for each in app.dataframe}


def alike(app):
    """The table of how alike each is to the baseline."""
    return next(each.value for each in app.dataframe if "Spearman" in each.value.columns)


def of(store, run, reading="affinity"):
    mean = store.series(run, reading).mean()
    return Matrix(run, tuple(TASKS), mean.affinity, mean.standard_error)


def test_three_runs_are_set_against_the_first(show, store):
    runs = [with_readings(store, seed=seed) for seed in range(3)]
    app = opened(show, runs)
    assert app.multiselect[0].value == runs and box(app, "Pinned baseline").value == runs[0]
    expected = several([of(store, run) for run in runs]).table()
    found = alike(app)
    assert list(found["Run"]) == ["read 1", "read 2"]
    np.testing.assert_allclose(found["Spearman"], expected["spearman"])
    np.testing.assert_allclose(found["Pearson"], expected["pearson"])
    assert list(found["Beyond its error"]) == list(expected["beyond"]) and list(found["With an error"]) == [20, 20]
    # the baseline's matrix, two differences, their correlations, those between all, all pairs
    assert len(app.get("bidi_component")) == 6
    assert "Most alike the baseline" in texts(app) and not app.metric
    assert json.loads(asked(app, "runs")) == runs and "baseline" not in app.query_params


def test_another_run_is_pinned_and_the_address_says_so(show, store):
    runs = [with_readings(store, seed=seed) for seed in range(3)]
    app = opened(show, runs)
    box(app, "Pinned baseline").set_value(runs[2]).run()
    assert not app.exception and asked(app, "baseline") == runs[2]
    expected = several([of(store, run) for run in (runs[2], runs[0], runs[1])]).table()
    np.testing.assert_allclose(alike(app)["Spearman"], expected["spearman"])
    again = opened(show, runs, baseline=runs[2])
    assert box(again, "Pinned baseline").value == runs[2]
    np.testing.assert_allclose(alike(again)["Spearman"], expected["spearman"])


def test_eight_runs_of_all_kinds_are_compared_at_once(show, store):
    ids = seeds(store)
    runs = [GROUP + ids[0], *(with_readings(store, "mixing", seed=seed) for seed in range(4))]
    runs += [with_readings(store, affinity=False), store.add_matrix(AffinityMatrix(("x", "y", "z"), np.eye(3)), "far")]
    runs.append(learned(store))
    app = opened(show, runs)
    said = texts(app)
    assert len(alike(app)) == 4 and "far has fewer than 3 tasks in common with the baseline" in said
    assert "read 0 and learned have nothing stored for the reading “Affinity”" in said
    assert "Mean of 3 seeds" in said
    group = SeedGroup(tuple(store.series(run) for run in ids)).mean()
    matrices = [Matrix(runs[0], tuple(TASKS), group.affinity, group.standard_error), *(of(store, r) for r in runs[1:5])]
    expected = several(matrices).table()
    np.testing.assert_allclose(alike(app)["Spearman"], expected["spearman"])
    assert list(alike(app)["Beyond its error"]) == list(expected["beyond"])
    shown = tables(app)
    assert shown["Setting"].loc["seed"].iloc[0] == "0, 1, 2"
    assert list(shown["Setting"].loc["affinity"].iloc[1:5]) == ["≠ lookahead"] * 4
    assert shown["Task"].shape[1] == 8


def test_all_choices_survive_the_address(show, store):
    runs = [with_readings(store, "mixing", seed=seed) for seed in range(3)]
    chosen = {"baseline": runs[1], "reading": "mixing", "part": "second", "difference": "rank", "order": "cluster"}
    app = opened(show, runs, every_setting="yes", **chosen)
    for name, value in chosen.items():
        assert asked(app, name) == value
    assert asked(app, "every_setting") == "yes"
    assert box(app, "Reading").value == "mixing" and control(app, "Part of training").value == "second"
    assert control(app, "Difference of the entries").value == "rank"
    matrices = []
    for run in (runs[1], runs[0], runs[2]):
        mean = store.series(run, "mixing").mean(60, None)
        matrices.append(Matrix(run, tuple(TASKS), mean.affinity, np.full((5, 5), np.nan)))
    np.testing.assert_allclose(alike(app)["Spearman"], several(matrices).table()["spearman"])
    address = {name: asked(app, name) for name in app.query_params}
    again = show("compare", **address)
    assert {name: asked(again, name) for name in again.query_params} == address and alike(again).equals(alike(app))


def test_two_runs_are_shown_side_by_side_the_baseline_at_the_left(show, store):
    runs = [with_readings(store, seed=seed) for seed in range(2)]
    app = opened(show, runs, baseline=runs[1])
    assert (box(app, "Left run").value, box(app, "Right run").value) == (runs[1], runs[0])
    assert len(app.metric) == 3 and asked(app, "run") == runs[1] and "runs" not in app.query_params


def test_more_runs_are_added_to_the_two_and_taken_away_again(show, store):
    runs = [with_readings(store, seed=seed) for seed in range(3)]
    app = show("compare", run=runs[0], other=runs[1])
    assert runs[0] not in app.multiselect[0].options and app.multiselect[0].label == "More runs"
    app.multiselect[0].set_value([runs[2]]).run()
    assert not app.exception and app.multiselect[0].value == runs and len(alike(app)) == 2
    app.multiselect[0].set_value([runs[0], runs[2]]).run()
    assert not app.exception and box(app, "Left run").value == runs[0] and box(app, "Right run").value == runs[2]


def test_one_more_than_one_run_becomes_the_right_side(show, store):
    one, other = with_readings(store, "mixing"), with_readings(store, seed=1)
    app = show("compare", run=one)
    assert box(app, "Right run").value == one
    app.multiselect[0].set_value([other]).run()
    assert not app.exception and box(app, "Right run").value == other and len(app.metric) == 3


def test_a_run_is_opened_beside_the_baseline_and_left_again(show, store):
    runs = [with_readings(store, "mixing", seed=seed) for seed in range(3)]
    app = opened(show, runs, baseline=runs[1], reading="mixing", part="first")
    (button,) = [each for each in app.button if each.key == f"sides-{runs[2]}"]
    button.click().run()
    assert not app.exception and (box(app, "Left run").value, box(app, "Right run").value) == (runs[1], runs[2])
    assert [each.value for each in app.selectbox if each.label == "Reading"] == ["mixing", "mixing"]
    assert asked(app, "part") == asked(app, "other_part") == "first"
    (back,) = [each for each in app.button if each.key == "back-to-several"]
    back.click().run()
    assert not app.exception and app.multiselect[0].value == runs and box(app, "Pinned baseline").value == runs[1]
    assert not [each for each in app.button if each.key == "back-to-several"]


def test_what_the_address_asks_for_and_is_not_there_is_said(show, store):
    runs = [with_readings(store, seed=seed) for seed in range(3)]
    app = opened(show, [*runs, "gone", "seeds:gone", runs[0]], baseline="gone")
    said = texts(app)
    assert "no run 'gone'" in said and "no group 'gone'" in said and "It is left out" in said
    assert "The baseline gone is none of the runs compared; the first is pinned" in said
    assert app.multiselect[0].value == runs and box(app, "Pinned baseline").value == runs[0]


def test_of_more_than_eight_the_first_are_shown(show, store):
    runs = [with_readings(store, seed=seed) for seed in range(9)]
    app = opened(show, runs)
    assert "9 runs are in the address; up to 8" in texts(app)
    assert app.multiselect[0].value == runs[:8] and len(alike(app)) == 7


def test_a_baseline_without_the_reading_asks_to_pin_another(show, store):
    runs = [with_readings(store, affinity=False), *(with_readings(store, seed=seed) for seed in (1, 2))]
    app = opened(show, runs)
    assert "The baseline read 0 has no matrix here" in texts(app) and "Setting" in tables(app)
    assert not app.get("bidi_component")


def test_runs_that_tell_nothing_still_show_settings_and_results(show, store):
    runs = [learned(store), learned(store, scale=2.0, learning_rate=0.2), learned(store, tasks=("v", "w"))]
    app = opened(show, runs)
    assert "None of these runs tells yet" in texts(app) and not app.get("bidi_component")
    shown = tables(app)
    assert list(shown["Setting"].loc["learning_rate"]) == ["0.05", "≠ 0.2", "0.05"]
    final = shown["Task"]
    assert list(final.index) == ["Mean", "a", "b", "c", "d", "e", "v", "w"]
    last = {run: store.evaluations(run) for run in runs}
    values = [next(e for e in reversed(last[run]) if e.split == "validation").metrics for run in runs]
    np.testing.assert_allclose(final.iloc[1:6, 0], values[0])
    np.testing.assert_allclose(final.iloc[0, :2], [values[0].mean(), values[1].mean()], rtol=1e-6)
    assert np.isnan(final.iloc[0, 2]) and np.isnan(final.iloc[1, 2])


def test_final_losses_on_test_are_chosen_and_in_the_address(show, store):
    runs = [learned(store, scale=scale) for scale in (1.0, 2.0, 3.0)]
    app = opened(show, runs, final="losses", split="test")
    found = tables(app)["Task"]
    for place, run in enumerate(runs):
        (test,) = [each for each in store.evaluations(run) if each.split == "test"]
        np.testing.assert_allclose(found.iloc[1:, place], test.losses)
    control(app, "Measure").set_value("metrics").run()
    assert "final" not in app.query_params and asked(app, "split") == "test"


def test_only_what_differs_is_shown_until_all_is_asked_for(show, store):
    runs = [with_readings(store, seed=seed) for seed in range(3)]
    app = opened(show, runs)
    assert "do not differ in any setting" in texts(app)
    (switch,) = [each for each in app.toggle if each.key == "every-setting"]
    switch.set_value(True).run()
    settings = tables(app)["Setting"]
    assert set(RunConfig("yeast").to_json()) <= set(settings.index) and "(baseline)" in settings.columns[0]
    assert not settings.map(lambda value: value.startswith("≠")).to_numpy().any()


def test_different_tasks_are_named_and_the_shared_ones_compared(show, store):
    runs = [with_readings(store), with_readings(store, seed=1)]
    values = np.random.default_rng(0).normal(0, 1, (4, 4))
    runs.append(store.add_matrix(AffinityMatrix(("d", "*b*", "a", "c"), values), "some"))
    app = opened(show, runs)
    said = texts(app)
    assert "some lacks 2 tasks of the baseline, grey in its matrix: b, e." in said
    assert "some has a task that the baseline lacks, which is left out: *b*." in said
    assert list(alike(app)["Tasks"]) == [5, 3] and list(alike(app)["Pairs"]) == [20, 6]
    assert "measure affinity in different units" in said
    assert control(app, "Difference of the entries").value == "standardised"


def test_one_matrix_has_no_halves(show, store):
    runs = [with_readings(store), with_readings(store, seed=1)]
    runs.append(store.add_matrix(AffinityMatrix(tuple(TASKS), np.eye(5)), "one"))
    app = opened(show, runs, part="first")
    assert "one has one matrix, which has no halves" in texts(app) and len(alike(app)) == 1


def test_names_that_are_alike_are_told_apart_and_markup_is_text(show, store):
    name = "<script>x</script> **b** (baseline)"
    values = np.random.default_rng(0).normal(0, 1, (4, 4, 4))
    names = ("<img src=x onerror=alert(1)>", "**b** :red[x]", "c", "=cmd()")
    runs = [
        store.add_matrix(AffinityMatrix(names, each), title)
        for each, title in zip(values, (name, name, "Task", "Setting"), strict=True)
    ]
    app = opened(show, runs)
    assert len(set(alike(app)["Run"])) == 3
    said = " ".join(each.value for kind in (app.caption, app.markdown, app.subheader, app.info) for each in kind)
    assert "<script>" not in said.replace("\\<", "") and "**b**" not in said


def test_seeds_of_the_baseline_are_said_to_be_no_other_runs(show, store):
    ids = seeds(store)
    app = opened(show, [GROUP + ids[0], ids[1], with_readings(store, seed=5)])
    assert "share seeds, so they agree more" in texts(app)


def test_a_live_run_is_followed(show, store):
    runs = [with_readings(store), with_readings(store, seed=1), store.create(RunConfig("yeast"), "live")]
    token = store.claim(runs[2])
    store.write(runs[2], token, windows(0)[:6], step=60, tasks=TASKS, metrics=["acc"] * 5, steps=500)
    app = opened(show, runs)
    assert "Still training" in texts(app) and "live (step 60 of 500)" in texts(app)
    before = alike(app)["Spearman"][1]
    store.write(runs[2], token, windows(1, about=3)[6:], step=120)
    app.run()
    assert not app.exception and alike(app)["Spearman"][1] != before


@pytest.mark.parametrize("runs", ["[]", '["gone"]', '["gone","seeds:gone","also"]'])
def test_an_address_with_no_run_that_is_there_shows_two_sides(show, store, runs):
    one = with_readings(store)
    app = show("compare", runs=runs, run=one)
    assert not app.exception and not app.error and box(app, "Left run").value == one


def test_the_page_speaks_the_readers_language(show, store):
    runs = [with_readings(store, seed=seed) for seed in range(3)]
    app = opened(show, runs, language="zh")
    assert app.title[0].value == "比较" and "与基线" in texts(app)
