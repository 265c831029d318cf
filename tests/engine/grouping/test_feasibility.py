import doctest
from dataclasses import replace
from functools import cache
from itertools import combinations

import numpy as np
import pytest

from engine.errors import KindredError
from engine.grouping import feasibility
from engine.grouping.candidates import Candidate
from engine.grouping.capacity import FULL, HALF_SINGLE, Capacity
from engine.grouping.constraints import Constraints
from engine.grouping.feasibility import conflict, least_budget, refuse
from engine.grouping.problem import GroupingProblem
from tests.engine.grouping.references import Plain, partitions, random_problem, subsets

EXTREMES = ("mixed signs", "candidates")  # scores do not matter here; costs and constraints do
SERVE = "serve "


@cache
def brute_force(problem: GroupingProblem) -> float | None:
    """The least budget: every partition of the serving tasks, each block in its cheapest network of all."""
    plain = Plain(problem)
    cheapest = {
        block: min(plain.best_by_cost(block), default=None) for block in map(frozenset, subsets(problem.serving))
    }
    costs = [[cheapest[block] for block in partition] for partition in partitions(problem.serving)]
    least = min((sum(cost) for cost in costs if None not in cost), default=None)  # in hundredths of an SNT
    return None if least is None else -(-least // 50) / 2


def constrained(seed: int, tasks: int) -> GroupingProblem:
    """A random problem with many constraints."""
    rng = np.random.default_rng([seed, tasks])
    problem = random_problem(seed, tasks, EXTREMES[int(rng.random() < 1 / 3)])

    def some(pool, least):
        return tuple(rng.permutation(pool)[: rng.integers(least, len(pool) + 1)].tolist()[: least + 1])

    names, serving = problem.tasks, problem.serving
    pinned = tuple((task, tuple(dict.fromkeys((task, *some(names, 1))))) for task in some(serving, 1)[:1])
    return problem.with_constraints(
        together=tuple(some(names, 2) for _ in range(rng.integers(3))),
        apart=tuple(some(names, 2) for _ in range(rng.integers(3))),
        pinned=pinned if rng.random() < 0.5 else (),
        excluded=some(names, 1)[:1] if rng.random() < 0.25 else (),
        max_size=int(rng.integers(1, tasks)) if rng.random() < 0.4 else None,
        max_auxiliaries=int(rng.integers(2)) if rng.random() < 0.4 else None,
    )


def spelled(pinned=(), **constraints) -> Constraints:
    """Constraints whose groups are written as words, as tasks have one letter each."""
    groups = {field: [tuple(word) for word in words] for field, words in constraints.items() if isinstance(words, list)}
    return Constraints(pinned=[(task, tuple(word)) for task, word in dict(pinned).items()], **{**constraints, **groups})


def of(tasks: str, singleton: str | float = 0.0, capacities: tuple[Capacity, ...] = (FULL,), **constraints):
    """A problem of affinities whose tasks have one letter each."""
    size = len(tasks)
    return GroupingProblem(
        tuple(tasks),
        np.ones((size, size)),
        singleton=singleton,
        capacities=capacities,
        constraints=spelled(**constraints),
    )


def measured(*networks: str, cost: float = 1.0, **constraints) -> GroupingProblem:
    candidates = tuple(Candidate(tuple(network), (0.0,) * len(network), cost) for network in networks)
    tasks = tuple(sorted(set("".join(networks))))
    return GroupingProblem(tasks, candidates=candidates, constraints=spelled(**constraints))


def can_be_met(problem: GroupingProblem, chosen: tuple, budget: float) -> bool:
    """By brute force, with the chosen conditions only; each is a field and its entry."""
    fields = {"together": (), "apart": (), "pinned": (), "excluded": (), "max_size": None, "max_auxiliaries": None}
    limit, singleton = np.inf, 0.0
    for field, entry in chosen:
        if field == "budget":
            limit = budget
        elif field == "singleton":
            singleton = entry
        else:
            fields[field] = (*fields[field], entry) if isinstance(fields[field], tuple) else entry
    least = brute_force(replace(problem, constraints=Constraints(**fields), singleton=singleton))
    return least is not None and least <= limit


def all_conditions(problem: GroupingProblem, budget: float) -> dict[str, tuple]:
    """Every condition by how it reads."""
    found = {condition.text: (condition.field, condition.entry) for condition in problem.constraints.conditions()}
    if problem.affinity is not None and problem.singleton == "forbid":
        found["no task alone in its network"] = ("singleton", "forbid")
    found[f"a budget of {budget:g} SNT"] = ("budget", budget)
    return found


@pytest.mark.parametrize("tasks", [2, 3, 4, 5])
def test_the_least_budget_is_that_of_brute_force(tasks):
    found = []
    for seed in range(120 if tasks < 5 else 60):
        for problem in (random_problem(seed, tasks, EXTREMES[seed % 2]), constrained(seed, tasks)):
            least = least_budget(problem)
            assert least == brute_force(problem), (seed, problem)
            found.append(least)
    assert None in found and len(set(found)) > 3  # the problems tell a wrong answer from a right one


@pytest.mark.parametrize(("tasks", "problems"), [(3, 40), (4, 60), (5, 15)])
def test_the_conflict_cannot_be_met_and_every_smaller_set_can(tasks, problems):
    sizes = []
    for seed in range(problems):
        problem = constrained(seed, tasks)
        least = least_budget(problem)
        budget = 0.5 if seed % 4 == 0 else 2 if least is None else max(least - 0.5, 0.5)
        named = conflict(problem, budget)
        conditions = all_conditions(problem, budget)
        assert (not named) == can_be_met(problem, tuple(conditions.values()), budget)
        if named:
            smallest = tuple(conditions[text] for text in named if not text.startswith(SERVE))
            assert not can_be_met(problem, smallest, budget), (seed, named)
            for smaller in combinations(conditions.values(), len(smallest) - 1):
                assert can_be_met(problem, smaller, budget), (seed, named)
            sizes.append(len(smallest))
    assert {1, 2} <= set(sizes) and (tasks != 4 or max(sizes) > 2)


def test_a_budget_is_named_only_where_nothing_as_small_stands_in_the_way_without_it():
    for seed in range(30):
        problem = constrained(seed, 4)
        named = conflict(problem, 0.5)
        if named and named[-1] == "a budget of 0.5 SNT":
            others = list(all_conditions(problem, 0.5).values())[:-1]
            assert all(can_be_met(problem, chosen, 0.5) for chosen in combinations(others, len(named)))


def test_without_constraints_one_network_of_the_cheapest_size_that_holds_everyone_is_enough():
    assert least_budget(of("abcd")) == 1
    assert least_budget(of("abcd", capacities=(Capacity(0.5, max_size=4), FULL))) == 0.5
    assert least_budget(of("abcd", capacities=(Capacity(0.5, max_size=3), FULL))) == 1
    assert least_budget(of("abcd", capacities=(Capacity(0.25, max_size=2),))) == 0.5


def test_a_budget_goes_up_to_the_next_half_step_that_pays_the_heads():
    problem = of("abcd")
    assert least_budget(replace(problem, head_cost=0.1)) == 1.5
    assert least_budget(replace(problem, head_cost=0.5)) == 2.5
    assert least_budget(replace(of("abcdefghijk"), head_cost=0.1)) == 2  # and floats add up to a little less or more


def test_the_smallest_networks_are_used_where_tasks_are_kept_apart():
    assert least_budget(of("abcdef", capacities=(HALF_SINGLE, FULL), apart=["abcdef"])) == 3
    assert least_budget(of("abcdef", capacities=(HALF_SINGLE, FULL), apart=["abc"])) == 2  # two alone, four together


@pytest.mark.parametrize("tasks", [20, 100])
def test_with_many_tasks_known_answers_are_found(tasks):
    names = tuple(f"t{number}" for number in range(tasks))
    affinity = np.ones((tasks, tasks))

    def least(**constraints):
        problem = GroupingProblem(names, affinity, constraints=Constraints(**constraints))
        return least_budget(problem)

    assert least() == 1
    assert least(apart=[names[:5], names[5:9], names[3:7]]) == 5
    assert least(max_size=2) == tasks // 2
    assert least(max_size=3, together=[names[:2], names[2:4]]) == -(-tasks // 3)  # others fill up the pairs
    assert least(max_size=3, together=[names[:4]]) is None
    assert (
        least(apart=[(names[0], other) for other in names[1:]], max_auxiliaries=0) is None
    )  # one alone, and forbidden
    assert least(apart=[(names[0], other) for other in names[1:-1]], max_auxiliaries=0) == 2
    odd = GroupingProblem(names, affinity, serving=names[1:], constraints=Constraints(max_size=2, max_auxiliaries=0))
    assert least_budget(odd) is None  # pairs of an odd number, nobody alone
    assert least_budget(odd.with_constraints(max_auxiliaries=1)) == tasks // 2


def test_tasks_kept_together_through_an_auxiliary_may_be_served_apart():
    problem = GroupingProblem(
        ("a", "b", "x"), np.ones((3, 3)), ("a", "b"), constraints=spelled(together=["ax", "bx"], apart=["ab"])
    )
    assert least_budget(problem) == brute_force(problem) == 2


def test_the_order_of_tasks_and_conditions_does_not_matter():
    for seed in range(20):
        problem = constrained(seed, 4)
        rng = np.random.default_rng(seed)
        order = rng.permutation(4)
        shuffled = replace(
            problem,
            tasks=tuple(problem.tasks[place] for place in order),
            affinity=None if problem.affinity is None else problem.affinity[np.ix_(order, order)],
            candidates=problem.candidates[::-1],
            constraints=replace(problem.constraints, apart=problem.constraints.apart[::-1]),
        )
        assert least_budget(shuffled) == least_budget(problem)
        assert len(conflict(shuffled, 1)) == len(conflict(problem, 1))


def test_what_can_be_met_has_no_conflict():
    assert conflict(of("abc"), 1) == ()
    with pytest.raises(KindredError, match="There is a grouping within 1 SNT"):
        refuse(of("abc"), 1)


def test_a_conflict_is_named_in_words():
    assert conflict(of("abc", together=["ab"], apart=["ab"], max_size=2), 3) == (
        "keep a, b together",
        "keep a, b apart",
    )
    assert conflict(of("abcd", apart=["abc"]), 2) == ("keep a, b, c apart", "a budget of 2 SNT")
    assert conflict(of("ab", singleton="forbid", apart=["ab"]), 2) == (
        "keep a, b apart",
        "no task alone in its network",
    )
    assert conflict(of("abc", together=["ab"], pinned={"a": "ac"}), 3) == (
        "keep a, b together",
        "pin a to the network a, c",
    )
    assert conflict(of("abcd", together=["ab", "bc"], max_size=2), 3) == (
        "keep a, b together",
        "keep b, c together",
        "at most 2 tasks a network",
    )
    assert conflict(of("abc"), 0.5) == ("a budget of 0.5 SNT",)


def test_an_excluded_serving_task_stands_against_being_served():
    problem = GroupingProblem(("a", "b"), np.ones((2, 2)), ("a", "b"), constraints=Constraints(excluded=["a"]))
    assert least_budget(problem) is None
    assert conflict(problem, 2) == ("exclude a", "serve a")


def test_a_condition_given_twice_is_one():
    assert conflict(of("ab", together=["ab", "ab"], apart=["ab", "ab"]), 2) == ("keep a, b together", "keep a, b apart")


def test_candidates_alone_can_rule_a_condition_out():
    problem = measured("ab", "b", "c", pinned={"a": "ac"})
    assert conflict(problem, 3) == ("pin a to the network a, c",)
    assert str(refuse(problem, 3)) == (
        "No grouping of the candidate networks keeps to this: pin a to the network a, c. Drop this condition."
    )


def test_the_error_names_the_conflict_and_the_way_out():
    assert isinstance(refuse(of("ab"), 0.5), KindredError)
    assert str(refuse(of("ab", together=["ab"], apart=["ab"]), 2)) == (
        "No grouping keeps to all of: keep a, b together; keep a, b apart. Drop one of these conditions."
    )
    assert str(refuse(of("abcd", apart=["abc"]), 2)) == (
        "No grouping keeps to all of: keep a, b, c apart; a budget of 2 SNT. Drop one of these conditions. "
        "The least budget that suffices is 3 SNT."
    )
    assert str(refuse(of("abc"), 0.5)) == (
        "No grouping keeps to this: a budget of 0.5 SNT. The least budget that suffices is 1 SNT."
    )


def test_where_no_budget_suffices_the_error_says_so():
    problem = of("abc", together=["ab"], apart=["ab"])
    assert str(refuse(problem, 0.5)) == (
        "No grouping keeps to this: a budget of 0.5 SNT. "
        "Within no budget does a grouping keep to all of: keep a, b together; keep a, b apart."
    )


def test_a_budget_that_is_none_is_refused():
    with pytest.raises(KindredError, match="half steps"):
        conflict(of("ab"), 0)


def test_the_examples_run():
    assert doctest.testmod(feasibility).failed == 0
