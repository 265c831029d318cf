"""More serving tasks than are solved at once: the page shows what is known while a thread searches on."""

import time

import numpy as np
import pytest

from engine.affinity.matrix import AffinityMatrix
from engine.affinity.series import Window
from tests.app.views.grouping_page import grouping_of, patient, shown, widget  # noqa: F401


def clusters(count: int, noise: float) -> np.ndarray:
    cluster = np.arange(count) % 5
    generator = np.random.default_rng(0)
    return 1.0 * (cluster[:, None] == cluster[None, :]) + noise * generator.normal(size=(count, count))


def matrix(store, count: int, noise: float) -> str:
    tasks = tuple(f"t{number}" for number in range(count))
    return store.add_matrix(AffinityMatrix(tasks, clusters(count, noise)), f"{count} tasks")


@pytest.fixture
def opened(show):
    """``opened(**parameters)``: the page, whose search ends with the test."""
    apps = []

    def made(**parameters):
        apps.append(show("grouping", **parameters))
        return apps[-1]

    yield made
    for app in apps:
        if "kept:search" in app.session_state and (search := app.session_state["kept:search"]):
            search.stop()
            assert search.join(10)


def search_of(app):
    return app.session_state["kept:search"]


def until_ended(app, seconds: float = 60):
    assert search_of(app).join(seconds)
    return app.run()


def test_all_tasks_are_served_however_many(opened, store):
    app = until_ended(opened(run=matrix(store, 18, 0.1), budget="4"))
    assert not app.exception and not app.error
    assert "18 serving tasks" in shown(app) and "Proved optimal" in shown(app)
    served = set().union(*(served for _, served in grouping_of(app).values()))
    assert len(served) == 18
    assert "18 of 18 budgets proved optimal" in shown(app)
    assert not any(button.label == "Go on" for button in app.button)


def test_a_first_answer_is_shown_while_the_search_goes_on_until_it_is_stopped(opened, store):
    started = time.perf_counter()
    app = opened(run=matrix(store, 40, 2.0), budget="4")
    assert time.perf_counter() - started < 10
    assert not app.exception and not app.error
    search = search_of(app)
    search.wait(10)
    app = app.run()
    assert search_of(app) is search and search.running
    assert "Not proved" in shown(app) and "40 serving tasks" in shown(app)
    assert "Searching for" in shown(app) and "gap" in shown(app)
    assert "once the search has ended" in shown(app)
    app = widget(app, "button", "Stop").click().run()
    assert search.join(10)
    app = app.run()
    assert "Searched for" in shown(app) and not app.exception
    app = widget(app, "button", "Go on").click().run()
    assert search_of(app) is search and search.running


def test_another_problem_ends_the_search(opened, store):
    app = opened(run=matrix(store, 40, 2.0), budget="4")
    search = search_of(app)
    widget(app, "number_input", "Largest network").set_value(20)
    app = app.run()
    assert search_of(app) is not search
    assert search.join(10)
    assert search_of(app).running and search_of(app).problem.constraints.max_size == 20


def test_a_problem_that_is_solved_at_once_ends_the_search(opened, store):
    app = opened(run=matrix(store, 40, 2.0), budget="2")
    search = search_of(app)
    app.button_group[0].set_value(["t0", "t1", "t2"])
    app = app.run()
    assert search_of(app) is None and search.join(10)
    assert "3 serving tasks" in shown(app) and "Proved optimal" in shown(app)


def test_conditions_that_many_tasks_cannot_meet_are_refused(opened, store):
    app = opened(run=matrix(store, 20, 0.1), budget="2", max_size="3", together='[["t0","t1","t2","t3"]]')
    app = until_ended(app)
    assert not app.exception and len(app.error) == 1
    assert "keep t0, t1, t2, t3 together" in app.error[0].value.replace("\\", "")


def test_a_budget_that_many_tasks_cannot_meet_is_refused_and_others_are_not(opened, store):
    run = matrix(store, 20, 0.1)
    app = until_ended(opened(run=run, budget="2", max_size="5"))
    assert "The least budget that suffices is 4 SNT" in app.error[0].value.replace("\\", "")
    app = until_ended(opened(run=run, max_size="5"))
    assert not app.error and app.query_params["budget"] == "4"


@pytest.mark.usefixtures("patient")
def test_the_noise_of_many_tasks_is_searched_not_proved(opened, store):
    truth = clusters(20, 0.05)
    generator = np.random.default_rng(1)
    windows = []
    for number in range(12):
        updates = truth + generator.normal(0, 0.3, (10, 20, 20))
        sums = updates.sum(0).astype(np.float32), (updates**2).sum(0).astype(np.float32)
        windows.append(Window(10 * number, 10 * number + 10, 10, *sums))
    names = [f"t{number}" for number in range(20)]
    run, token = store.create_tracked("twenty", names, {"affinity": "auto"}, "affinity per unit of step size")
    store.write(run, token, windows, step=120, status="finished")
    app = until_ended(opened(run=run, budget="4"))
    assert not app.exception and not app.error
    assert "bootstrap replicates" in shown(app) and "searched, not proved" in shown(app)
