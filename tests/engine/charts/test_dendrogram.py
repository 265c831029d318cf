import doctest

import numpy as np
import pytest

from engine.charts import dendrogram
from engine.charts.dendrogram import cluster_tree
from engine.charts.heatmap import cluster_order


def two_groups(tasks: int = 8, seed: int = 0) -> np.ndarray:
    """Tasks that help those of the same parity."""
    same = np.arange(tasks)[:, None] % 2 == np.arange(tasks) % 2
    return np.where(same, 1.0, -1.0) + np.random.default_rng(seed).normal(0, 0.1, (tasks, tasks))


def test_the_documentations_examples_hold():
    assert doctest.testmod(dendrogram).failed == 0


def test_groups_that_help_each_other_are_the_widest_cut():
    tree = cluster_tree(two_groups())
    assert tree.widest == 2
    assert {frozenset(members) for members in tree.clusters(2)} == {frozenset({0, 2, 4, 6}), frozenset({1, 3, 5, 7})}


@pytest.mark.parametrize("tasks", [1, 2, 3, 9, 40])
def test_every_cut_parts_the_tasks_and_refines_the_coarser_ones(tasks):
    tree = cluster_tree(np.random.default_rng(tasks).normal(size=(tasks, tasks)))
    assert sorted(tree.order) == list(range(tasks)) and len(tree.merges) == tasks - 1
    coarser = None
    for count in range(1, tasks + 1):
        clusters = tree.clusters(count)
        assert len(clusters) == count
        assert [task for members in clusters for task in members] == list(tree.order)  # each stands together
        if coarser:
            assert all(any(set(members) <= set(wider) for wider in coarser) for members in clusters)
        coarser = clusters


def test_heights_never_fall_and_do_not_heed_what_a_task_does_to_itself():
    matrix = two_groups()
    heights = [height for *_, height in cluster_tree(matrix).merges]
    assert heights == sorted(heights) and heights[0] >= 0
    assert cluster_tree(matrix + 100 * np.eye(8)) == cluster_tree(matrix)


def test_a_tree_of_permuted_tasks_has_the_same_clusters():
    matrix = np.random.default_rng(3).normal(size=(12, 12))
    order = np.random.default_rng(4).permutation(12)
    of = cluster_tree(matrix[np.ix_(order, order)]).clusters(4)
    permuted = {frozenset(int(order[task]) for task in members) for members in of}
    assert permuted == {frozenset(members) for members in cluster_tree(matrix).clusters(4)}


def test_the_order_by_clustering_is_that_of_the_leaves_and_unknown_counts_as_zero():
    matrix = two_groups()
    matrix[0, 1] = np.nan
    assert cluster_order(matrix) == cluster_tree(np.nan_to_num(matrix)).order


def test_counts_beyond_the_tasks_are_the_nearest_there_is():
    tree = cluster_tree(two_groups())
    assert tree.clusters(0) == tree.clusters(1) and tree.clusters(99) == tree.clusters(8)
