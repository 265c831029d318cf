import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import KindredError
from engine.grouping.problem import GroupingProblem, check_budget, parse_singleton

TASKS = ("a", "b", "c")
AFFINITY = np.array([[9.0, 1.0, 2.0], [3.0, 8.0, 4.0], [5.0, 6.0, 7.0]])


def problem(**changes) -> GroupingProblem:
    return GroupingProblem(**{"tasks": TASKS, "affinity": AFFINITY} | changes)


def test_the_score_is_the_mean_of_the_affinities_of_the_others_onto_the_task():
    assert problem().score("a", "abc") == (3 + 5) / 2  # column a, rows b and c
    assert problem().score("b", ["a", "b"]) == 1


def test_the_score_by_sum_adds_them():
    assert problem(aggregate="sum").score("a", TASKS) == 3 + 5


def test_the_order_of_the_members_and_naming_one_twice_do_not_change_a_score():
    assert problem().score("a", ["c", "b", "a", "b"]) == problem().score("a", ["a", "b", "c"])


@pytest.mark.parametrize("aggregate", ["mean", "sum"])
def test_a_task_alone_scores_by_the_singleton_rule(aggregate):
    assert problem(aggregate=aggregate).score("b", ["b"]) == -math.inf
    assert problem(aggregate=aggregate, singleton="diagonal").score("b", ["b"]) == 8
    assert problem(aggregate=aggregate, singleton=-0.25).score("b", ["b"]) == -0.25


def test_all_tasks_are_served_where_none_are_named():
    assert problem().serving == problem(serving=[]).serving == problem(serving=None).serving == TASKS


def test_serving_tasks_keep_the_order_they_are_given_in():
    assert problem(serving=["c", "a"]).serving == ("c", "a")


def test_a_problem_does_not_follow_later_changes_of_the_matrix_it_was_made_from():
    matrix = AFFINITY.copy()
    made = problem(affinity=matrix)
    matrix[:] = 0
    assert (made.affinity == AFFINITY).all()
    with pytest.raises(ValueError, match="read-only"):
        made.affinity[0, 0] = 0


def test_problems_are_equal_where_all_they_say_is_equal():
    assert problem() == problem(serving=TASKS) and hash(problem()) == hash(problem(serving=TASKS))
    others = [
        problem(affinity=AFFINITY + 1),
        problem(serving=("a",)),
        problem(aggregate="sum"),
        problem(singleton=0),
    ]
    assert all(problem() != other for other in others)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"serving": ["a", "x"]}, "The serving task 'x' is not among the tasks; choose from a, b, c"),
        ({"serving": ["a", "a"]}, "The serving task 'a' is named twice"),
        ({"serving": "ab"}, "`serving` is the text 'ab'; give a list of task names"),
        ({"aggregate": "median"}, "`aggregate` is 'median'; choose 'mean' or 'sum'"),
        ({"singleton": "allow"}, "`singleton` is 'allow'; choose 'forbid', 'diagonal' or a finite number"),
        ({"singleton": math.nan}, "`singleton` is nan; choose"),
        ({"singleton": math.inf}, "`singleton` is inf; choose"),
        ({"singleton": 10**400}, "choose 'forbid', 'diagonal' or a finite number"),
        ({"singleton": True}, "`singleton` is True; choose"),
        ({"singleton": None}, "`singleton` is None; choose"),
        ({"affinity": AFFINITY[:2]}, "2 × 3; it must be square"),
        ({"affinity": np.where(AFFINITY == 4, np.nan, AFFINITY)}, "The affinity of 'b' onto 'c' is nan"),
        ({"tasks": ("a", "b")}, "2 task names for a 3 × 3 affinity matrix"),
        ({"tasks": ("a", "b", "a")}, "'a' occurs twice"),
        ({"affinity": AFFINITY * 1e307}, "too large to add up in float64"),
        ({"singleton": -1e308}, "too large to add up in float64"),
    ],
)
def test_what_breaks_a_rule_is_refused_with_the_way_out(changes, sentence):
    with pytest.raises(KindredError) as refused:
        problem(**changes)
    assert sentence in str(refused.value)


def test_an_only_task_that_may_not_be_alone_is_refused_with_the_way_out():
    with pytest.raises(KindredError, match="The only task 'a' would be alone .* set `singleton` to 'diagonal'"):
        GroupingProblem(("a",), [[1.0]])
    assert GroupingProblem(("a",), [[1.0]], singleton="diagonal").score("a", ["a"]) == 1


@pytest.mark.parametrize(
    ("task", "network", "sentence"),
    [
        ("x", ["a"], "There is no task 'x'; the tasks are a, b, c"),
        ("a", ["a", "y"], "There is no task 'y'"),
        ("a", ["b", "c"], "The network b, c does not hold 'a'"),
    ],
)
def test_a_score_outside_the_network_is_refused(task, network, sentence):
    with pytest.raises(KindredError) as refused:
        problem().score(task, network)
    assert sentence in str(refused.value)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_singleton_number_survives_being_written_as_text(number):
    assert parse_singleton(f" {number!r} ") == number


@pytest.mark.parametrize("rule", ["forbid", "diagonal"])
def test_a_singleton_rule_is_read_as_itself(rule):
    assert parse_singleton(rule) == rule


@pytest.mark.parametrize("text", ["", "Forbid", "nan", "-inf", "1e999", "1,5"])
def test_another_singleton_text_is_refused_as_it_was_written(text):
    with pytest.raises(KindredError, match="choose 'forbid', 'diagonal' or a finite number"):
        parse_singleton(text)


def test_a_budget_is_any_whole_number_from_one():
    assert [check_budget(budget) for budget in (1, np.int64(3), 10**6)] == [1, 3, 10**6]


@pytest.mark.parametrize(
    ("budget", "sentence"),
    [
        (0, "The budget is 0; the least feasible budget is 1"),
        (-2, "The budget is -2; the least feasible budget is 1"),
        (2.0, "The budget is 2.0; give a whole number of networks"),
        ("2", "The budget is '2'; give a whole number of networks"),
        (True, "The budget is True; give a whole number of networks"),
        (None, "The budget is None; give a whole number of networks"),
    ],
)
def test_another_budget_is_refused(budget, sentence):
    with pytest.raises(KindredError) as refused:
        check_budget(budget)
    assert sentence in str(refused.value)
