import numpy as np
import pytest

from engine.affinity.series import AffinitySeries
from engine.affinity.uncertainty import SeedGroup, bootstrap, reliability
from engine.errors import KindredError
from engine.reports.evidence import Evidence, pairs_of
from tests.app.views.stored import learned, seeds, trained
from tests.engine.reports.made import CLUSTERS, TASKS, series


def test_pairs_are_sure_where_they_lie_beyond_two_standard_errors():
    evidence = Evidence(series(CLUSTERS))
    pairs = {(pair.source, pair.target): pair for pair in pairs_of(TASKS, evidence.mean())}
    assert len(pairs) == 12 and ("a", "a") not in pairs
    assert pairs["b", "a"].sure and pairs["b", "a"].value == pytest.approx(3, abs=0.1)
    assert pairs["a", "c"].sure and pairs["a", "c"].value < 0
    values = [pair.value for pair in pairs.values()]
    assert values == sorted(values, reverse=True)


def test_a_pair_of_unknown_error_is_not_sure_and_an_unknown_pair_is_none():
    matrix = np.array([[0, 1.0], [np.nan, 0]])
    one = AffinitySeries(("a", "b"), np.array([0, 1]), np.array([1]), matrix[None], matrix[None] ** 2)
    counts = np.where(np.isnan(matrix), 0, 1)[None]
    one = AffinitySeries(one.tasks, one.edges, one.updates, np.nan_to_num(one.totals), one.total_squares, counts)
    (pair,) = pairs_of(one.tasks, one.mean())
    assert (pair.source, pair.target) == ("a", "b") and not pair.sure


def test_a_matrix_that_stands_still_is_told_from_one_that_moves():
    still = Evidence(series(CLUSTERS, windows=40))
    moving = Evidence(series(CLUSTERS, windows=40, drift=1.0))
    assert still.movement(still.mean()).changed <= 3
    moved = moving.movement(moving.mean())
    assert moved.changed == moved.pairs == 12
    short = Evidence(series(CLUSTERS, windows=7))
    assert short.movement(short.mean()) is None


def test_of_one_run_the_numbers_are_those_of_its_series():
    alone = series(CLUSTERS)
    evidence = Evidence(alone)
    mean = evidence.mean(20, 100)
    assert evidence.reliability(mean) == reliability(alone, 20, 100)
    np.testing.assert_array_equal(evidence.replicates(mean, 9), bootstrap(alone, 20, 100, 9))
    assert evidence.replicates(evidence.mean(0, 30)) is None
    part = evidence.between(20, 100)
    assert part.edges[[0, -1]].tolist() == [20, 100]
    np.testing.assert_array_equal(part.mean().affinity, mean.affinity)


def test_replicates_of_seeds_hold_what_a_seed_changes():
    group = SeedGroup(tuple(series(CLUSTERS + shift, seed=seed, noise=0.01) for seed, shift in enumerate((0, 1, 2))))
    evidence = Evidence(group.pooled, group)
    spread = evidence.replicates(evidence.mean(), 200).std(axis=0)
    expected = np.std([0, 1, 2]) / np.sqrt(3)
    np.testing.assert_allclose(spread, expected, rtol=0.2)


def test_runs_are_read_from_the_store(store):
    run_id = trained(store)
    assert Evidence.read(store, [store.run(run_id)]).group is None
    assert len(Evidence.read(store, list(map(store.run, seeds(store)))).seeds) == 3
    with pytest.raises(KindredError, match="has observed no affinity"):
        Evidence.read(store, [store.run(learned(store))])
