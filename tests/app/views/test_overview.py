"""The page Overview: everything of a run under one slider, the best groupings worked out beside it."""

import json
import threading

import numpy as np
import pytest

from app.components.live_chart import linked as module
from app.views import overview_moments
from app.views.overview_moments import MOST, Worked, in_place, marks_of, steps_of
from engine.affinity.series import AffinitySeries
from engine.grouping.over_time import Moment, best_over_time
from engine.grouping.problem import GroupingProblem
from engine.grouping.solution import Certificate, Network, Solution
from engine.texts import speaking
from tests.app.views.drifting import drifting
from tests.app.views.stored import seeds, trained, with_readings


@pytest.fixture
def sent(monkeypatch):
    """What the linked charts were sent, the last time first."""
    calls = []
    mount = module.mount
    monkeypatch.setattr(module, "mount", lambda key, data, given: calls.insert(0, data) or mount(key, data, given))
    return calls


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """The page waits for the groupings, so that it is whole at once."""
    monkeypatch.setattr(overview_moments, "PATIENCE", 60.0)


def test_all_charts_are_sent_one_series_and_the_groupings_over_time(show, store, sent):
    app = show("overview", run=drifting(store))
    assert not app.exception and not app.error
    data = sent[0]
    assert len(data["tasks"]) == len(data["graph"]["data"][0]["x"]) == len(data["losses"]["data"]) == 6
    moments = data["groupings"]["moments"]
    assert [each["at"] for each in moments] == list(range(10, 201, 10))
    assert all(sum(len(network["serves"]) for network in each["networks"]) == 6 for each in moments)


def test_a_task_that_changes_sides_is_marked_when_it_leaves(show, store, sent):
    show("overview", run=drifting(store), budget="2")
    first = [mark for mark in sent[0]["marks"] if "task 0" in mark["said"]]
    assert first and all(mark["step"] > 100 for mark in first)
    assert "leaves network" in first[0]["said"] and f"At step {first[0]['step']} " in first[0]["said"]


def test_the_selection_of_the_address_is_shown_and_kept(show, store, sent):
    app = show("overview", run=drifting(store), group='["task 1", "task 2"]', interval="20-80")
    assert sent[0]["view"]["group"] == ["task 1", "task 2"]
    assert json.loads(app.query_params["group"]) == ["task 1", "task 2"]
    assert app.query_params["interval"] == "20-80"
    assert any("task 1, task 2" in each.value for each in app.caption)


@pytest.mark.parametrize("named", ['["unheard of"]', '"a"', "[[]]", "{"])
def test_a_group_that_the_run_does_not_have_is_left_out(show, store, sent, named):
    app = show("overview", run=drifting(store), group=named)
    assert not app.exception
    assert "group" not in app.query_params


def test_a_pair_is_said_in_both_directions(show, store):
    run_id = drifting(store)
    app = show("overview", run=run_id, pair='["task 1", "task 2"]')
    mean = store.series(run_id).mean().affinity
    assert any(f"{mean[1, 2]:.3g}".replace(".", r"\.") in each.value for each in app.caption)


def test_many_tasks_have_lines_that_the_browser_colours(show, store, sent):
    show("overview", run=drifting(store, tasks=12, windows=4))
    lines = sent[0]["losses"]["data"]
    assert len(lines) == 12 and {line["meta"]["task"] for line in lines} == set(sent[0]["tasks"])
    assert len({line["line"]["color"] for line in lines}) == 1


def test_what_has_no_losses_or_no_grouping_goes_without(show, store, sent):
    show("overview", run=drifting(store, losses=False))
    assert sent[0]["losses"] is None
    app = show("overview", run=with_readings(store, "mixing"), reading="mixing")
    assert not app.exception and sent[0]["groupings"] is None and sent[0]["marks"] == []


@pytest.mark.parametrize("stored", [trained, lambda store: trained(store, skipped=True), lambda store: seeds(store)[0]])
def test_other_runs_are_shown_too(show, store, stored):
    assert not show("overview", run=stored(store)).exception


def test_the_page_does_not_wait_for_a_long_search(show, store, sent, monkeypatch):
    go = threading.Event()
    monkeypatch.setattr(overview_moments, "PATIENCE", 0.0)
    monkeypatch.setattr(
        overview_moments, "best_over_time", lambda *args, **kwargs: go.wait(30) and best_over_time(*args, **kwargs)
    )
    app = show("overview", run=drifting(store))
    assert not app.exception
    assert sent[0]["groupings"]["moments"] == [] and "Working out" in sent[0]["groupings"]["waiting"]
    go.set()
    app.session_state["kept:moments"].wait(30)
    app.run()
    assert len(sent[0]["groupings"]["moments"]) == 20


def test_what_is_shared_has_every_choice(show, store):
    app = show("overview", run=drifting(store), interval="20-80", budget="2", group='["task 1", "task 2"]')
    app.session_state["share"] = True
    (link,) = [each.value for each in app.run().code]
    assert all(choice in link for choice in ("interval=20-80", "budget=2", "group="))
    app.button(key="prepare-report").click().run()
    assert not app.exception and not app.error
    assert "--from 20 --to 80 --budget 2" in app.session_state["shared-report"][1]


def test_chinese_is_spoken_where_it_is_chosen(show, store, sent):
    app = show("overview", run=drifting(store), language="zh", budget="2")
    assert app.title[0].value == "总览"
    assert sent[0]["marks"] and all("第" in mark["said"] for mark in sent[0]["marks"])


def series(windows: int) -> AffinitySeries:
    empty = np.zeros((windows, 0, 0))
    return AffinitySeries((), np.arange(windows + 1) * 5, np.ones(windows), empty, empty)


@pytest.mark.parametrize("windows", [1, 2, 59, 60, 61, 1000])
def test_moments_are_few_and_end_with_the_run(windows):
    steps = steps_of(series(windows), active=False)
    assert len(steps) <= MOST and steps[-1] == 5 * windows
    assert list(steps) == sorted(set(steps))


def test_the_moments_of_a_growing_run_stay_where_they_are():
    grown = [set(steps_of(series(windows), active=True)) for windows in (40, 41, 58)]
    assert grown[0] <= grown[1] <= grown[2]


def grouped(*networks: tuple[str, ...]) -> Solution:
    tasks = tuple(sorted({task for network in networks for task in network}))
    problem = GroupingProblem(tasks, np.ones((len(tasks), len(tasks))), tasks, singleton="diagonal")
    shown = tuple(Network(network, network, 1.0) for network in networks)
    return Solution(problem, 3.0, shown, 1.0, Certificate(1.0, "test"), "test", 0.0)


def test_a_network_keeps_its_number_while_it_goes_on():
    before, after = grouped(("a", "b"), ("c", "d", "e")), grouped(("c", "d"), ("a", "b", "e"))
    first, second = in_place([Moment(10, before), Moment(20, after)])
    assert [set(each.tasks) for each in second.solution.networks] == [{"a", "b", "e"}, {"c", "d"}]
    with speaking("en"):
        (mark,) = marks_of([first, second])
    assert (mark.step, mark.said) == (20, "At step 20 “e” leaves network 2 (c, d) and joins network 1 (a, b).")


def test_moments_without_a_grouping_are_passed_over():
    moments = [Moment(0, None), Moment(10, grouped(("a", "b"))), Moment(20, None), Moment(30, grouped(("a",), ("b",)))]
    with speaking("en"):
        (mark,) = marks_of(in_place(moments))
    assert mark.step == 30 and "for a network of its own" in mark.said


def test_what_nobody_waited_for_begins_anew_once_it_is_looked_at(monkeypatch):
    monkeypatch.setattr(overview_moments, "UNSEEN", -1.0)
    worked = Worked([(10, grouped(("a", "b")).problem)], 2.0)
    worked.wait()
    assert worked.moments() == []
    monkeypatch.setattr(overview_moments, "UNSEEN", 60.0)
    worked.go_on()
    worked.wait()
    assert worked.moments()[0].solution is not None
