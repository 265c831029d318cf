import time

import numpy as np
import pytest

from app.components.solving import Search
from engine.grouping.problem import GroupingProblem
from engine.grouping.solution import evaluate
from engine.grouping.stop import Stop


def problem(count: int, noise: float = 0.0) -> GroupingProblem:
    """Tasks in five clusters; with noise enough, no search proves its grouping within minutes."""
    generator = np.random.default_rng(0)
    cluster = np.arange(count) % 5
    affinity = 1.0 * (cluster[:, None] == cluster[None, :]) + noise * generator.normal(size=(count, count))
    return GroupingProblem(tuple(f"t{number}" for number in range(count)), affinity)


@pytest.fixture
def begin():
    """``begin(problem, budget)``: a search, which the test's end stops."""
    begun = []

    def made(*args, **also) -> Search:
        begun.append(Search(*args, **also))
        return begun[-1]

    yield made
    for search in begun:
        search.stop()
        assert search.join(10)


def values(search):
    return [-np.inf if solution is None else solution.value for solution in search.solutions()]


def test_the_first_answer_comes_at_once_and_is_feasible(begin):
    search = begin(problem(40, 0.5), 4)
    search.wait(5)
    first = search.solutions()[search.budgets.index(4)]
    assert evaluate(search.problem, first.networks, 4) == first.value <= first.bound


def test_a_search_ends_by_itself_once_all_is_proved(begin):
    search = begin(problem(18, 0.1), 3)
    assert search.join(60)
    assert all(solution.proved_optimal for solution in search.solutions())


def test_a_stopped_search_leaves_no_thread_and_keeps_what_it_found(begin):
    search = begin(problem(40, 2.0), 4)
    search.wait(5)
    assert search.running
    search.stop()
    assert search.join(10) and not search.running
    assert search.solutions()[search.budgets.index(4)] is not None
    spent = search.seconds
    time.sleep(0.05)
    assert search.seconds == spent > 0


def test_a_search_that_nobody_looks_at_ends(begin):
    search = begin(problem(40, 2.0), 4, unseen=0.5)
    search.wait(5)
    assert search.join(15)


def test_a_search_ends_at_its_time(begin):
    search = begin(problem(40, 2.0), 4, seconds=0.5)
    assert search.join(15)


def test_going_on_takes_twice_as_long_and_loses_nothing(begin):
    search = begin(problem(24, 2.0), 3, seconds=1.0)
    assert search.join(15)
    before, bounds = values(search), [solution.bound for solution in search.solutions()]
    search.go_on(4)
    assert search.running and search.limit == 2.0
    assert search.join(20)
    assert all(after >= value for after, value in zip(values(search), before, strict=True))
    assert all(after.bound <= bound for after, bound in zip(search.solutions(), bounds, strict=True))


def test_a_running_search_turns_to_the_budget_that_is_looked_at(begin):
    search = begin(problem(40, 2.0), 4)
    search.wait(5)
    first = search._thread
    search.look_at(4)
    assert search._thread is first
    search.look_at(6)
    assert search._thread is not first
    first.join(10)
    assert not first.is_alive() and search.running
    search.stop()
    assert search.join(10)
    search.look_at(5)
    assert not search.running


def test_what_goes_wrong_in_the_thread_is_raised_to_whoever_looks(begin, monkeypatch):
    def broken(*_: object) -> None:
        raise RuntimeError("no such luck")

    monkeypatch.setattr("app.components.solving.improve", broken)
    search = begin(problem(20), 3)
    assert search.join(5)
    with pytest.raises(RuntimeError, match="no such luck"):
        search.solutions()


def test_a_stop_is_heeded_before_the_first_answer(begin, monkeypatch):
    seen = []

    def slow(_problem: GroupingProblem, _budget: float, stop: Stop):
        while not stop.due:
            time.sleep(0.01)
        seen.append("stopped")
        return iter(())

    monkeypatch.setattr("app.components.solving.improve", slow)
    search = begin(problem(20), 3)
    search.wait(0.1)
    assert search.solutions() == [None] * len(search.budgets)
    search.stop()
    assert search.join(5) and seen == ["stopped"]
