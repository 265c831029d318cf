import itertools

import numpy as np
import pytest

from engine.errors import KindredError
from engine.grouping.candidates import Candidate
from engine.grouping.problem import LOWER, GroupingProblem
from engine.grouping.scenarios import Scenarios
from engine.grouping.solving import solve

TASKS = ("a", "b", "c", "d")


def made(seed, missing=0.0):
    random = np.random.default_rng(seed)
    sets = [chosen for size in range(1, 5) for chosen in itertools.combinations(range(4), size)]
    holds = np.array([[task in chosen for task in range(4)] for chosen in [(task,) for task in range(4)] + sets])
    costs = np.array([0.5] * 4 + [1.0] * len(sets))
    losses = np.where(holds, random.random(holds.shape), np.nan)
    hidden = random.random(len(holds)) < missing
    hidden[-1] = False  # so that someone always serves everyone
    losses[hidden] = np.nan
    return holds, costs, losses


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("missing", [0.0, 0.5])
def test_agrees_with_the_general_solver_at_every_budget(seed, missing):
    holds, costs, losses = made(seed, missing)
    budgets = (1, 1.5, 2, 2.5, 3, 4)
    scenarios = Scenarios(holds, costs)
    values = scenarios.values(losses[None], budgets)[0]
    known = [number for number in range(len(holds)) if np.isfinite(losses[number][holds[number]]).all()]
    candidates = tuple(
        Candidate(
            tuple(np.array(TASKS)[holds[number]].tolist()),
            tuple((-losses[number][holds[number]]).tolist()),
            float(costs[number]),
        )
        for number in known
    )
    problem = GroupingProblem(TASKS, candidates=candidates, direction=LOWER)
    for budget, value in zip(budgets, values, strict=True):
        assert value == pytest.approx(-4 * solve(problem, budget).value, rel=1e-12)
        chosen = scenarios.choose(losses, budget)
        assert losses[chosen, np.arange(4)].sum() == pytest.approx(value, rel=1e-12)
        assert costs[np.unique(chosen)].sum() <= budget and holds[chosen, np.arange(4)].all()


def test_every_scenario_is_solved_for_itself():
    holds, costs, _ = made(0)
    many = np.stack([made(seed)[2] for seed in range(5)])
    scenarios = Scenarios(holds, costs)
    together = scenarios.values(many, (1.5, 3))
    assert np.array_equal(together, np.concatenate([scenarios.values(each[None], (1.5, 3)) for each in many]))


def test_a_budget_that_serves_not_everyone_has_no_choice():
    holds, costs, losses = made(0)
    scenarios = Scenarios(holds, costs)
    assert scenarios.choose(losses, 0.5) is None
    assert np.isinf(scenarios.values(losses[None], (0.5,))).all()


def test_too_many_tasks_are_refused():
    with pytest.raises(KindredError, match="13 tasks to serve.*at most 12"):
        Scenarios(np.ones((1, 13), dtype=bool), [1.0])


def test_frequencies_count_the_networks_of_every_best_choice_once():
    holds, costs, _ = made(0)
    many = np.stack([made(seed)[2] for seed in range(5)])
    scenarios = Scenarios(holds, costs)
    counted = np.zeros(len(holds))
    for losses in many:
        for budget in (1.5, 3):
            counted[np.unique(scenarios.choose(losses, budget))] += 1
    assert scenarios.frequencies(many, (1.5, 3)) == pytest.approx(counted / 10)
