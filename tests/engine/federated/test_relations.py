import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as some

from engine.errors import KindredError
from engine.federated.relations import (
    correlation,
    couple,
    covariance_relation,
    fixed_relation,
    learned_covariance,
)
from tests.engine.federated.problems import settings

TASKS, WIDTH = 5, 8


def penalty(relation, weights):
    return np.sum((relation @ weights) * weights)


@pytest.fixture
def weights():
    return np.random.default_rng(0).standard_normal((TASKS, WIDTH))


@pytest.fixture
def similarity():
    drawn = np.random.default_rng(1).uniform(size=(TASKS, TASKS))
    return drawn + drawn.T


def test_mean_draws_to_the_mean(weights):
    relation = fixed_relation(settings(relation="mean"), TASKS, None)
    assert penalty(relation, weights) == pytest.approx(np.sum((weights - weights.mean(axis=0)) ** 2))


def test_similarity_draws_pairs_together_whatever_its_diagonal(weights, similarity):
    relation = fixed_relation(settings(relation="similarity"), TASKS, similarity)
    pairs = [(s, t) for s in range(TASKS) for t in range(s)]
    expected = sum(similarity[s, t] * np.sum((weights[s] - weights[t]) ** 2) for s, t in pairs)
    assert penalty(relation, weights) == pytest.approx(expected)
    bare = similarity - np.diag(np.diag(similarity))
    np.testing.assert_allclose(relation, fixed_relation(settings(relation="similarity"), TASKS, bare), atol=1e-12)


def test_even_similarity_is_the_mean():
    even = fixed_relation(settings(relation="similarity"), TASKS, np.full((TASKS, TASKS), 1 / TASKS))
    np.testing.assert_allclose(even, fixed_relation(settings(relation="mean"), TASKS, None), atol=1e-15)


def test_independent_clients_have_no_relation():
    coupling = couple(fixed_relation(settings(relation="independent"), TASKS, None), 7.0)
    np.testing.assert_allclose(coupling.inverse, np.eye(TASKS), atol=1e-15)
    assert coupling.separability == pytest.approx(1)


@pytest.mark.parametrize("tie", [0.0, 0.5, 1e4])
def test_the_coupling_inverts(similarity, tie):
    relation = fixed_relation(settings(relation="similarity"), TASKS, similarity)
    coupling = couple(relation, tie)
    np.testing.assert_allclose(coupling.inverse @ (np.eye(TASKS) + tie * relation), np.eye(TASKS), atol=1e-9)


@given(some.integers(0, 10**6), some.floats(0, 100))
@examples(max_examples=30, deadline=None)
def test_separability_is_the_least_that_holds(seed, tie):
    random = np.random.default_rng(seed)
    root = random.standard_normal((TASKS, 3))
    inverse, separability = couple(root @ root.T, tie)
    scale = np.diag(inverse)
    for moved in random.standard_normal((20, TASKS, WIDTH)):
        moved[random.random(TASKS) < 0.3] = 0
        assert penalty(inverse, moved) <= separability * np.sum(scale * np.sum(moved**2, axis=1)) * (1 + 1e-12)
    vectors = np.linalg.eigh(correlation(inverse))[1]
    tight = (vectors[:, -1] / np.sqrt(scale))[:, None]
    assert penalty(inverse, tight) == pytest.approx(separability * np.sum(scale * tight[:, 0] ** 2))
    lemma = np.max(np.abs(inverse).sum(axis=1) / scale)
    assert 1 - 1e-12 <= separability <= lemma * (1 + 1e-12)


def test_learned_covariance_is_the_best_of_trace_1(weights):
    covariance = learned_covariance(weights, 1e-6)

    def cost(sigma):
        return np.trace(np.linalg.solve(sigma, weights @ weights.T))

    least = np.linalg.svd(weights, compute_uv=False).sum() ** 2
    assert cost(covariance) == pytest.approx(least, rel=1e-5)
    for root in np.random.default_rng(2).standard_normal((50, TASKS, 2 * TASKS)):
        other = root @ root.T
        assert cost(other / np.trace(other)) >= least


@given(some.integers(0, 10**6), some.integers(1, 6), some.integers(0, 4), some.sampled_from([1e-6, 0.01, 1.0]))
@examples(max_examples=40, deadline=None)
def test_learned_covariance_has_trace_1_and_an_inverse(seed, tasks, rank, ridge):
    random = np.random.default_rng(seed)
    weights = random.standard_normal((tasks, rank)) @ random.standard_normal((rank, WIDTH))
    covariance = learned_covariance(weights, ridge)
    assert np.trace(covariance) == pytest.approx(1)
    np.testing.assert_array_equal(covariance, covariance.T)
    assert np.linalg.eigvalsh(covariance)[0] >= ridge / tasks * (1 - 1e-6)
    np.testing.assert_allclose(tasks * covariance @ covariance_relation(covariance), np.eye(tasks), atol=1e-8)


def test_weights_of_zero_have_no_relation():
    np.testing.assert_allclose(learned_covariance(np.zeros((TASKS, 3)), 0.01), np.eye(TASKS) / TASKS)


def test_alike_and_opposite_clients_correlate():
    row = np.random.default_rng(3).standard_normal(WIDTH)
    found = correlation(learned_covariance(np.array([row, row, -2 * row]), 1e-4))
    assert found[0, 1] > 0.99 and found[0, 2] < -0.99
    np.testing.assert_array_equal(np.diag(found), 1)


@pytest.mark.parametrize(
    "relation, matrix, words",
    [
        ("mean", np.eye(2), "takes no matrix"),
        ("similarity", None, "needs a matrix of 2 by 2"),
        ("similarity", np.eye(3), r"\[3, 3\]"),
        ("similarity", [["a", "b"], ["c", "d"]], "no numbers"),
        ("similarity", [[0, np.nan], [np.nan, 0]], "NaN"),
        ("similarity", [[0, 1], [2, 0]], "the mean of both"),
        ("similarity", [[0, -1], [-1, 0]], "entry -1"),
        ("precision", [[0, 1], [1, 0]], "eigenvalue -1"),
    ],
)
def test_a_matrix_that_does_not_fit_is_refused(relation, matrix, words):
    with pytest.raises(KindredError, match=words):
        fixed_relation(settings(relation=relation), 2, matrix)
