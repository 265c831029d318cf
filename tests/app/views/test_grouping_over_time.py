"""What it costs to keep the grouping while a run trains."""

import numpy as np
import pytest

from app.components.observed import Observed
from app.views.grouping_over_time import problems_over_time
from engine.affinity.series import AffinitySeries, Window
from engine.grouping.problem import GroupingProblem
from tests.app.views.grouping_page import patient, shown, widget  # noqa: F401
from tests.app.views.stored import TASKS, trained

pytestmark = pytest.mark.usefixtures("patient")


def turning(windows=20, skipped=0):
    """Windows of one update, in which the second half has another matrix; the first ``skipped`` miss a pair."""
    first, second = np.random.default_rng(9).normal(size=(2, 5, 5))
    found = []
    for place in range(windows):
        matrix = (first if place < windows // 2 else second).astype(np.float32)
        counts = np.full((5, 5), 1)
        if place < skipped:
            counts[0, 1] = 0
            matrix = matrix * counts
        found.append(Window(10 * place, 10 * place + 10, 1, matrix, matrix**2, counts))
    return found


@pytest.fixture
def turned(store):
    run, token = store.create_tracked("turning", TASKS, {"affinity": "auto"}, "affinity per unit of step size")
    store.write(run, token, turning(), step=200, status="finished")
    return run


def test_it_is_worked_out_once_opened(show, turned):
    app = show("grouping", run=turned, budget="2")
    assert "moments today's grouping is worth" not in shown(app)
    app.session_state["keeping"] = True
    app = app.run()
    assert not app.exception and not app.error
    assert "Over 20 moments today's grouping is worth" in shown(app)
    assert "The best grouping changes" in shown(app) and "At step" in shown(app)
    table = next(each.value for each in app.table if "today's grouping, then" in each.value)
    assert len(table) == 20 and table.iloc[-1].tolist() == ["200", "0", "0"]


def test_a_moment_may_see_only_what_is_around_it(show, turned):
    app = show("grouping", run=turned, budget="2", moments="around")
    app.session_state["keeping"] = True
    app = app.run()
    assert app.query_params["moments"] == "around" and not app.exception
    choice = widget(app, "button_group", "Affinities of a moment")
    app = choice.set_value("so_far").run()
    assert "moments" not in app.query_params and "Over 20 moments" in shown(app)


def test_where_nothing_changes_that_is_said(show, store):
    app = show("grouping", run=trained(store, noise=1e-6), budget="2")
    app.session_state["keeping"] = True
    said = shown(app.run())
    assert "At all 12 moments today's grouping is as good" in said and "is the same at all 12 moments" in said


def test_moments_see_the_windows_that_they_name():
    series = AffinitySeries.of(tuple(TASKS), turning())
    observed = Observed.of([series])
    mean = observed.mean()
    problem = GroupingProblem(tuple(TASKS), mean.affinity)
    so_far = problems_over_time(observed, mean, problem, 20, "so_far")
    assert [step for step, _ in so_far] == list(range(10, 210, 10))
    for step, each in so_far:
        np.testing.assert_allclose(each.affinity, series.mean(0, step).affinity)
    around = dict(problems_over_time(observed, mean, problem, 20, "around"))
    np.testing.assert_allclose(around[50].affinity, series.totals[0], rtol=1e-6)  # far from the turn on either side
    np.testing.assert_allclose(around[150].affinity, series.totals[-1], rtol=1e-6)
    assert len(problems_over_time(observed, mean, problem, 4, "so_far")) == 4


def test_moments_that_had_not_seen_every_pair_are_left_out():
    series = AffinitySeries.of(tuple(TASKS), turning(skipped=6))
    observed = Observed.of([series])
    mean = observed.mean()
    problem = GroupingProblem(tuple(TASKS), mean.affinity)
    assert problems_over_time(observed, mean, problem, 20, "so_far")[0][0] == 70
