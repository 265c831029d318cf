import math
from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import KindredError
from engine.grouping.problem import GroupingProblem
from engine.grouping.solution import Certificate, Network, Solution, evaluate, relative_gap

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
        ([AB, replace(BC, cost=0.5)], "Network 2 costs 0.5 SNT; every network costs 1 SNT"),
        ([AB, BC, BC], "'b' is served more than once"),
        ([AB, BC, Network(("c",), ())], "The networks cost 3 SNT, above the budget of 2; drop a network"),
    ],
)
def test_an_infeasible_grouping_is_refused_by_the_rule_it_breaks(networks, sentence):
    with pytest.raises(KindredError) as refused:
        evaluate(PROBLEM, networks, budget=2)
    assert sentence in str(refused.value)


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
