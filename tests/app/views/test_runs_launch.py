import pytest
from streamlit.testing.v1 import AppTest

from app.components.subject import GROUP
from app.views.runs_launch import EPOCHS
from engine import catalog
from engine.runs.config import RunConfig

APPLY = {
    "lookahead": {"lookahead_step"},
    "first_order": {"block", "preconditioned"},
    "gradient_cosine": {"block"},
    "gradient_conflict": {"block"},
    "last_layer": {"columns", "metric"},
    "corrected": {"cheap", "correct_every"},
}
LABELS = {
    "Lookahead step": "lookahead_step",
    "Last shared tensors only": "block",
    "Preconditioned": "preconditioned",
    "Columns of the projection": "columns",
    "Fitted metric": "metric",
    "Cheap estimator": "cheap",
    "Exact every k-th observed update": "correct_every",
}


@pytest.fixture
def launched(monkeypatch):
    """Runs that the form launched, without their workers."""
    runs = []
    monkeypatch.setattr("app.views.runs_launch.launch", lambda store, run_id: runs.append(run_id))
    return runs


@pytest.fixture
def form(store, launched):
    """The launch form."""
    script = "from app.views import runs_launch\nruns_launch.launch_form()"
    return AppTest.from_string(script, default_timeout=30).run()


def widget(app, label):
    kinds = (app.text_input, app.number_input, app.selectbox, app.checkbox, app.button)
    return next(each for kind in kinds for each in kind if each.label == label)


def labels(app):
    return {each.label for kind in (app.number_input, app.selectbox, app.checkbox) for each in kind}


def launch(app):
    widget(app, "Launch").click().run()
    assert not app.exception
    return app


def test_a_run_is_launched_with_the_chosen_settings(form, store, launched):
    widget(form, "Name").set_value("*mine*")
    widget(form, "Epochs").set_value(7)
    launch(form)
    (run_id,) = launched
    run = store.run(run_id)
    assert (run.name, run.status, run.group) == ("*mine*", "queued", "")
    assert RunConfig.from_json(run.config) == RunConfig("yeast", epochs=7)


def test_by_default_auto_observes_within_a_tenth_of_the_time(form, store, launched):
    assert "Observe every k-th update" not in labels(form)
    launch(form)
    config = store.run(launched[0]).config
    assert (config["affinity"], config["epochs"]) == ("auto", EPOCHS)
    assert config["overhead"] == pytest.approx(0.1)


def test_the_overhead_is_asked_in_percent(form, store, launched):
    widget(form, "Overhead in percent").set_value(2.5)
    launch(form)
    assert store.run(launched[0]).config["overhead"] == pytest.approx(0.025)


@pytest.mark.parametrize("estimator", [entry.name for entry in catalog.entries("estimator") if entry.name != "auto"])
def test_every_other_estimator_asks_for_its_own_settings_only(form, store, launched, estimator):
    widget(form, "Affinity estimator").set_value(estimator).run()
    summary = catalog.find("estimator", estimator).summary
    assert any(summary in caption.value.replace("\\", "") for caption in form.caption)
    assert "Overhead in percent" not in labels(form)
    assert {LABELS[label] for label in labels(form) & LABELS.keys()} == APPLY.get(estimator, set())
    widget(form, "Observe every k-th update").set_value(3)
    launch(form)
    config = store.run(launched[0]).config
    assert (config["affinity"], config["every"]) == (estimator, 3)


def test_settings_of_an_estimator_reach_the_run(form, store, launched):
    widget(form, "Affinity estimator").set_value("corrected").run()
    widget(form, "Cheap estimator").set_value("first_order")
    widget(form, "Exact every k-th observed update").set_value(25)
    launch(form)
    config = store.run(launched[0]).config
    assert (config["cheap"], config["correct_every"]) == ("first_order", 25)


def test_a_run_may_observe_nothing(form, store, launched):
    widget(form, "Affinity estimator").set_value("none").run()
    launch(form)
    assert store.run(launched[0]).config["affinity"] == "none"


def test_several_seeds_become_one_group_and_are_shown_as_such(form, store, launched):
    widget(form, "Name").set_value("mine")
    widget(form, "Seed").set_value(5)
    widget(form, "Number of seeds").set_value(3)
    app = launch(form)
    runs = [store.run(run_id) for run_id in launched]
    assert [run.config["seed"] for run in runs] == [5, 6, 7]
    assert [run.name for run in runs] == ["mine · seed 5", "mine · seed 6", "mine · seed 7"]
    assert {run.group for run in runs} == {launched[0]}
    assert app.session_state["choice:run"] == GROUP + launched[0]


def test_bad_settings_are_one_sentence_and_launch_nothing(form, store, launched, monkeypatch):
    monkeypatch.setattr("engine.runs.config._RANGES", {"epochs": (int, 1, 3)})
    launch(form)
    assert f"Epochs is {EPOCHS}" in form.error[0].value.replace("\\", "")
    assert launched == [] and all(run.origin == "published" for run in store.runs())
