"""Two matrices side by side: correlations, their intervals, and the difference."""

import numpy as np
import pytest
from scipy.stats import pearsonr, rankdata, spearmanr

from engine.affinity.comparison import compare
from engine.errors import KindredError

NAMES = tuple("abcdefgh")


def matrices(tasks: int = 8, seed: int = 0, noise: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Two matrices that agree but for noise; rounded, so that some entries tie."""
    generator = np.random.default_rng(seed)
    one = generator.normal(0, 1, (tasks, tasks))
    return one.round(1), (one + generator.normal(0, noise, one.shape)).round(1)


def off(matrix: np.ndarray) -> np.ndarray:
    return matrix[~np.eye(len(matrix), dtype=bool)]


def test_the_correlations_are_those_of_scipy_over_the_entries_known_in_both():
    left, right = matrices()
    left[0, 1] = right[2, 3] = np.nan
    found = compare(NAMES, left, NAMES, right)
    known = np.isfinite(off(left)) & np.isfinite(off(right))
    assert found.entries == known.sum() == 54
    assert found.pearson.value == pytest.approx(pearsonr(off(left)[known], off(right)[known]).statistic)
    assert found.spearman.value == pytest.approx(spearmanr(off(left)[known], off(right)[known]).statistic)


def test_tasks_are_matched_by_name_in_the_order_of_the_first():
    left, right = matrices()
    shuffle = np.random.default_rng(1).permutation(8)[:6]
    names = [NAMES[place] for place in shuffle]
    found = compare(NAMES, left, names, right[np.ix_(shuffle, shuffle)])
    assert found.tasks == tuple(sorted(names))
    places = [NAMES.index(task) for task in found.tasks]
    np.testing.assert_array_equal(off(found.left), off(left[np.ix_(places, places)]))
    np.testing.assert_array_equal(off(found.right), off(right[np.ix_(places, places)]))


def test_the_diagonal_plays_no_part():
    left, right = matrices()
    giant = compare(NAMES, left + 1e9 * np.eye(8), NAMES, right)
    assert giant.pearson == compare(NAMES, left, NAMES, right).pearson
    for scale in ("raw", "standardised", "rank"):
        assert np.isnan(np.diagonal(giant.difference(scale))).all()


def test_the_interval_is_the_jackknife_over_tasks_done_slowly():
    left, right = matrices()
    for name, correlate in (("pearson", pearsonr), ("spearman", spearmanr)):
        found = getattr(compare(NAMES, left, NAMES, right), name)
        without = []
        for task in range(8):
            kept = np.delete(np.arange(8), task)
            parts = (off(each[np.ix_(kept, kept)]) for each in (left, right))
            without.append(np.arctanh(correlate(*parts).statistic))
        margin = 2.364624251592785 * np.sqrt(7 / 8 * np.sum((without - np.mean(without)) ** 2))  # t of 7 degrees
        centre = np.arctanh(found.value)
        assert (found.low, found.high) == pytest.approx((np.tanh(centre - margin), np.tanh(centre + margin)))


@pytest.mark.parametrize("name", ["pearson", "spearman"])
def test_the_order_of_tasks_and_which_side_is_which_do_not_matter(name):
    left, right = matrices()
    expected = getattr(compare(NAMES, left, NAMES, right), name)
    shuffle = np.random.default_rng(2).permutation(8)
    names = [NAMES[place] for place in shuffle]
    for found in (
        compare(names, left[np.ix_(shuffle, shuffle)], NAMES, right),
        compare(NAMES, right, NAMES, left),
        compare(NAMES, left.T, NAMES, right.T),
    ):
        each = getattr(found, name)
        assert (each.value, each.low, each.high) == pytest.approx((expected.value, expected.low, expected.high))


def test_spearman_asks_for_no_unit_and_turns_with_the_sign():
    left, right = matrices()
    found = compare(NAMES, left, NAMES, right).spearman
    bent = compare(NAMES, np.exp(3 * left), NAMES, -right).spearman
    assert (bent.value, bent.low, bent.high) == pytest.approx((-found.value, -found.high, -found.low))


@pytest.mark.parametrize(("tasks", "known"), [(3, False), (4, False), (5, True)])
def test_too_few_tasks_have_a_correlation_without_an_interval(tasks, known):
    left, right = matrices(tasks)
    found = compare(NAMES[:tasks], left, NAMES[:tasks], right)
    assert np.isfinite(found.pearson.value)
    assert np.isfinite([found.pearson.low, found.spearman.high]).all() == known


def test_what_cannot_be_known_is_nan():
    left, _ = matrices()
    same = compare(NAMES, left, NAMES, 3 * left + 1)
    assert same.pearson.value == pytest.approx(1) and np.isnan([same.pearson.low, same.spearman.high]).all()
    flat = compare(NAMES, left, NAMES, np.full((8, 8), 0.1))
    assert np.isnan([flat.pearson.value, flat.pearson.low, flat.spearman.value]).all()
    unknown = compare(NAMES, left, NAMES, np.full((8, 8), np.nan))
    assert unknown.entries == 0 and np.isnan(unknown.pearson.value)
    assert np.isnan(unknown.difference("rank")).all()
    lone = np.zeros((8, 8))  # equal everywhere once the task of the one other entry is left out
    lone[0, 1] = 1
    found = compare(NAMES, left, NAMES, lone).pearson
    assert np.isfinite(found.value) and np.isnan(found.low)


def test_fewer_than_three_common_tasks_are_refused_with_the_way_out():
    left, right = matrices()
    with pytest.raises(KindredError, match="only a, b in common, of 8 and 8 tasks.*at least 3"):
        compare(NAMES, left, ("b", "a", *"stuvwx"), right)
    with pytest.raises(KindredError, match="no task in common"):
        compare(NAMES, left, tuple("stuvwxyz"), right)


def test_differences_are_right_minus_left_on_each_scale():
    left, right = matrices()
    left[0, 1] = np.nan
    found = compare(NAMES, left, NAMES, right)
    known = np.isfinite(off(left))
    sides = off(left)[known], off(right)[known]
    scaled = {
        "raw": sides,
        "standardised": [(side - side.mean()) / side.std() for side in sides],
        "rank": [(rankdata(side) - 1) / (len(side) - 1) for side in sides],
    }
    for scale, (one, other) in scaled.items():
        difference = off(found.difference(scale))
        np.testing.assert_allclose(difference[known], other - one, atol=1e-12)
        assert np.isnan(difference[~known]).all()
    with pytest.raises(KindredError, match="'log'.*raw, standardised, rank"):
        found.difference("log")


def test_a_matrix_of_equal_entries_stands_in_the_middle_of_every_scale():
    left, _ = matrices()
    found = compare(NAMES, left, NAMES, np.full((8, 8), 7.0))
    values = off(left)
    np.testing.assert_allclose(off(found.difference("standardised")), -(values - values.mean()) / values.std())
    np.testing.assert_allclose(off(found.difference("rank")), 0.5 - (rankdata(values) - 1) / 55)


@pytest.mark.parametrize("name", ["pearson", "spearman"])
@pytest.mark.parametrize(("of_tasks", "least", "most"), [(0.9, 0.91, 0.99), (0.0, 0.96, 1.0)])
def test_the_interval_covers_what_it_says_where_tasks_have_effects_of_their_own(name, of_tasks, least, most):
    """Entries are a source's effect, a target's and one of their own, all correlated .6 between the two matrices; the
    share ``of_tasks`` of their variance is the tasks'. Without, all entries are independent: the interval is wide then.
    """
    rho, tasks, draws = 0.6, 10, 300
    truth = rho if name == "pearson" else 6 / np.pi * np.arcsin(rho / 2)
    generator = np.random.default_rng(0)
    names = tuple(map(str, range(tasks)))

    def both(*shape: int) -> np.ndarray:
        one, other = generator.normal(0, 1, (2, *shape))
        return np.stack([one, rho * one + np.sqrt(1 - rho**2) * other])

    covered = 0
    for _ in range(draws):
        effects = np.sqrt(of_tasks / 2) * (both(tasks, 1) + both(1, tasks))
        left, right = effects + np.sqrt(1 - of_tasks) * both(tasks, tasks)
        found = getattr(compare(names, left, names, right), name)
        covered += found.low <= truth <= found.high
    assert least <= covered / draws <= most
