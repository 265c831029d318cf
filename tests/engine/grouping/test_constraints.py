from dataclasses import replace

import numpy as np
import pytest

from engine.errors import KindredError
from engine.grouping.constraints import Constraints
from engine.grouping.exact_subsets import solve_all_budgets
from tests.engine.grouping.references import random_problem

EVERYTHING = Constraints(
    together=(("a", "b"), ("c", "d", "e")),
    apart=(("a", "c"),),
    pinned=(("f", ("f", "g")),),
    excluded=("h", "i"),
    max_size=4,
    max_auxiliaries=2,
)


def test_without_any_there_is_no_condition():
    assert Constraints().conditions() == () and list(Constraints().named()) == []


def test_lists_become_tuples_so_that_constraints_can_be_compared_and_hashed():
    listed = Constraints(
        together=[["a", "b"], ["c", "d", "e"]],
        apart=iter([["a", "c"]]),
        pinned=[["f", ["f", "g"]]],
        excluded=["h", "i"],
        max_size=np.int64(4),
        max_auxiliaries=2,
    )
    assert listed == EVERYTHING and hash(listed) == hash(EVERYTHING)
    assert type(listed.max_size) is int


def test_pins_can_be_given_as_a_mapping():
    assert Constraints(pinned={"f": ["f", "g"]}).pinned == (("f", ("f", "g")),) == EVERYTHING.pinned


def test_every_task_that_a_condition_names_is_named():
    assert set(EVERYTHING.named()) == set("abcdefghi")


def test_each_condition_reads_as_a_sentence_would_say_it():
    assert [condition.text for condition in EVERYTHING.conditions()] == [
        "keep a, b together",
        "keep c, d, e together",
        "keep a, c apart",
        "pin f to the network f, g",
        "exclude h",
        "exclude i",
        "at most 4 tasks a network",
        "at most 2 auxiliaries a network",
    ]
    assert [condition.text for condition in Constraints(max_auxiliaries=0).conditions()] == ["no auxiliaries"]


def test_without_a_condition_all_others_are_left():
    conditions = EVERYTHING.conditions()
    for condition in conditions:
        left = EVERYTHING.without(condition)
        assert left.conditions() == tuple(other for other in conditions if other != condition)
        assert EVERYTHING.conditions() == conditions


def test_without_all_conditions_none_is_left_whatever_the_order():
    for order in (EVERYTHING.conditions(), EVERYTHING.conditions()[::-1]):
        left = EVERYTHING
        for condition in order:
            left = left.without(condition)
        assert left == Constraints()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"together": "ab"}, "`together` is the text 'ab'; give a list of groups, such as [['a', 'b']]"),
        ({"apart": "ab"}, "`apart` is the text 'ab'; give a list of groups"),
        ({"together": ["ab"]}, "`together` holds the text 'ab' for a list of tasks; give a list, such as ['ab']"),
        ({"apart": ["ab"]}, "`apart` holds the text 'ab' for a list of tasks"),
        ({"excluded": "ab"}, "`excluded` holds the text 'ab' for a list of tasks"),
        ({"pinned": {"a": "ab"}}, "`pinned` holds the text 'ab' for a list of tasks"),
        ({"together": [["a", "b", "a"]]}, "`together` names a task twice in a, b, a; name each task once"),
        ({"apart": [["a", "a"]]}, "`apart` names a task twice in a, a"),
        ({"excluded": ["a", "b", "b"]}, "`excluded` names a task twice in a, b, b"),
        ({"pinned": {"a": ["a", "a"]}}, "`pinned` names a task twice in a, a"),
        ({"together": [["a"]]}, "`together` has a group of 1 (a); it takes at least 2 tasks"),
        ({"apart": [["a", "b"], ["c"]]}, "`apart` has a group of 1 (c); it takes at least 2 tasks"),
        ({"pinned": {"a": []}}, "`pinned` has a group of 0 (); it takes at least 1 tasks"),
        ({"max_size": 0}, "`max_size` is 0; give a whole number of at least 1, or none"),
        ({"max_size": 2.0}, "`max_size` is 2.0; give a whole number"),
        ({"max_size": True}, "`max_size` is True; give a whole number"),
        ({"max_auxiliaries": -1}, "`max_auxiliaries` is -1; give a whole number of at least 0, or none"),
        ({"max_auxiliaries": "2"}, "`max_auxiliaries` is '2'; give a whole number"),
    ],
)
def test_what_breaks_a_rule_is_refused_with_the_way_out(arguments, sentence):
    with pytest.raises(KindredError) as refused:
        Constraints(**arguments)
    assert sentence in str(refused.value)


def test_every_condition_of_a_problem_can_be_taken_away_again():
    """Without its conditions one after the other, a problem ends as the one that never had any."""
    for seed in range(60):
        problem = random_problem(seed, 4)
        left = problem
        for condition in problem.constraints.conditions():
            left = replace(left, constraints=left.constraints.without(condition))
        assert left == replace(problem, constraints=Constraints())
        values = [solution and solution.value for solution in solve_all_budgets(left)]
        for solution, value in zip(solve_all_budgets(problem), values, strict=True):
            assert solution is None or solution.value <= value + 1e-9 * abs(value)
