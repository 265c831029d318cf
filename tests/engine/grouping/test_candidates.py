import math
from itertools import combinations
from statistics import fmean

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import KindredError
from engine.grouping.candidates import Candidate, higher_order, merge

TASKS = ("a", "b", "c", "d")
SCORES = st.floats(-1e6, 1e6)


def pairs(tasks=TASKS, seed=0) -> list[Candidate]:
    draw = np.random.default_rng(seed)
    return [Candidate(pair, tuple(draw.normal(size=2))) for pair in combinations(tasks, 2)]


def by_network(candidates) -> dict[tuple, dict[str, float]]:
    return {(frozenset(c.tasks), c.cost): dict(zip(c.tasks, c.scores, strict=True)) for c in candidates}


def test_a_candidate_holds_plain_values_whatever_it_is_made_from():
    made = Candidate(["a", "b"], np.array([1, 2], dtype=np.float32), np.float64(0.5))
    assert made == Candidate(("a", "b"), (1.0, 2.0), 0.5) and hash(made) == hash(Candidate(("a", "b"), (1, 2), 0.5))
    assert Candidate(("a",), (0.0,)).cost == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (((), ()), "A network without tasks cannot be chosen; name at least one task"),
        (("ab", (1, 2)), "The tasks of a network are the text 'ab'; give a list of names"),
        ((("a", " "), (1, 2)), "Task 2 of a network has the name ' '; give every task a non-empty text name"),
        ((("a", "b", "a"), (1, 2, 3)), "The network a, b, a holds 'a' twice; name each task once"),
        ((("a", "b"), (1,)), "The network a, b has 2 tasks and 1 scores; give one score per task"),
        ((("a", "b"), (1, math.nan)), "The score of 'b' in the network a, b is nan; every score must be a finite"),
        ((("a",), (-math.inf,)), "The score of 'a' in the network a is -inf"),
        ((("a",), (10**400,)), "The score of 'a' in the network a is 1000"),
        ((("a",), ("1",)), "The score of 'a' in the network a is '1'"),
        ((("a",), (1,), 0), "The cost of the network a is 0; give a positive, finite number of SNT"),
        ((("a",), (1,), -0.5), "The cost of the network a is -0.5"),
        ((("a",), (1,), math.inf), "The cost of the network a is inf"),
        ((("a",), (1,), math.nan), "The cost of the network a is nan"),
        ((("a",), (1,), None), "The cost of the network a is None"),
    ],
)
def test_what_breaks_a_rule_is_refused_with_the_way_out(arguments, sentence):
    with pytest.raises(KindredError) as refused:
        Candidate(*arguments)
    assert sentence in str(refused.value)


def test_three_pairs_give_the_triples_scores():
    measured = [Candidate(("a", "b"), (1, 2)), Candidate(("c", "a"), (3, 4)), Candidate(("b", "c"), (5, 6))]
    made = higher_order(measured, "abc")
    assert made[-1] == Candidate(("a", "b", "c"), ((1 + 4) / 2, (2 + 5) / 2, (3 + 6) / 2))


def test_all_networks_of_three_and_more_follow_from_all_pairs():
    measured = pairs()
    made = by_network(higher_order(measured, TASKS))
    assert len(made) == 6 + 4 + 1
    known = by_network(measured)
    for members in (*combinations(TASKS, 3), TASKS):
        for task in members:
            expected = fmean(known[frozenset((task, other)), 1][task] for other in members if other != task)
            assert made[frozenset(members), 1][task] == pytest.approx(expected)


@given(st.permutations(TASKS), st.permutations(pairs()))
def test_the_order_of_tasks_and_networks_does_not_change_an_estimate(tasks, measured):
    made, expected = by_network(higher_order(measured, tasks)), by_network(higher_order(pairs(), TASKS))
    assert made.keys() == expected.keys()
    for network, scores in made.items():
        assert scores == pytest.approx(expected[network])


@given(st.lists(SCORES, min_size=12, max_size=12))
def test_an_estimate_lies_between_the_scores_it_is_the_mean_of(scores):
    measured = [Candidate(pair, scores[2 * i : 2 * i + 2]) for i, pair in enumerate(combinations(TASKS, 2))]
    known = by_network(measured)
    for candidate in higher_order(measured, TASKS)[6:]:
        for task, score in zip(candidate.tasks, candidate.scores, strict=True):
            of_pairs = [known[frozenset((task, other)), 1][task] for other in candidate.tasks if other != task]
            slack = 1e-9 * (1 + max(map(abs, of_pairs)))
            assert min(of_pairs) - slack <= score <= max(of_pairs) + slack


def test_scores_near_the_largest_float_do_not_overflow():
    large = [Candidate(pair, (1.7e308, -1.7e308)) for pair in combinations(TASKS, 2)]
    assert all(abs(score) <= 1.71e308 for candidate in higher_order(large, TASKS) for score in candidate.scores)


def test_networks_of_one_and_two_tasks_are_kept_as_measured_at_every_cost():
    small = [Candidate(("a",), (7,)), Candidate(("a",), (6,), 0.5), *pairs("abc"), Candidate(("b", "a"), (9, 9), 0.5)]
    made = higher_order([Candidate(("a", "b", "c"), (99, 99, 99)), *small], "abc")
    assert made[:-1] == tuple(small)
    assert made[-1] == higher_order(pairs("abc"), "abc")[-1]  # from full-size pairs only, not from what it measured


def test_a_network_is_left_out_where_a_pair_is_missing():
    without = [pair for pair in pairs() if pair.tasks != ("b", "c")]
    networks = {frozenset(candidate.tasks) for candidate in higher_order(without, TASKS) if len(candidate.tasks) > 2}
    assert networks == {frozenset("abd"), frozenset("acd")}


def test_only_the_given_tasks_are_combined():
    networks = [candidate.tasks for candidate in higher_order(pairs(), ["d", "a", "b"]) if len(candidate.tasks) > 2]
    assert networks == [("d", "a", "b")]


def test_many_tasks_with_few_pairs_do_not_take_all_subsets():
    tasks = [str(number) for number in range(200)]
    chain = [Candidate(pair, (1, 1)) for pair in zip(tasks, tasks[1:], strict=False)]
    assert higher_order(chain, tasks) == tuple(chain)


def test_a_pair_given_twice_is_refused():
    with pytest.raises(KindredError, match="The network b, a is given twice at 1 SNT; keep one of the two"):
        higher_order([Candidate(("a", "b"), (1, 2)), Candidate(("b", "a"), (3, 4))], "ab")


def test_measured_networks_come_before_estimates_of_the_same():
    measured = [Candidate(("a", "b", "c"), (1, 2, 3)), Candidate(("a",), (4,), 0.5)]
    new = [Candidate(("a", "b", "d"), (1, 1, 1)), Candidate(("a",), (5,))]
    assert merge(measured, [Candidate(("c", "a", "b"), (9, 9, 9)), *new]) == (*measured, *new)


def test_merging_all_measured_networks_with_their_estimates_changes_nothing():
    measured = higher_order(pairs(), TASKS)
    assert merge(measured, higher_order(pairs(seed=1), TASKS)) == measured
    assert merge((), measured) == measured == merge(measured, ())
