"""The Studies page: published settings and studies of the store, from all that they tell to where little is known."""

import numpy as np
import pytest

from app.components import studies
from app.views.studies_networks import networks_table
from engine.runs.store import Store
from engine.runs.studies import published_studies, study_of
from engine.runs.study_config import StudyConfig
from engine.studies.relations import gains
from tests.app.looks import look
from tests.app.views.chinese import english_in
from tests.app.views.studied import studied

SETTING1 = published_studies()[0]


@pytest.fixture(autouse=True)
def only_published(monkeypatch):
    """No study comes with Kindred."""
    monkeypatch.setattr("app.components.studies.kept_studies", tuple)
    studies._ready_made.clear()
    yield
    studies._ready_made.clear()


@pytest.fixture
def resumed(monkeypatch):
    """Runs that the page took up again, without their workers."""
    runs = []
    monkeypatch.setattr("app.components.editing.launch", lambda store, run_ids: runs.extend(run_ids))
    return runs


def said(app):
    kinds = (app.caption, app.markdown, app.error, app.info, app.warning)
    return " ".join([look(app), *(each.value for kind in kinds for each in kind)]).replace("\\", "")


def group(app, label):
    return next(each for each in app.get("button_group") if each.label == label)


def test_a_store_without_studies_shows_the_published_settings_and_how_to_measure_ones_own(show):
    app = show("studies")
    assert not app.exception and not app.error
    assert app.selectbox[0].options == [f"setting{number}  ·  Standley et al., ICML 2020" for number in range(1, 5)]
    assert "all 36 measured" in said(app) and "33.5 SNT" in said(app)
    assert "Who helps whom" in [option.content for option in group(app, "Show").proto.options]


def test_the_button_opens_the_launch_form_for_studies(show, gone):
    app = show("studies")
    next(each for each in app.button if each.label == "Measure networks").click().run()
    assert gone == ["runs"] and app.session_state["kept:launch-kind"] == "study"


def test_the_table_of_gains_is_the_authors(show):
    app = show("studies", study="setting1")
    (table,) = app.table
    shown = table.value.to_numpy()
    found = np.array([[np.nan if each == "–" else float(each.replace("−", "-")) for each in row] for row in shown])
    np.testing.assert_allclose(found, gains(SETTING1, "test"), atol=0.0051)
    assert "half size" in said(app)


def test_the_split_and_what_gains_are_over_are_in_the_address(show):
    app = show("studies", study="setting2", loss_split="early_stopped", gain_over="full")
    assert "loss of the target alone at full size" in said(app) and "early-stopped losses" in said(app)
    assert dict(app.query_params) == {"study": "setting2", "loss_split": "early_stopped", "gain_over": "full"}
    group(app, "Losses on").set_value("validation").run()
    assert "validation losses" in said(app) and app.query_params["loss_split"] == "validation"


def test_an_address_of_a_study_that_there_is_not_says_so(show):
    app = show("studies", study="gone")
    assert "There is no study 'gone'" in said(app) and len(app.selectbox) == 1


def test_all_networks_are_in_a_table_and_in_files(show, store):
    app = show("studies", study="setting1", study_part="networks")
    frame = app.dataframe[0].value
    assert len(frame) == 36 and list(frame.columns[:4]) == ["network", "tasks", "SNT", "mean"]
    row = frame[frame.network == "depth+normals"].iloc[0]
    place = SETTING1.place(("depth", "normals"))
    assert row.depth == SETTING1.losses["test"][place, 1] and np.isnan(row.edges)
    assert row["mean"] == pytest.approx(np.nanmean(SETTING1.losses["test"][place]))
    assert "One training each" in said(app)
    assert {each.label for each in app.get("download_button")} == {"CSV", "JSON"}


def test_a_task_that_is_called_as_a_column_keeps_its_own():
    study = published_studies()[0]
    renamed = {"depth": "mean"}
    names = tuple(renamed.get(task, task) for task in study.tasks)
    networks = tuple(type(each)(tuple(renamed.get(t, t) for t in each.tasks), each.cost) for each in study.networks)
    table = networks_table(type(study)(study.name, names, networks, study.losses), "test")
    assert {"mean", "mean (task)"} <= set(table.columns)


def test_seeds_have_their_spread_and_trainings_their_epochs(show, store):
    run_id = studied(store, seeds=2)
    frame = show("studies", study=run_id, study_part="networks").dataframe[0].value
    assert frame.seeds.to_numpy() == pytest.approx(0.01 / np.sqrt(2), abs=1e-3)
    assert (frame.epochs == 10).all()


def test_groupings_of_a_published_setting_are_compared_at_a_budget(show):
    app = show("studies", study="setting1", study_part="groupings", study_budget="2")
    curves, frame = (each.value for each in app.dataframe)
    assert curves.set_index("budget").loc[2.0, "everything known"] == frame.loc["everything known", "test_loss"]
    assert list(frame.index)[0] == "everything known" and "single-task" not in frame.index
    assert frame.loc["everything known", "above"] == 0 and (frame["above"] >= -1e-9).all()
    assert "TAG needs the affinities of a run of all tasks" in said(app).replace("*", "")
    assert "2 SNT together" in said(app) or "1.5 SNT together" in said(app)
    assert app.query_params["study_budget"] == "2"


def test_the_networks_of_another_way_are_shown(show):
    app = show("studies", study="setting1", study_part="groupings", study_budget="3", way="single-task")
    cards = [each.value for each in app.markdown if each.value.endswith(" SNT**") and "gray" not in each.value]
    assert sorted(cards) == ["**0.5 SNT**"] * 4 + ["**1 SNT**"]
    assert "3 SNT together" in said(app)


def test_more_tasks_than_can_be_compared_are_pointed_to_the_command_line(show, store):
    tasks = tuple(f"t{number}" for number in range(13))
    run_id = studied(store, tasks=tasks, networks="half_singles")
    app = show("studies", study=run_id, study_part="groupings")
    assert "at most 12" in said(app) and "solve --losses" in said(app) and not app.exception and not app.error


def test_a_study_is_compared_with_those_of_the_same_tasks_only(show):
    app = show("studies", study="setting1", study_part="alike")
    assert list(app.dataframe[0].value["with"]) == ["setting2", "setting3"]  # those of setting4 are others
    pairs, between = app.dataframe[1].value, app.dataframe[2].value["with"]
    assert len(pairs) == 20 and set(pairs.source) == set(SETTING1.tasks)
    assert set(between) == {"setting1 and setting2", "setting1 and setting3", "setting2 and setting3"}
    alone = show("studies", study="setting4", study_part="alike")
    assert "No other study has 3 of its tasks" in said(alone)


def test_a_study_that_observed_affinities_is_compared_with_them(show, store):
    run_id = studied(store, tasks=("a", "b", "c", "d", "e"), observe=True)
    app = show("studies", study=run_id, study_part="alike")
    assert list(app.dataframe[0].value["with"]) == ["its own observed affinity"]
    assert "TAG, Fifty et al. 2021" in said(app)
    groupings = show("studies", study=run_id, study_part="groupings").dataframe[1].value
    assert "TAG" in groupings.index


def test_a_running_study_says_how_far_it_is_and_can_be_cancelled(show, store, monkeypatch):
    asked = []
    monkeypatch.setattr(Store, "request_cancel", lambda self, run_id: asked.append(run_id))
    run_id = studied(store, status="running", measured=4)
    app = show("studies", study=run_id)
    assert any("training 4 of 10 · 2 min left" in each.proto.text for each in app.get("progress"))
    assert "12 SNT-epochs trained" in said(app) and "4 of 10 measured" in said(app)
    assert "No pair can be told yet" in said(app)
    next(each for each in app.button if each.label == "Cancel").click().run()
    assert asked == [run_id]


def test_a_cancelled_study_can_be_resumed(show, store, resumed):
    run_id = studied(store, status="cancelled", measured=4)
    app = show("studies", study=run_id)
    assert "This study is cancelled at training 4 of 10" in said(app)
    next(each for each in app.button if each.label == "Resume").click().run()
    assert resumed == [run_id] and store.run(run_id).status == "queued"


def test_a_study_whose_worker_is_starting_is_waited_for(show, store):
    run_id = store.create(StudyConfig(dataset="yeast"), "new")
    app = show("studies", study=run_id)
    assert "worker is starting" in said(app) and not app.exception and not app.error


def test_gains_of_a_study_of_the_store_are_those_of_its_losses(show, store):
    run_id = studied(store)
    app = show("studies", study=run_id, loss_split="validation")
    table = gains(study_of(store, run_id), "validation")
    assert table[0, 1] > 0 > table[1, 0]  # a precedes b, and so helps it
    assert app.table[0].value.iloc[0, 1] == f"{table[0, 1]:+.2f}"


@pytest.mark.parametrize("part", ["gains", "networks", "groupings", "alike"])
def test_every_part_is_in_the_readers_language(show, part):
    app = show("studies", study="setting1", study_part=part, language="zh")
    labels = [each.label for kind in ("button", "selectbox", "expander") for each in app.get(kind)]
    assert app.title[0].value == "研究" and not app.exception
    assert not english_in(" ".join([said(app), *labels]))


def test_a_study_of_which_nothing_is_measured_says_what_to_do(show, store):
    app = show("studies", study=studied(store, status="cancelled", measured=0))
    assert "No network of this study is measured yet" in said(app) and not app.exception
