"""Work that takes longer than a page may: in a thread, shared by all who look at it, ended once nobody does."""

import threading
import time
from collections.abc import Callable, Hashable, Iterator
from typing import Generic, TypeVar

import streamlit as st

from app.components.live import follow
from engine.grouping.problem import GroupingProblem

UNSEEN = 10.0  # seconds without a look after which work ends: all visitors have left
PATIENCE = 0.03  # seconds that a page waits for what is quick
REST = 3.0  # of a run that moves on, work begins anew after so many times as long as it took

T = TypeVar("T")


class Work(Generic[T]):
    """Ever better answers to one question.

    Attributes:
        state: of the subject, which tells the question from the next.
        done: whether no better answer is to come.
    """

    def __init__(self, state: Hashable, answers: Callable[[], Iterator[T]], unseen: float = UNSEEN) -> None:
        self.state = state
        self.done = False
        self._latest: T | None = None
        self._answers, self._unseen = answers, unseen
        self._error: Exception | None = None
        self._began = self._seen = time.perf_counter()
        self._ended: float | None = None
        self._thread = threading.Thread(target=self._work, name="working", daemon=True)
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether its thread is at work."""
        return self._thread.is_alive()

    @property
    def answered(self) -> bool:
        """Whether there is an answer."""
        return self._latest is not None

    @property
    def rested(self) -> bool:
        """Whether it ended long enough ago to begin anew: it shall take a part of a core only."""
        if self._ended is None:
            return False
        return time.perf_counter() - self._ended >= REST * (self._ended - self._began)

    def look(self) -> T | None:
        """The best answer by now, ``None`` before the first. Tells that someone is looking.

        Raises:
            Exception: what the work raised.
        """
        self._seen = time.perf_counter()
        if self._error is not None:
            raise self._error
        return self._latest

    def wait(self, seconds: float) -> None:
        """Wait for the end, but only until so many seconds after the beginning."""
        left = seconds - (time.perf_counter() - self._began)
        if left > 0:
            self._thread.join(left)

    def _work(self) -> None:
        try:
            for self._latest in self._answers():  # noqa: B020  each better than the one before
                if time.perf_counter() - self._seen > self._unseen:
                    return
            self.done = True
        except Exception as error:  # shown by whoever looks
            self._error, self.done = error, True
        finally:
            self._ended = time.perf_counter()


class Question(Generic[T]):
    """What is asked of a subject that may move on: the work on its present state, and the last that was answered."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now: Work[T] | None = None
        self._before: Work[T] | None = None

    def work(self, state: Hashable, answers: Callable[[], Iterator[T]], moving: bool = False) -> Work[T]:
        """The work on a state, begun where it is not; while ``moving``, that on the last state that was answered.

        Args:
            state: of the subject.
            answers: begins the work; each of its answers is better than the one before.
            moving: whether the state goes on changing by itself. Work is then done to its end before it begins anew,
                after a rest.
        """
        with self._lock:
            now = self._now
            if now is None or self._is_stale(now, state, moving):
                if now is not None and now.answered:
                    self._before = now
                self._now = now = Work(state, answers)
            now.look()
            return self._before if moving and self._before is not None and not now.answered else now

    @staticmethod
    def _is_stale(now: Work, state: Hashable, moving: bool) -> bool:
        if not now.running and not now.done:  # it ended as nobody looked
            return True
        return now.state != state and (now.rested or not moving)


def ask(key: tuple, state: Hashable, answers: Callable[[], Iterator[T]], moving: bool = False) -> Work[T]:
    """The work on a question, shared by all visitors; it is waited for as long as a page may.

    Args:
        key: what is asked, of which subject.
        state, answers, moving: as of `Question.work`.

    Raises:
        Exception: what the work raised.
    """
    work = _question(key).work(state, answers, moving)
    work.wait(PATIENCE)
    return work


@st.cache_resource(show_spinner=False, max_entries=128, hash_funcs={tuple: hash})
def _question(key: tuple) -> Question:
    return Question()


def follow_work(asked: Callable[[], Work[T]], draw: Callable[[T | None, bool], None]) -> None:
    """Draw the answers of a work, again every second until it is done, and the page whole then.

    Args:
        asked: asks for it.
        draw: takes the best answer by now, ``None`` before the first, and whether it is the last one.
    """

    def part() -> None:
        work = asked()
        draw(work.look(), work.done)

    follow(part, lambda: not asked().done)


def apart_from_affinities(problem: GroupingProblem) -> tuple:
    """What tells a problem from others of the same subject, whose affinities move on."""
    choices = (problem.serving, problem.aggregate, problem.singleton, problem.weights, problem.capacities)
    return (problem.tasks, *choices, problem.constraints)
