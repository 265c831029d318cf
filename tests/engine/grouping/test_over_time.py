import time
from dataclasses import replace

import numpy as np
import pytest

from engine.errors import KindredError
from engine.grouping.over_time import Change, Moment, best_over_time, changes, keeping, served_sets
from engine.grouping.problem import GroupingProblem
from engine.grouping.solution import Certificate, Network, Solution, evaluate
from engine.grouping.solving import solve

NAMES = tuple("abcdefghijklmnopqrstuvwxyz")


def drifting(tasks, moments, seed=0, **more):
    """Problems whose affinities go over from one random matrix to another."""
    random = np.random.default_rng(seed)
    first, last = random.normal(size=(2, tasks, tasks))
    names = tuple(f"t{number}" for number in range(tasks))
    return [
        (10 * (place + 1), GroupingProblem(names, (1 - part) * first + part * last, **more))
        for place, part in enumerate(np.linspace(0, 1, moments))
    ]


def grouping(*served, names=NAMES[:4], step=0):
    """A moment with a grouping that serves these sets."""
    problem = GroupingProblem(names, np.zeros((len(names),) * 2), singleton=0.0)
    networks = tuple(Network(tuple(each), tuple(each)) for each in served)
    return Moment(step, Solution(problem, 4, networks, 0.0, Certificate(0.0, ""), "hand", 0.0))


@pytest.mark.parametrize("seed", range(3))
def test_every_moment_has_the_best_grouping_of_its_own_problem(seed):
    problems = drifting(6, 7, seed)
    moments = best_over_time(problems, 3, seconds=10)
    assert [moment.step for moment in moments] == [step for step, _ in problems]
    for moment, (_, problem) in zip(moments, problems, strict=True):
        assert moment.solution.proved_optimal
        assert moment.solution.value == pytest.approx(solve(problem, 3).value, rel=1e-8)
        assert evaluate(problem, moment.solution.networks, 3) == moment.solution.value


def test_ties_do_not_flicker():
    noise = np.random.default_rng(0).normal(size=(20, 4, 4)) * 1e-13
    problems = [(step, GroupingProblem(NAMES[:4], 1 + each)) for step, each in enumerate(noise)]  # every grouping ties
    moments = best_over_time(problems, 2, seconds=10)
    assert not changes(moments)
    assert all(moment.solution.proved_optimal for moment in moments)


def test_with_many_tasks_it_keeps_to_its_allowance_and_claims_no_more_than_it_knows():
    problems = drifting(40, 12)
    began = time.perf_counter()
    moments = best_over_time(problems, 4, seconds=1.0)
    assert time.perf_counter() - began < 4
    for moment, (_, problem) in zip(moments, problems, strict=True):
        assert evaluate(problem, moment.solution.networks, 4) == moment.solution.value <= moment.solution.bound


def test_no_moment_is_worse_than_the_grouping_before_it():
    moments = best_over_time(drifting(30, 6), 4, seconds=0.3)
    for before, now in zip(moments, moments[1:], strict=False):
        carried = evaluate(now.solution.problem, before.solution.networks, 4)
        assert now.solution.value >= carried - 1e-9


def test_an_allowance_that_is_too_short_still_answers_everywhere():
    moments = best_over_time(drifting(30, 20), 4, seconds=1e-3)
    assert all(moment.solution is not None for moment in moments)
    assert not moments[-1].solution.proved_optimal


def test_where_nothing_is_feasible_moments_have_no_grouping():
    problems = drifting(4, 3)
    impossible = [(step, each.with_constraints(max_size=1)) for step, each in problems]  # singletons are forbidden
    assert [moment.solution for moment in best_over_time(impossible, 2, seconds=5)] == [None] * 3
    mixed = best_over_time([problems[0], impossible[1], problems[2]], 2, seconds=5)
    assert [moment.solution is None for moment in mixed] == [False, True, False]


def test_an_allowance_must_be_positive():
    with pytest.raises(KindredError, match="positive"):
        best_over_time(drifting(3, 1), 1, seconds=0)


def test_one_task_that_leaves_is_the_only_one_that_changes():
    found = changes([grouping("abc", "d"), grouping("ab", "cd", step=7)])
    assert found == [Change(7, "c", ("a", "b"), ("d",))]


def test_a_task_that_goes_alone_joins_nobody():
    assert changes([grouping("abcd"), grouping("abc", "d", step=3)]) == [Change(3, "d", ("a", "b", "c"), None)]
    assert changes([grouping("abc", "d"), grouping("abcd", step=3)]) == [Change(3, "d", None, ("a", "b", "c"))]


def test_groupings_that_serve_the_same_sets_have_no_change_between_them():
    one, other = grouping("ab", "cd"), grouping("cd", "ab", step=5)
    assert not changes([one, other])
    aside = replace(other.solution, networks=(Network(tuple("abc"), tuple("ab")), Network(tuple("cd"), tuple("cd"))))
    assert not changes([one, Moment(6, None), Moment(7, aside)])


def test_changes_lead_from_each_grouping_to_the_next():
    """Whoever follows the changes has the networks of every moment."""
    moments = best_over_time(drifting(7, 12, singleton=0.0), 3, seconds=10)
    found = changes(moments)
    assert found
    for before, now in zip(moments, moments[1:], strict=False):
        here = [each for each in found if each.step == now.step]
        if served_sets(before.solution) == served_sets(now.solution):
            assert not here
        for change in here:
            assert {change.task, *(change.left or ())} in served_sets(before.solution)
            assert {change.task, *(change.joined or ())} in served_sets(now.solution)
        stay = set(now.solution.problem.serving) - {each.task for each in here}
        for one in stay:  # who stays, stays with those who stay
            with_before = next(each for each in served_sets(before.solution) if one in each) & stay
            with_now = next(each for each in served_sets(now.solution) if one in each) & stay
            assert with_before == with_now


@pytest.mark.parametrize("seed", range(3))
def test_keeping_a_grouping_costs_what_the_best_of_each_moment_is_worth_more(seed):
    problems = drifting(6, 9, seed)
    moments = best_over_time(problems, 3, seconds=10)
    today = moments[-1].solution
    course = keeping(today, moments)
    assert [each.step for each in course] == [step for step, _ in problems]
    for each, (_, problem), moment in zip(course, problems, moments, strict=True):
        assert each.lost == each.at_most >= 0
        assert each.lost == pytest.approx(solve(problem, 3).value - evaluate(problem, today.networks), abs=1e-8)
        assert each.back >= 0
        assert each.back == pytest.approx(today.value - evaluate(today.problem, moment.solution.networks), abs=1e-8)
    assert (course[-1].lost, course[-1].back) == (0, 0)
    assert max(each.lost for each in course) > 0


def test_a_regret_that_is_not_proved_has_a_bound():
    moments = best_over_time(drifting(30, 4), 4, seconds=0.3)
    for each in keeping(moments[-1].solution, moments):
        assert 0 <= each.lost <= each.at_most


def test_where_the_affinities_stand_still_keeping_costs_nothing():
    problems = [(step, problem) for step, (_, problem) in enumerate([drifting(5, 1)[0]] * 4)]
    moments = best_over_time(problems, 2, seconds=5)
    assert all((each.lost, each.at_most, each.back) == (0, 0, 0) for each in keeping(moments[0].solution, moments))
