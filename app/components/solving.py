"""Solving while the page stays alive: at once where that takes milliseconds, else in a thread that the page watches."""

import threading
import time
from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from app import state
from engine.grouping import exact_subsets
from engine.grouping.problem import GroupingProblem
from engine.grouping.solution import Solution
from engine.grouping.solving import improve, improve_frontier, solve_frontier
from engine.grouping.stop import Stop

SECONDS = 60.0  # of a search, before the visitor is asked whether to go on; twice as many each time
UNSEEN = 15.0  # seconds without a look at it after which a search ends: the visitor has left
PATIENCE = 0.3  # seconds that a page waits for the first answer


class Search:
    """The frontier of one problem, ever better while its thread works.

    Attributes:
        problem: what is solved.
        budgets: in SNT, ascending.
    """

    def __init__(self, problem: GroupingProblem, budget: float, seconds: float = SECONDS, unseen: float = UNSEEN):
        self.problem = problem
        self.budgets = problem.budgets()
        self._known: list[Solution | None] = [None] * len(self.budgets)
        self._lock = threading.Lock()
        self._first = threading.Event()
        self._error: Exception | None = None
        self._limit, self._unseen = seconds, unseen
        self._spent = 0.0
        self._begin(budget)

    @property
    def running(self) -> bool:
        """Whether anything can still change."""
        return self._thread.is_alive()

    @property
    def seconds(self) -> float:
        """For how long it has searched."""
        return self._spent + (self._stop.seconds if self.running else 0.0)

    @property
    def limit(self) -> float:
        """Seconds that it is given in one go."""
        return self._limit

    def solutions(self) -> list[Solution | None]:
        """What is known for each budget; ``None`` where no grouping was found yet. Tells that someone is looking."""
        self._seen = time.perf_counter()
        if self._error is not None:
            raise self._error
        with self._lock:
            return list(self._known)

    def wait(self, seconds: float) -> None:
        """Wait for the first answer, but not for longer."""
        self._first.wait(seconds)

    def look_at(self, budget: float) -> None:
        """Turn to another budget's proof, unless that one is proved or the search has ended."""
        if budget == self._budget:
            return
        known = self._known[self.budgets.index(budget)]
        if self.running and not (known is not None and known.proved_optimal):
            self.stop()
            self._begin(budget)

    def go_on(self, budget: float) -> None:
        """Search on, for twice as long as the last time, as the search has to find its prices again."""
        self.stop()
        self._limit *= 2
        self._begin(budget)

    def stop(self) -> None:
        """End the thread as soon as its solver looks."""
        self._stop.now()

    def join(self, seconds: float | None = None) -> bool:
        """Wait for the end; whether it has come."""
        self._thread.join(seconds)
        return not self.running

    def _begin(self, budget: float) -> None:
        self._budget, self._seen = budget, time.perf_counter()
        self._stop = Stop(self._limit)
        self._thread = threading.Thread(target=self._work, args=(budget, self._stop), name="grouping", daemon=True)
        self._thread.start()
        threading.Thread(target=self._watch, args=(self._thread, self._stop), name="unseen", daemon=True).start()

    def _work(self, budget: float, stop: Stop) -> None:
        try:
            with stop:
                place = self.budgets.index(budget)
                first = next(improve(self.problem, budget, stop), None)
                self._take([first if each == place else None for each in range(len(self.budgets))])
                if not stop.due:
                    for found in improve_frontier(self.problem, stop, first=budget):
                        self._take(found)
        except Exception as error:  # shown by whoever looks
            self._error = error
        finally:
            self._spent += stop.seconds
            self._first.set()

    def _take(self, found: Sequence[Solution | None]) -> None:
        with self._lock:
            self._known = [_better(one, other) for one, other in zip(self._known, found, strict=True)]
            answered = any(self._known)
        if answered:
            self._first.set()

    def _watch(self, thread: threading.Thread, stop: Stop) -> None:
        while thread.is_alive():
            thread.join(min(1.0, self._unseen / 4))
            if time.perf_counter() - self._seen > self._unseen:
                stop.now()


def _better(one: Solution | None, other: Solution | None) -> Solution | None:
    """The better grouping of two for one budget, with the lower of the two bounds."""
    if one is None or other is None:
        return one or other
    best = max(one, other, key=lambda solution: solution.value)
    tightest = min(one.certificate, other.certificate, key=lambda certificate: certificate.bound)
    return replace(best, certificate=replace(tightest, bound=max(tightest.bound, best.value)))


def frontier_for(problem: GroupingProblem, budget: float) -> tuple[list[Solution | None], Search | None]:
    """The best known grouping for each budget of a problem, and the search for better ones where there is one.

    A session has at most one search: that for another problem ends.
    """
    search = current()
    if search is not None and search.problem != problem:
        end_search()
        search = None
    if exact_subsets.solves(problem):
        return _solved(problem), None
    if search is None:
        search = Search(problem, budget)
        state.keep("search", search)
        search.wait(PATIENCE)
    else:
        search.look_at(budget)
    return search.solutions(), search


def end_search() -> None:
    """End this session's search, as something else is looked at."""
    search = current()
    if search is not None:
        search.stop()
        state.keep("search", None)


def current() -> Search | None:
    """The search of this session, if any."""
    return state.kept("search", lambda: None)


def searching() -> bool:
    """Whether this session's search still works."""
    search = current()
    return search is not None and search.running


@st.cache_resource(show_spinner=False, max_entries=64, hash_funcs={GroupingProblem: hash})
def _solved(problem: GroupingProblem) -> list[Solution | None]:
    return solve_frontier(problem)
