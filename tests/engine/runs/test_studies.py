"""Studies made of measurements, against numbers worked out by hand."""

import numpy as np
import pytest

from engine.errors import KindredError
from engine.runs import studies
from engine.runs.config import RunConfig
from engine.runs.studies import find_study, kept_studies, published_studies, study_from, study_of
from engine.runs.study_config import StudyConfig
from engine.studies.files import to_json
from engine.studies.measurement import Order
from tests.engine.runs.measured import keep, measurement, orders
from tests.engine.runs.writing import window

TASKS = ("a", "b", "c")
CONFIG = StudyConfig(
    "yeast", tasks="a,b,c", networks="half_singles,singles,pairs", seeds=2, epochs=10, early_share=0.25
)


def study(config, *measurements, **more):
    return study_from("mine", TASKS, config, measurements, **more)


def test_means_and_deviations_are_over_the_seeds_of_the_study():
    pair = [Order(("a", "c"), seed=seed) for seed in range(3)]
    losses = [[1.0, 4.0], [3.0, 5.0], [100.0, 100.0]]  # the last seed is none of the study's
    found = study(CONFIG, *(measurement(CONFIG, *each) for each in zip(pair, losses, strict=True)))
    row = found.place(("c", "a"))
    for split, more in (("validation", 0), ("test", 1), ("early_stopped", 2)):
        np.testing.assert_array_equal(found.losses[split][row], [2 + more, np.nan, 4.5 + more])
        np.testing.assert_allclose(found.spread[split][row], [np.sqrt(2), np.nan, np.sqrt(0.5)])
        np.testing.assert_allclose(found.metrics[split][row], [8 - more, np.nan, 5.5 - more])
    assert found.epochs[row] == 10 and found.known().sum() == 1
    assert np.isnan(found.losses["test"][found.place(("a", "b"))]).all()
    assert found.early_share == pytest.approx(0.3)  # ⌈.25 · 10⌉ of the 10 epochs trained


def test_one_seed_has_no_deviation():
    found = study(CONFIG, measurement(CONFIG, Order(("b",)), [1.0]))
    row = found.place(("b",))
    assert found.losses["validation"][row, 1] == 1 and np.isnan(found.spread["validation"][row]).all()


def test_the_networks_are_those_listed_and_all_others_of_the_tasks_that_were_measured():
    others = [Order(TASKS), Order(("a",), 0.25), Order(("a", "d")), Order(("d",))]
    found = study(CONFIG, *(measurement(CONFIG, order, [1.0] * len(order.tasks)) for order in others))
    assert [network.name for network in found.networks] == [
        "a@0.5", "b@0.5", "c@0.5", "a", "b", "c", "a+b", "a+c", "b+c", "a+b+c", "a@0.25",
    ]  # fmt: skip


def test_a_task_weighs_one_over_its_loss_alone_at_half_size_or_at_full_size():
    found = study(
        CONFIG,
        measurement(CONFIG, Order(("a",), 0.5), [2.0]),
        measurement(CONFIG, Order(("a",)), [5.0]),
        measurement(CONFIG, Order(("b",)), [4.0]),
    )
    assert found.weights.tolist() == [0.5, 0.25, 1.0]


def test_transfer_is_the_test_loss_on_a_lent_trunk_with_the_own_one_on_the_diagonal():
    lent = [Order(("b",), seed=seed, transfer_from="a") for seed in range(2)]
    found = study(
        CONFIG,
        *(measurement(CONFIG, order, [9.0], test=[loss]) for order, loss in zip(lent, (3.0, 5.0), strict=True)),
        measurement(CONFIG, Order(("b",)), [1.0], test=[2.5]),
        measurement(CONFIG, Order(("c",), transfer_from="d"), [1.0]),
    )
    expected = np.full((3, 3), np.nan)
    expected[0, 1], expected[1, 1] = 4.0, 2.5
    np.testing.assert_array_equal(found.transfer, expected)
    assert np.isnan(found.losses["validation"][found.place(("c",))]).all()
    assert study(CONFIG).transfer is None and study(CONFIG).early_share == 0.25


def test_a_run_is_the_study_of_its_setting_with_the_affinity_that_it_observed(store):
    config = StudyConfig("yeast", tasks="a,b", networks="singles,all_in_one", observe=True)
    run_id = store.create(config, "mine")
    with pytest.raises(KindredError, match="has not loaded its data yet"):
        study_of(store, run_id)
    token = store.claim(run_id)
    store.write(run_id, token, tasks=["a", "b"], metrics=["accuracy"] * 2)
    assert study_of(store, run_id).affinity is None and not study_of(store, run_id).known().any()
    for order in orders(config, ("a", "b")).values():
        keep(store, config, order, np.arange(len(order.tasks)) + 1.0)
    keep(store, StudyConfig("yeast", epochs=3), Order(("a",)), [77.0])
    store.write(run_id, token, [window(0, 4, 1), window(4, 8, 2)])
    found = study_of(store, run_id)
    np.testing.assert_array_equal(found.losses["validation"], [[1, 2], [1, np.nan], [np.nan, 1]])
    np.testing.assert_allclose(found.affinity, store.series(run_id).mean().affinity)
    assert found.name == "mine" and "yeast" in found.source and "seed 0" in found.source
    assert find_study(store, "mine").tasks == find_study(store, run_id).tasks == ("a", "b")


def test_other_runs_are_no_studies(store):
    run_id = store.create(RunConfig("yeast"))
    with pytest.raises(KindredError, match="is no study; begin one with"):
        study_of(store, run_id)


def test_the_published_settings_are_studies_of_36_networks(store):
    found = published_studies()
    assert [each.name for each in found] == ["setting1", "setting2", "setting3", "setting4"]
    assert all(len(each.networks) == 36 and each.known("test").all() for each in found)
    depth = found[0].tasks.index("depth")
    assert found[0].losses["validation"][found[0].place(["depth"], 0.5), depth] == 0.1739
    assert find_study(store, "setting3").tasks == found[2].tasks
    with pytest.raises(KindredError, match="no study 'setting9'; choose of setting1"):
        find_study(store, "setting9")


def test_kept_studies_are_read_where_there_are_any(tmp_path, monkeypatch):
    monkeypatch.setattr(studies, "DATA", tmp_path)
    assert kept_studies() == ()
    (tmp_path / "studies").mkdir()
    (tmp_path / "studies" / "mine.json").write_text(to_json(study(CONFIG)), encoding="utf-8")
    assert [each.name for each in kept_studies()] == ["mine"]
