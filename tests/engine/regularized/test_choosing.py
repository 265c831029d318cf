import doctest

import numpy as np
import pytest

from engine.errors import KindredError
from engine.regularized import choosing
from engine.regularized.choosing import choose, errors
from engine.regularized.independent import Independent
from engine.regularized.mean_regularized import MeanRegularized
from tests.engine.regularized.problems import LOSSES, problem, samples


@pytest.mark.parametrize("loss", LOSSES)
def test_the_least_mean_error_is_kept(loss):
    weights = np.random.default_rng(0).normal(size=(3, 5))
    training, validation = samples(weights, loss, 8, seed=1), samples(weights, loss, 50, seed=2)
    validation[0][1], validation[1][1] = validation[0][1][:0], validation[1][1][:0]
    grid = np.logspace(-4, 2, 7)
    model, strength = choose(lambda strength: Independent(loss=loss, strength=strength), grid, training, validation)
    each = []
    for one in grid:
        fitted = Independent(loss=loss, strength=one).fit(*training)
        wrong = []
        for task in (0, 2):
            found, y = fitted.predict(validation[0][task], task), validation[1][task]
            wrong.append(np.mean((found - y) ** 2 if loss == "squared" else found != y))
        each.append(np.mean(wrong))
    assert strength == grid[int(np.argmin(each))] and model.strength == strength
    found = errors(model, *validation)
    np.testing.assert_allclose(np.nanmean(found), min(each))
    assert np.isnan(found).tolist() == [False, True, False]


def test_of_equals_the_first_is_kept():
    data = problem("squared")
    assert choose(lambda _: Independent(), [3.0, 1.0], data, data)[1] == 3.0


def test_bad_input_is_refused():
    data = problem("squared")
    with pytest.raises(KindredError, match="grid of settings is empty; give at least one"):
        choose(lambda strength: Independent(strength=strength), [], data, data)
    nothing = [x[:0] for x in data[0]], [y[:0] for y in data[1]]
    with pytest.raises(KindredError, match="No task has validation samples"):
        choose(lambda strength: Independent(strength=strength), [1.0], data, nothing)
    with pytest.raises(KindredError, match="inputs of 2 tasks and targets of 4; the model has learned 4"):
        choose(lambda strength: Independent(strength=strength), [1.0], data, (data[0][:2], data[1]))
    with pytest.raises(KindredError, match=r"Task 0 has 5 samples and targets of shape \[4\]"):
        choose(lambda strength: Independent(strength=strength), [1.0], data, (data[0], [data[1][0][:4], *data[1][1:]]))


def test_any_settings_may_be_chosen_among():
    data = problem("squared")
    grid = [(strength, ridge) for strength in (0.0, 1.0) for ridge in (0.01, 0.1)]
    _, chosen = choose(lambda both: MeanRegularized(strength=both[0], ridge=both[1]), grid, data, data)
    assert chosen == (0.0, 0.01)  # on the training samples themselves


def test_the_example_runs():
    assert doctest.testmod(choosing).failed == 0
