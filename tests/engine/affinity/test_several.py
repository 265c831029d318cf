"""Several matrices against a baseline: differences, errors, correlations."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import pearsonr, spearmanr

from engine.affinity.series import AffinitySeries
from engine.affinity.several import MOST, Matrix, several
from engine.affinity.uncertainty import SeedGroup
from engine.errors import KindredError
from tests.app.views.stored import TASKS, windows

NAMES = tuple("abcdef")
SCALES = ("raw", "standardised", "rank")


def matrix(number: int, tasks: tuple[str, ...] = NAMES, noise: float = 1.0) -> Matrix:
    """About one truth, with noise and an error of its own."""
    truth = np.random.default_rng(99).normal(0, 1, (len(NAMES), len(NAMES)))
    generator = np.random.default_rng(number)
    values = truth + generator.normal(0, noise, truth.shape)
    errors = generator.uniform(0.05, 0.4, truth.shape)
    places = [NAMES.index(task) if task in NAMES else generator.integers(6) for task in tasks]
    return Matrix(f"run {number}", tasks, values[np.ix_(places, places)], errors[np.ix_(places, places)])


def shuffled(one: Matrix, seed: int = 5) -> Matrix:
    order = np.random.default_rng(seed).permutation(len(one.tasks))
    cells = np.ix_(order, order)
    return replace(
        one,
        tasks=tuple(one.tasks[place] for place in order),
        affinity=one.affinity[cells],
        standard_error=one.standard_error[cells],
    )


def off(values: np.ndarray) -> np.ndarray:
    return values[~np.eye(len(values), dtype=bool)]


def test_permuting_the_tasks_of_a_run_changes_nothing():
    runs = [matrix(number) for number in range(4)]
    expected = several(runs, "run 1")
    found = several([runs[0], runs[1], shuffled(runs[2]), shuffled(runs[3], 6)], "run 1")
    assert found.tasks == expected.tasks
    for scale in SCALES:
        for place in range(4):
            np.testing.assert_allclose(found.difference(place, scale), expected.difference(place, scale), atol=1e-12)
        assert found.table(scale).equals(expected.table(scale)) or np.allclose(
            found.table(scale).drop(columns="run"), expected.table(scale).drop(columns="run"), equal_nan=True
        )
    np.testing.assert_allclose(found.correlations("pearson"), expected.correlations("pearson"))


def test_permuting_the_baselines_tasks_permutes_the_differences_only():
    runs = [matrix(number) for number in range(3)]
    expected, found = several(runs), several([shuffled(runs[0]), *runs[1:]])
    places = [found.tasks.index(task) for task in expected.tasks]
    cells = np.ix_(places, places)
    np.testing.assert_allclose(found.difference(2)[cells], expected.difference(2), atol=1e-12)
    np.testing.assert_allclose(found.correlations("spearman"), expected.correlations("spearman"))


@pytest.mark.parametrize("scale", SCALES)
def test_a_run_does_not_differ_from_itself(scale):
    found = several([matrix(0), matrix(1)])
    own = found.difference(0, scale)
    assert (off(own) == 0).all() and np.isnan(np.diagonal(own)).all()
    again = several([matrix(0), replace(matrix(0), id="the same")])
    assert (off(again.difference(1, scale)) == 0).all()
    (row,) = again.table(scale).to_dict("records")
    assert row["beyond"] == 0 and row["same_sign"] == 1 and row["pearson"] == pytest.approx(1)


def test_correlations_are_those_of_numpy_and_scipy():
    runs = [matrix(number) for number in range(5)]
    found = several(runs, "run 3")
    entries = np.array([off(each.affinity) for each in runs])
    np.testing.assert_allclose(found.correlations("pearson"), np.corrcoef(entries))
    np.testing.assert_allclose(found.correlations("spearman"), spearmanr(entries, axis=1).statistic)
    table = found.table().set_index("run")
    assert list(table.index) == ["run 0", "run 1", "run 2", "run 4"]
    for run in table.index:
        number = int(run[-1])
        assert table.loc[run, "pearson"] == pytest.approx(pearsonr(entries[3], entries[number]).statistic)
        assert table.loc[run, "spearman"] == pytest.approx(spearmanr(entries[3], entries[number]).statistic)
        assert table.loc[run, "spearman_low"] < table.loc[run, "spearman"] < table.loc[run, "spearman_high"]


def test_errors_of_both_sides_are_taken_together_slowly():
    base, other = matrix(0), matrix(1)
    (row,) = several([base, other]).table().to_dict("records")
    beyond = agree = sure = sure_agree = 0
    for source in range(6):
        for target in range(6):
            if source == target:
                continue
            one, two = base.affinity[source, target], other.affinity[source, target]
            errors = base.standard_error[source, target], other.standard_error[source, target]
            beyond += abs(two - one) > 2 * (errors[0] ** 2 + errors[1] ** 2) ** 0.5
            agree += (one > 0) == (two > 0)
            both = abs(one) > 2 * errors[0] and abs(two) > 2 * errors[1]
            sure += both
            sure_agree += both and (one > 0) == (two > 0)
    assert (row["pairs"], row["judged"], row["beyond"], row["sure_signs"]) == (30, 30, beyond, sure)
    assert row["same_sign"] == pytest.approx(agree / 30) and row["same_sure_sign"] == pytest.approx(sure_agree / sure)


def test_of_pure_noise_about_one_difference_in_twenty_lies_beyond_its_error():
    generator = np.random.default_rng(0)
    truth, tasks = generator.normal(0, 1, (40, 40)), tuple(map(str, range(40)))
    error = np.full((40, 40), 0.3)
    one, other = (Matrix(name, tasks, truth + generator.normal(0, 0.3, (40, 40)), error) for name in "ab")
    for scale in ("raw", "standardised"):
        (row,) = several([one, other]).table(scale).to_dict("records")
        assert 0.03 < row["beyond"] / row["judged"] < 0.065


def test_the_scale_of_a_run_plays_no_part_once_standardised():
    base, other = matrix(0), matrix(1)
    larger = replace(other, affinity=7 * other.affinity + 3, standard_error=7 * other.standard_error)
    found, expected = (several([base, each]) for each in (larger, other))
    np.testing.assert_allclose(found.difference(1, "standardised"), expected.difference(1, "standardised"), atol=1e-12)
    assert found.table("standardised")["beyond"][0] == expected.table("standardised")["beyond"][0]


def test_the_pairs_come_by_how_many_errors_they_are_apart_then_by_size():
    base, other = matrix(0), matrix(1)
    unknown = other.standard_error.copy()
    unknown[:3] = np.nan
    found = several([base, replace(other, standard_error=unknown), matrix(2)]).furthest()
    errors = found["errors"].to_numpy()
    known = np.isfinite(errors)
    assert len(found) == 60 and known.sum() == 45 and known[:45].all()
    assert (np.diff(errors[:45]) <= 0).all() and (np.diff(np.abs(found["difference"][45:])) <= 0).all()
    for row in found.itertuples(index=False):
        cell = NAMES.index(row.source), NAMES.index(row.target)
        assert row.baseline == base.affinity[cell] and row.difference == pytest.approx(row.value - row.baseline)


def test_ranks_have_no_error():
    (row,) = several([matrix(0), matrix(1)]).table("rank").to_dict("records")
    assert row["judged"] == row["beyond"] == 0


def test_each_is_compared_over_the_tasks_that_it_shares():
    runs = [
        matrix(0),
        matrix(1, ("c", "x", "a", "b")),
        matrix(2, ("a", "b", "x", "y", "z")),
        matrix(3, ("z", "y", "x", "q")),
    ]
    found = several(runs)
    assert found.compared == (1,) and found.tasks == ("a", "b", "c")
    assert found.against[1].tasks == ("a", "b", "c") and found.against[2] is None
    assert found.difference(1)[0, 1] == pytest.approx(runs[1].affinity[2, 3] - runs[0].affinity[0, 1])
    assert np.isnan(found.difference(3)).all()
    between = found.correlations("pearson")
    assert np.isfinite(between[2, 3]) and np.isnan(between[0, 3]) and between[1, 0] == between[0, 1]


def test_without_anything_in_common_there_is_nothing_but_no_error():
    found = several([matrix(0), matrix(1, ("x", "y", "z"))])
    assert found.compared == () and found.tasks == () and found.table().empty and found.furthest().empty
    assert found.difference(1).shape == (0, 0)


def test_seeds_count_by_their_mean_and_the_spread_between_them_slowly():
    seeds = [AffinitySeries.of(tuple(TASKS), windows(seed, noise=0.5)) for seed in range(4)]
    alone = AffinitySeries.of(tuple(TASKS), windows(9, noise=0.5)).mean()
    mean = SeedGroup(tuple(seeds)).mean()
    base = Matrix("alone", tuple(TASKS), alone.affinity, alone.standard_error)
    group = Matrix("group", tuple(TASKS), mean.affinity, mean.standard_error)
    found = several([base, group])
    error = found.against[1].error()
    for source in range(5):
        for target in range(5):
            if source == target:
                continue
            means = []
            for seed in range(4):
                updates = [(w.total[source, target], w.updates) for w in windows(seed, noise=0.5)]
                means.append(sum(float(total) for total, _ in updates) / sum(count for _, count in updates))
            centre = sum(means) / 4
            spread = (sum((each - centre) ** 2 for each in means) / 3) ** 0.5
            assert found.difference(1)[source, target] == pytest.approx(
                centre - alone.affinity[source, target], rel=1e-4
            )
            expected = (spread**2 / 4 + alone.standard_error[source, target] ** 2) ** 0.5
            assert error[source, target] == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize(
    ("runs", "baseline", "said"),
    [
        ([matrix(0)], None, "from 2 to 8"),
        ([matrix(number) for number in range(MOST + 1)], None, "from 2 to 8 matrices, and there are 9"),
        ([matrix(0), matrix(0)], None, "given twice"),
        ([matrix(0), matrix(1)], "run 7", "'run 7' is none of the runs run 0, run 1"),
    ],
)
def test_what_cannot_be_compared_is_refused_with_the_way_out(runs, baseline, said):
    with pytest.raises(KindredError, match=said):
        several(runs, baseline)
