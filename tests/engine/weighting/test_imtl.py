import numpy as np
import pytest
import torch
from torchjd.aggregation import IMTLG

from tests.engine.weighting.problems import gradients, make, weigh


def projections(rows, update):
    return rows @ update / np.linalg.norm(rows, axis=1)


@pytest.mark.parametrize("count", [2, 3, 14])
@pytest.mark.parametrize("imbalance", [1, 1e3, 1e4, 1e8])
def test_all_gradients_have_the_same_projection(count, imbalance):
    rows = gradients(count, seed=count, imbalance=imbalance)
    update, weights = weigh(make("imtl", count), rows)
    found = projections(rows, update)
    assert found[0] > 0
    np.testing.assert_allclose(found, found[0], rtol=1e-9)
    np.testing.assert_allclose(np.abs(weights).sum(), count)


def test_two_tasks_in_closed_form():
    rows = gradients(2, imbalance=7)
    inverse = 1 / np.linalg.norm(rows, axis=1)
    _, weights = weigh(make("imtl", 2), rows)
    np.testing.assert_allclose(weights, 2 * inverse / inverse.sum())


def test_agrees_with_torchjd_where_no_factor_is_negative():
    rows = np.abs(gradients(3, 3)) + 4 * np.eye(3)
    update, weights = weigh(make("imtl", 3), rows)
    assert (weights > 0).all()
    np.testing.assert_allclose(update, 3 * IMTLG()(torch.from_numpy(rows)), rtol=1e-9)


def test_never_turns_against_all_tasks():
    # The third direction lies between the others, so that its factor is negative; its gradient is short.
    rows = np.array([[-0.3, 0, 1], [0.3, 0, 1], [0, 0.06, 1]])
    rows[2] *= 0.1
    assert (projections(rows, IMTLG()(torch.from_numpy(rows)).numpy()) < 0).all()
    update, weights = weigh(make("imtl", 3), rows)
    assert (projections(rows, update) > 0).all()
    assert weights[2] < 0
    np.testing.assert_allclose(np.abs(weights).sum(), 3)


def test_opposite_gradients_have_no_common_direction():
    update, weights = weigh(make("imtl", 2), np.array([[1.0, 2], [-1, -2]]))
    assert not update.any() and not weights.any()
