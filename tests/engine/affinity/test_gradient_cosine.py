import torch
from torch import nn

from engine.affinity.gradient_cosine import GradientConflict, GradientCosine
from tests.engine.affinity.problems import estimate, gradients, problem


def test_it_is_the_cosine():
    model, inputs, labels = problem(double=True)
    found, _ = gradients(model, inputs, labels, model.shared_parameters())
    expected = nn.functional.cosine_similarity(found[:, None], found[None], dim=2)
    matrix, _ = estimate(GradientCosine(), model, inputs, labels)
    torch.testing.assert_close(matrix, expected)
    torch.testing.assert_close(matrix, matrix.T)
    torch.testing.assert_close(matrix.diagonal(), torch.ones(4, dtype=torch.float64))
    block, _ = estimate(GradientCosine(block=2), model, inputs, labels)
    assert not torch.allclose(block, matrix)


def test_the_size_of_a_loss_does_not_matter():
    model, inputs, labels = problem(double=True)
    matrix, _ = estimate(GradientCosine(), model, inputs, labels)

    def scaled(update):
        update.losses["size"] = update.losses["size"] * 1000 - 5
        return GradientCosine()(update)

    again, _ = estimate(scaled, model, inputs, labels)
    torch.testing.assert_close(again, matrix)


def test_conflict_is_the_sign_and_its_mean_gives_the_rate():
    """A task against its own negative conflicts always, with itself never."""
    signs, expected = [], []
    for seed in range(20):
        model, inputs, labels = problem(seed=seed)
        matrix, _ = estimate(GradientConflict(), model, inputs, labels)
        cosine, _ = estimate(GradientCosine(), model, inputs, labels)
        signs.append(matrix)
        expected.append(cosine < 0)
    rate = (1 - torch.stack(signs).mean(0)) / 2
    torch.testing.assert_close(rate, torch.stack(expected).double().mean(0))
    assert (rate.diagonal() == 0).all() and 0 < rate.max() <= 1

    def against(update):
        update.losses["size"] = -update.losses["age"]
        return GradientConflict()(update)

    matrix, _ = estimate(against, model, inputs, labels)
    assert matrix[2, 3] == matrix[3, 2] == -1
