import numpy as np
import pytest

from engine.charts.heatmap import affinity_heatmap, cluster_order, name_order, robust_max, scale_affinity
from engine.charts.quantity import quantity_of
from engine.errors import KindredError


def random_affinity(tasks: int = 6, seed: int = 0) -> np.ndarray:
    generator = np.random.default_rng(seed)
    return generator.normal(0, 1, (tasks, tasks)) * generator.uniform(0.01, 100, tasks) + 1000 * np.eye(tasks)


def off_diagonal(values: np.ndarray) -> np.ndarray:
    return values[~np.eye(len(values), dtype=bool)]


def test_the_limit_is_the_maximum_of_few_and_leaves_out_a_lone_giant_among_many():
    few = np.arange(1.0, 51)
    assert robust_max(-few) == 50
    assert robust_max(np.append(np.ones(999), 1e6)) == 1


@pytest.mark.parametrize("nothing", [np.zeros(4), np.array([np.nan, np.inf]), np.array([])])
def test_the_limit_of_nothing_is_one(nothing):
    assert robust_max(nothing) == 1


@pytest.mark.parametrize("scale", ["shared", "target", "centred"])
def test_the_diagonal_never_sets_a_limit(scale):
    affinity = random_affinity()
    giant = affinity + 1e9 * np.eye(6)
    plain, other = scale_affinity(affinity, scale), scale_affinity(giant, scale)
    assert plain.limit == other.limit
    np.testing.assert_allclose(off_diagonal(plain.values), off_diagonal(other.values))


def test_per_target_each_column_reaches_one():
    values = scale_affinity(random_affinity(), "target").values
    columns = np.where(np.eye(6, dtype=bool), 0, np.abs(values)).max(0)
    np.testing.assert_allclose(columns, 1)


def test_centred_shows_both_signs_where_all_affinities_are_negative():
    affinity = -np.abs(random_affinity())
    values = scale_affinity(affinity, "centred").values
    np.fill_diagonal(values, 0)
    np.testing.assert_allclose(values.sum(0), 0, atol=1e-12)
    assert (values.max(0) > 0).all() and (values.min(0) < 0).all()


def test_limits_over_a_stack_are_the_same_for_each_of_its_matrices():
    stack = np.stack([random_affinity(seed=seed) for seed in range(4)])
    limits = {scale_affinity(matrix, "shared", over=stack).limit for matrix in stack}
    assert len(limits) == 1


def test_an_unknown_cell_spoils_no_other():
    affinity = random_affinity()
    affinity[0, 1] = np.nan
    for scale in ("shared", "target", "centred"):
        values = scale_affinity(affinity, scale).values
        assert np.isnan(values).sum() == 1


def test_an_unknown_scale_is_refused_with_the_choices():
    with pytest.raises(KindredError, match="'log'.*shared, target, centred"):
        scale_affinity(np.eye(2), "log")


def test_clustering_puts_helpers_side_by_side_whatever_the_order_given():
    groups = np.array([0, 1, 2, 0, 1, 2, 0, 1, 2])
    matrix = (groups[:, None] == groups).astype(float) + np.random.default_rng(0).normal(0, 0.01, (9, 9))
    for seed in range(3):
        shuffle = np.random.default_rng(seed).permutation(9)
        order = cluster_order(matrix[np.ix_(shuffle, shuffle)])
        assert sorted(order) == list(range(9))
        found = groups[shuffle][list(order)]
        assert (np.diff(found) != 0).sum() == 2


@pytest.mark.parametrize("tasks", [1, 2, 3])
def test_few_or_indifferent_tasks_have_an_order_too(tasks):
    assert sorted(cluster_order(np.zeros((tasks, tasks)))) == list(range(tasks))
    assert sorted(cluster_order(np.full((tasks, tasks), np.nan))) == list(range(tasks))


def test_names_sort_without_regard_to_case():
    assert name_order(["b", "A", "a", "C"]) == (1, 2, 0, 3)


def test_a_cell_is_its_source_and_target_under_any_order():
    affinity = random_affinity(3)
    figure = affinity_heatmap(affinity, ("a", "<b>", "c"), order=[2, 0, 1])
    trace = figure.data[0]
    assert trace.z[0][2] == affinity[2, 1]
    assert tuple(trace.customdata[0][2]) == ("c → &lt;b&gt;", affinity[2, 1])
    assert np.isnan(np.diagonal(trace.z)).all()
    assert (trace.zmin, trace.zmax) == (-robust_max(off_diagonal(affinity)), robust_max(off_diagonal(affinity)))


def test_the_axes_say_which_is_the_source():
    layout = affinity_heatmap(np.eye(2), ("a", "b")).layout
    assert layout.yaxis.title.text.startswith("source") and layout.xaxis.title.text.startswith("target")
    assert layout.yaxis.range[0] > layout.yaxis.range[1]  # the first source on top


def test_the_diagonal_shows_on_demand():
    affinity = random_affinity(3)
    np.testing.assert_array_equal(affinity_heatmap(affinity, ("a", "b", "c"), show_self=True).data[0].z, affinity)


def test_two_matrices_may_share_their_colours():
    small, large = random_affinity(), 7 * random_affinity(seed=1)
    both = np.stack([small, large])
    names = tuple("abcdef")
    ends = {affinity_heatmap(each, names, over=both).data[0].zmax for each in both}
    assert ends == {robust_max(np.append(off_diagonal(small), off_diagonal(large)))}


@pytest.mark.parametrize("scale", ["shared", "target", "centred"])
def test_another_reading_is_never_called_an_affinity(scale):
    figure = affinity_heatmap(np.eye(3), ("a", "b", "c"), scale=scale, quantity=quantity_of("gradient_cosine"))
    text = figure.to_json()
    assert "gradient cosine" in text
    assert not any(word in text for word in ("affinity", "loss", "helps", "hurts"))
    assert figure.layout.meta["scale"] == scale
