import doctest

import numpy as np
import pytest

from app.components import observed as module
from app.components.observed import Observed
from engine.affinity.series import AffinitySeries
from engine.affinity.uncertainty import SeedMean, bootstrap, reliability
from engine.errors import KindredError


def series(seed: int, windows: int = 12, noise: float = 0.3, tasks: int = 4, seed_noise: float = 0.0) -> AffinitySeries:
    truth = np.random.default_rng(99).normal(0, 1, (tasks, tasks))
    generator = np.random.default_rng(seed)
    truth = truth + generator.normal(0, seed_noise, truth.shape)
    totals = (truth + generator.normal(0, noise, (windows, tasks, tasks))).astype(np.float32)
    names = tuple(f"t{number}" for number in range(tasks))
    return AffinitySeries(names, 10 * np.arange(windows + 1), np.ones(windows, int), totals, totals**2)


def test_the_documentations_examples_hold():
    assert doctest.testmod(module).failed == 0


def test_one_run_is_its_own_series():
    alone = series(0)
    seen = Observed.of([alone])
    assert seen.series is alone and seen.group is None and seen.seeds == ()
    assert seen.reliability(20, 100) == reliability(alone, 20, 100)
    steps, values = seen.course
    np.testing.assert_array_equal(steps, alone.edges[1:])
    assert values[-1] == pytest.approx(reliability(alone))
    np.testing.assert_array_equal(seen.replicates(0, 120, 9), bootstrap(alone, 0, 120, 9))


def test_a_seed_that_has_not_begun_is_left_out():
    nothing = AffinitySeries.of((), [])
    assert Observed.of([nothing, series(0)]).group is None
    assert len(Observed.of([series(1), nothing, series(0)]).seeds) == 2
    assert len(Observed.of([nothing, nothing]).series) == 0


def test_several_seeds_are_averaged_and_shown_as_far_as_the_shortest_has_come():
    seen = Observed.of([series(0), series(1, windows=8)])
    assert seen.series.edges[-1] == 80
    mean = seen.mean(20, 60)
    assert isinstance(mean, SeedMean) and mean.seeds == 2
    expected = (series(0).mean(20, 60).affinity + series(1, windows=8).mean(20, 60).affinity) / 2
    np.testing.assert_allclose(mean.affinity, expected)
    steps, values = seen.course
    assert steps[-1] == 80 and values[-1] == pytest.approx(seen.reliability())


def test_replicates_of_seeds_spread_as_seeds_and_batches_do():
    members = [series(seed, noise=0.3, seed_noise=0.5) for seed in range(8)]
    seen = Observed.of(members)
    spread = seen.replicates(0, 120, 400).std(axis=0)
    assert spread.mean() == pytest.approx(seen.mean().standard_error.mean(), rel=0.2)


def test_a_networks_state_has_no_error_of_its_own_but_one_between_seeds():
    alone = Observed.of([series(0)], reading="mixing")
    assert np.isnan(alone.mean().standard_error).all()
    np.testing.assert_array_equal(alone.mean(20, 60).affinity, series(0).mean(20, 60).affinity)
    assert np.isfinite(Observed.of([series(0), series(1)], reading="mixing").mean().standard_error).all()
    assert np.isfinite(Observed.of([series(0)], reading="gradient_cosine").mean().standard_error).all()


def test_the_halves_of_a_run_meet_at_the_edge_nearest_its_middle():
    seen = Observed(moved([0, 10, 20, 30, 90, 100]))
    assert seen.part("whole") == (None, None)
    assert seen.part("first") == (None, 30) and seen.part("second") == (30, None)
    first, second = (seen.mean(*seen.part(name)) for name in ("first", "second"))
    assert (first.step_from, first.step_to, second.step_from, second.step_to) == (0, 30, 30, 100)
    assert Observed(moved([0, 5, 10])).part("first") == (None, 5)
    with pytest.raises(KindredError, match="one window only"):
        Observed(moved([0, 10])).part("second")


@pytest.mark.parametrize("members", [[series(0, windows=3)], [series(0, windows=3), series(1)]])
def test_too_few_windows_have_no_replicates(members):
    assert Observed.of(members).replicates(0, 30, 10) is None


def moved(edges: list[int], seed: int = 1) -> AffinitySeries:
    each = series(seed, windows=len(edges) - 1)
    return AffinitySeries(each.tasks, np.array(edges), each.updates, each.totals, each.total_squares)
