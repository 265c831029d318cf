"""Sweeps: what they consist of, how they go on, and the table against numbers worked out by hand."""

from dataclasses import replace

import numpy as np
import pytest

from engine import catalog
from engine.errors import KindredError
from engine.runs.config import RunConfig
from engine.runs.sweep import SINGLE_TASK, STANDARD, configs, prepare, table, variants
from engine.tasks import Evaluation

BASE = RunConfig("yeast", epochs=3, affinity="none")
TASKS, METRICS = ["a", "b"], ["accuracy", "R²"]


def finish(store, run_id, losses, metrics, step_seconds=0.001):
    token = store.claim(run_id)
    evaluations = [
        Evaluation(step, "validation", np.float32(values), np.float32(metric))
        for step, values, metric in ((0, [9, 9], [0, 0]), (10, losses, metrics))
    ]
    columns = dict(tasks=TASKS, metrics=METRICS, status="finished", step_seconds=step_seconds, parameters=7, cost=1.5)
    store.write(run_id, token, (), evaluations, worker="", **columns)


def by_variant(store, sweep):
    return {(run.name.split(" · ")[0], run.config["seed"]): run.id for run in store.runs() if run.sweep == sweep}


def test_a_sweep_holds_every_design_and_every_weighting_once():
    names = [variant.name for variant in variants(BASE)]
    assert len(set(names)) == len(names)
    assert names[0] == SINGLE_TASK and STANDARD in names
    for entry in catalog.entries("architecture"):
        assert f"{entry.name}, equal" in names
    for entry in catalog.entries("weighting"):
        assert f"hard_sharing, {entry.name}" in names
    assert all(config.affinity == "none" for config in configs(BASE, 2).values())


def test_it_goes_on_with_what_has_not_finished(store):
    first = prepare(store, "mine", BASE, 2)
    assert len(first) == 2 * len(variants(BASE))
    seeds = [store.run(run_id).config["seed"] for run_id in first]
    assert seeds == sorted(seeds)
    finish(store, first[0], [1, 1], [0.5, 0.5])
    store.request_cancel(first[1])
    again = prepare(store, "mine", BASE, 2)
    assert set(again) == set(first[1:])
    more = prepare(store, "mine", BASE, 3)
    assert len(more) == 3 * len(variants(BASE)) - 1
    assert prepare(store, "other", BASE, 1) and len({run.sweep for run in store.runs()}) == 3


def test_seeds_of_a_variant_are_a_group(store):
    prepare(store, "mine", BASE, 2)
    assert len(store.group(f"mine: {STANDARD}")) == 2


def test_other_settings_under_the_same_name_are_refused(store):
    prepare(store, "mine", BASE, 1)
    with pytest.raises(KindredError, match="begun with epochs = 3, and now it is 4"):
        prepare(store, "mine", replace(BASE, epochs=4), 1)


def test_the_tie_of_soft_sharing_belongs_to_the_base_and_single_task_has_none(store):
    base = replace(BASE, tie_strength=0.5)
    prepare(store, "mine", base, 1)
    ties = {run.name.split(" · ")[0]: run.config["tie_strength"] for run in store.runs() if run.sweep}
    assert ties[SINGLE_TASK] == 0 and ties["soft_sharing, equal"] == 0.5
    assert len(table(store, "mine")) == len(variants(base))
    with pytest.raises(KindredError, match="tie_strength = 0.5"):
        prepare(store, "mine", BASE, 1)


def test_the_table_is_what_one_works_out_by_hand(store):
    prepare(store, "mine", BASE, 2)
    ids = by_variant(store, "mine")
    for seed, accuracy in ((0, 0.5), (1, 0.8)):
        finish(store, ids[SINGLE_TASK, seed], [1.0, 2.0], [accuracy, 0.1], 0.004)
        finish(store, ids[STANDARD, seed], [1.0, 1.5], [0.6, 0.3], 0.002)
    finish(store, ids["mtan, equal", 0], [1.0, 3.0], [0.5, 0.0], 0.006)
    found = table(store, "mine")
    row = found.loc[STANDARD]
    # Accuracy .6 against .5 and .8: +20 % and −25 %; squared error 1.5 against 2: a quarter less.
    assert row.delta_m == pytest.approx(((20 + 25) / 2 + (-25 + 25) / 2) / 2, rel=1e-5)
    assert row.worst_task == pytest.approx(-2.5, rel=1e-4)
    assert row.delta_m_sd == pytest.approx(22.5 / np.sqrt(2), rel=1e-5)
    assert (row.seeds, row.step_ratio, row.parameters, row.cost) == (2, 1, 7, 1.5)
    assert row.metric == pytest.approx(0.45)
    assert found.loc[SINGLE_TASK].delta_m == 0 and found.loc[SINGLE_TASK].step_ratio == pytest.approx(2)
    only = found.loc["mtan, equal"]
    assert only.delta_m == pytest.approx((0 - 50) / 2) and only.seeds == 1 and np.isnan(only.delta_m_sd)
    assert only.step_ratio == pytest.approx(3)
    unfinished = found.loc["hard_sharing, pcgrad"]
    assert unfinished.seeds == 0 and np.isnan(unfinished.delta_m) and np.isnan(unfinished.metric)


def test_only_primary_tasks_are_judged(store):
    prepare(store, "mine", replace(BASE, primary="b"), 1)
    ids = by_variant(store, "mine")
    finish(store, ids[SINGLE_TASK, 0], [1.0, 2.0], [0.5, 0.1])
    finish(store, ids[STANDARD, 0], [9.0, 1.0], [0.1, 0.6])
    assert table(store, "mine").loc[STANDARD].delta_m == pytest.approx(50)


def test_an_unknown_sweep_is_refused(store):
    with pytest.raises(KindredError, match="no sweep 'mine'"):
        table(store, "mine")
