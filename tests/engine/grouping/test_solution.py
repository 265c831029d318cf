import math
from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import KindredError
from engine.grouping.candidates import Candidate
from engine.grouping.capacity import HALF_SINGLE, Capacity
from engine.grouping.constraints import Constraints
from engine.grouping.exact_subsets import solve_all_budgets
from engine.grouping.problem import GroupingProblem
from engine.grouping.solution import Certificate, Network, Prices, Solution, evaluate, relative_gap, weighted_mean
from tests.engine.grouping.references import Plain, hundredths, random_problem

PROBLEM = GroupingProblem(("a", "b", "c"), [[9.0, 1.0, 2.0], [3.0, 8.0, 4.0], [5.0, 6.0, 7.0]], ("a", "b"))
AB, BC = Network(("a", "b"), ("a",)), Network(("b", "c"), ("b",))


def test_the_value_is_the_mean_score_of_the_serving_tasks():
    assert evaluate(PROBLEM, [AB, BC]) == (3 + 6) / 2
    assert evaluate(PROBLEM, [Network(("a", "b", "c"), ("a", "b"))]) == ((3 + 5) / 2 + (1 + 6) / 2) / 2


def test_the_value_does_not_depend_on_any_order():
    rng = np.random.default_rng(0)
    names = tuple("abcdef")
    problem = GroupingProblem(names, rng.normal(size=(6, 6)))
    values = {evaluate(problem, [Network(order, order[::-1])]) for order in permutations(names)}
    assert len(values) == 1


@pytest.mark.parametrize("seed", range(60))
def test_the_value_is_that_of_the_definition(seed):
    problem = random_problem(seed, 1 + seed % 6)
    plain = Plain(problem)
    for solution in filter(None, solve_all_budgets(problem)):
        total = 0.0
        for network in solution.networks:
            cost = hundredths(round(network.cost, 9)) - plain.head * (len(network.serves) - 1)
            total += plain.worth(frozenset(network.serves), frozenset(network.tasks), cost)
        expected = total / sum(plain.weight.values())
        assert evaluate(problem, solution.networks[::-1], solution.budget) == pytest.approx(expected, abs=1e-9)


def test_the_value_weighs_each_serving_task():
    weighted = replace(PROBLEM, weights={"a": 3})
    assert evaluate(weighted, [AB, BC]) == (3 * 3 + 6) / 4
    assert weighted_mean(weighted, [5, 1]) == 4 and weighted_mean(PROBLEM, [5, 1]) == 3


def test_a_network_of_another_size_scores_by_its_size():
    sized = replace(PROBLEM, capacities=(Capacity(), Capacity(0.5, 2, -1)), head_cost=0.25)
    assert evaluate(sized, [replace(AB, cost=0.5), BC], 1.5) == (3 - 1 + 6) / 2
    both = Network(("a", "b"), ("a", "b"), 0.75)
    assert evaluate(sized, [both], 1) == (3 - 1 + 1 - 1) / 2
    assert evaluate(sized, [replace(both, cost=1.25)], 1.5) == (3 + 1) / 2


def test_the_heads_may_fill_the_budget_to_the_last_bit():
    names = tuple("abcdefgh")
    sized = GroupingProblem(names, np.ones((8, 8)), head_cost=0.1, capacities=(Capacity(0.3),))
    assert evaluate(sized, [Network(names, names, 0.3 + 7 * 0.1)], 1) == 1
    assert evaluate(sized, [Network(names, names, sum([0.3, *[0.1] * 7]))], 1) == 1


def test_candidates_are_worth_what_was_measured():
    candidates = [Candidate(("a", "b"), (1, 2)), Candidate(("b", "a"), (30, 40), 0.5), Candidate(("b",), (7,))]
    measured = GroupingProblem(("a", "b"), candidates=candidates)
    assert evaluate(measured, [Network(("b", "a"), ("a", "b"))]) == 1.5
    assert evaluate(measured, [Network(("a", "b"), ("a",)), Network(("b",), ("b",))], 2) == 4
    assert evaluate(measured, [Network(("a", "b"), ("a",), 0.5), Network(("b",), ("b",))], 1.5) == 23.5


def test_a_network_may_serve_nobody():
    assert evaluate(PROBLEM, [AB, BC, Network(("c",), ())]) == evaluate(PROBLEM, [AB, BC])


@pytest.mark.parametrize(
    ("networks", "sentence"),
    [
        ([AB], "'b' is served by no network"),
        ([], "'a' is served by no network"),
        ([AB, replace(BC, tasks=("a", "b"), serves=("a", "b"))], "'a' is served more than once"),
        ([AB, replace(BC, serves=("b", "b"))], "'b' is served more than once"),
        ([AB, replace(BC, tasks=("b", "x"))], "Network 2 holds 'x', which is not among the tasks a, b, c"),
        ([AB, replace(BC, tasks=("b", "c", "b"))], "Network 2 names a task twice (b, c, b)"),
        ([AB, replace(BC, tasks=("c", "a"))], "Network 2 serves 'b' but does not hold it"),
        ([AB, replace(BC, serves=("b", "c"))], "Network 2 serves 'c', which is no serving task"),
        ([AB, replace(BC, tasks=("b",))], "'b' is alone in its network, which singleton='forbid' rules out"),
        (
            [AB, replace(BC, cost=0.5)],
            "Network 2 costs 0.5 SNT, and one that serves 1 tasks costs 1 SNT here; correct the cost",
        ),
        ([AB, BC, BC], "'b' is served more than once"),
        ([AB, BC, Network(("c",), ())], "The networks cost 3 SNT, above the budget of 2; drop a network"),
    ],
)
def test_an_infeasible_grouping_is_refused_by_the_rule_it_breaks(networks, sentence):
    with pytest.raises(KindredError) as refused:
        evaluate(PROBLEM, networks, budget=2)
    assert sentence in str(refused.value)


EVERYONE = Network(("a", "b", "c"), ("a", "b", "c"))
A, B, C = (Network((task,), (task,)) for task in "abc")


@pytest.mark.parametrize(
    ("changes", "networks", "sentence"),
    [
        (
            {"head_cost": 0.25, "capacities": (Capacity(), HALF_SINGLE)},
            [replace(EVERYONE, cost=2)],
            "Network 1 costs 2 SNT, and one that serves 3 tasks costs 1 or 1.5 SNT here; correct the cost",
        ),
        (
            {"capacities": (Capacity(), HALF_SINGLE)},
            [replace(EVERYONE, cost=0.5)],
            "Network 1 holds 3 tasks, above the limit of 1",
        ),
        ({"constraints": Constraints(max_size=2)}, [EVERYONE], "Network 1 holds 3 tasks, above the limit of 2"),
        (
            {"constraints": Constraints(max_auxiliaries=0)},
            [A, B, replace(EVERYONE, serves=("c",))],
            "Network 3 holds 2 auxiliaries, above the limit of 0",
        ),
        (
            {"constraints": Constraints(max_auxiliaries=1)},
            [EVERYONE, Network(("a", "b"), ())],
            "Network 2 holds 2 auxiliaries, above the limit of 1",
        ),
        (
            {"constraints": Constraints(apart=(("a", "c"),))},
            [A, replace(EVERYONE, serves=("b",)), C],
            "Network 2 holds 'a' and 'c', which are kept apart",
        ),
        (
            {"serving": ("a", "b"), "constraints": Constraints(excluded=("c",))},
            [A, BC],
            "Network 2 holds 'c', which is",
        ),
        (
            {"constraints": Constraints(together=(("a", "b"),))},
            [replace(AB, serves=("a",)), BC, C],
            "'a' and 'b' are kept together, but are in different networks",
        ),
        (
            {"constraints": Constraints(together=(("a", "b"),))},
            [replace(EVERYONE, serves=("a",)), replace(EVERYONE, serves=("b",)), C],
            "'a' and 'b' are kept together, but are in different networks",
        ),
        (
            {"serving": ("a", "b"), "constraints": Constraints(together=(("a", "b", "c"),))},
            [replace(AB, serves=("a", "b"))],
            "'a' and 'c' are kept together, but are in different networks",
        ),
        (
            {"constraints": Constraints(pinned={"b": ["b", "c"]})},
            [EVERYONE],
            "'b' is pinned to the network b, c, but served by another one",
        ),
        (
            {"affinity": None, "candidates": (Candidate(("a", "b", "c"), (1, 2, 3)), Candidate(("a",), (1,), 0.5))},
            [replace(A, cost=1), replace(EVERYONE, serves=("b", "c"))],
            "'a' is served by a at 1 SNT, which is no candidate network; choose one",
        ),
    ],
)
def test_a_grouping_that_breaks_a_condition_is_refused_by_it(changes, networks, sentence):
    choices = {"tasks": PROBLEM.tasks, "affinity": PROBLEM.affinity, "singleton": 0.0} | changes
    with pytest.raises(KindredError) as refused:
        evaluate(GroupingProblem(**choices), networks, budget=9)
    assert sentence in str(refused.value)


def test_conditions_that_are_kept_refuse_nothing():
    kept = Constraints(
        together=(("a", "c"),),
        apart=(("b", "a"), ("b", "c")),
        pinned={"b": ["b"]},
        max_size=2,
        max_auxiliaries=1,
    )
    kept = replace(PROBLEM, singleton=0.0, constraints=kept)
    assert evaluate(kept, [Network(("a", "c"), ("a",)), B], budget=2) == 5 / 2


def test_two_tasks_kept_with_one_auxiliary_may_be_in_two_networks():
    kept = replace(PROBLEM, constraints=Constraints(together=(("a", "c"), ("b", "c"))))
    assert evaluate(kept, [Network(("a", "c"), ("a",)), BC]) == (5 + 6) / 2


def test_a_group_of_auxiliaries_asks_for_nothing():
    four = GroupingProblem(tuple("abcd"), np.ones((4, 4)), ("a", "b"), constraints=Constraints(together=(("c", "d"),)))
    assert evaluate(four, [Network(("a", "b", "c"), ("a", "b"))]) == 1


def solution(value: float, bound: float) -> Solution:
    return Solution(PROBLEM, 2, (AB, BC), value, Certificate(bound, "by hand"), "by hand", 0.0)


def test_the_gap_is_relative_and_zero_only_where_proved():
    assert solution(4.5, 5.0).gap == pytest.approx(0.1)
    assert solution(-5.0, -4.5).gap == pytest.approx(0.1)
    assert not solution(4.5, 5.0).proved_optimal
    assert solution(4.5, 4.5).gap == 0 and solution(4.5, 4.5).proved_optimal


@given(*[st.floats(allow_nan=False, allow_infinity=False)] * 2)
def test_any_gap_is_finite_and_between_zero_and_two(one, other):
    bound, value = max(one, other), min(one, other)
    assert 0 <= relative_gap(bound, value) <= 2
    assert math.isclose(relative_gap(-value, -bound), relative_gap(bound, value))


def test_a_solution_knows_its_cost_and_holds_for_another_budget():
    found = replace(solution(4.5, 4.5), networks=(AB, replace(BC, cost=0.5)))
    assert found.cost == 1.5 and found.at(7) == replace(found, budget=7) and found.at(2) == found
    assert found.bound == found.certificate.bound == 4.5


def test_the_words_and_the_trace_do_not_make_two_solutions_differ():
    one = solution(1.0, 2.0)
    assert one == replace(one, certificate=Certificate(2.0, "otherwise"))
    assert one != replace(one, certificate=Certificate(2.5, "by hand"))


@pytest.mark.parametrize("seed", range(40))
def test_what_each_task_scores_in_its_best_network_are_prices_that_bound_every_grouping(seed):
    problem = random_problem(seed, 2 + seed % 4, "mixed signs")
    plain = Plain(problem)
    highest = {
        task: max(filter(None, (plain.score(task, n, c) for n in plain.networks if task in n for c in plain.costs)))
        for task in problem.serving
    }
    weight = sum(plain.weight.values())
    prices = Prices(tuple(plain.weight[task] * highest[task] / weight for task in problem.serving), 0.0)
    for found in filter(None, solve_all_budgets(problem)):
        assert found.value <= prices.bound(found.budget) + 1e-9


def test_the_bound_of_prices_grows_with_the_budget_by_the_price_of_an_snt():
    prices = Prices((1.0, -0.5), 0.25)
    assert [prices.bound(budget) for budget in (0.5, 1, 4)] == [0.625, 0.75, 1.5]
