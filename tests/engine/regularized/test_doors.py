import numpy as np
import pytest

from engine.errors import KindredError
from engine.regularized.clustered import Clustered
from engine.regularized.graph_laplacian import GraphLaplacian
from engine.regularized.independent import Independent
from tests.engine.regularized.problems import METHODS, problem

X, Y = np.arange(12.0).reshape(6, 2), np.array([0.0, 1, 0, 1, 1, 0])


def spoiled(array: np.ndarray, value: float) -> np.ndarray:
    array = array.copy()
    array.flat[1] = value
    return array


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"strength": -1.0}, r"Strength is -1.0; it must be a number from"),
        ({"strength": float("nan")}, "Strength is nan; it must be a number"),
        ({"loss": "hinge"}, "Loss is 'hinge'; choose one of squared, logistic"),
        ({"tolerance": 0.0}, "Tolerance is 0.0; it must be a number from 1e-12"),
        ({"max_iterations": 0}, "Max iterations is 0; it must be a whole number from 1"),
    ],
)
def test_settings_out_of_range(name, settings, message):
    with pytest.raises(KindredError, match=message):
        METHODS[name](2, **settings)


def test_numbers_of_numpy_are_settings():
    assert type(Independent(strength=np.float64(2)).strength) is float
    assert Clustered(clusters=np.int64(3)).clusters == 3


@pytest.mark.parametrize(
    ("inputs", "targets", "loss", "message"),
    [
        ([], [], "squared", "inputs of 0 tasks and targets of 0; give one of each for every task, and at least one"),
        ([X, X], [Y], "squared", "inputs of 2 tasks and targets of 1"),
        ([X, X], [Y, Y[:4]], "squared", r"Task 1 has inputs of shape \[6, 2\] and targets of shape \[4\]"),
        ([X], [Y[:, None]], "squared", r"targets of shape \[6, 1\]; give a flat array of one target a sample"),
        ([X, X[:, :1]], [Y, Y], "squared", "Task 1 has 1 features and task 0 has 2; all tasks need the same"),
        ([Y], [Y], "squared", r"Task 0 has inputs of shape \[6\]; give them as \[samples, features\]"),
        ([X[:, :0]], [Y], "squared", "with at least one feature"),
        ([X, X[:0]], [Y, Y[:0]], "squared", "Task 1 has no samples, .* leave it out"),
        ([spoiled(X, np.nan)], [Y], "squared", "Task 0 has inputs that are NaN or infinite; fill them in"),
        ([X, X], [Y, spoiled(Y, np.inf)], "squared", "Task 1 has targets that are NaN or infinite; leave out"),
        ([[["a", "b"]]], [Y], "squared", "Task 0 has inputs that are no array of numbers"),
        ([X, X], [Y, 2 * Y - 1], "logistic", "Task 1 has the label -1; the logistic loss takes 0 and 1. Recode it"),
        ([X, X], [Y, 0 * Y], "logistic", "Task 1 has only the label 0, .* give samples of both labels"),
    ],
)
def test_samples_that_cannot_be_learned_from(inputs, targets, loss, message):
    with pytest.raises(KindredError, match=message):
        Independent(loss=loss).fit(inputs, targets)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (None, "needs a relation of 3 by 3 tasks, and was given none"),
        (np.ones((2, 3)), r"The relation has the shape \[2, 3\]; 3 tasks need \[3, 3\]"),
        ([["a"] * 3] * 3, "no array of numbers"),
        (np.full((3, 3), np.nan), "NaN or infinite; fill them in"),
        (-np.ones((3, 3)), "no pair of tasks above 0, so that none would be tied; subtract what is usual"),
        (np.eye(3), "no pair of tasks above 0"),
    ],
)
def test_relations_that_tie_nothing(given, message):
    with pytest.raises(KindredError, match=message):
        GraphLaplacian(relation=given).fit([X] * 3, [Y] * 3)


def test_more_clusters_than_tasks():
    with pytest.raises(KindredError, match="Clusters is 3, and there are 2 tasks; ask for at most as many"):
        Clustered(clusters=3).fit([X] * 2, [Y] * 2)


@pytest.mark.parametrize(
    ("inputs", "task", "message"),
    [
        (X, 2, "The task is 2; 2 were learned, so give a number from 0 to 1"),
        (X, -1, "The task is -1"),
        (X, "a", "The task is 'a'"),
        (X[:, :1], 0, "inputs of 1 features; the model has learned from 2"),
        (X[0], 0, r"inputs of shape \[2\]"),
    ],
)
def test_decisions_that_cannot_be_made(inputs, task, message):
    model = Independent().fit([X, X], [Y, Y])
    with pytest.raises(KindredError, match=message):
        model.decision(inputs, task)


def test_what_was_given_is_not_changed():
    inputs, targets = problem("squared")
    before = [x.copy() for x in inputs], [y.copy() for y in targets]
    given = np.arange(16.0).reshape(4, 4)
    GraphLaplacian(relation=given).fit(inputs, targets)
    np.testing.assert_array_equal(given, np.arange(16.0).reshape(4, 4))
    for now, then in zip(inputs + targets, before[0] + before[1], strict=True):
        np.testing.assert_array_equal(now, then)
