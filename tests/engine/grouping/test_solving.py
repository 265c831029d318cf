from dataclasses import replace

import numpy as np
import pytest

from engine.errors import KindredError
from engine.grouping import solving
from engine.grouping.column_generation import ColumnGeneration
from engine.grouping.constraints import Constraints
from engine.grouping.exact_subsets import solve_all_budgets
from engine.grouping.problem import GroupingProblem
from engine.grouping.solving import improve_frontier, solve, solve_frontier
from engine.grouping.stop import Stop
from tests.engine.grouping.test_column_generation import structured


def test_a_small_problem_is_proved_by_the_exact_solver():
    problem = structured(8)
    assert solve(problem, 3).solver == "exact_subsets"
    apart = [(each.budget, each.networks, each.value) for each in solve_all_budgets(problem)]
    assert [(each.budget, each.networks, each.value) for each in solve_frontier(problem)] == apart


@pytest.mark.parametrize("solver", ["exact_subsets", "column_generation", "integer_program", "branch_and_bound"])
def test_every_exact_solver_gives_the_same_value(solver):
    problem = structured(7, 4)
    assert solve(problem, 3, solver=solver).value == pytest.approx(solve(problem, 3).value, rel=1e-9)


def test_an_unknown_solver_is_named_with_its_neighbours():
    with pytest.raises(KindredError, match="no solver 'exact_subset'.*Did you mean 'exact_subsets'"):
        solve(structured(4), 2, solver="exact_subset")


def test_an_infeasible_problem_is_refused_with_what_conflicts():
    problem = GroupingProblem(
        ("a", "b", "c"), np.ones((3, 3)), constraints=Constraints(together=(("a", "b"),), apart=(("a", "b"),))
    )
    with pytest.raises(KindredError, match="keep a, b together.*keep a, b apart"):
        solve(problem, 2)


def test_a_large_frontier_grows_with_the_budget_and_its_bounds_hold():
    problem = structured(24, 5)
    seen = []
    with Stop(60) as stop:
        for frontier in improve_frontier(problem, stop, first=4):
            seen.append(frontier)
            values = [solution.value for solution in frontier if solution is not None]
            bounds = [solution.bound for solution in frontier if solution is not None]
            assert values == sorted(values) and all(b >= v for b, v in zip(bounds, values, strict=True))
    assert all(solution.proved_optimal for solution in seen[-1])
    proved_at = [
        next(number for number, frontier in enumerate(seen) if frontier[place] and frontier[place].proved_optimal)
        for place in range(4)
    ]
    assert proved_at[3] < proved_at[1]  # the budget that was asked for comes first
    assert [s.value for s in seen[-1]] == pytest.approx([solve(problem, s.budget).value for s in seen[-1]], rel=1e-9)


def test_a_frontier_that_is_stopped_keeps_a_first_answer_for_every_budget():
    rng = np.random.default_rng(0)
    problem = GroupingProblem(tuple(f"t{n}" for n in range(40)), rng.normal(size=(40, 40)))
    frontier = solve_frontier(problem, time_limit=2.0, budgets=(2, 3, 4))
    assert all(solution is not None and solution.value <= solution.bound for solution in frontier)
    assert not all(solution.proved_optimal for solution in frontier)


def test_a_budget_without_a_first_answer_takes_the_one_before_and_a_bound_that_holds_for_it(monkeypatch):
    problem = structured(18, 2)
    improve = ColumnGeneration.improve

    def blind_from_two_on(self, budget, stop):
        yield from () if budget >= 2 else improve(self, budget, stop)

    best = [solve(problem, budget).value for budget in (1, 2, 3)]
    monkeypatch.setattr(ColumnGeneration, "improve", blind_from_two_on)
    with Stop(5) as stop:
        first = next(improve_frontier(problem, stop, (1, 2, 3)))
    assert [solution.budget for solution in first] == [1, 2, 3]
    assert first[0].networks == first[2].networks
    assert all(solution.bound >= value for solution, value in zip(first, best, strict=True))


def test_a_bound_for_a_smaller_budget_is_never_passed_on_to_a_larger_one():
    problem = structured(8)
    one, two, three = (solve(problem, budget) for budget in (1, 2, 3))
    assert one.value < two.value < three.value
    filled = solving._monotone((1, 2, 3), [one, None, three])
    assert filled[1] is None
    poor = replace(two, networks=one.networks, value=one.value, certificate=replace(two.certificate, bound=9.0))
    assert solving._monotone((2, 3), [three.at(2), poor.at(3)])[1].bound == 9.0


def test_a_frontier_that_is_stopped_at_once_still_fills_every_budget():
    problem = structured(60, 1)
    frontier = solve_frontier(problem, time_limit=0.2)
    assert [solution.budget for solution in frontier] == list(range(1, 61))
    assert all(solution.value <= solution.bound for solution in frontier)
