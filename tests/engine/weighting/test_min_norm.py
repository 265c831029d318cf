import numpy as np
import pytest
import torch

from engine.weighting.min_norm import into_dual_cone, min_norm, points
from tests.engine.weighting.problems import gradients

IMBALANCES = [1, 1e3, 1e4, 1e8]


@pytest.mark.parametrize("imbalance", IMBALANCES)
@pytest.mark.parametrize("numbers", [3, 40])
def test_points_have_the_given_scalar_products_relative_to_their_lengths(imbalance, numbers):
    rows = gradients(9, numbers, imbalance=imbalance)
    found = points(torch.from_numpy(rows @ rows.T))
    lengths = np.linalg.norm(rows, axis=1)
    np.testing.assert_allclose(
        found @ found.T / np.outer(lengths, lengths), rows @ rows.T / np.outer(lengths, lengths), atol=1e-14
    )


@pytest.mark.parametrize("imbalance", IMBALANCES)
@pytest.mark.parametrize("count", [1, 2, 3, 14, 40])
@pytest.mark.parametrize("numbers", [2, 100])
@pytest.mark.parametrize("shift, unit", [(0, 1.0), (1, 1.0), (1, 1e-12), (1, 1e12)])
def test_the_nearest_point_meets_the_optimality_conditions(imbalance, count, numbers, shift, unit):
    rows = unit * (gradients(count, numbers, seed=count) + shift)
    rows *= np.geomspace(1, imbalance, count)[:, None]
    weights = min_norm(rows)
    assert (weights >= 0).all() and weights.sum() == pytest.approx(1, abs=1e-12)
    nearest = weights @ rows
    least = np.linalg.norm(rows, axis=1).min()
    excess = (rows @ nearest - nearest @ nearest) / (np.linalg.norm(rows, axis=1) * least)
    assert excess.min() > -1e-10
    assert np.abs(excess[weights > 0]).max() < 1e-10


def test_two_points_in_closed_form():
    for seed in range(20):
        one, two = gradients(2, 3, seed=seed, imbalance=10 ** (seed % 5))
        share = np.clip((two - one) @ two / ((two - one) @ (two - one)), 0, 1)
        np.testing.assert_allclose(min_norm(np.array([one, two])), [share, 1 - share], atol=1e-12)


def test_a_point_at_zero_is_the_nearest():
    np.testing.assert_array_equal(min_norm(np.array([[1.0, 2], [0, 0], [3, 4]])), [0, 1, 0])


def test_zero_inside_the_hull_is_found():
    rows = np.array([[1.0, 0], [-1, 1], [-1, -1]]) * [[1e3], [1], [1]]
    assert np.linalg.norm(min_norm(rows) @ rows) < 1e-12


@pytest.mark.parametrize("imbalance", IMBALANCES)
@pytest.mark.parametrize("count, numbers", [(2, 5), (14, 100), (14, 5)])
def test_the_projection_onto_the_dual_cone_meets_the_optimality_conditions(imbalance, count, numbers):
    rows = gradients(count, numbers, imbalance=imbalance)
    lengths = np.linalg.norm(rows, axis=1)
    for row, length in zip(rows, lengths, strict=True):
        added = into_dual_cone(rows, row)
        products = rows @ (row + added @ rows) / (lengths * length)
        assert (added >= 0).all()
        assert products.min() > -1e-9
        np.testing.assert_allclose(products[added > 0], 0, atol=1e-9)
