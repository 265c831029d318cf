"""The Sweeps page: what it shows of a sweep that is at work, and where there is none."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app.components.subject import GROUP
from app.views.sweeps import _variants
from engine.runs.config import RunConfig
from engine.runs.sweep import prepare
from engine.tasks import Evaluation


def page():
    app = AppTest.from_string("from app.views import sweeps\nsweeps.show()", default_timeout=30).run()
    assert not app.exception
    return app


@pytest.fixture
def sweep(store):
    """Runs of a sweep of which the first two variants have finished."""
    queued = prepare(store, "mine", RunConfig("yeast", epochs=1, affinity="none"), 1)
    for place, run_id in enumerate(queued[:2]):
        token = store.claim(run_id)
        each = [
            Evaluation(9, split, np.float32([1.0]), np.float32([0.5 + place / 4])) for split in ("validation", "test")
        ]
        store.write(run_id, token, (), each, tasks=["a"], metrics=["accuracy"], status="finished", step_seconds=0.5)
    return queued


def test_without_a_sweep_it_says_how_to_begin_one(store):
    assert "python -m engine sweep" in page().code[0].value


def test_the_table_shows_what_has_finished_and_how_far_it_is(sweep):
    app = page()
    assert app.selectbox[0].value == "mine"
    found = app.dataframe[0].value
    assert found.loc["hard_sharing, equal", "delta_m"] == pytest.approx(50)
    assert found.loc["single_task", "seeds"] == 1 and found["seeds"].sum() == 2
    assert app.session_state["choice:split"] == "validation"


def test_a_failed_run_is_told_with_its_reason(store, sweep):
    token = store.claim(sweep[2])
    store.write(sweep[2], token, status="failed", error="The loss is inf.")
    assert any("loss is inf" in each.value.replace("\\", "") for each in page().warning)


def test_chosen_variants_are_opened_in_compare(store, sweep, monkeypatch):
    pages = []
    monkeypatch.setattr("app.state.go_to", pages.append)
    app = page()
    (button,) = [each for each in app.button if each.key == "open-compare"]
    assert button.disabled
    app.multiselect[0].set_value(["hard_sharing, equal", "single_task"]).run()
    (button,) = [each for each in app.button if each.key == "open-compare"]
    button.click().run()
    assert pages == ["compare"] and app.session_state["choice:runs"] == (sweep[1], sweep[0])


def test_variants_of_several_seeds_are_groups(store):
    queued = prepare(store, "two", RunConfig("yeast", epochs=1, affinity="none"), 2)
    variants = _variants([run for run in store.runs() if run.sweep == "two"])
    assert variants["single_task"] == f"{GROUP}two: single_task" and len(variants) * 2 == len(queued)
