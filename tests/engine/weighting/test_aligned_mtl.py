import numpy as np
import pytest
import torch
from torchjd.aggregation import AlignedMTL

from tests.engine.weighting.problems import gradients, make, weigh


@pytest.mark.parametrize("count", [2, 3, 14])
@pytest.mark.parametrize("imbalance", [1, 1e3])
def test_agrees_with_the_singular_value_decomposition_of_the_gradients(count, imbalance):
    rows = gradients(count, seed=count, imbalance=imbalance)
    left, values, right = np.linalg.svd(rows, full_matrices=False)
    update, _ = weigh(make("aligned_mtl", count), rows)
    np.testing.assert_allclose(update, (values.min() * left @ right).sum(0), rtol=1e-6, atol=1e-6)


def test_agrees_with_torchjd_on_the_gradients():
    rows = gradients(4, imbalance=20)
    update, _ = weigh(make("aligned_mtl", 4), rows)
    np.testing.assert_allclose(update, 4 * AlignedMTL()(torch.from_numpy(rows)), rtol=1e-9, atol=1e-12)


def test_orthogonal_gradients_are_brought_to_the_shortest():
    update, weights = weigh(make("aligned_mtl", 3), np.diag([0.5, 2, 8]))
    np.testing.assert_allclose(update, 0.5)
    np.testing.assert_allclose(weights, [1, 0.25, 0.0625])
