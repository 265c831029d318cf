import itertools
from dataclasses import replace

import numpy as np
import pytest

from engine.studies.advisor import advise
from engine.studies.replay import replay_advisor, replay_at_random, replay_way
from engine.studies.study import EARLY_STOPPED, TEST, VALIDATION
from engine.studies.ways import WAYS, grouping, random_score, regret
from tests.engine.studies.made import PUBLISHED

BUDGETS = tuple(np.arange(1, 5.5, 0.5).tolist())


def by_brute_force(study, losses, budget):
    """The test loss of the best choice by ``losses`` among all ways to assign each task a network that holds it."""
    tasks = range(len(study.tasks))
    options = [np.flatnonzero(study.holds[:, task] & np.isfinite(losses[:, task])) for task in tasks]
    every = np.array(list(itertools.product(*options)))
    ordered = np.sort(every, axis=1)
    new = np.column_stack([np.ones(len(every), dtype=bool), np.diff(ordered) != 0])
    affordable = (study.costs[ordered] * new).sum(axis=1) <= budget
    total = sum(losses[every[:, task], task] for task in tasks)
    best = every[np.where(affordable, total, np.inf).argmin()]
    return np.mean(study.losses[TEST][best, tasks])


@pytest.mark.parametrize("name", ["setting1", "setting4"])  # which has a network without an early loss
def test_the_ways_equal_a_brute_force_over_the_36_networks(name):
    study = PUBLISHED[name]
    losses = study.losses[VALIDATION]
    pairs = losses.copy()
    for row, network in enumerate(study.networks):
        members = np.flatnonzero(study.holds[row])
        if len(members) > 2:
            for task in members:
                rows = [study.place((study.tasks[task], study.tasks[other])) for other in members if other != task]
                pairs[row, task] = losses[rows, task].mean()
        elif len(members) == 1 and network.cost == 1:
            pairs[row] = np.nan
    for budget in (1.5, 2.5):
        best = by_brute_force(study, losses, budget)
        for way, chosen_by in (("HOA", pairs), ("ESA", study.losses[EARLY_STOPPED])):
            expected = 100 * (by_brute_force(study, chosen_by, budget) / best - 1)
            assert regret(study, WAYS[way].choose(study, budget), budget) == pytest.approx(expected, abs=1e-9)


def test_the_full_search_has_no_regret_and_hoa_costs_what_the_paper_says():
    study = PUBLISHED["setting2"]
    assert replay_way(study, "everything known", BUDGETS).regret == (0.0,) * len(BUDGETS)
    pairs = replay_way(study, "HOA", BUDGETS)
    assert (pairs.networks, pairs.cost) == (15, 12.5)
    assert replay_way(study, "everything known", BUDGETS).cost == 33.5


def test_the_advisor_trains_one_network_after_the_other_none_twice_and_ends_without_regret():
    study = PUBLISHED["setting4"]
    flow = replay_advisor(study, BUDGETS)
    assert [each.networks for each in flow] == list(range(5, 5 + len(flow)))
    trained = [each.last for each in flow[1:]]
    assert len(set(trained)) == len(trained)
    assert flow[-1].bound < 0.02 or flow[-1].networks == 36
    assert np.mean(flow[-1].regret) < 0.05


def test_the_advisor_is_better_than_random_at_the_same_number_of_networks():
    advised, drawn = [], []
    for study in PUBLISHED.values():
        advised.append(np.mean(replay_advisor(study, BUDGETS, 20)[-1].regret))
        drawn += [np.mean(replay_at_random(study, BUDGETS, 20, seed=seed)[-1].regret) for seed in range(3)]
    assert np.mean(advised) < 0.5 * np.mean(drawn)


def test_the_advisor_sees_no_early_losses_and_no_hidden_ones():
    study = PUBLISHED["setting1"]
    other = replace(study, losses={**study.losses, EARLY_STOPPED: study.losses[EARLY_STOPPED] * 0 + 1})
    one, two = (replay_advisor(each, (2.5,), 12) for each in (study, other))
    assert [each.last for each in one] == [each.last for each in two]


def test_ways_that_need_what_is_not_measured_choose_nothing():
    study = PUBLISHED["setting1"]
    shown = study.with_known(study.costs < 1)
    assert WAYS["HOA"].choose(shown, 2.5) is None and np.isnan(regret(shown, None, 2.5))
    assert WAYS["single-task"].choose(study, 2.0) is None  # five half-size networks cost more
    assert WAYS["single-task"].choose(study, 2.5) is not None
    assert WAYS["Grad-TAG"].choose(study, 2.5) is None  # no published setting has linearised losses


def test_random_groupings_keep_to_the_budget_and_lose_more_than_the_best():
    study = PUBLISHED["setting1"]
    best = WAYS["everything known"].choose(study, 2.5)
    assert random_score(study, 2.5, draws=100) > np.mean(study.losses[TEST][best, range(5)])
    assert np.isnan(random_score(study, 0.5, draws=3))


def test_the_exported_grouping_is_the_advised_one():
    study = PUBLISHED["setting3"]
    advice = advise(study.with_known(np.arange(36) % 3 > 0), (2.5,))
    solution = grouping(study, advice.prediction.mean, 2.5)
    assert solution.proved_optimal and -solution.value == pytest.approx(advice.value[0], rel=1e-9)
    (chosen,) = advice.chosen
    serves = {task: network for network in solution.networks for task in network.serves}
    for task, place in zip(study.tasks, chosen, strict=True):
        assert set(serves[task].tasks) == set(study.networks[place].tasks)
