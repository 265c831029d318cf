"""The best grouping over the course of a run: worked out in a thread, while the page already shows all else.

Other pages show when it changes, where that is known.
"""

import threading
import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
import streamlit as st
from scipy.optimize import linear_sum_assignment

from app import state
from app.components.live_chart.sent import Mark, MomentFrame
from app.components.observed import Observed
from app.components.runs import store
from app.components.subject import Subject
from app.views.grouping_frames import frames_of
from app.views.grouping_problem import CONDITIONS, problem_for
from engine.affinity.series import AffinitySeries
from engine.charts.quantity import AFFINITY
from engine.errors import KindredError
from engine.grouping.over_time import Change, Moment, best_over_time, changes
from engine.grouping.problem import GroupingProblem
from engine.grouping.solution import Solution
from engine.texts import LANGUAGES, language, speaking, text

MOST = 60  # moments of a run
SECONDS = 20.0  # for all of them
SOME = 6  # moments that are worked out first, in a tenth of the time
PATIENCE = 0.15  # seconds that a page waits for them before it shows the rest
UNSEEN = 15.0  # seconds after which nobody waits for them any longer
_NAMED = 3  # tasks of a network that a sentence names
_CHOICES = ("serve", "aggregate", "singleton", *CONDITIONS)
_turn = threading.Lock()  # one run is worked on at a time, whoever looks


class Known:
    """When the best grouping of a run changes under some choices, as it was last worked out to the end for each budget.

    Attributes:
        shown: the budget that the Overview shows for the one that is chosen, or for ``None``.
    """

    def __init__(self) -> None:
        self.shown: dict[float | None, float] = {}
        self._found: dict[float, tuple[list[int], dict[str, list[Mark]]]] = {}

    def put(self, budget: float, moments: Sequence[Moment]) -> None:
        """Take these moments of a budget for earlier ones."""
        steps, marks = [moment.step for moment in moments], {}
        before, _ = self._found.get(budget, ([0], {}))
        if not steps or steps[-1] < before[-1]:
            return
        for spoken in LANGUAGES:
            with speaking(spoken):
                marks[spoken] = marks_of(moments)
        self._found[budget] = steps, marks

    def marks(self, chosen: float | None, edges: np.ndarray) -> Sequence[Mark]:
        """Those of the budget chosen; none where they are not known, or windows end at other steps by now."""
        steps, marks = self._found.get(self.shown.get(chosen, chosen), ([], {}))
        return marks[language()] if steps and np.isin(steps, edges).all() else ()


class Worked:
    """The best grouping at every moment, once it is known.

    Attributes:
        budget: in SNT.
    """

    def __init__(
        self,
        problems: Sequence[tuple[int, GroupingProblem]],
        budget: float,
        known: Known | None = None,
        seconds: float = SECONDS,
    ):
        self.budget = budget
        self._problems, self._known, self._seconds = problems, known, seconds
        self._moments: list[Moment] = []
        self._complete = False
        self._error: Exception | None = None
        self._begin()

    @property
    def running(self) -> bool:
        """Whether it is still worked on."""
        return self._thread.is_alive()

    def moments(self) -> list[Moment]:
        """What was found, of a few moments at first. Tells that someone is looking."""
        self._seen = time.perf_counter()
        if self._error is not None:
            raise self._error
        return self._moments

    def wait(self, seconds: float | None = None) -> None:
        """Wait for the end, but only until so many seconds after the beginning."""
        left = None if seconds is None else max(0.0, seconds - (time.perf_counter() - self._began))
        self._thread.join(left)

    def go_on(self) -> None:
        """Begin anew where it was given up, as nobody looked."""
        if not self._complete and not self.running:
            self._begin()

    def _begin(self) -> None:
        self._began = self._seen = time.perf_counter()
        self._thread = threading.Thread(target=self._work, name="moments", daemon=True)
        self._thread.start()

    def _work(self) -> None:
        with _turn:
            if time.perf_counter() - self._seen > UNSEEN:
                return
            try:
                if len(self._problems) > SOME:  # so that there is something to see soon
                    some = self._problems[:: -(-len(self._problems) // SOME)]
                    self._moments = in_place(best_over_time(some, self.budget, seconds=self._seconds / 10))
                self._moments = in_place(best_over_time(self._problems, self.budget, seconds=self._seconds))
                if self._known is not None:
                    self._known.put(self.budget, self._moments)
            except Exception as error:  # shown by whoever looks
                self._error = error
            self._complete = True


def moments_of(subject: Subject, observed: Observed, budget: float) -> tuple[list[Moment], bool]:
    """The best grouping by all that was observed up to each of several steps, at first of none or a few of them; and
    whether these are all."""
    steps, asked = steps_of(observed.series, subject.active), _asked(subject)
    known = _known_of(asked)
    known.shown[state.get("budget")] = budget
    worked = _worked((asked, steps, len(observed.seeds)), budget, known, lambda: problems_at(subject, observed, steps))
    state.keep("moments", worked)
    worked.go_on()
    worked.wait(PATIENCE)
    ended = not worked.running
    return worked.moments(), ended


def known_marks(subject: Subject, observed: Observed) -> Sequence[Mark]:
    """The marks that the Overview found by this budget and these choices, whoever looked at it; none where it has not
    found them. Nothing is worked out."""
    if observed.reading != AFFINITY.name:
        return ()
    return _known_of(_asked(subject)).marks(state.get("budget"), observed.series.edges)


def _asked(subject: Subject) -> tuple[Hashable, ...]:
    """What moments are of, but for their steps and the budget."""
    return store().url, tuple(run.id for run in subject.runs), tuple(map(state.get, _CHOICES))


@lru_cache(256)  # for all visitors
def _known_of(asked: tuple[Hashable, ...]) -> Known:
    return Known()


@st.cache_resource(show_spinner=False, max_entries=32)
def _worked(
    key: tuple[Hashable, ...], budget: float, _known: Known, _problems: Callable[[], list[tuple[int, GroupingProblem]]]
) -> Worked:
    return Worked(_problems(), budget, _known)


def working() -> bool:
    """Whether what this session looked at last is still worked out."""
    worked = state.kept("moments", lambda: None)
    return worked is not None and worked.running


def steps_of(series: AffinitySeries, active: bool) -> tuple[int, ...]:
    """Up to ``MOST`` steps at which windows end, evenly spread.

    Those of a run at work stay where they are as it grows, but for every other one that it outgrows.

    >>> series = AffinitySeries((), np.arange(131), np.ones(130), np.zeros((130, 0, 0)), np.zeros((130, 0, 0)))
    >>> steps_of(series, active=True)[:3], steps_of(series, active=True)[-1], steps_of(series, active=False)[-1]
    ((4, 8, 12), 128, 130)
    """
    every = 1
    while len(series) / every > MOST - 1:
        every *= 2
    ends = list(range(every, len(series) + 1, every))
    if not active and (not ends or ends[-1] != len(series)):
        ends.append(len(series))
    return tuple(int(series.edges[end]) for end in ends)


def problems_at(subject: Subject, observed: Observed, steps: Sequence[int]) -> list[tuple[int, GroupingProblem]]:
    """The grouping problem by all that was observed up to each step; without those where too little was."""
    found = []
    for step in steps:
        try:
            found.append((step, problem_for(subject.first, observed.mean(None, step))))
        except KindredError:
            continue
    return found


def in_place(moments: Sequence[Moment]) -> list[Moment]:
    """The same with each grouping's networks in the order of those before that share most of their tasks."""
    found: list[Moment] = []
    before: Solution | None = None
    for moment in moments:
        solution = moment.solution
        if solution is not None and before is not None:
            old, new = ([set(network.serves) for network in each.networks] for each in (before, solution))
            shared = np.array([[len(one & other) for other in new] for one in old])
            follows = linear_sum_assignment(-shared)[1].tolist()
            rest = [place for place in range(len(new)) if place not in follows]
            solution = replace(solution, networks=tuple(solution.networks[place] for place in [*follows, *rest]))
        found.append(Moment(moment.step, solution))
        before = solution or before
    return found


def frames_at(moments: Sequence[Moment], budget: float) -> list[MomentFrame]:
    """The moments as the chart's cards show them."""
    return [MomentFrame(each.step, frames_of([budget], [each.solution])[0]) for each in moments]


def marks_of(moments: Sequence[Moment]) -> list[Mark]:
    """What changes in the best grouping, each change in a sentence."""
    known = [moment for moment in moments if moment.solution is not None]
    before = {later.step: earlier.solution for earlier, later in zip(known, known[1:], strict=False)}
    now = {moment.step: moment.solution for moment in known}
    return [
        Mark(each.step, _said(each, _number(before[each.step], each.task), _number(now[each.step], each.task)))
        for each in changes(known)
    ]


def _number(solution: Solution | None, task: str) -> int:
    """Which network of a grouping serves a task, counted from 1."""
    return next(number for number, network in enumerate(solution.networks, 1) if task in network.serves)


def _said(change: Change, left: int, joined: int) -> str:
    told = {"step": change.step, "task": change.task, "left": left, "joined": joined}
    if change.left is None:
        return text("overview.joins", **told, those=_names(change.joined or ()))
    if change.joined is None:
        return text("overview.leaves", **told, these=_names(change.left))
    return text("overview.moves", **told, these=_names(change.left), those=_names(change.joined))


def _names(tasks: Sequence[str]) -> str:
    """Tasks in a sentence, the last of many left out."""
    named = text("words.comma").join(tasks[:_NAMED])
    return text("overview.more", names=named, count=len(tasks) - _NAMED) if len(tasks) > _NAMED else named
