"""What must not change the best grouping, or only in step."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.grouping.candidates import Candidate
from engine.grouping.exact_subsets import solve, solve_all_budgets
from engine.grouping.problem import GroupingProblem
from engine.grouping.solution import Network
from tests.engine.grouping.references import (
    KINDS,
    narrow_problem,
    random_problem,
)
from tests.engine.grouping.test_exact_subsets import every_budget, members, scale


def shuffled(problem: GroupingProblem, rng: np.random.Generator) -> GroupingProblem:
    """The same problem, everything listed in another order."""

    def mixed(entries):
        return tuple(entries[place] for place in rng.permutation(len(entries)))

    order = rng.permutation(len(problem.tasks))
    weights = dict(zip(problem.serving, problem.weights or [1.0] * len(problem.serving), strict=True))
    constraints = problem.constraints
    return replace(
        problem,
        tasks=tuple(problem.tasks[task] for task in order),
        affinity=None if problem.affinity is None else problem.affinity[np.ix_(order, order)],
        serving=mixed(problem.serving),
        weights=weights,
        capacities=mixed(problem.capacities),
        candidates=tuple(
            Candidate(
                [candidate.tasks[place] for place in at], [candidate.scores[place] for place in at], candidate.cost
            )
            for candidate in mixed(problem.candidates)
            for at in [rng.permutation(len(candidate.tasks))]
        ),
        constraints=replace(
            constraints,
            together=mixed([mixed(group) for group in constraints.together]),
            apart=mixed([mixed(group) for group in constraints.apart]),
            pinned=mixed([(task, mixed(network)) for task, network in constraints.pinned]),
            excluded=mixed(constraints.excluded),
        ),
    )


@pytest.mark.parametrize("seed", range(120))
def test_permuting_the_tasks_and_all_that_is_listed_permutes_the_grouping(seed):
    rng = np.random.default_rng(seed)
    problem = random_problem(seed, 2 + seed % 6, ("mixed signs", "candidates")[seed % 2])
    problem = replace(problem, weights=tuple(rng.uniform(1, 2, len(problem.serving))))  # so that nothing ties
    permuted = shuffled(problem, rng)
    budgets = every_budget(problem)
    for before, after in zip(solve_all_budgets(problem, budgets), solve_all_budgets(permuted, budgets), strict=True):
        assert (before is None) == (after is None)
        if before:
            assert after.value == pytest.approx(before.value, rel=1e-12, abs=1e-12)
            assert members(after) == members(before)


@pytest.mark.parametrize("seed", range(60))
def test_the_names_of_the_tasks_do_not_matter(seed):
    problem = random_problem(seed, 1 + seed % 6)
    new = {task: '<&"' * (1 + place) + task for place, task in enumerate(problem.tasks)}

    def renamed(group):
        return tuple(new[task] for task in group)

    constraints = problem.constraints
    other = replace(
        problem,
        tasks=renamed(problem.tasks),
        serving=renamed(problem.serving),
        singleton=(
            {new[task]: score for task, score in problem.singleton}
            if isinstance(problem.singleton, tuple)
            else problem.singleton
        ),
        candidates=tuple(replace(candidate, tasks=renamed(candidate.tasks)) for candidate in problem.candidates),
        constraints=replace(
            constraints,
            together=tuple(map(renamed, constraints.together)),
            apart=tuple(map(renamed, constraints.apart)),
            pinned=tuple((new[task], renamed(network)) for task, network in constraints.pinned),
            excluded=renamed(constraints.excluded),
        ),
    )
    for before, after in zip(solve_all_budgets(problem), solve_all_budgets(other), strict=True):
        assert (before is None) == (after is None)
        if before:
            assert after.value == before.value
            assert after.networks == tuple(
                Network(renamed(network.tasks), renamed(network.serves), network.cost) for network in before.networks
            )


@pytest.mark.parametrize("seed", range(60))
def test_the_same_problem_gives_the_same_result_every_time(seed):
    kind = KINDS[seed % len(KINDS)]
    problem, again = random_problem(seed, 1 + seed % 7, kind), random_problem(seed, 1 + seed % 7, kind)
    for one, other in zip(solve_all_budgets(problem), solve_all_budgets(again), strict=True):
        assert (one and replace(one, seconds=0)) == (other and replace(other, seconds=0))


@pytest.mark.parametrize("seed", range(40))
def test_a_task_more_to_train_with_never_lowers_the_value_and_a_harmful_one_is_left_out(seed):
    problem = narrow_problem(seed, 2 + seed % 6, "mixed signs")
    tasks = len(problem.tasks)
    rng = np.random.default_rng(1000 + seed)
    for harm in (0.0, 1e3):
        affinity = rng.normal(size=(tasks + 1, tasks + 1)) - harm
        affinity[:tasks, :tasks] = problem.affinity
        wider = replace(problem, tasks=(*problem.tasks, "more"), affinity=affinity)
        for before, after in zip(solve_all_budgets(problem), solve_all_budgets(wider), strict=True):
            assert after.value >= before.value - 1e-12
            if harm:
                assert after.networks == before.networks


@pytest.mark.parametrize("seed", range(80))
def test_a_condition_more_never_raises_the_value_and_one_that_is_kept_already_changes_nothing(seed):
    problem = random_problem(seed, 2 + seed % 5)
    budgets = every_budget(problem)
    for condition in problem.constraints.conditions():
        freer = replace(problem, constraints=problem.constraints.without(condition))
        for held, free in zip(solve_all_budgets(problem, budgets), solve_all_budgets(freer, budgets), strict=True):
            assert held is None or free.value >= held.value - 1e-9 * scale(problem)
    for budget, solution in zip(budgets, solve_all_budgets(problem, budgets), strict=True):
        if solution:
            pinned = tuple((network.serves[0], network.tasks) for network in solution.networks)
            same = solve(problem.with_constraints(pinned=(*problem.constraints.pinned, *pinned)), budget)
            assert same.value == pytest.approx(solution.value, rel=1e-9, abs=1e-9 * scale(problem))


def scaled(problem: GroupingProblem, factor: float) -> GroupingProblem:
    singleton = problem.singleton
    if isinstance(singleton, float):
        singleton *= factor
    elif isinstance(singleton, tuple):
        singleton = {task: score * factor for task, score in singleton}
    return replace(
        problem,
        affinity=None if problem.affinity is None else problem.affinity * factor,
        singleton=singleton,
        capacities=tuple(replace(size, change=size.change * factor) for size in problem.capacities),
        candidates=tuple(
            replace(candidate, scores=tuple(score * factor for score in candidate.scores))
            for candidate in problem.candidates
        ),
    )


@given(st.integers(0, 10**6), st.integers(1, 6), st.sampled_from(KINDS), st.integers(-200, 200))
def test_scaling_every_score_by_a_power_of_two_scales_the_value_and_keeps_the_networks(seed, tasks, kind, power):
    problem = random_problem(seed, tasks, kind)
    factor = 2.0**power
    for before, after in zip(solve_all_budgets(problem), solve_all_budgets(scaled(problem, factor)), strict=True):
        assert (before is None) == (after is None)
        if before:
            assert after.value == before.value * factor and after.networks == before.networks


@given(st.integers(0, 10**6), st.integers(1, 6), st.sampled_from(KINDS), st.floats(1e-6, 1e6))
def test_scaling_every_score_scales_the_value(seed, tasks, kind, factor):
    problem = random_problem(seed, tasks, kind)
    for before, after in zip(solve_all_budgets(problem), solve_all_budgets(scaled(problem, factor)), strict=True):
        assert (before is None) == (after is None)
        if before:
            tolerance = 1e-9 * factor * (scale(problem) + 1e-3)
            assert after.value == pytest.approx(before.value * factor, rel=1e-9, abs=tolerance)


@pytest.mark.parametrize("seed", range(40))
def test_scaling_all_weights_changes_nothing(seed):
    problem = random_problem(seed, 2 + seed % 5, "mixed signs")
    weights = np.random.default_rng(seed).uniform(0.1, 3, len(problem.serving))
    light, heavy = (replace(problem, weights=tuple(factor * weights)) for factor in (1, 8))
    for one, other in zip(solve_all_budgets(light), solve_all_budgets(heavy), strict=True):
        assert (one and (one.networks, one.value)) == (other and (other.networks, other.value))


def test_a_task_of_large_weight_gets_the_network_that_it_wants():
    affinity = [[0, -1, 0], [3, 0, 0], [0, 0, 0]]  # b helps a, a harms b
    problem = GroupingProblem(tuple("abc"), affinity, ("a", "b"), weights={"b": 100})
    assert [network.tasks for network in solve(problem, 1).networks] == [("a", "b", "c")]
    assert solve(problem, 1).value == pytest.approx((1.5 - 100 * 0.5) / 101)
    assert [network.tasks for network in solve(problem, 2).networks] == [("a", "b"), ("b", "c")]
