"""Which tasks help each other, as a tree: clusters at every coarseness, and an order that keeps each together."""

from dataclasses import dataclass

import numpy as np
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform


@dataclass(frozen=True)
class ClusterTree:
    """Tasks merged two clusters at a time, the closest first.

    Attributes:
        order: the tasks as the tree's leaves stand.
        merges: ``(left, right, height)`` of each merge; a number below T is a task, ``T + m`` the cluster of merge
            ``m``. Heights never fall: they are distances, the largest mutual affinity less the clusters' average.
    """

    order: tuple[int, ...]
    merges: tuple[tuple[int, int, float], ...] = ()

    @property
    def finest(self) -> int:
        """The most clusters worth a look: half as many as there are tasks, but 2 if there are 2 tasks."""
        return min(len(self.order), max(2, -(-len(self.order) // 2)))

    @property
    def widest(self) -> int:
        """How many clusters there are where the gap between two merges is widest, 2 to half as many as tasks; 1 where
        there are fewer than 3 tasks.

        >>> ClusterTree((0, 1, 2, 3), ((0, 1, 0.1), (2, 3, 0.2), (4, 5, 9.0))).widest
        2
        """
        heights = [height for _, _, height in self.merges]
        tasks = len(self.order)
        counts = range(2, max(3, tasks // 2 + 1))
        return max(counts, key=lambda count: heights[tasks - count] - heights[tasks - count - 1]) if tasks > 2 else 1

    def clusters(self, count: int) -> list[tuple[int, ...]]:
        """The tree cut into ``count`` clusters, at least 1 and at most T, in the order of its leaves.

        >>> ClusterTree((2, 0, 1), ((0, 1, 0.5), (2, 3, 1.0))).clusters(2)
        [(2,), (0, 1)]
        """
        tasks = len(self.order)
        of = {task: [task] for task in range(tasks)}
        for number, (left, right, _) in enumerate(self.merges[: tasks - max(1, min(count, tasks))]):
            of[tasks + number] = of.pop(left) + of.pop(right)
        place = {task: where for where, task in enumerate(self.order)}
        clusters = [tuple(sorted(members, key=place.__getitem__)) for members in of.values()]
        return sorted(clusters, key=lambda members: place[members[0]])


def cluster_tree(matrix: np.ndarray) -> ClusterTree:
    """Average-linkage clustering of the symmetrised affinity, where the leaves are ordered so that neighbours are as
    close as the tree allows (Bar-Joseph et al., "Fast optimal leaf ordering", ISMB 2001).

    Args:
        matrix: ``[source, target]``; unknown affinities count as zero.
    """
    if len(matrix) < 2:
        return ClusterTree(tuple(range(len(matrix))))
    known = np.nan_to_num(np.asarray(matrix, dtype=np.float64), posinf=0, neginf=0)
    mutual = (known + known.T) / 2
    np.fill_diagonal(mutual, -np.inf)
    distances = mutual.max() - mutual
    np.fill_diagonal(distances, 0)
    tree = linkage(squareform(distances, checks=False), method="average", optimal_ordering=len(matrix) > 2)
    merges = tuple((int(left), int(right), float(height)) for left, right, height, _ in tree)
    return ClusterTree(tuple(int(leaf) for leaf in leaves_list(tree)), merges)
