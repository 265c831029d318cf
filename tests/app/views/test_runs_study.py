"""The launch form of studies: it makes the study that was asked for, and says beforehand what that costs."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app.components import descriptions
from app.components.datasets import loaded
from engine import catalog
from engine.affinity.matrix import AffinityMatrix
from engine.datasets.settings import DataSettings
from engine.runs.configs import config_of
from engine.runs.descriptions import Description
from engine.runs.study_config import StudyConfig
from engine.runs.study_plan import GROUPS
from tests.app.views.studied import studied
from tests.app.views.test_runs_models import choose, said, widget, widgets
from tests.engine.runs.measured import keep

YEAST = tuple(task.name for task in loaded(DataSettings("yeast")).tasks)


class Described:
    """Stands in for the process that knows the tasks of a data set."""

    def describe(self, configs):
        tasks = tuple({"name": name, "loss": "binary_cross_entropy"} for name in YEAST)
        return [Description(parameters=1, shared=1, snt=1.0, tasks=tasks) for _ in configs]


@pytest.fixture
def launched(monkeypatch):
    runs = []
    monkeypatch.setattr("app.components.editing.launch", lambda store, run_ids: runs.extend(run_ids))
    return runs


@pytest.fixture
def form(store, launched, monkeypatch):
    """The launch form, turned to studies."""
    monkeypatch.setattr(descriptions, "_describer", Described)
    monkeypatch.setattr(descriptions, "PATIENCE", 5.0)
    descriptions._asked.clear()
    script = (
        "from app import state\nstate.keep('launch-kind', 'study')\nfrom app.views import runs_launch\n"
        "runs_launch.launch_form()"
    )
    app = AppTest.from_string(script, default_timeout=30).run()
    assert not app.exception and not app.error
    return app


def launch(app, store, launched):
    widget(app, "Launch").click().run()
    assert not app.exception and not app.error
    return config_of(store.run(launched[-1]).config)


def test_as_it_stands_it_makes_the_default_study(form, store, launched):
    made = launch(form, store, launched)
    default = StudyConfig(dataset="yeast")
    assert made == default and isinstance(made, StudyConfig)
    assert form.session_state["choice:study"] == launched[-1]


def test_it_makes_the_study_that_was_asked_for(form, store, launched):
    choose(form, "Tasks", ["Class4", "Class2", "Class3"])
    choose(form, "Networks", ["singles", "whole"])
    choose(form, "Random partitions", 3)
    choose(form, "Others, written out", "Class2+Class4@0.5")
    choose(form, "Architecture", "cross_stitch")
    choose(form, "Width", 16)
    choose(form, "Weighting", "dwa")
    choose(form, "Epochs at most", 30)
    choose(form, "Patience", 7)
    choose(form, "Short training, percent", 10)
    choose(form, "Trainings of each network", 2)
    choose(form, "First seed", 5)
    choose(form, "Optimiser", "adam")
    next(each for each in form.checkbox if each.label == "Observe affinities").check().run()
    made = launch(form, store, launched)
    assert made == StudyConfig(
        dataset="yeast",
        tasks="Class2,Class3,Class4",
        networks="singles,whole,random:3,Class2+Class4@0.5",
        architecture="cross_stitch",
        width=16,
        weighting="dwa",
        epochs=30,
        patience=7,
        early_share=0.1,
        seeds=2,
        seed=5,
        optimizer="adam",
        momentum=0.0,
        observe=True,
        affinity=made.affinity,
    )
    assert made.affinity != "none"


def test_every_word_for_networks_can_be_chosen(form):
    pills = widget(form, "Networks")
    assert [option.content for option in pills.proto.options] and len(pills.proto.options) == len(GROUPS)


def test_before_launch_it_says_how_many_trainings_there_are_and_what_they_cost(form, store):
    assert "120 trainings" in said(form) and "4,520 SNT-epochs" in said(form)  # 14 · .5 + 14 + 91 + 1 SNT, 40 epochs
    choose(form, "Tasks", ["Class1", "Class2", "Class3"])
    choose(form, "Networks", ["whole"])
    choose(form, "Trainings of each network", 2)
    assert "20 trainings**: 10 networks of 3 tasks × 2 seeds" in said(form)
    config = StudyConfig(dataset="yeast", tasks="Class1,Class2,Class3", networks="whole", seeds=2)
    for order in config.orders(YEAST[:3])[:4]:
        keep(store, config, order, [1.0] * len(order.tasks))
    form.run()
    assert "4 are measured already" in said(form)


def test_a_whole_study_of_many_tasks_is_refused_before_launch(form, launched):
    choose(form, "Networks", ["whole"])
    assert "A whole study of 14 tasks" in said(form)
    button = next(each for each in form.button if each.label == "Launch")
    assert button.disabled and not launched


@pytest.mark.parametrize(
    ("label", "value", "sentence"),
    [
        ("Others, written out", "Class1+Nobody", "no task 'Nobody'"),
        ("Others, written out", "Class1@big", "The size of the network"),
        ("Tasks", ["Class1"], "alone; name more"),
        ("Networks", [], "No network is listed"),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason(form, label, value, sentence):
    choose(form, label, value)
    assert sentence in said(form)
    assert next(each for each in form.button if each.label == "Launch").disabled


def test_settings_of_the_estimator_are_asked_for_where_affinities_are_observed(form):
    assert "Affinity estimator" not in {each.label for each in widgets(form)}
    next(each for each in form.checkbox if each.label == "Observe affinities").check().run()
    offered = widget(form, "Affinity estimator").options
    assert set(offered) <= {entry.name for entry in catalog.entries("estimator")} | {"none"}


def test_the_runs_page_opens_the_study_and_its_affinities(show, store, gone):
    run_id = studied(store)
    app = show("runs")
    assert "study: whole" in said(app) and "10 trainings in" in said(app)
    assert not any(each.label in ("Affinities", "Training") and run_id in each.key for each in app.button if each.key)
    next(each for each in app.button if each.key == f"open-{run_id}").click().run()
    assert gone == ["studies"] and app.session_state["choice:study"] == run_id


def test_other_pages_point_from_a_study_to_its_own(show, store, gone):
    run_id = studied(store)
    training = show("training", run=run_id)
    assert "This run is a study" in said(training) and not training.exception
    next(each for each in training.button if each.label == "To the study").click().run()
    assert gone == ["studies"] and training.session_state["choice:study"] == run_id
    for page in ("affinity", "graph", "grouping"):
        app = show(page, run=run_id)
        assert "without observing affinities" in said(app) and not app.exception and not app.error


def test_a_study_that_observed_is_seen_on_every_page(show, store):
    run_id = studied(store, tasks=("a", "b", "c", "d", "e"), observe=True)
    store.add_matrix(AffinityMatrix(("a", "b", "c", "d", "e"), np.eye(5)), "other")
    for page in ("affinity", "graph", "grouping", "compare"):
        app = show(page, run=run_id)
        assert not app.exception and not app.error and "without observing" not in said(app)
        assert app.get("bidi_component")
    assert "network of all tasks" in said(show("training", run=run_id))
    runs = show("runs")
    assert any(each.label == "Affinities" for each in runs.button)
