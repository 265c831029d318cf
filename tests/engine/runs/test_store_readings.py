"""What a run stores besides its affinity: other readings, task weights, and things to look at."""

import numpy as np

from engine.tasks import TaskWeights
from tests.engine.runs.writing import TASKS, rows_of, running, window


def weights(start, stop, *values):
    return TaskWeights(start, stop, np.float32(values))


def test_readings_are_kept_apart_and_listed_in_the_order_of_the_catalog(store):
    run_id, token = running(store)
    assert store.readings(run_id) == ()
    mixing, cosine = [window(0, 5, 1), window(5, 10, 2)], [window(0, 10, 3)]
    store.write(run_id, token, [window(0, 5, 4)], readings={"mixing": mixing, "gradient_cosine": cosine})
    assert store.readings(run_id) == ("affinity", "gradient_cosine", "mixing")
    series = store.series(run_id, "mixing")
    assert series.tasks == TASKS and series.edges.tolist() == [0, 5, 10]
    assert np.array_equal(series.totals, np.stack([each.total for each in mixing]))
    assert len(store.series(run_id)) == len(store.series(run_id, "gradient_cosine")) == 1
    assert len(store.series(run_id, "edges")) == 0


def test_the_extent_of_a_reading_grows_with_its_windows(store):
    run_id, token = running(store)
    assert store.extent(run_id) == (0, 0)
    store.write(run_id, token, [window(0, 5), window(5, 9)], readings={"mixing": [window(0, 10)]})
    assert store.extent(run_id) == (2, 9) and store.extent(run_id, "mixing") == (1, 10)
    store.write(run_id, token, [window(9, 12)])
    assert store.extent(run_id) == (3, 12) and store.extent(run_id, "mixing") == (1, 10)


def test_a_run_without_affinity_has_its_other_readings(store):
    run_id, token = running(store)
    store.write(run_id, token, readings={"policy": [window(0, 5)]})
    assert store.readings(run_id) == ("policy",)


def test_what_a_resumed_run_writes_again_replaces_itself(store):
    run_id, token = running(store)
    for _ in range(2):
        store.write(
            run_id,
            token,
            readings={"mixing": [window(0, 5, 1)], "policy": [window(0, 5, 2)]},
            weights=[weights(0, 5, 1, 2)],
            artifacts={"generated labels": {"primary": "a"}},
        )
    assert len(store.series(run_id, "mixing")) == len(store.series(run_id, "policy")) == 1
    store.write(run_id, token, weights=[weights(5, 10, 3, 4)], artifacts={"generated labels": {"primary": "b"}})
    found = store.weights(run_id)
    assert [(each.step_from, each.step_to, each.weights.tolist()) for each in found] == [
        (0, 5, [1, 2]),
        (5, 10, [3, 4]),
    ]
    assert store.artifact(run_id, "generated labels") == {"primary": "b"}
    assert store.artifact(run_id, "other") is None


def test_a_rewound_run_loses_what_reaches_beyond(store):
    run_id, token = running(store)
    readings = {"mixing": [window(0, 5), window(5, 10)]}
    store.write(run_id, token, readings=readings, weights=[weights(0, 5, 1, 1), weights(5, 10, 1, 1)])
    store.rewind(run_id, token, 7)
    assert len(store.series(run_id, "mixing")) == len(store.weights(run_id)) == 1


def test_deleting_removes_all_of_it(store):
    run_id, token = running(store)
    more = dict(readings={"mixing": [window(0, 5)]}, weights=[weights(0, 5, 1, 1)], artifacts={"it": 1})
    store.write(run_id, token, **more, status="finished", parameters=12, cost=2.5, step_seconds=0.25)
    run = store.run(run_id)
    assert (run.parameters, run.cost, run.step_seconds, run.sweep) == (12, 2.5, 0.25, "")
    store.delete(run_id)
    for table in ("readings", "task_weights", "artifacts"):
        assert rows_of(store, f"SELECT COUNT(*) FROM {table}") == [(0,)]
