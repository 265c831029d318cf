import numpy as np
import pytest

from engine.affinity.ranking import off_diagonal, rank_correlation
from engine.affinity.series import AffinitySeries, Window
from engine.affinity.uncertainty import SeedGroup, bootstrap, reliability, stepped_up
from engine.errors import KindredError


def names(count):
    return tuple(f"t{number}" for number in range(count))


def series_of(values, updates=5, counts=None):
    """One window of so many updates for each matrix, which is its mean."""
    values = np.asarray(values)
    counts = np.full(values.shape, updates) if counts is None else counts
    totals = (np.where(counts > 0, values, 0) * counts).astype(np.float32)
    windows = [
        Window(place * updates, (place + 1) * updates, updates, total, total**2, count)
        for place, (total, count) in enumerate(zip(totals, counts, strict=True))
    ]
    return AffinitySeries.of(names(values.shape[1]), windows)


def noisy(windows, tasks, noise, seed=0):
    """A true matrix of unit variance, and windows of it with noise."""
    random = np.random.default_rng(seed)
    true = random.normal(size=(tasks, tasks))
    return true, true + noise * random.normal(size=(windows, tasks, tasks))


@pytest.mark.parametrize(("noise", "windows"), [(0.5, 4), (2.0, 20), (4.0, 40), (2.0, 9)])
def test_reliability_is_the_share_of_variance_that_is_no_noise(noise, windows):
    """For normal entries, Spearman's r is (6/π) arcsin(ρ/2), which differs from ρ by at most .02."""
    _, values = noisy(windows, 100, noise)
    share = 1 / (1 + noise**2 / windows)
    assert reliability(series_of(values)) == pytest.approx(share, abs=0.03)


def test_reliability_foretells_how_well_a_second_measurement_agrees():
    true, values = noisy(30, 40, 2.5)
    again = true + 2.5 * np.random.default_rng(1).normal(size=(30, 40, 40))
    off = ~np.eye(40, dtype=bool)
    agreement = np.corrcoef(values.mean(0)[off], again.mean(0)[off])[0, 1]
    assert reliability(series_of(values)) == pytest.approx(agreement, abs=0.04)


def test_reliability_is_0_to_1_whatever_the_tasks_are_called_or_the_unit():
    _, values = noisy(12, 6, 1.0)
    order = np.random.default_rng(2).permutation(6)
    found = reliability(series_of(values))
    assert 0 < found < 1
    assert reliability(series_of(values[:, order][:, :, order])) == pytest.approx(found)
    assert reliability(series_of(values * 1e-3)) == pytest.approx(found)


def test_halves_that_contradict_each_other_are_not_reliable():
    values = np.random.default_rng(0).normal(size=(5, 5)) * np.array([1, -1] * 4)[:, None, None]
    assert reliability(series_of(values)) == 0


@pytest.mark.parametrize(("windows", "tasks"), [(3, 5), (8, 1), (8, 2)])
def test_too_little_to_tell_is_not_known(windows, tasks):
    assert np.isnan(reliability(series_of(noisy(windows, tasks, 0.1)[1])))


def test_a_published_matrix_tells_nothing_of_its_noise():
    series = AffinitySeries.of(names(4), [Window(0, 1, 1, np.eye(4, dtype="f4"), np.eye(4, dtype="f4"))])
    assert np.isnan(reliability(series))


def test_pairs_known_in_one_half_only_do_not_count():
    _, values = noisy(10, 6, 0.5)
    counts = np.full(values.shape, 5)
    counts[::2, 0, 1], counts[:, 3, 2] = 0, 0
    wild = values.copy()
    wild[:, 0, 1], wild[:, 3, 2] = 1e6, -1e6
    assert reliability(series_of(wild, counts=counts)) == reliability(series_of(values, counts=counts)) > 0.5


@pytest.mark.parametrize(("first", "last"), [(0, 40), (3, 38), (17, 40), (16, 32), (5, 9)])
def test_the_halves_are_the_even_and_the_odd_windows(first, last):
    counts = np.random.default_rng(5).integers(0, 4, size=(40, 5, 5))
    for series in (series_of(noisy(40, 5, 2.0)[1]), series_of(noisy(40, 5, 2.0)[1], counts=counts)):
        totals, halves = series.totals[first:last].astype(float), []
        with np.errstate(invalid="ignore"):
            for half in (0, 1):
                halves.append(totals[half::2].sum(0) / series.counts[first:last][half::2].sum(0))
        slow = stepped_up(rank_correlation(*map(off_diagonal, halves)), 2)
        assert reliability(series, series.edges[first], series.edges[last]) == pytest.approx(slow, rel=1e-12)


def test_stepping_up_follows_spearman_and_brown():
    assert stepped_up(0.5, 2) == pytest.approx(2 / 3) and stepped_up(0.5, 3) == pytest.approx(3 / 4)
    assert stepped_up(-0.2, 2) == 0 and stepped_up(1.0, 5) == 1 and np.isnan(stepped_up(float("nan"), 2))


def test_the_bootstrap_spreads_as_far_as_the_standard_error_of_white_noise():
    series = series_of(noisy(100, 12, 1.0)[1])
    spread = bootstrap(series, replicates=400).std(axis=0, ddof=1)
    assert (spread / series.mean().standard_error).mean() == pytest.approx(1, abs=0.1)
    assert spread == pytest.approx(series.mean().standard_error, rel=0.45)


def test_the_bootstrap_sees_what_correlation_is_left_between_windows():
    random = np.random.default_rng(0)
    noise = random.normal(size=(1000, 8, 8))
    correlated = noise[1:] + noise[:-1]  # whose mean has the variance 4 / n, where the spread alone says 2 / n
    spread = bootstrap(series_of(correlated), replicates=300).std(axis=0)
    assert np.sqrt(np.mean(spread**2)) == pytest.approx(2 / np.sqrt(999), rel=0.12)


def test_a_replicate_is_a_weighted_mean_of_windows_that_were_drawn():
    counts = np.random.default_rng(3).integers(0, 3, size=(6, 3, 3))
    counts[:, 1, 2] = 0
    series = series_of(np.random.default_rng(0).normal(size=(6, 3, 3)), counts=counts)
    replicates = bootstrap(series, replicates=50)
    assert replicates.shape == (50, 3, 3) and np.isnan(replicates[:, 1, 2]).all()
    means = series.totals / np.where(counts > 0, counts, np.nan)
    known = np.isfinite(replicates)
    assert (replicates <= np.nanmax(np.where(counts > 0, means, -np.inf), axis=0) + 1e-6)[known].all()
    assert (replicates >= np.nanmin(np.where(counts > 0, means, np.inf), axis=0) - 1e-6)[known].all()


def test_equal_seeds_draw_equal_replicates_and_equal_windows_leave_no_choice():
    series = series_of(noisy(10, 4, 1.0)[1])
    assert np.array_equal(bootstrap(series, seed=3), bootstrap(series, seed=3))
    assert not np.array_equal(bootstrap(series, seed=3), bootstrap(series, seed=4))
    same = series_of(np.tile(np.arange(9.0).reshape(3, 3), (7, 1, 1)))
    np.testing.assert_allclose(bootstrap(same), np.tile(np.arange(9.0).reshape(3, 3), (200, 1, 1)), rtol=1e-12)


def test_a_bootstrap_of_few_windows_is_refused_with_the_way_out():
    with pytest.raises(KindredError, match="holds 2 windows.*at least 4.*longer interval"):
        bootstrap(series_of(noisy(9, 4, 1.0)[1]), 0, 10)


# Seeds


def test_the_mean_over_seeds_and_its_error_are_those_of_the_seeds_means():
    members = [series_of(noisy(6, 4, 1.0, seed)[1]) for seed in range(5)]
    mean = SeedGroup(tuple(members)).mean(5, 20)
    each = np.stack([series.mean(5, 20).affinity for series in members])
    assert (mean.step_from, mean.step_to, mean.seeds, mean.updates, mean.batches) == (5, 20, 5, 75, 0)
    np.testing.assert_allclose(mean.affinity, each.mean(0))
    np.testing.assert_allclose(mean.spread, each.std(0, ddof=1))
    np.testing.assert_allclose(mean.standard_error, each.std(0, ddof=1) / np.sqrt(5))
    np.testing.assert_allclose(mean.agreement, (np.sign(each) == np.sign(each.mean(0))).mean(0))
    assert np.array_equal(mean.counts, np.full((4, 4), 75))


def test_a_pair_that_a_seed_never_observed_is_left_to_the_others():
    values = np.stack([noisy(6, 3, 1.0, seed)[1] for seed in range(3)])
    counts = np.full(values.shape, 5)
    counts[0, :, 0, 1], counts[:2, :, 1, 0], counts[:, :, 2, 1] = 0, 0, 0
    members = tuple(series_of(value, counts=count) for value, count in zip(values, counts, strict=True))
    mean = SeedGroup(members).mean()
    others = values[1:].mean(1)[:, 0, 1]
    assert mean.affinity[0, 1] == pytest.approx(others.mean(), rel=1e-5)
    assert mean.standard_error[0, 1] == pytest.approx(others.std(ddof=1) / np.sqrt(2), rel=1e-4)
    assert np.isfinite(mean.affinity[1, 0]) and np.isnan(mean.spread[1, 0]) and mean.agreement[1, 0] == 1
    assert np.isnan([mean.affinity[2, 1], mean.spread[2, 1], mean.agreement[2, 1]]).all()


def test_pooling_adds_up_what_the_seeds_observed_between_common_edges():
    values = noisy(12, 3, 1.0)[1].astype(np.float32)
    fine = series_of(values, updates=5)
    coarse = series_of(values.reshape(6, 2, 3, 3).mean(1), updates=10)  # the same, in windows twice as long
    pooled = SeedGroup((fine, coarse)).pooled
    assert pooled.edges.tolist() == coarse.edges.tolist() and pooled.updates.tolist() == [20] * 6
    assert pooled.complete and np.array_equal(pooled.counts, np.full((6, 3, 3), 20))
    np.testing.assert_allclose(pooled.totals, 2 * coarse.totals, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(pooled.mean(10, 40).affinity, fine.mean(10, 40).affinity, rtol=1e-5, atol=1e-6)


def test_a_live_group_reaches_as_far_as_its_shortest_seed():
    values = noisy(10, 3, 1.0)[1]
    empty = AffinitySeries.of((), [])
    group = SeedGroup((series_of(values), series_of(values[:4]), empty))
    assert group.pooled.edges.tolist() == [0, 5, 10, 15, 20] and group.tasks == names(3)
    assert (group.mean().seeds, group.mean().step_to) == (2, 20)
    np.testing.assert_allclose(group.mean().spread, 0, atol=1e-6)
    assert len(SeedGroup((empty,)).pooled) == 0
    with pytest.raises(KindredError, match="no affinity yet"):
        SeedGroup((empty, empty)).mean()


def test_windows_that_end_at_other_steps_are_laid_on_the_edges_of_the_member_with_the_fewest():
    """Each is assigned by where it ends, and none is lost up to where the shortest member has come."""
    values = noisy(7, 3, 1.0)[1]
    group = SeedGroup((series_of(values, updates=5), series_of(values[:5], updates=7)))
    assert group.pooled.edges.tolist() == [0, 7, 14, 21, 28, 35]
    assert group.aligned[0].updates.tolist() == [5, 5, 10, 5, 10]  # those that end at 5; 10; 15, 20; 25; 30, 35
    assert group.pooled.updates.sum() == 70
    mean = group.mean()
    np.testing.assert_allclose(mean.affinity, (values.mean(0) + values[:5].mean(0)) / 2, atol=1e-5)
    assert mean.seeds == 2


def test_members_that_run_are_compared_up_to_where_the_shortest_has_come():
    values = noisy(6, 3, 1.0)[1]
    early = series_of(values[:2], updates=5)
    assert SeedGroup((early, series_of(values, updates=5))).pooled.edges.tolist() == [0, 5, 10]
    single = AffinitySeries(
        early.tasks, np.array([0, 10]), early.updates[:1], early.totals[:1], early.total_squares[:1]
    )
    assert SeedGroup((early, single)).pooled.edges.tolist() == [0, 10]


def test_a_seed_that_observed_nothing_in_a_window_is_left_out_of_it_alone():
    values = noisy(2, 30, 1.0)[1]
    early = series_of(values[:10], updates=5)
    group = SeedGroup((early, series_of(values, updates=5)))
    assert group.pooled.edges.tolist() == [0, 5, 10]
    sparse = AffinitySeries(
        early.tasks, np.array([0, 10]), early.updates[:1], early.totals[:1], early.total_squares[:1]
    )
    assert SeedGroup((early, sparse)).pooled.edges.tolist() == [0, 10]


def test_pooled_counts_follow_the_seeds_that_skipped_pairs():
    values = noisy(4, 3, 1.0)[1]
    counts = np.full(values.shape, 5)
    counts[:, 0, 1] = 2
    pooled = SeedGroup((series_of(values), series_of(values, counts=counts))).pooled
    assert pooled.counts[:, 0, 1].tolist() == [7] * 4 and pooled.counts[:, 1, 0].tolist() == [10] * 4


@pytest.mark.parametrize(("seeds", "noise"), [(2, 1.0), (5, 1.0), (8, 2.0)])
def test_the_reliability_of_seeds_is_the_share_of_variance_that_they_have_in_common(seeds, noise):
    true = np.random.default_rng(0).normal(size=(40, 40))
    random = np.random.default_rng(1)
    members = tuple(series_of(np.tile(true + noise * random.normal(size=(40, 40)), (4, 1, 1))) for _ in range(seeds))
    assert SeedGroup(members).reliability() == pytest.approx(1 / (1 + noise**2 / seeds), abs=0.03)
    assert reliability(members[0]) == pytest.approx(1)  # one seed alone cannot see what another would change


def test_one_seed_has_no_spread():
    group = SeedGroup((series_of(noisy(6, 4, 1.0)[1]),))
    assert np.isnan(group.mean().standard_error).all() and np.isnan(group.reliability())


def test_seeds_of_other_tasks_are_refused():
    with pytest.raises(KindredError, match="same tasks in the same order"):
        SeedGroup((series_of(noisy(6, 4, 1.0)[1]), series_of(noisy(6, 3, 1.0)[1])))
    with pytest.raises(KindredError, match="no seeds"):
        SeedGroup(())
