"""How the Affinity page and the task graph show how sure they are, groups of seeds and tracked runs."""

import numpy as np
import pytest

from app.components.subject import GROUP
from app.views.affinity_pair import error_in_words
from engine.affinity.uncertainty import SeedGroup, reliability
from engine.runs.config import RunConfig
from engine.runs.run import SILENCE
from tests.app.views.stored import seeds, tracked, trained
from tests.engine.runs.test_store import silent_for


def texts(app):
    kinds = (app.caption, app.info, app.error, app.warning, app.markdown)
    return " ".join(str(each.value) for kind in kinds for each in kind).replace("\\", "")


def deltas(app):
    return [metric.delta for metric in app.metric]


def test_the_reliability_of_the_shown_interval_is_said(show, store):
    run_id = trained(store, noise=3.0)
    for interval in ("0-", "0-60"):
        app = show("affinity", run=run_id, interval=interval)
        assert not app.exception and not app.error
        stop = None if interval == "0-" else 60
        value = reliability(store.series(run_id), 0, stop)
        assert value < 0.9
        assert f"Reliability {np.floor(100 * value) / 100:.2f}".replace(" 0.", " .") in texts(app)
        assert "not yet: observe longer" in texts(app)
    assert "reliable enough to group" in texts(show("affinity", run=trained(store, noise=0.01)))


def test_too_short_an_interval_says_what_is_needed_and_one_matrix_says_nothing(show, store):
    assert "at least 4 windows" in texts(show("affinity", run=trained(store), interval="0-20"))
    assert "Reliability" not in texts(show("affinity", run=store.runs()[-1].id))


def test_the_metric_says_what_its_error_rests_on(show, store):
    run_id = trained(store)
    assert all("from 12 windows" in each for each in deltas(show("affinity", run=run_id, pair='["a", "b"]')))
    short = show("affinity", run=run_id, pair='["a", "b"]', interval="0-30")
    assert all("as independent" in each for each in deltas(short))


def test_both_tables_and_both_files_are_offered_where_the_error_is_known(show, store):
    run_id = trained(store)
    app = show("affinity", run=run_id)
    mean = store.series(run_id).mean()
    for table, expected in zip(app.table, (mean.affinity, mean.standard_error), strict=True):
        np.testing.assert_allclose(table.value.to_numpy(dtype=float), expected, rtol=1e-3)
    assert len(show("affinity", run=store.runs()[-1].id).table) == 1


@pytest.mark.parametrize("page", ["affinity", "graph"])
def test_whether_to_mark_what_is_unsure_is_a_choice_in_the_address(show, store, page):
    app = show(page, run=trained(store))
    (switch,) = [each for each in app.toggle if each.label == "Mark unsure"]
    assert switch.value is True and "unsure" not in app.query_params
    switch.set_value(False).run()
    assert "plain" in app.query_params["unsure"]
    assert [each.value for each in show(page, unsure="plain").toggle if each.label == "Mark unsure"] == [False]


@pytest.mark.parametrize("page", ["affinity", "graph", "grouping"])
def test_a_group_of_seeds_is_a_choice_in_the_picker_and_the_address(show, store, page):
    ids = seeds(store)
    app = show(page, run=GROUP + ids[0])
    assert not app.exception and not app.error and not app.warning
    (picker,) = [box for box in app.selectbox if box.label == "Run"]
    assert picker.value == GROUP + ids[0] and f"yeast, 3 seeds  ·  {ids[0]}" in picker.options
    assert GROUP + ids[0] in app.query_params["run"]
    picker.set_value(ids[1]).run()
    assert ids[1] in app.query_params["run"] and not app.exception


def test_a_pair_of_a_group_says_its_error_between_seeds_and_how_many_agree(show, store):
    ids = seeds(store)
    app = show("affinity", run=GROUP + ids[0], pair='["a", "b"]')
    mean = SeedGroup(tuple(store.series(run_id) for run_id in ids)).mean()
    assert float(app.metric[0].value) == pytest.approx(mean.affinity[0, 1], rel=1e-3)
    expected = f"± {mean.standard_error[0, 1]:.2g} error between 3 seeds; 3 of 3 seeds agree in sign"
    assert app.metric[0].delta == expected
    assert "Mean of 3 seeds" in texts(app)


def test_a_live_group_shows_its_slowest_run_and_why_another_stopped(show, store):
    ids = store.create_seeds(RunConfig("yeast"), "live", 3)
    for run_id, step in zip(ids[:2], (30, 20), strict=True):
        store.write(run_id, store.claim(run_id), step=step, steps=90)
    store.write(ids[2], store.claim(ids[2]), step=10, steps=90, status="failed", error="It diverged.")
    app = show("affinity", run=GROUP + ids[0])
    (progress,) = app.get("progress")
    assert "step 20 of 90 (the slowest at work of 3 seeds)" in progress.text
    assert "live · seed 2 is failed at step 10 of 90. It diverged. Resume it" in texts(app)


def test_an_unknown_group_in_the_address_is_an_error_box(show):
    app = show("affinity", run=GROUP + "nope")
    assert not app.exception and "no group 'nope'" in texts(app)


@pytest.mark.parametrize("page", ["affinity", "graph", "grouping"])
def test_a_tracked_run_without_an_end_is_shown_live(show, store, page):
    app = show(page, run=tracked(store))
    assert not app.exception and not app.error
    assert "Live: step 120" in texts(app) and "of 0" not in texts(app)


def test_the_tracker_s_note_is_shown(show, store):
    assert "auto chose last_layer, every 2nd update" in texts(show("affinity", run=tracked(store)))


def test_a_tracked_run_that_stopped_is_not_sent_to_the_runs_page(show, store):
    run_id = tracked(store)
    silent_for(store, run_id, SILENCE + 1)
    app = show("affinity", run=run_id)
    assert "interrupted at step 120. Run its loop again with `resume=True`." in texts(app)
    assert "Runs page" not in app.warning[0].value


def test_a_pair_that_was_never_observed_says_so(show, store):
    app = show("affinity", run=tracked(store, "finished", skipped=True), pair='["a", "c"]')
    assert not app.exception and not app.error
    assert [metric.value for metric in app.metric] == ["not observed"] * 2
    assert "never observed" in texts(app)
    assert "–" in app.table[0].value.to_numpy().ravel()


@pytest.mark.parametrize(
    ("interval", "said"), [((0, 120), "from 12 windows"), ((0, 20), "as independent"), ((0, 10), "as independent")]
)
def test_an_error_in_words_names_its_ground(store, interval, said):
    mean = store.series(trained(store)).mean(*interval)
    assert said in error_in_words(mean, (0, 1))


@pytest.mark.parametrize(("page", "drawn"), [("affinity", "A grey cell is"), ("graph", "No arrow joins")])
def test_pairs_that_were_never_observed_are_said_to_be_unknown(show, store, page, drawn):
    app = show(page, run=tracked(store, "finished", skipped=True))
    assert any(f"{drawn} a pair that was never observed" in each.value for each in app.caption)
    assert any("2 of 20, each direction counted" in each.value for each in app.caption)
    if page == "affinity":
        assert app.table[0].value.loc["a", "c"] == "–" and "nan" not in app.table[0].value.to_string()


def test_nothing_is_said_of_unknown_pairs_where_there_are_none(show, store):
    app = show("affinity", run=tracked(store, "finished"))
    assert not any("never observed" in each.value for each in app.caption)
