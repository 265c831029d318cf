import doctest
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import engine
from engine import notebook
from engine.errors import KindredError
from engine.grouping.problem import GroupingProblem
from engine.texts import LANGUAGES, speaking
from tests.app.hostile import NAME, TASKS, filled
from tests.app.views.stored import learned, seeds, trained
from tests.engine.test_markup import Seen

MATRIX = np.array([[0, 2, -1], [2, 0, -1], [-1, -1, 0.5]])


def test_the_documentations_examples_hold():
    assert doctest.testmod(notebook).failed == 0


def test_a_matrix_is_a_frame_of_sources_and_targets(store):
    run = engine.open_run(trained(store))
    frame = run.affinity(steps=(20, 100))
    expected = store.series(run.id).mean(20, 100)
    assert (frame.index.name, frame.columns.name) == ("source", "target")
    assert tuple(frame.index) == tuple(frame.columns) == run.tasks
    np.testing.assert_array_equal(frame, expected.affinity)
    np.testing.assert_array_equal(run.standard_error((20, 100)), expected.standard_error)


def test_seeds_are_opened_as_one_by_their_group(store):
    ids = seeds(store)
    group = engine.open_run(ids[1], group=True)
    assert group.mean().seeds == 3 and "3 seeds" in repr(group)
    each = np.mean([engine.open_run(run_id, store=store).affinity() for run_id in ids], axis=0)
    np.testing.assert_allclose(group.affinity(), each)


def test_a_heatmap_shows_the_names_in_clustered_order(store):
    run = engine.open_run(trained(store), store=store)
    figure = run.heatmap()
    assert sorted(figure.layout.xaxis.ticktext) == sorted(run.tasks)
    assert figure.data[0].z.shape == (5, 5)


def test_losses_are_a_row_a_task(store):
    run = engine.open_run(learned(store), store=store)
    frame = run.losses()
    assert set(frame.split) == {"train", "validation", "test"} and set(frame.task) == set(run.tasks)
    one = frame[(frame.split == "validation") & (frame.step == 10) & (frame.task == run.tasks[1])]
    assert one.loss.item() == pytest.approx(0.2 + 1 / 11)


def test_a_run_a_frame_and_a_problem_are_solved_alike(store):
    run = engine.open_run(trained(store), store=store)
    serving = run.tasks[:3]
    ways = [
        engine.solve(run, 2, serving=serving),
        engine.solve(run.affinity(), 2, serving=serving),
        engine.solve(run.problem(serving), 2),
        engine.solve(run.problem(), 2, serving=serving),
    ]
    assert len({each.value for each in ways}) == 1 and all(each.proved_optimal for each in ways)


def test_what_cannot_be_solved_is_refused():
    frame = pd.DataFrame(MATRIX, list("abc"), list("acb"))
    with pytest.raises(KindredError, match="not the same tasks"):
        engine.solve(frame, 2)
    with pytest.raises(KindredError, match="A list cannot be solved"):
        engine.solve([[1]], 2)


def test_a_run_or_group_that_is_not_there_is_refused(store):
    with pytest.raises(KindredError, match="There is no run"):
        engine.open_run("nothing")
    with pytest.raises(KindredError, match="in no group"):
        engine.open_run(trained(store), group=True)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_solution_shows_itself_with_its_proof(language):
    solution = engine.solve(GroupingProblem(tuple("abc"), MATRIX, singleton="diagonal"), 2)
    assert repr(solution) == "Solution(budget 2 SNT, value 1.5, proved optimal: {a, b}, {c})"
    with speaking(language):
        text = Seen(solution._repr_html_()).text
    assert "1.5" in text and "a, b" in text and solution.certificate.rests_on in text


def test_no_name_is_more_than_text_in_a_notebook(store):
    solution = engine.solve(engine.open_run(filled(store)["matrix"], store=store), 3)
    seen = Seen(solution._repr_html_())
    assert not {"img", "b", "a"} & set(seen.tags) and not any(name.startswith("on") for name, _ in seen.attributes)
    assert all(task in seen.text for task in TASKS) and NAME not in seen.tags


def test_it_loads_no_torch(store_url):
    code = "import sys, engine; engine.open_run, engine.solve, engine.Store; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_what_is_not_offered_is_no_attribute():
    with pytest.raises(AttributeError, match="nothing_such"):
        engine.nothing_such  # noqa: B018
