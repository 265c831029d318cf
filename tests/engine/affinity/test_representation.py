import numpy as np
import pytest
import torch
from scipy.stats import spearmanr
from torch import nn

from engine.affinity.estimator import Unsuited
from engine.affinity.representation import Representation
from engine.training.losses import task_losses
from tests.engine.affinity.problems import TASKS, estimate, problem


def test_it_is_the_rank_correlation_of_dissimilarities():
    """Against numpy's correlations and scipy's Spearman, one task pair after the other."""
    model, inputs, labels = problem(double=True, samples=20)
    matrix, _ = estimate(Representation(), model, inputs, labels)
    hidden = nn.Sequential(*model.trunk[:4])(inputs).detach().requires_grad_()
    features = nn.Sequential(*model.trunk[4:])(hidden)
    outputs = {task.name: head(features) for task, head in zip(TASKS, model.heads, strict=True)}
    upper = np.triu_indices(20, 1)
    dissimilarities = []
    for loss in task_losses(TASKS, outputs, labels).values():
        (gradient,) = torch.autograd.grad(loss, hidden, retain_graph=True)
        seen = (hidden * gradient).abs().detach().numpy()
        centred = seen - seen.mean(1, keepdims=True)
        lengths = np.linalg.norm(centred, axis=1, keepdims=True)
        unit = np.divide(centred, lengths, out=np.zeros_like(centred), where=lengths > 0)
        dissimilarities.append((1 - unit @ unit.T)[upper])
    expected = spearmanr(np.round(np.array(dissimilarities), 12), axis=1).statistic
    np.testing.assert_allclose(matrix.numpy(), expected, atol=0.02)  # rounding makes some ties


def test_tasks_that_use_the_same_features_are_alike():
    model, inputs, labels = problem(double=True)
    with torch.no_grad():
        model.heads[3].weight.copy_(3 * model.heads[2].weight)  # 'age' reads what 'size' reads
        model.heads[3].bias.copy_(model.heads[2].bias)
    matrix, _ = estimate(Representation(), model, inputs, labels)
    assert matrix[2, 3] > 0.999
    torch.testing.assert_close(matrix, matrix.T)
    assert (matrix.abs() <= 1 + 1e-9).all()


def test_a_trunk_of_one_layer_has_no_representation_of_its_own():
    model, inputs, labels = problem(trunk=nn.Sequential(nn.Linear(6, 5), nn.Tanh()))
    with pytest.raises(Unsuited, match="at least two layers"):
        estimate(Representation(), model, inputs, labels)
