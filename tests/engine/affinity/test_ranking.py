import numpy as np
import pytest
from scipy.stats import spearmanr

from engine.affinity.ranking import off_diagonal, rank_correlation


@pytest.mark.parametrize("seed", range(6))
def test_agrees_with_scipy_with_ties_and_without(seed):
    random = np.random.default_rng(seed)
    one, other = random.normal(size=(2, 50))
    if seed % 2:
        one, other = one.round(), (one + other).round()
    assert rank_correlation(one, other) == pytest.approx(spearmanr(one, other).statistic, abs=1e-12)


def test_entries_unknown_in_either_are_left_out():
    random = np.random.default_rng(0)
    one, other = random.normal(size=(2, 20))
    one[3], other[[3, 7]] = np.nan, np.nan
    known = [place for place in range(20) if place not in (3, 7)]
    assert rank_correlation(one, other) == rank_correlation(one[known], other[known])


def test_any_increasing_change_of_either_leaves_it_alone():
    one, other = np.random.default_rng(1).normal(size=(2, 30))
    assert rank_correlation(np.exp(one), other**3) == rank_correlation(one, other)
    assert rank_correlation(one, one) == pytest.approx(1) and rank_correlation(one, -one) == pytest.approx(-1)


@pytest.mark.parametrize("one", [[1.0, 2.0], [1.0, 2.0, np.nan], [1.0, 1.0, 1.0]])
def test_too_little_to_rank_is_not_known(one):
    assert np.isnan(rank_correlation(np.array(one), np.arange(len(one), dtype=float)))


def test_off_diagonal_goes_row_by_row():
    assert off_diagonal(np.arange(9).reshape(3, 3)).tolist() == [1, 2, 3, 5, 6, 7]
