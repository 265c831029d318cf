import numpy as np
import pytest

from engine.errors import KindredError
from engine.grouping import exact_subsets, integer_program
from engine.grouping.constraints import Constraints
from engine.grouping.problem import GroupingProblem
from engine.grouping.solution import evaluate
from engine.grouping.stop import Stop
from tests.engine.grouping.references import MATRICES, by_partitions, narrow_problem, random_problem

KINDS = list(MATRICES)
BACKENDS = integer_program.BACKENDS


def normal(tasks: int, seed: int = 0) -> GroupingProblem:
    affinity = np.random.default_rng(seed).normal(size=(tasks, tasks))
    return GroupingProblem(tuple(f"t{number}" for number in range(tasks)), affinity)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("seed", range(150))
def test_agrees_with_a_search_through_all_partitions(seed, backend):
    problem = random_problem(seed, 1 + seed % 5)
    budgets = problem.budgets()
    budget = budgets[seed * 7 % len(budgets)]
    best = by_partitions(problem, [budget])[0]
    found = integer_program.solve(problem, budget, backend=backend)
    assert (found is None) == (best is None)
    if found is not None:
        assert found.value == pytest.approx(best[0], rel=1e-6, abs=1e-6)
        assert found.value == evaluate(problem, found.networks, budget) == found.bound
        assert found.proved_optimal and found.gap == 0 and backend in found.certificate.rests_on
        assert found.solver == "integer_program" and found.budget == budget and found.seconds > 0
        assert found.trace[-1].value == found.value and found.trace[-1].bound == found.bound


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("seed", range(70))
def test_its_error_is_a_small_part_of_what_a_larger_budget_can_gain(seed, backend):
    problem = narrow_problem(seed, 2 + seed % 6, KINDS[seed % len(KINDS)])
    budget = 1 + seed % 3
    found, exact = integer_program.solve(problem, budget, backend=backend), exact_subsets.solve(problem, budget)
    more = exact_subsets.solve(problem, len(problem.serving)).value - exact_subsets.solve(problem, 1).value
    assert found.value == pytest.approx(exact.value, rel=0, abs=1e-6 * more + 1e-15 * abs(exact.value))


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("seed", range(20, 24))
def test_a_grouping_that_is_better_by_a_hair_is_not_dropped(seed, backend):
    rng = np.random.default_rng(seed)
    affinity = rng.integers(-2, 3, (5, 5)) + 1e-4 * rng.normal(size=(5, 5))
    problem = GroupingProblem(tuple("abcde"), affinity)
    exact = exact_subsets.solve(problem, 2).value
    assert integer_program.solve(problem, 2, backend=backend).value == pytest.approx(exact, rel=0, abs=1e-6)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_task_that_every_other_is_far_better_without_does_not_blur_the_rest(backend):
    """All in two networks lose millions; with one more budget the loss is of the order of one."""
    rng = np.random.default_rng(0)
    affinity = rng.normal(size=(7, 7))
    affinity[:2] -= 1e8
    problem = GroupingProblem(tuple("abcdefg"), affinity, singleton=0.0)
    for budget in (2, 3, 4):
        exact = exact_subsets.solve(problem, budget).value
        found = integer_program.solve(problem, budget, backend=backend).value
        assert found == pytest.approx(exact, rel=1e-6)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_budget_above_what_anything_costs_buys_no_more(backend):
    problem = random_problem(3, 4, "mixed signs")
    last = problem.budgets()[-1]
    most = integer_program.solve(problem, 50, backend=backend)
    assert most.value == pytest.approx(exact_subsets.solve(problem, last).value)


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_no_network_serves_within_the_budget_has_no_solution(backend):
    apart = GroupingProblem(("a", "b"), np.ones((2, 2)), constraints=Constraints(apart=(("a", "b"),)))
    assert integer_program.solve(apart, 3, backend=backend) is None  # neither may be alone
    alone = GroupingProblem(("a", "b"), np.ones((2, 2)), singleton=0.0, constraints=Constraints(max_size=1))
    assert integer_program.solve(alone, 1, backend=backend) is None
    assert integer_program.solve(alone, 2, backend=backend).value == 0.0
    assert integer_program.solve(alone, 0.5, backend=backend) is None


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("limit", [0.001, 0.05, 0.2])
def test_a_time_limit_that_is_met_leaves_a_feasible_grouping_and_an_honest_bound(limit, backend):
    problem = normal(13)
    hurried = integer_program.solve(problem, 4, time_limit=limit, backend=backend)
    exact = exact_subsets.solve(problem, 4).value
    assert hurried.value == evaluate(problem, hurried.networks, 4)
    assert hurried.value <= exact + 1e-9 <= hurried.bound + 2e-9
    assert 0 <= hurried.gap <= 2 and hurried.seconds < limit + 5
    if limit == 0.001:
        assert not hurried.proved_optimal and "time" in hurried.certificate.rests_on


def test_a_stop_that_was_called_ends_it():
    with Stop(1e-9) as stop:
        stop.now()
        hurried = integer_program.solve(normal(10), 4, time_limit=-1, stop=stop)
    assert hurried.bound > hurried.value == evaluate(hurried.problem, hurried.networks, 4)


@pytest.mark.parametrize("backend", BACKENDS)
def test_task_names_never_reach_the_solver(backend):
    names = ('a b"<script>', "c + d >= 2", "[\n]")
    problem = GroupingProblem(names, np.random.default_rng(0).normal(size=(3, 3)))
    found = integer_program.solve(problem, 2, backend=backend)
    assert found.value == pytest.approx(exact_subsets.solve(problem, 2).value)


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_backends_say_nothing(capfd, backend):
    integer_program.solve(random_problem(0, 4), 2, backend=backend)
    assert capfd.readouterr() == ("", "")


def test_seventeen_units_are_refused_with_the_way_out():
    with pytest.raises(KindredError, match="17 .* at most 16, .* use the solver column_generation"):
        integer_program.solve(normal(17), 2)
    names = tuple(f"t{number}" for number in range(17))
    pair = GroupingProblem(names, np.zeros((17, 17)), names[:4], constraints=Constraints(together=(names[:2],)))
    assert integer_program.solve(pair, 2).value == 0.0


def test_an_unknown_backend_is_refused():
    with pytest.raises(KindredError, match="no backend 'glpk'; choose 'cbc' or 'highs'"):
        integer_program.solve(normal(3), 1, backend="glpk")


@pytest.mark.parametrize("limit", [0, -1.0, float("nan")])
def test_a_time_limit_that_is_no_time_is_refused(limit):
    with pytest.raises(KindredError, match="The time limit is .* give a positive number"):
        integer_program.solve(normal(3), 1, time_limit=limit)


def test_a_budget_that_is_none_is_refused():
    with pytest.raises(KindredError, match="half steps"):
        integer_program.solve(normal(3), 0)
