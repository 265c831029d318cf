"""Measured networks in the store: who may train one, and that they outlive the runs that did."""

import threading

import numpy as np
import pytest

from engine.runs import run as run_module
from engine.runs.store import Store
from engine.runs.study_config import StudyConfig
from engine.studies.measurement import Order
from tests.engine.runs.measured import PAIR, keep, measurement
from tests.engine.runs.writing import silent_for

CONFIG = StudyConfig("yeast", tasks="a,b", epochs=3)
KEY = CONFIG.key(PAIR)


def begun(store):
    run_id = store.create(CONFIG)
    return run_id, store.claim(run_id)


def claim(store, run_id):
    return store.claim_measurement(KEY, CONFIG.decisive, run_id)


def test_a_measurement_is_read_back_to_the_bit(store):
    found = measurement(CONFIG, PAIR, [1 / 3, np.float32(0.1)])
    found.metrics["test"][1] = np.nan
    store.put_measurement(found, CONFIG.decisive, "somebody")
    (read,) = Store(store.url).measurements(CONFIG.setting)
    assert read.order == PAIR and read.to_json() == found.to_json()
    assert np.array_equal(read.losses["validation"], [1 / 3, float(np.float32(0.1))])
    assert np.isnan(read.metrics["test"][1]) and read.metrics["test"][0] == 10 - (1 / 3 + 1)


def test_settings_are_told_apart(store):
    other = StudyConfig("yeast", epochs=4)
    keep(store, CONFIG, PAIR, [1, 2])
    keep(store, other, PAIR, [3, 4])
    keep(store, other, Order(("a",)), [5])
    assert len(store.measurements()) == 3 and len(store.measurements(other.setting)) == 2
    settings = store.measured_settings()
    assert settings == {CONFIG.setting: CONFIG.decisive, other.setting: other.decisive}
    assert settings[other.setting]["epochs"] == 4


def test_the_first_measurement_of_a_key_stays(store):
    keep(store, CONFIG, PAIR, [1, 2])
    keep(store, CONFIG, PAIR, [3, 4])
    assert [each.losses["validation"].tolist() for each in store.measurements()] == [[1, 2]]


def test_a_claim_of_a_run_that_is_alive_is_respected(store):
    (mine, _), (other, _) = begun(store), begun(store)
    assert [claim(store, mine), claim(store, mine), claim(store, other)] == ["mine", "mine", "elsewhere"]
    assert store.measurements() == [] and store.measured_settings() == {}
    keep(store, CONFIG, PAIR, [1, 2], run=mine)
    assert [claim(store, mine), claim(store, other)] == ["known", "known"]


@pytest.mark.parametrize("end", ["silent", "cancelled", "finished", "failed", "deleted", "queued again"])
def test_a_claim_of_a_run_that_is_not_at_work_is_taken_over(store, end):
    (mine, token), (other, _) = begun(store), begun(store)
    claim(store, mine)
    if end == "silent":
        silent_for(store, mine, run_module.SILENCE + 0.1)
    else:
        store.write(mine, token, status="cancelled" if end in ("deleted", "queued again") else end)
    if end == "deleted":
        store.delete(mine)
    if end == "queued again":
        store.requeue(mine)
    assert claim(store, other) == "mine"
    if end == "queued again":
        store.claim(mine)
        assert claim(store, mine) == "elsewhere"


def test_only_one_run_gets_a_network(store):
    runs = [begun(store)[0] for _ in range(8)]
    answers = []
    threads = [threading.Thread(target=lambda run=run: answers.append(claim(Store(store.url), run))) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == ["elsewhere"] * 7 + ["mine"]


def test_measurements_and_weights_outlive_their_run(store):
    run_id, token = begun(store)
    claim(store, run_id)
    keep(store, CONFIG, PAIR, [1, 2], run=run_id)
    weights = store.networks / f"{KEY}.safetensors"
    weights.parent.mkdir(parents=True)
    weights.write_bytes(b"weights")
    store.write(run_id, token, status="finished")
    store.delete(run_id)
    assert [each.key for each in store.measurements()] == [KEY] and weights.exists()
    assert claim(store, begun(store)[0]) == "known"
