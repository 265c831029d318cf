import numpy as np
import pytest

from engine.charts.graph import graph_frame, positions
from engine.errors import KindredError


def communities(tasks: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    groups = np.arange(tasks) % 3
    return groups, (groups[:, None] == groups) + generator.normal(0, 0.1, (tasks, tasks))


@pytest.mark.parametrize("tasks", [1, 2, 3, 5, 9, 40, 100])
def test_every_task_has_a_place_of_its_own_in_the_square(tasks):
    places = positions(communities(tasks)[1])
    assert places.shape == (tasks, 2)
    assert np.abs(places).max() <= 1 + 1e-9
    distance = np.linalg.norm(places[:, None] - places, axis=-1) + 9 * np.eye(tasks)
    assert distance.min() > 1 / np.sqrt(tasks)


def test_the_same_matrix_gives_the_same_places():
    matrix = communities(12)[1]
    np.testing.assert_array_equal(positions(matrix), positions(matrix))


def test_the_size_of_affinities_does_not_matter():
    matrix = communities(12)[1]
    np.testing.assert_allclose(positions(matrix), positions(1e-6 * matrix), atol=1e-6)


def test_tasks_that_help_each_other_stand_closer():
    groups, matrix = communities(18)
    places = positions(matrix)
    distance = np.linalg.norm(places[:, None] - places, axis=-1)
    same = groups[:, None] == groups
    assert distance[same & ~np.eye(18, dtype=bool)].mean() < 0.7 * distance[~same].mean()


@pytest.mark.parametrize("matrix", [np.zeros((6, 6)), np.full((6, 6), np.nan)])
def test_indifferent_tasks_stand_on_a_circle(matrix):
    np.testing.assert_allclose(np.linalg.norm(positions(matrix), axis=1), 1)


def test_unknown_affinities_count_as_zero():
    matrix = communities(8)[1]
    matrix[0, 1] = np.nan
    assert np.isfinite(positions(matrix)).all()


def test_the_frame_labels_the_tasks_and_refuses_too_few_places():
    frame = graph_frame(("<i>a</i>", "b"), positions(np.eye(2)))
    assert frame.data[0].hovertext == ("&lt;i&gt;a&lt;/i&gt;", "b")
    with pytest.raises(KindredError, match="2 × 2 for 3 tasks"):
        graph_frame(("a", "b", "c"), np.zeros((2, 2)))
