import re

import pytest
from streamlit.testing.v1 import AppTest

from engine.runs.config import RunConfig
from engine.runs.run import SILENCE, Event
from tests.app.views.stored import seeds, tracked
from tests.engine.runs.test_store import silent_for


@pytest.fixture(autouse=True)
def launched(monkeypatch):
    """Runs that the page launched, without their workers."""
    runs = []
    monkeypatch.setattr("app.components.editing.launch", lambda store, run_ids: runs.extend(run_ids))
    return runs


def button(app, label):
    return next(each for each in app.button if each.label == label)


def shown(app):
    return " ".join(str(each.value) for each in (*app.markdown, *app.caption))


def test_a_new_store_shows_the_published_matrices(show):
    app = show("runs")
    assert not app.exception and not app.error
    assert "CelebA" in shown(app) and "Taskonomy" in shown(app)


def test_an_empty_store_says_what_to_do(show, store):
    for run in store.runs():
        store.delete(run.id)
    assert "launch a run, track your own loop or import a matrix" in show("runs").info[0].value


def test_progress_time_left_and_cancel_of_a_running_run(show, store):
    run_id = store.create(RunConfig("yeast"))
    token = store.claim(run_id)
    store.write(run_id, token, step=20, steps=80, seconds_left=600.0, tasks=["a"], metrics=["accuracy"])
    app = show("runs")
    (progress,) = app.get("progress")
    assert progress.value == 25 and "step 20 of 80" in progress.text and "10 min left" in progress.text
    button(app, "Cancel").click().run()
    assert store.write(run_id, token) is True


def test_an_interrupted_run_is_resumed(show, store, launched):
    run_id = store.create(RunConfig("yeast"))
    store.claim(run_id)
    silent_for(store, run_id, SILENCE + 1)
    app = show("runs")
    assert "interrupted" in shown(app)
    button(app, "Resume").click().run()
    assert launched == [run_id] and store.run(run_id).status == "queued"


def test_a_run_is_renamed_and_deleted_only_when_sure(show, store):
    run_id = store.runs()[0].id
    app = show("runs")
    next(box for box in app.text_input if box.label == "New name").set_value("<i>new</i>")
    button(app, "Rename").click().run()
    assert store.run(run_id).name == "<i>new</i>"
    assert "\\<i\\>new" in shown(app)
    delete = next(each for each in app.button if each.key == f"delete-{run_id}")
    assert delete.disabled
    next(box for box in app.checkbox if box.key == f"sure-{run_id}").check().run()
    next(each for each in app.button if each.key == f"delete-{run_id}").click().run()
    assert run_id not in [run.id for run in store.runs()]
    assert not app.exception


def test_the_log_of_a_run_is_shown_as_it_was_written_and_only_if_there_is_one(show, store):
    run_id, other = (store.create(RunConfig("yeast"), name) for name in ("with a log", "without"))
    token = store.claim(run_id)
    events = [Event(float(number), "info", f"step {number}") for number in range(30)]
    store.write(run_id, token, events=[*events, Event(31.0, "warning", "<b>*away*</b>\n# :red[again]")])
    app = show("runs")
    logs = [each for each in app.expander if each.label == "Log"]
    assert len(logs) == 1
    (text,) = [each.value for each in logs[0].markdown]
    assert text.count("\n") == 19 and "step 10" not in text and "step 11" in text and "step 29" in text
    assert "\\<b\\>\\*away\\*\\</b\\> \\# \\:red\\[again\\]" in text and ":orange[warning]" in text
    store.write(run_id, token, events=[Event(32.0, "error", "the end")])
    assert any("the end" in each.value for each in show("runs").markdown)


def test_a_run_that_waits_says_its_place_in_its_queue(show, store):
    first, second, elsewhere, alone = (store.create(RunConfig("yeast"), f"run {number}") for number in range(4))
    store.enqueue([second, first], "local@my_machine")
    store.enqueue([elsewhere], "ray@other")
    captions = [each.value for each in show("runs").caption if "in the queue" in each.value]
    assert captions == [
        "1st in the queue of other",
        "2nd in the queue of my\\_machine",
        "1st in the queue of my\\_machine",
    ]
    store.claim(first)
    captions = [each.value for each in show("runs").caption if "in the queue" in each.value]
    assert captions == ["1st in the queue of other", "1st in the queue of my\\_machine"]
    assert alone in {run.id for run in store.runs()}


def test_the_search_narrows_the_list(show, store):
    for number in range(5):
        store.create(RunConfig("digits"), f"mine {number}")
    app = show("runs")
    next(box for box in app.text_input if box.label == "Search").set_value("mine 3").run()
    assert "mine 3" in shown(app) and "mine 4" not in shown(app)


def test_the_search_finds_an_origin_too(show, store):
    seeds(store)
    tracked(store)
    app = show("runs")
    search = next(box for box in app.text_input if box.label == "Search")
    search.set_value("tracked").run()
    assert "my run" in shown(app) and "seed 1" not in shown(app)


def test_a_tracked_run_shows_its_step_without_a_total_and_is_never_resumed_from_here(show, store):
    run_id = tracked(store)
    app = show("runs")
    assert "step 120" in shown(app) and "of 0" not in shown(app) and not app.get("progress")
    assert any(each.label == "Stop tracking" for each in app.button)
    silent_for(store, run_id, SILENCE + 1)
    app = show("runs")
    assert "interrupted" in shown(app)
    assert not any(each.label == "Resume" for each in app.button)


def test_a_failed_tracked_run_shows_its_sentence(show, store):
    tracked(store, "failed", error="The loss of *depth* is NaN.")
    assert "The loss of \\*depth\\* is NaN" in shown(show("runs"))


def test_the_seeds_of_a_group_are_told_and_lead_to_the_group(show, store):
    ids = seeds(store)
    app = show("runs")
    assert shown(app).count("one of 3 seeds") == 3
    assert sum(each.label == "Open all 3 seeds" for each in app.button) == 3
    assert any(each.key == f"seeds-{ids[1]}" for each in app.button)


def test_the_way_to_track_one_s_own_loop_is_shown(show):
    (code,) = show("runs").code
    compile(code.value, "snippet", "exec")
    assert "AffinityTracker(" in code.value and "tracker.observe(losses)" in code.value


def test_where_no_run_fits_the_search_it_says_so(show, store):
    seeds(store)
    app = show("runs")
    next(box for box in app.text_input if box.label == "Search").set_value("nothing like it").run()
    assert app.info[0].value.startswith("No run fits; clear the search")


def test_the_page_and_what_it_finds_are_in_the_reader_s_language(store):
    failed = tracked(store, "failed", error="The loss is NaN.")
    seeds(store)
    script = "from engine.texts import speaking\nfrom app.views import runs\nwith speaking('zh'):\n    runs.show()"
    app = AppTest.from_string(script, default_timeout=30)
    app.session_state[f"more-{failed}"] = True
    app.run()
    widgets = (*app.button, *app.text_input, *app.checkbox, *app.expander)
    assert not app.exception and app.title[0].value == "运行" and len(widgets) > 10
    assert [each.label for each in widgets if not re.search("[\u4e00-\u9fff]", each.label)] == []
    app.text_input(key="search-runs").set_value("已失败").run()
    assert "my run" in shown(app) and "已失败" in shown(app) and "seed 1" not in shown(app)


def importing():
    return AppTest.from_string(
        "from app.views import runs_launch\nruns_launch.import_matrix()", default_timeout=30
    ).run()


def test_a_matrix_is_imported_as_a_run(store):
    app = importing()
    app.file_uploader[0].set_value(("m.csv", b",a,b\na,1,2\nb,3,4\n", "text/csv")).run()
    button(app, "Import").click().run()
    run = store.runs()[0]
    assert (run.name, run.origin, run.tasks) == ("m.csv", "imported", ("a", "b"))
    assert store.series(run.id).mean().affinity.tolist() == [[1, 2], [3, 4]]


def test_a_bad_matrix_is_one_sentence_and_stores_nothing(store):
    app = importing()
    app.file_uploader[0].set_value(("m.csv", b",a,b\na,1,nan\nb,3,4\n", "text/csv")).run()
    button(app, "Import").click().run()
    assert "must be a finite number" in app.error[0].value.replace("\\", "")
    assert all(run.origin == "published" for run in store.runs())
