"""In what runs differ."""

from dataclasses import replace

from engine.runs.changes import differing, facts_of, settings_of
from engine.runs.config import RunConfig
from tests.app.views.stored import seeds, trained


def test_runs_that_differ_in_one_setting_differ_in_that_alone(store):
    one, other = (store.run(store.create(RunConfig("yeast", learning_rate=rate), "same")) for rate in (0.05, 0.1))
    columns = [settings_of([run]) for run in (one, other)]
    assert differing(columns) == ["learning_rate"]
    assert [column["learning_rate"] for column in columns] == ["0.05", "0.1"]
    assert set(columns[0]) == set(RunConfig("yeast").to_json())


def test_a_run_does_not_differ_from_itself(store):
    run = store.run(trained(store))
    assert differing([settings_of([run])] * 3) == differing([facts_of([run])] * 2) == []


def test_seeds_say_each_value_once_in_their_order(store):
    group = [store.run(run_id) for run_id in seeds(store)]
    found = settings_of(group)
    assert found["seed"] == "0, 1, 2" and found["dataset"] == "yeast"
    assert facts_of(group)["tasks"] == "a, b, c, d, e"


def test_what_one_run_does_not_say_is_a_difference(store):
    run = store.run(trained(store))
    bare = replace(run, config={}, tasks=(), parameters=None, steps=0)
    assert set(differing([settings_of([run]), settings_of([bare])])) == set(run.config)
    assert "tasks" not in facts_of([bare]) and "parameters" not in facts_of([bare])
    assert "tasks" in differing([facts_of([run]), facts_of([bare])])


def test_matrices_have_no_settings_but_facts(store):
    published = store.runs()[0]
    assert settings_of([published]) == {} and facts_of([published])["origin"] == "published"
