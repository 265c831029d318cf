import math
from dataclasses import fields, replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import KindredError
from engine.grouping.candidates import Candidate
from engine.grouping.capacity import FULL, HALF_SINGLE, Capacity
from engine.grouping.constraints import Constraints
from engine.grouping.problem import HIGHER, LOWER, GroupingProblem, check_budget, parse_singleton
from tests.engine.grouping.references import random_problem

TASKS = ("a", "b", "c")
AFFINITY = np.array([[9.0, 1.0, 2.0], [3.0, 8.0, 4.0], [5.0, 6.0, 7.0]])
CANDIDATES = (Candidate(("a", "b"), (1, 2)), Candidate(("b", "a"), (3, 4), 0.5), Candidate(("c",), (5,)))


def problem(**changes) -> GroupingProblem:
    return GroupingProblem(**{"tasks": TASKS, "affinity": AFFINITY} | changes)


def of_candidates(**changes) -> GroupingProblem:
    return GroupingProblem(**{"tasks": TASKS, "candidates": CANDIDATES} | changes)


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


def test_each_task_alone_may_score_by_a_number_of_its_own():
    measured = problem(singleton={"b": 2, "a": 1, "c": 3})
    assert [measured.score(task, [task]) for task in TASKS] == [measured.alone(task) for task in TASKS] == [1, 2, 3]
    assert problem(serving=["c"], singleton={"c": 3}).alone("c") == 3  # the others are never served


@pytest.mark.parametrize("aggregate", ["mean", "sum"])
def test_the_size_of_a_network_changes_each_score_by_its_amount(aggregate):
    sizes = (Capacity(2, None, 0.5), FULL, Capacity(0.5, 1, -0.25))
    sized = problem(aggregate=aggregate, singleton="diagonal", capacities=sizes)
    for network in ("ab", "abc", "b"):
        full = sized.score("b", network, 1.0)
        assert full == problem(aggregate=aggregate, singleton="diagonal").score("b", network)
        assert (
            sized.score("b", network, 2.0) == full + 0.5 == sized.score("b", network)
        )  # the largest where none is said
        assert sized.score("b", network, 0.5) == full - 0.25


def test_candidates_score_as_was_measured_at_each_cost_and_other_networks_not_at_all():
    measured = of_candidates()
    assert [measured.score("a", "ab", 1), measured.score("b", "ba", 1)] == [1, 2]
    assert [measured.score("a", "ab", 0.5), measured.score("b", "ab", 0.5)] == [4, 3]
    assert measured.score("a", "ab") == 1 and measured.score("c", "c") == 5
    assert measured.score("c", "c", 0.5) == measured.score("a", "abc") == measured.score("a", "a") == -math.inf


def test_losses_are_shown_positive_and_everything_else_as_it_is():
    assert [of_candidates(direction=LOWER).shown(-0.5), of_candidates().shown(-0.5), problem().shown(2)] == [
        0.5,
        -0.5,
        2,
    ]


def test_what_networks_can_cost_is_listed_once_and_ascending():
    assert problem(capacities=(Capacity(2), HALF_SINGLE, FULL)).costs == (0.5, 1, 2)
    assert of_candidates().costs == (0.5, 1) and problem().costs == (1,)


def test_the_cost_tells_the_capacity_once_the_heads_are_taken_off():
    sized = problem(capacities=(HALF_SINGLE, FULL), head_cost=0.1)
    assert [sized.capacity_of(served, 1 + 0.1 * (served - 1)) for served in (1, 2, 3)] == [1, 1, 1]
    assert sized.capacity_of(3, 0.1 + 0.1 + 0.5) == 0.5 and sized.capacity_of(0, 0.5) == 0.5
    assert sized.capacity_of(2, 1) is None and sized.capacity_of(1, 2) is None


@pytest.mark.parametrize(
    ("changes", "budgets"),
    [
        ({}, (1, 2, 3)),
        ({"serving": ["b"]}, (1,)),
        ({"capacities": (HALF_SINGLE, FULL)}, (0.5, 1, 1.5, 2, 2.5, 3)),
        ({"capacities": (FULL, Capacity(2))}, (1, 2, 3, 4, 5, 6)),
        ({"head_cost": 0.25}, (1.5, 2, 2.5, 3)),
        ({"serving": ["b"], "head_cost": 0.25}, (1,)),
        ({"capacities": (Capacity(4),)}, tuple(range(4, 13))),
        ({"capacities": (Capacity(1.2),), "head_cost": 0.1}, (1.5, 2, 2.5, 3, 3.5, 4)),
    ],
)
def test_the_budgets_run_from_the_cheapest_network_for_all_to_the_dearest_for_each(changes, budgets):
    found = problem(**changes).budgets()
    assert found == budgets
    assert all(type(budget) is (int if budget == int(budget) else float) for budget in found)


def test_weights_can_be_given_by_name_and_are_one_where_none_is_given():
    assert problem(weights={"b": 2}).weights == (1, 2, 1) == problem(weights=[1, 2, 1]).weights
    assert problem(serving=["c", "a"], weights={"a": 3}).weights == (1, 3)


def test_equal_weights_are_none():
    assert problem(weights=[2, 2, 2]).weights is None and problem(weights={}) == problem() == problem(weights=[1] * 3)


def test_capacities_are_kept_in_the_order_of_their_cost():
    assert problem(capacities=[FULL, HALF_SINGLE]).capacities == (HALF_SINGLE, FULL)
    assert Capacity(0.5, 1, 0) == HALF_SINGLE and Capacity() == Capacity(1, None, 0.0) == FULL


def test_excluded_tasks_are_not_served_unless_they_are_named():
    assert problem(constraints=Constraints(excluded=("b",))).serving == ("a", "c")
    assert problem(serving=["b", "a"], constraints=Constraints(excluded=("b",))).serving == ("b", "a")


def test_other_constraints_replace_those_that_are_named_only():
    limited = problem(constraints=Constraints(max_size=2)).with_constraints(apart=[["a", "b"]])
    assert limited.constraints == Constraints(max_size=2, apart=(("a", "b"),))
    assert limited.with_constraints(max_size=None) == problem(constraints=Constraints(apart=(("a", "b"),)))


@pytest.mark.parametrize("seed", range(60))
def test_a_copy_equals_its_original(seed):
    original = random_problem(seed, 1 + seed % 5)
    assert replace(original) == original and hash(replace(original)) == hash(original)
    given_again = {field.name: getattr(original, field.name) for field in fields(original)}
    assert GroupingProblem(**given_again) == original


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
        problem(singleton=dict.fromkeys(TASKS, 0)),
        problem(weights=[1, 2, 1]),
        problem(capacities=(FULL, HALF_SINGLE)),
        problem(head_cost=0.1),
        problem(direction=LOWER),
        problem(constraints=Constraints(max_size=2)),
        of_candidates(),
        of_candidates(candidates=CANDIDATES[1:]),
        of_candidates(direction=LOWER),
    ]
    assert all(problem() != other for other in others)
    assert len(set(others)) == len(others)
    assert problem() != "a problem" and of_candidates() == of_candidates(candidates=list(CANDIDATES))
    assert problem(direction=HIGHER) == problem()


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
        ({"singleton": {"a": 0, "b": 1e308, "c": 0}}, "the singleton score is 1e+308, too large to add up in float64"),
        ({"affinity": AFFINITY * 1e300, "weights": [1, 1e8, 1]}, "too large to add up in float64"),
        ({"singleton": {"a": 0, "c": 0}}, "`singleton` gives no score for the serving task 'b'; give one for each"),
        ({"singleton": {"a": 0, "b": math.nan, "c": 0}}, "`singleton` is nan; choose"),
        ({"affinity": None}, "takes either an affinity matrix or candidate networks; give one"),
        ({"candidates": CANDIDATES}, "takes either an affinity matrix or candidate networks; give one"),
        ({"direction": "lower"}, "`direction` is 'lower'; choose 'higher is better' or 'lower is better'"),
        ({"constraints": Constraints(excluded=("x",))}, "A constraint names 'x'; the tasks are a, b, c"),
        ({"constraints": Constraints(pinned={"a": ["a", "y"]})}, "A constraint names 'y'"),
        ({"constraints": Constraints(together=(("a", "z"),))}, "A constraint names 'z'"),
        ({"constraints": Constraints(apart=(("z", "a"),))}, "A constraint names 'z'"),
        (
            {"constraints": Constraints(pinned={"a": ["b", "c"]})},
            "'a' is pinned to the network b, c; pin a serving task to a network that holds it",
        ),
        (
            {"serving": ["b"], "constraints": Constraints(pinned={"a": ["a", "c"]})},
            "'a' is pinned to the network a, c; pin a serving task",
        ),
        ({"constraints": Constraints(excluded=TASKS)}, "Every task is excluded, so that there is nothing to group"),
        ({"weights": {"x": 1}}, "`weights` names 'x', which is not served; choose from a, b, c"),
        ({"serving": ["b"], "weights": {"a": 1}}, "`weights` names 'a', which is not served; choose from b"),
        ({"weights": [1, 2]}, "`weights` has 2 numbers for 3 serving tasks; give one for each"),
        ({"weights": [1, 0, 1]}, "The weight of 'b' is 0; give a finite number above 0"),
        ({"weights": {"c": -1}}, "The weight of 'c' is -1; give a finite number above 0"),
        ({"weights": [1, 1, math.inf]}, "The weight of 'c' is inf; give a finite number above 0"),
        ({"capacities": ()}, "`capacities` is empty; give at least one size"),
        ({"capacities": (FULL, Capacity(1, 2))}, "Two capacities cost 1 SNT; give each size a cost of its own"),
        ({"head_cost": -0.1}, "`head_cost` is -0.1; give a finite number of at least 0"),
        ({"head_cost": math.nan}, "`head_cost` is nan; give a finite number of at least 0"),
        ({"head_cost": True}, "`head_cost` is True; give a finite number"),
        ({"head_cost": 1}, "`head_cost` is 1 SNT, and the smallest network costs 1 with its first head; a head must"),
        ({"capacities": (FULL, HALF_SINGLE), "head_cost": 0.5}, "`head_cost` is 0.5 SNT, and the smallest network"),
    ],
)
def test_what_breaks_a_rule_is_refused_with_the_way_out(changes, sentence):
    with pytest.raises(KindredError) as refused:
        problem(**changes)
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"candidates": ()}, "takes either an affinity matrix or candidate networks; give one"),
        (
            {"candidates": (*CANDIDATES, Candidate(("a", "x"), (1, 1)))},
            "The candidate network a, x holds 'x', which is not among the tasks a, b, c; leave it out",
        ),
        (
            {"candidates": (*CANDIDATES, Candidate(("b", "a"), (1, 1)))},
            "The candidate network b, a at 1 SNT is given twice; give each once",
        ),
        (
            {"candidates": CANDIDATES[:2]},
            "No candidate network holds the serving task 'c'; give one that does, or do not serve it",
        ),
        ({"tasks": ("a", "b", "a")}, "'a' occurs twice"),
        ({"head_cost": 0.5}, "`head_cost` is 0.5 SNT, and the smallest network costs 0.5"),
    ],
)
def test_candidates_that_break_a_rule_are_refused_with_the_way_out(changes, sentence):
    with pytest.raises(KindredError) as refused:
        of_candidates(**changes)
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"cost": 0}, "A capacity's cost is 0; give a finite number above 0"),
        ({"cost": -1}, "A capacity's cost is -1; give a finite number above 0"),
        ({"cost": math.inf}, "A capacity's cost is inf; give a finite number above 0"),
        ({"cost": "1"}, "A capacity's cost is '1'; give a finite number above 0"),
        ({"cost": True}, "A capacity's cost is True; give a finite number above 0"),
        pytest.param({"cost": 10**400}, "give a finite number above 0", id="too large for a float"),
        ({"change": math.nan}, "A capacity's change of score is nan; give a finite number"),
        ({"max_size": 0}, "A capacity's `max_size` is 0; give a whole number of at least 1, or none"),
        ({"max_size": 1.5}, "A capacity's `max_size` is 1.5; give a whole number of at least 1, or none"),
    ],
)
def test_a_size_that_breaks_a_rule_is_refused_with_the_way_out(arguments, sentence):
    with pytest.raises(KindredError) as refused:
        Capacity(**arguments)
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


@pytest.mark.parametrize(
    ("given", "budget"),
    [
        (1, 1),
        (0.5, 0.5),
        (2.0, 2),
        (2.49, 2),
        (2.5, 2.5),
        (2.99, 2.5),
        (0.1 + 0.2 + 0.2, 0.5),
        (3 * 0.1 + 7 * 0.1, 1),
        (0.7 + 0.1 + 0.2 - 1e-15, 1),
        (np.int64(3), 3),
        (np.float32(1.5), 1.5),
        (Fraction(7, 3), 2),
        (10**9, 10**9),
    ],
)
def test_a_budget_is_rounded_down_to_half_steps_and_a_whole_one_is_an_int(given, budget):
    found = check_budget(given)
    assert found == budget and type(found) is type(budget)


@given(st.floats(0.5, 1e6))
def test_a_budget_is_never_rounded_up_but_for_what_is_no_difference_and_stays_as_it_is_once_rounded(budget):
    found = check_budget(budget)
    assert budget - 0.5 < found <= budget + 1e-9 and 2 * found == int(2 * found) and check_budget(found) == found


@pytest.mark.parametrize(
    ("budget", "sentence"),
    [
        (0, "The budget is 0 SNT; budgets go in half steps from 0.5 SNT on"),
        (0.49, "The budget is 0.49 SNT; budgets go in half steps from 0.5 SNT on"),
        (-2, "The budget is -2 SNT; budgets go in half steps from 0.5 SNT on"),
        ("2", "The budget is '2'; give a number of SNT in half steps, such as 2.5"),
        (True, "The budget is True; give a number of SNT in half steps"),
        (np.bool_(True), "True_; give a number of SNT in half steps"),
        (None, "The budget is None; give a number of SNT in half steps"),
        (math.nan, "The budget is nan; give a number of SNT in half steps"),
        (math.inf, "The budget is inf; give a number of SNT in half steps"),
        (-math.inf, "The budget is -inf; give a number of SNT in half steps"),
        pytest.param(10**400, "give a number of SNT in half steps", id="too large for a float"),
        (1j, "The budget is 1j; give a number of SNT in half steps"),
    ],
)
def test_another_budget_is_refused(budget, sentence):
    with pytest.raises(KindredError) as refused:
        check_budget(budget)
    assert sentence in str(refused.value)
