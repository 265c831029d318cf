"""Where the best grouping changes, on the Affinity page and the task graph: what the Overview found, nothing anew."""

import time

import numpy as np
import pytest

from app.components import live_chart
from app.components.live_chart import linked
from app.components.observed import Observed
from app.components.subject import Subject
from app.views import overview_moments
from app.views.overview_moments import Known, known_marks
from engine.affinity.series import AffinitySeries, Window
from engine.grouping.over_time import Moment
from engine.texts import speaking
from tests.app.views.drifting import STEPS, drifting
from tests.app.views.stored import readings
from tests.app.views.test_overview import grouped

PAGES = pytest.mark.parametrize("page", ["affinity", "graph"])


@pytest.fixture
def marks(show, monkeypatch):
    """``marks(page, **parameters)``: those that the page's chart is sent, of a visitor who has just come."""
    sent = []
    for module in (live_chart, linked):
        mount = module.mount
        monkeypatch.setattr(
            module, "mount", lambda key, data, given, mount=mount: sent.append(data) or mount(key, data, given)
        )

    def opened(page, **parameters):
        sent.clear()
        app = show(page, **parameters)
        assert not app.exception and not app.error
        return next(data["marks"] for data in sent if "marks" in data)

    monkeypatch.setattr(overview_moments, "PATIENCE", 60.0)
    return opened


@pytest.fixture
def idle(monkeypatch):
    """``idle()``: from then on nothing may be worked out, nor the grouping problem be made."""

    def fail(*args, **kwargs):
        raise AssertionError("It is worked out.")

    def begin():
        for name in ("problem_for", "best_over_time", "marks_of", "Worked"):
            monkeypatch.setattr(overview_moments, name, fail)

    return begin


@pytest.fixture
def tokens(store, monkeypatch):
    """What writes on to a run, by its id."""
    found = {}
    claim = store.claim
    monkeypatch.setattr(store, "claim", lambda run_id: found.setdefault(run_id, claim(run_id)))
    return found


@PAGES
@pytest.mark.parametrize("budget", [{}, {"budget": "2"}])
def test_what_the_overview_found_is_marked_for_every_visitor(marks, store, idle, page, budget):
    run_id = drifting(store)
    found = marks("overview", run=run_id, **budget)
    idle()
    assert found and marks(page, run=run_id, **budget) == found


@PAGES
def test_nothing_is_worked_out_where_nothing_is_known(marks, store, idle, page):
    run_id = drifting(store)
    idle()
    assert marks(page, run=run_id) == []


@PAGES
def test_what_was_found_of_something_else_is_not_marked(marks, store, page):
    run_id, other = drifting(store), drifting(store, tasks=7)
    assert marks("overview", run=run_id, budget="2")
    for different in (
        {"budget": "3"},
        {"budget": "2", "singleton": "diagonal"},
        {"budget": "2", "exclude": '["task 5"]'},
        {"budget": "2", "run": other},
    ):
        assert marks(page, **({"run": run_id} | different)) == [], different


@PAGES
def test_a_budget_that_is_named_is_the_one_that_is_shown_for_none(marks, store, page):
    run_id = drifting(store)
    found = marks("overview", run=run_id)
    assert found and marks(page, run=run_id, budget="3") == found


@PAGES
def test_another_reading_has_none(marks, store, tokens, page):
    run_id = drifting(store, tasks=5, status="running")
    store.write(run_id, tokens[run_id], (), readings=readings(0, "gradient_cosine"))
    found = marks("overview", run=run_id, budget="2")
    assert found and marks(page, run=run_id, budget="2") == found
    assert marks(page, run=run_id, budget="2", reading="gradient_cosine") == []


@PAGES
def test_marks_are_told_in_the_visitor_s_language(marks, store, page):
    run_id = drifting(store)
    assert marks("overview", run=run_id, budget="2")
    found = marks(page, run=run_id, budget="2", language="zh")
    assert found and all("第" in mark["said"] for mark in found)


@PAGES
def test_a_run_that_moves_on_keeps_its_marks(marks, store, tokens, idle, page):
    run_id = drifting(store, status="running")
    found = marks("overview", run=run_id, budget="2")
    idle()
    total = np.ones((6, 6), np.float32)
    store.write(run_id, tokens[run_id], [Window(200, 200 + STEPS, STEPS, total, total)], step=210)
    assert found and marks(page, run=run_id, budget="2") == found


MOMENTS = [Moment(10, grouped(("a", "b"), ("c", "d"))), Moment(20, grouped(("a", "b", "c"), ("d",)))]
EDGES = np.arange(0, 31, 10)


def test_later_moments_take_the_place_of_earlier_ones_but_not_the_other_way():
    known = Known()
    later = [*MOMENTS, Moment(30, MOMENTS[0].solution)]
    with speaking("en"):
        for moments, steps in ((MOMENTS, [20]), (later, [20, 30]), (MOMENTS, [20, 30]), ([], [20, 30])):
            known.put(2.0, moments)
            assert [mark.step for mark in known.marks(2.0, EDGES)] == steps


def test_moments_at_which_no_window_ends_are_not_marked():
    known = Known()
    known.put(2.0, MOMENTS)
    with speaking("en"):
        assert known.marks(2.0, EDGES) and not known.marks(2.0, np.arange(0, 31, 15))


def test_a_look_takes_less_than_a_millisecond(store, monkeypatch):
    tasks, windows = 100, 2000
    names = tuple(f"task {number}" for number in range(tasks))
    none = np.zeros((1, tasks, tasks), np.float32)
    many = np.broadcast_to(none, (windows, tasks, tasks))
    observed = Observed(AffinitySeries(names, np.arange(windows + 1), np.ones(windows, int), many, many))
    subject = Subject("large", (store.run(drifting(store)),))
    chosen = {"serve": names, "weights": tuple((name, 2.0) for name in names), "budget": 2.0}
    monkeypatch.setattr(overview_moments.state, "get", chosen.get)
    end = observed.series.edges[-1]
    moments = [Moment(int(end - 60 + at), MOMENTS[at % 2].solution) for at in range(60)]
    overview_moments._known_of(overview_moments._asked(subject)).put(2.0, moments)
    times = []
    for _ in range(20):
        began = time.perf_counter()
        assert len(known_marks(subject, observed)) == 59
        times.append(time.perf_counter() - began)
    assert min(times) < 0.001, times
