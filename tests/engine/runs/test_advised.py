"""How an allowance is spent, on networks whose losses are made up."""

from dataclasses import replace

import numpy as np
import pytest

from engine.runs.advised import Advised, all_budgets
from engine.runs.study_config import StudyConfig
from engine.studies.measurement import Measurement
from engine.studies.study import EARLY_STOPPED, TEST, VALIDATION
from tests.engine.studies.made import PUBLISHED

STUDY = PUBLISHED["setting1"]
CONFIG = StudyConfig("yeast", networks="whole", allowance=1e6, budget=2.5, epochs=10, early_share=0.2)


def measured(config, order, epochs=10):
    row = STUDY.place(order.tasks, order.cost)
    places = [STUDY.tasks.index(task) for task in order.tasks]
    losses = {split: STUDY.losses[split][row, places] for split in (VALIDATION, TEST, EARLY_STOPPED)}
    return Measurement(
        config.key(order), config.setting, order.tasks, order.cost, order.seed, order.transfer_from, order.cost, 1,
        losses, losses, epochs, epochs, 1.0,
    )  # fmt: skip


def spent_by(config):
    """Train whatever is advised until nothing is."""
    advised, known, spent, trained = Advised(config, STUDY.tasks), {}, 0.0, []
    while orders := advised.orders(known, (), spent, None):
        order = orders[0]
        assert order not in known
        known[order] = measured(config, order)
        spent += known[order].snt_epochs
        trained.append(order)
    return advised, trained, spent


def test_the_tasks_alone_come_first_and_every_advice_is_recorded():
    advised, trained, _ = spent_by(CONFIG)
    assert [order.network.name for order in trained[:5]] == [f"{task}@0.5" for task in STUDY.tasks]
    assert [each["networks"] for each in advised.history] == list(range(5, len(trained) + 1))
    assert [each["spent"] for each in advised.history][:2] == [25.0, 35.0]
    last = advised.history[-1]
    assert last["next"] == [] and last["bound"] <= 0.1 and advised.ended
    (grouping,) = last["groupings"]
    assert grouping["budget"] == 2.5 and set(grouping["serves"]) == set(STUDY.tasks)
    assert grouping["test"] is not None and grouping["measured"] == pytest.approx(grouping["validation"], rel=1e-9)


@pytest.mark.parametrize("allowance", [60.0, 101.0, 155.0])
def test_the_allowance_is_kept(allowance):
    advised, _, spent = spent_by(replace(CONFIG, allowance=allowance))
    assert allowance - 10 < spent <= allowance
    assert advised.ended == "The allowance is spent."


def test_it_ends_as_soon_as_the_bound_is_met():
    advised, trained, _ = spent_by(replace(CONFIG, bound=4.0))
    assert advised.history[-1]["bound"] <= 4 < advised.history[-2]["bound"]
    assert len(trained) < len(spent_by(CONFIG)[1])
    assert "% better, with 95 % certainty; that is enough" in advised.ended


def test_every_seed_of_an_advised_network_is_trained():
    config = replace(CONFIG, seeds=2)
    advised = Advised(config, STUDY.tasks)
    orders = advised.orders({}, (), 0.0, None)
    assert [order.seed for order in orders] == [0, 1] * 5


def test_several_workers_are_given_several_networks():
    config = replace(CONFIG, workers=3)
    advised = Advised(config, STUDY.tasks)
    known = {order: measured(config, order) for order in advised.orders({}, (), 0.0, None)}
    assert len(advised.orders(known, (), 25.0, None)) == 3


def test_what_cannot_be_trained_is_passed_over():
    advised = Advised(CONFIG, STUDY.tasks)
    first, *others = advised.orders({}, (), 0.0, None)
    assert advised.orders({}, (first,), 0.0, None) == others


def test_all_budgets_go_from_one_network_to_one_a_task():
    assert all_budgets(3) == (1.0, 1.5, 2.0, 2.5, 3.0)
    advised, *_ = spent_by(replace(CONFIG, budget=0.0, allowance=80.0))
    assert [each["budget"] for each in advised.history[-1]["groupings"]] == list(np.arange(1, 5.5, 0.5))
