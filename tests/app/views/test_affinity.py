from pathlib import Path

import numpy as np
import pytest

from engine.affinity.matrix import AffinityMatrix
from engine.affinity.series import Window
from engine.runs.config import RunConfig
from tests.app.looks import look


def texts(app):
    said = (*app.caption, *app.info, *app.error, *app.markdown, *app.subheader)
    return " ".join([look(app), *(str(each.value) for each in said)])


@pytest.mark.parametrize("page", ["affinity", "graph"])
def test_the_first_run_is_shown_and_named_in_the_address(show, store, page):
    app = show(page)
    assert not app.exception and not app.error
    assert len(app.get("bidi_component")) >= 1
    assert store.runs()[0].id in app.query_params["run"]
    assert "source" in texts(app) and "target" in texts(app)


def test_a_pair_in_the_address_shows_both_directions(show, store):
    run = store.runs()[0]
    app = show("affinity", run=run.id, pair='["Black_Hair", "Goatee"]')
    labels = [metric.label for metric in app.metric]
    assert [label.replace("\\", "") for label in labels] == ["Black_Hair → Goatee", "Goatee → Black_Hair"]
    mean = store.series(run.id).mean().affinity
    place = run.tasks.index
    assert float(app.metric[0].value) == pytest.approx(mean[place("Black_Hair"), place("Goatee")], rel=1e-3)


def test_the_table_twin_has_the_numbers_of_the_matrix(show, store):
    run = store.runs()[0]
    app = show("affinity", run=run.id)
    frame = app.table[0].value
    np.testing.assert_allclose(frame.to_numpy(dtype=float), store.series(run.id).mean().affinity, rtol=1e-3)


@pytest.mark.parametrize("page", ["affinity", "graph", "grouping"])
def test_an_unknown_run_in_the_address_is_an_error_box(show, page):
    app = show(page, run="nope")
    assert not app.exception
    assert "no run" in app.error[0].value and "nope" in app.error[0].value


@pytest.mark.parametrize("page", ["affinity", "graph", "grouping"])
def test_a_run_without_windows_says_what_comes(show, store, page):
    run_id = store.create(RunConfig("yeast"))
    app = show(page, run=run_id)
    assert not app.exception and not app.error
    assert "worker is starting" in app.info[0].value


@pytest.mark.parametrize("page", ["affinity", "graph", "grouping"])
def test_an_interval_outside_the_run_shows_the_whole_run(show, page):
    app = show(page, interval="500-900")
    assert not app.exception
    assert "whole run is shown instead" in app.error[0].value


@pytest.mark.parametrize("page", ["affinity", "graph", "grouping"])
def test_task_names_with_markup_are_text(show, store, page):
    names = ("<img src=x onerror=alert(1)>", "**b** :red[x]", "c")
    run_id = store.add_matrix(AffinityMatrix(names, np.arange(9.0).reshape(3, 3)), "<script>x</script>")
    app = show(page, run=run_id, pair='["c", "**b** :red[x]"]', node="c")
    assert not app.exception and not app.error
    assert "<script>" not in texts(app).replace("\\<", "")


def test_a_corrupt_store_is_one_sentence(show, store):
    store._database.close()
    Path(store.label).write_bytes(b"nonsense " * 500)
    for page in ("runs", "affinity", "graph", "grouping"):
        app = show(page)
        assert not app.exception
        assert "damaged or no database" in app.error[0].value.replace("\\", "")


def choose(app, label, value):
    next(box for box in app.selectbox if box.label == label).set_value(value).run()
    assert not app.exception


def test_every_choice_counts_even_right_after_another(show, store):
    app = show("affinity")
    for order in ("name", "cluster", "given", "cluster"):
        choose(app, "Order of tasks", order)
        assert app.session_state["choice:order"] == order
    for run in store.runs()[1:4]:
        choose(app, "Run", run.id)
        assert app.session_state["choice:run"] == run.id
    app = show("grouping")
    for rule in ("diagonal", "number", "0.0", "forbid"):
        choose(app, "Score of a task alone in its network", rule)
        assert app.session_state["choice:singleton"] == {"number": "0.0"}.get(rule, rule)


@pytest.mark.parametrize("page", ["affinity", "graph", "grouping"])
def test_a_failed_run_says_why_and_shows_what_it_has(show, store, page):
    run_id = store.create(RunConfig("yeast"))
    token = store.claim(run_id)
    window = Window(0, 5, 5, np.ones((2, 2), np.float32), np.ones((2, 2), np.float32))
    store.write(run_id, token, [window], tasks=["a", "b"], status="failed", error="It *diverged*.", step=5, steps=9)
    app = show(page, run=run_id)
    assert not app.exception and not app.error
    assert "failed at step 5 of 9" in app.warning[0].value and "\\*diverged\\*" in app.warning[0].value
    assert len(app.get("bidi_component")) == 1


def test_runs_of_the_same_name_can_be_told_apart(show, store):
    ids = [store.add_matrix(AffinityMatrix(("a", "b"), np.eye(2) * number), "same") for number in (1, 2, 3)]
    app = show("affinity")
    for run_id in ids:
        choose(app, "Run", run_id)
        assert app.session_state["choice:run"] == run_id
