"""Studies of every origin as pages find them: the store's, published ones, and those that ship along."""

from dataclasses import replace

import numpy as np
import pytest

from app.components import studies
from app.components.studies import find_choice, study_names
from engine.errors import KindredError
from engine.runs.config import RunConfig
from engine.runs.studies import kept_studies, published_studies
from engine.runs.study_config import StudyConfig
from tests.app.views.studied import studied
from tests.engine.runs.measured import keep


def test_runs_come_first_the_newest_at_the_top_and_other_kinds_of_run_are_none(store):
    store.create(RunConfig("yeast"), "a network")
    first, second = studied(store), studied(store)
    ready = [*(study.name for study in kept_studies()), "setting1", "setting2", "setting3", "setting4"]
    assert list(study_names()) == [second, first, *ready]
    assert study_names()[first] == f"mine  ·  {first}"


def test_a_study_that_ships_along_is_found_by_its_name(store, monkeypatch):
    kept = replace(published_studies()[0], name="rooms, small")
    monkeypatch.setattr(studies, "kept_studies", lambda: (kept,))
    studies._ready_made.clear()
    try:
        assert study_names()["rooms, small"] == "rooms, small  ·  comes with Kindred"
        found = find_choice("rooms, small")
        assert found.study is kept and found.run is None and not found.active
    finally:
        studies._ready_made.clear()


def test_a_study_at_work_is_read_again_as_it_moves_on(store):
    run_id = studied(store, status="running", measured=3)
    before = find_choice(run_id)
    assert before.active and before.study.known().sum() == 3
    assert find_choice(run_id).token == before.token and find_choice(run_id).study is before.study
    config = StudyConfig(dataset="yeast", networks="whole")
    order = config.orders(before.study.tasks)[3]
    keep(store, config, order, np.ones(1))
    other = studied(store, measured=0)  # whichever run measures networks of the setting
    after = find_choice(run_id)
    assert after.token != before.token and after.study.known().sum() == 4
    assert find_choice(other).study.known().sum() == 4


def test_a_run_without_data_is_none_yet_and_one_that_there_is_not_is_refused(store):
    assert find_choice(store.create(StudyConfig(dataset="yeast"), "new")) is None
    with pytest.raises(KindredError, match="There is no study 'gone'"):
        find_choice("gone")
