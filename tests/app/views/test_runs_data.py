"""The data of a run in the launch form: which, how much of it, and how an update draws from its tasks."""

import pytest
from streamlit.testing.v1 import AppTest

from app.components import editing
from app.views import runs_cost, runs_launch
from engine import catalog, paths
from engine.datasets.settings import DataSettings
from engine.datasets.tables.keeping import keep
from engine.runs.config import RunConfig
from engine.runs.descriptions import Description

SCRIPT = """
import streamlit as st
from app import state
from app.views import runs_launch
for name, value in st.session_state.get("before", {}).items():
    state.put(name, value)
runs_launch.launch_form()
"""
TABLE = b"area,rooms,price\n" + b"".join(b"%d,%d,%d\n" % (place, place % 5, 7 * place) for place in range(40))
SEVERAL = [entry.name for entry in catalog.entries("dataset") if catalog.ONE_INPUT not in entry.has]


@pytest.fixture
def launched(monkeypatch):
    """Runs that the form launched, without their workers; nothing is asked of a process that loads torch."""
    runs = []
    monkeypatch.setattr(editing, "launch", lambda store, run_ids: runs.extend(run_ids))
    task = {"name": "task", "loss": "squared_error", "summary": ""}
    found = Description((task,), parameters=10, shared=5, snt=1.0)
    monkeypatch.setattr(runs_launch.Asking, "__call__", lambda _, *configs: [found for _ in configs])
    return runs


@pytest.fixture
def form(store, launched):
    """``form(**choices)``: the launch form, after these were made on other pages."""

    def opened(**choices):
        app = AppTest.from_string(SCRIPT, default_timeout=30)
        app.session_state["before"] = choices
        app.run()
        assert not app.exception
        return app

    return opened


def widget(app, label):
    kinds = (app.text_input, app.number_input, app.selectbox, app.button)
    return next(each for kind in kinds for each in kind if each.label == label)


def labels(app):
    return {each.label for kind in (app.number_input, app.selectbox, app.text_input, app.button) for each in kind}


def choose(app, label, value):
    widget(app, label).set_value(value).run()
    assert not app.exception


def launched_config(app, store, launched):
    widget(app, "Launch").click().run()
    assert not app.exception
    return RunConfig.from_json(store.run(launched[-1]).config)


def said(app):
    return " ".join(each.value for each in (*app.info, *app.error, *app.markdown)).replace("\\", "")


def test_the_form_begins_with_the_data_set_that_was_looked_at(form, store, launched):
    app = form(dataset="river_flow")
    assert widget(app, "Data set").value == "river_flow"
    assert launched_config(app, store, launched).dataset == "river_flow"


@pytest.mark.parametrize("name", [entry.name for entry in catalog.entries("dataset")])
def test_sampling_is_asked_only_where_tasks_have_inputs_of_their_own(form, name):
    app = form(dataset=name)
    assert ({"Sampling", "Tasks an update draws"} <= labels(app)) == (name in SEVERAL)
    assert {"digit_pairs", "digit_mix"} <= set(SEVERAL)


def test_how_an_update_draws_reaches_the_run(form, store, launched):
    app = form(dataset="digit_pairs")
    assert "Temperature τ" not in labels(app)
    choose(app, "Sampling", "temperature")
    choose(app, "Temperature τ", 5.0)
    choose(app, "Tasks an update draws", 4)
    choose(app, "Training samples", 50)
    config = launched_config(app, store, launched)
    assert (config.sampling, config.temperature, config.parts_a_step, config.samples) == ("temperature", 5.0, 4, 50)


def test_without_a_choice_data_are_used_as_by_default(form, store, launched):
    config = launched_config(form(dataset="digit_mix"), store, launched)
    default = DataSettings("digit_mix")
    assert all(getattr(config, name) == value for name, value in vars(default).items())


def test_an_update_of_one_task_that_cannot_be_observed_is_refused(form):
    app = form(dataset="digit_pairs")
    choose(app, "Tasks an update draws", 1)
    assert "no affinity can be observed" in said(app) and widget(app, "Launch").disabled
    choose(app, "Affinity estimator", "none")
    assert not app.error and not widget(app, "Launch").disabled


def test_only_so_many_tasks_can_be_drawn_as_there_are(form):
    assert widget(form(dataset="digit_mix"), "Tasks an update draws").max == 3
    assert widget(form(dataset="digit_pairs"), "Tasks an update draws").max == 10


@pytest.mark.parametrize(
    ("dataset", "trunk", "width", "depth"),
    [("yeast", "mlp", 64, 2), ("digits", "convolutional", 32, 2), ("digit_pairs", "convolutional", 32, 2),
     ("rooms", "encoder", 16, 3)],
)  # fmt: skip
def test_the_first_trunk_fits_the_data(form, dataset, trunk, width, depth):
    app = form()
    choose(app, "Data set", dataset)
    assert (widget(app, "Trunk").value, widget(app, "Width").value, widget(app, "Depth").value) == (trunk, width, depth)


def test_a_trunk_has_sizes_that_fit_it_and_those_that_were_chosen_stay(form):
    app = form(dataset="rooms")
    choose(app, "Trunk", "mlp")
    assert widget(app, "Width").value == 64
    choose(app, "Trunk", "encoder")
    choose(app, "Width", 24)
    choose(app, "Epochs", 3)
    assert widget(app, "Width").value == 24


def test_rooms_are_asked_how_many_and_how_large_but_priced_by_a_few(form, store, launched):
    app = form(dataset="rooms")
    choose(app, "Rooms", 200)
    choose(app, "Image size", 32)
    config = launched_config(app, store, launched)
    assert (config.images, config.image_size) == (200, 32)
    assert (runs_cost.priced(config).images, runs_cost.priced(config).image_size) == (30, 32)


def test_fewer_training_samples_than_a_batch_are_refused(form):
    app = form(dataset="yeast")
    choose(app, "Training samples", 40)
    assert "Batch size is 64, but there are 40 training samples" in said(app) and widget(app, "Launch").disabled
    choose(app, "Batch size", 32)
    assert not app.error


def test_the_cost_depends_on_every_setting_that_changes_tasks_or_shapes():
    config = RunConfig("table", table="a.csv", targets="x,y", kinds="x=number", leave_out="z", split="group",
                       split_by="g", samples=9)  # fmt: skip
    asked = runs_cost.priced(config)
    for name in ("dataset", "table", "targets", "kinds", "leave_out", "split", "split_by"):
        assert getattr(asked, name) == getattr(config, name)
    assert asked.samples == 0  # which costs the same


@pytest.mark.parametrize("name", ["celeba", "taskonomy", "nyuv2"])
def test_what_is_not_on_disk_cannot_be_launched_and_says_why(form, name, monkeypatch, tmp_path):
    monkeypatch.setattr(paths, "DATA", tmp_path)
    app = form(dataset=name)
    assert f"The files of {name} are not in {tmp_path / name}" in said(app)
    assert widget(app, "Launch").disabled and "Epochs" not in labels(app)
    (tmp_path / name).mkdir()
    app = form(dataset=name)
    assert not app.info and "Image size" in labels(app)


def test_without_a_table_the_way_to_the_data_page_is_shown(form, gone):
    app = form(dataset="table")
    assert "No table is chosen yet" in said(app) and widget(app, "Launch").disabled
    widget(app, "Choose a table").click().run()
    assert gone == ["data"]


def test_the_table_that_was_chosen_is_launched_with_its_settings(form, store, launched):
    path = keep(TABLE, "houses.csv", store.tables)
    chosen = {"table": path.name, "targets": ("price",), "kinds": (("rooms", "category"),), "leave_out": ("area",)}
    app = form(dataset="table", **chosen)
    assert "**houses.csv** predicts price; 1 left out; split at random." in said(app)
    assert "there are 24 training samples" in said(app)  # too few for a batch of 64
    choose(app, "Batch size", 8)
    config = launched_config(app, store, launched)
    assert (config.dataset, config.table, config.targets) == ("table", str(path), "price")
    assert (config.kinds, config.leave_out, config.split) == ("rooms=category", "area", "random")


def test_a_table_that_is_no_longer_kept_is_not_launched(form, store):
    app = form(dataset="table", table="0123456789abcdef-gone.csv", targets=("price",))
    assert "No table is chosen yet" in said(app) and widget(app, "Launch").disabled


def test_a_file_outside_the_tables_cannot_be_named(form, store, tmp_path):
    (tmp_path / "secret.csv").write_bytes(TABLE)
    app = form(dataset="table", table=str(tmp_path / "secret.csv"), targets=("price",))
    assert "No table is chosen yet" in said(app)
