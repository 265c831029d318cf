import pytest
from streamlit.testing.v1 import AppTest

from engine.runs.config import RunConfig
from engine.runs.run import SILENCE
from tests.engine.runs.test_store import silent_for


@pytest.fixture(autouse=True)
def launched(monkeypatch):
    """Runs that the page launched, without their workers."""
    runs = []
    monkeypatch.setattr("app.views.runs.launch", lambda store, run_id: runs.append(run_id))
    monkeypatch.setattr("app.views.runs_launch.launch", lambda store, run_id: runs.append(run_id))
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
    assert "launch a run or import a matrix" in show("runs").info[0].value


def test_a_run_is_launched_with_the_chosen_settings(store, launched):
    app = AppTest.from_string("from app.views import runs_launch\nruns_launch.launch_form()", default_timeout=30).run()
    next(box for box in app.text_input if box.label == "Name").set_value("*mine*")
    next(box for box in app.number_input if box.label == "Epochs").set_value(7)
    button(app, "Launch").click().run()
    assert not app.exception
    (run_id,) = launched
    run = store.run(run_id)
    assert (run.name, run.status, run.config["epochs"], run.config["dataset"]) == ("*mine*", "queued", 7, "yeast")


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


def test_the_search_narrows_the_list(show, store):
    for number in range(5):
        store.create(RunConfig("digits"), f"mine {number}")
    app = show("runs")
    next(box for box in app.text_input if box.label == "Search").set_value("mine 3").run()
    assert "mine 3" in shown(app) and "mine 4" not in shown(app)


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


def test_bad_settings_are_one_sentence_and_launch_nothing(store, launched, monkeypatch):
    monkeypatch.setattr("engine.runs.config._RANGES", {"epochs": (int, 1, 3)})
    app = AppTest.from_string("from app.views import runs_launch\nruns_launch.launch_form()", default_timeout=30).run()
    button(app, "Launch").click().run()
    assert "Epochs is 5" in app.error[0].value.replace("\\", "")
    assert launched == [] and all(run.origin == "published" for run in store.runs())
