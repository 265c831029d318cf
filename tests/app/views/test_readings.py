"""The readings of a run beside its affinity, on the Affinity page and the task graph."""

import numpy as np
import pandas as pd
import pytest

from app.components.readings import one_sign
from app.components.status import GRADIENT_METHODS, WITH_READING
from app.components.subject import GROUP
from engine import catalog
from engine.affinity.uncertainty import SeedGroup
from engine.runs.config import RunConfig
from tests.app.looks import look
from tests.app.views.stored import readings, seeds, trained, with_readings

FINISHED = {"tasks": list("abcde"), "metrics": ["acc"] * 5, "step": 120, "steps": 120, "status": "finished"}
PAGES = pytest.mark.parametrize("page", ["affinity", "graph"])


def texts(app):
    kinds = (app.caption, app.info, app.error, app.warning, app.markdown, app.subheader)
    return " ".join([look(app), *(str(each.value) for kind in kinds for each in kind)]).replace("\\", "")


def labels(app):
    return [each.label for each in (*app.toggle, *app.tabs, *app.selectbox, *app.metric, *app.expander)]


def picker(app):
    """The control with the readings; None where there is none."""
    return next((each for each in app.get("button_group") if each.label == "Reading"), None)


def matrix(store, run_id, reading):
    return store.series(run_id, reading).mean().affinity


@PAGES
def test_the_picker_is_shown_only_where_there_is_anything_to_pick(show, store, page):
    assert picker(show(page)) is None and picker(show(page, run=trained(store))) is None
    app = show(page, run=with_readings(store, "mixing", "gradient_cosine"))
    assert not app.exception and not app.error
    assert picker(app).options == ["Affinity", "Gradient cosine", "Mixing"]
    assert "reading" not in app.query_params and "helps" in texts(app)


@PAGES
def test_a_choice_goes_to_the_address_and_to_every_page_until_another_run_is_chosen(show, store, page):
    one, other = with_readings(store, "mixing"), with_readings(store, "mixing", seed=1)
    app = show(page, run=one)
    picker(app).set_value("mixing").run()
    assert not app.exception and "mixing" in app.query_params["reading"]
    assert app.session_state["choice:reading"] == "mixing"
    (box,) = [each for each in app.selectbox if each.label == "Run"]
    box.set_value(other).run()
    assert "reading" not in app.query_params and app.session_state["choice:reading"] == "affinity"


def test_the_page_shows_the_reading_that_the_address_names(show, store):
    run_id = with_readings(store, "mixing", "gradient_cosine")
    for reading in ("gradient_cosine", "mixing"):
        app = show("affinity", run=run_id, reading=reading, pair='["a", "b"]')
        assert not app.exception and not app.error
        expected = matrix(store, run_id, reading)
        np.testing.assert_allclose(app.table[0].value.to_numpy(dtype=float), expected, rtol=1e-3)
        assert float(app.metric[0].value) == pytest.approx(expected[0, 1], rel=1e-3)
        assert catalog.find("reading", reading).summary in texts(app)


@PAGES
def test_another_reading_is_never_called_an_affinity(show, store, page):
    app = show(page, run=with_readings(store, "policy"), reading="policy", pair='["a", "b"]', node="a")
    said = texts(app) + " ".join(labels(app))
    assert not any(word in said for word in ("affinity", "affinities", "helps", "hurts", "loss changes"))


@PAGES
def test_a_run_without_affinity_shows_its_first_reading(show, store, page):
    run_id = with_readings(store, "edges", "gradient_conflict", affinity=False)
    app = show(page, run=run_id)
    assert not app.exception and not app.error
    assert "gradient_conflict" in app.query_params["reading"]
    assert picker(show(page, run=with_readings(store, "edges", affinity=False))).options == ["Edges"]


@PAGES
def test_a_reading_that_the_run_lacks_is_said_and_the_first_is_shown(show, store, page):
    app = show(page, run=with_readings(store, "mixing"), reading="edges")
    assert not app.exception
    assert "no reading 'edges'; it has affinity, mixing" in texts(app) and picker(app).value == "affinity"


@pytest.mark.parametrize(("reading", "noisy"), [("gradient_cosine", True), ("attention", False)])
def test_what_says_how_sure_it_is_is_shown_of_what_is_observed_on_batches(show, store, reading, noisy):
    run_id = with_readings(store, reading)
    app = show("affinity", run=run_id, reading=reading, pair='["a", "b"]')
    assert ("Reliability" in texts(app)) == noisy
    assert ("Mark unsure" in labels(app)) == noisy and ("Standard error" in labels(app)) == noisy
    assert ("How the reliability grew" in labels(app)) == noisy
    assert bool(app.metric[0].delta) == noisy
    assert ("mean of 120 updates" if noisy else "mean of 12 windows") in texts(app)
    graph = show("graph", run=run_id, reading=reading)
    assert ("Reliability" in texts(graph)) == ("Mark unsure" in labels(graph)) == noisy


def test_seeds_have_the_readings_that_all_have_and_an_error_between_them(show, store):
    ids = seeds(store, also=("mixing",))
    app = show("affinity", run=GROUP + ids[0], reading="mixing", pair='["a", "b"]')
    assert not app.exception and not app.error
    mean = SeedGroup(tuple(store.series(run_id, "mixing") for run_id in ids)).mean()
    assert float(app.metric[0].value) == pytest.approx(mean.affinity[0, 1], rel=1e-3)
    assert f"± {mean.standard_error[0, 1]:.2g} error between 3 seeds" in app.metric[0].delta
    assert "Mark unsure" in labels(app) and "Reliability" not in texts(app)


def test_a_reading_that_one_seed_lacks_is_not_offered_for_the_group(show, store):
    ids = store.create_seeds(RunConfig("yeast"), "uneven", 2)
    for run_id, names in zip(ids, [("mixing", "gradient_cosine"), ("gradient_cosine",)], strict=True):
        store.write(run_id, store.claim(run_id), readings=readings(0, *names), **FINISHED)
    assert picker(show("affinity", run=GROUP + ids[0])).options == ["Gradient cosine"]
    assert picker(show("affinity", run=ids[0])).options == ["Gradient cosine", "Mixing"]


def test_the_files_carry_the_reading(show, store, monkeypatch):
    files = []
    monkeypatch.setattr("streamlit.download_button", lambda *arguments, **_: files.append(arguments[2]))
    run_id = with_readings(store, "gradient_cosine")
    for reading in ("affinity", "gradient_cosine"):
        show("affinity", run=run_id, reading=reading)
    kinds = ("affinity", "standard-error", "gradient_cosine", "gradient_cosine-standard-error")
    assert files == [f"{run_id}-{kind}-0-120.csv" for kind in kinds]


def test_the_graph_s_table_is_of_the_reading(show, store):
    run_id = with_readings(store, "mixing")
    frame = show("graph", run=run_id, reading="mixing").dataframe[0].value
    assert list(frame.columns) == ["source", "target", "mixing"]
    expected = pd.DataFrame(matrix(store, run_id, "mixing"), list("abcde"), list("abcde"))
    for row in frame.itertuples():
        assert row.mixing == pytest.approx(expected.loc[row.source, row.target])
    assert list(frame["mixing"].abs()) == sorted(frame["mixing"].abs(), reverse=True)


@PAGES
def test_a_live_run_offers_a_reading_as_soon_as_it_has_it(show, store, page):
    run_id = store.create(RunConfig("yeast"), "live")
    token = store.claim(run_id)
    begun = FINISHED | {"steps": 500, "status": "running"}
    store.write(run_id, token, readings=readings(0, "gradient_cosine"), **begun)
    app = show(page, run=run_id)
    assert picker(app).options == ["Gradient cosine"]
    store.write(run_id, token, readings=readings(0, "edges"), step=130)
    app.run()
    assert not app.exception and picker(app).options == ["Gradient cosine", "Edges"]


@PAGES
def test_a_run_without_any_reading_says_which_choices_give_one(show, store, page):
    run_id = with_readings(store, affinity=False)
    said = texts(show(page, run=run_id))
    for name in (*WITH_READING, *GRADIENT_METHODS):
        assert name in said
    assert "mtan" not in texts(show("grouping", run=run_id))


def test_the_choices_named_are_in_the_catalog():
    architectures = {entry.name for entry in catalog.entries("architecture")}
    weightings = {entry.name for entry in catalog.entries("weighting")}
    assert set(WITH_READING) == architectures - {"hard_sharing"}
    assert set(GRADIENT_METHODS) < weightings


def test_one_sign_is_told_from_the_entries_between_tasks():
    assert one_sign(np.array([[-9, 1.0], [0, -9]])) and one_sign(np.array([[9, -1.0], [np.nan, 9]]))
    assert not one_sign(np.array([[1, 1.0], [-1, 1]]))
    assert not one_sign(np.eye(3)) and not one_sign(np.full((3, 3), np.nan))


def test_readings_of_one_sign_point_to_the_scale_that_shows_them(show, store):
    distances = readings(0, "tower_distance")["tower_distance"]
    for window in distances:
        window.total[:] = -np.abs(window.total) - 1
    run_id = store.create(RunConfig("yeast"), "towers")
    store.write(run_id, store.claim(run_id), readings={"tower_distance": distances}, **FINISHED)
    assert "All have one sign" in texts(show("affinity", run=run_id))
    assert "All have one sign" not in texts(show("affinity", run=run_id, scale="centred"))
    assert "All have one sign" not in texts(show("affinity", run=with_readings(store)))
