"""Graph-regularised multi-task learning: tasks near those that a given relation ties them to."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from engine.checks import Range
from engine.errors import KindredError
from engine.regularized.linear import AT_LEAST_0, POSITIVE, LinearModel, Problem
from engine.regularized.losses import Solution


@dataclass(kw_only=True, eq=False)
class GraphLaplacian(LinearModel):
    """Tasks drawn to each other, each pair as strongly as it is related ::

        penalty = (strength/2) Σ_{s<t} A_st ‖w_s − w_t‖² + (ridge/2) Σ_t ‖w_t‖²
                = (strength/2) tr(Wᵀ L W) + (ridge/2) tr(Wᵀ W)          L = diag(A 1) − A

    A is made of the relation, which may be any affinity, in three steps:

    1. both directions of a pair are averaged, as a distance has no direction; the diagonal is left out;
    2. what is then negative becomes 0: a graph can draw tasks together and leave them alone, but not drive them apart,
       as the penalty would have no minimum. So pairs that hurt each other, and pairs without relation, are the same;
    3. it is scaled so that L has the trace T − 1, that of I − 11ᵀ/T. So the relation's unit does not matter, and all
       pairs alike give `MeanRegularized` of the same strength and ridge.

    Affinities that are negative nearly everywhere, as those of TAG often are, leave few pairs: give them relative to
    what is usual, such as less their median. ``relation_`` is A.

    Args:
        relation: ``[source, target]`` for all T tasks, higher is closer.
        ridge: how strongly all tasks are drawn to 0.

    Raises:
        KindredError: on fitting, if the relation has not that shape, is not finite off its diagonal, or ties no pair.

    Sources: Evgeniou, Micchelli and Pontil, "Learning Multiple Tasks with Kernel Methods", JMLR 6, 2005, section 3.1.3;
    Kato, Kashima, Sugiyama and Asai, "Multi-Task Learning via Conic Programming", NIPS 2007.

    Departures: as above, for relations that are not symmetric, not negative, or in a unit of their own; the ridge,
    which the paper has as a diagonal of A, is the same for all tasks.
    """

    relation: np.ndarray | None = None
    ridge: float = 0.01

    RANGES: ClassVar[dict[str, Range]] = {"strength": AT_LEAST_0, "ridge": POSITIVE}
    relation_name: ClassVar[str | None] = "regulariser_graph"

    def _solve(self, problem: Problem) -> Solution:
        graph = tied_pairs(self.relation, len(problem.inputs))
        laplacian = np.diag(graph.sum(axis=1)) - graph
        coupling = self.strength * laplacian + self.ridge * np.eye(len(graph))
        found = problem.losses().minimise(coupling, self.tolerance, self.max_iterations)
        return Solution(found.coefficients, found.intercepts, found.objective, found.converged, graph)


def tied_pairs(relation: np.ndarray | None, tasks: int) -> np.ndarray:
    """A of `GraphLaplacian`: ``[tasks, tasks]``, symmetric, none negative, 0 on the diagonal, of the sum T − 1."""
    if relation is None:
        raise KindredError(
            f"GraphLaplacian needs a relation of {tasks} by {tasks} tasks, and was given none; give one."
        )
    try:
        graph = np.array(relation, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise KindredError(f"The relation is no array of numbers ({error}); give [source, target].") from error
    if graph.shape != (tasks, tasks):
        raise KindredError(
            f"The relation has the shape {list(graph.shape)}; {tasks} tasks need {[tasks, tasks]}, in their order."
        )
    np.fill_diagonal(graph, 0)
    if not np.isfinite(graph).all():
        raise KindredError("The relation has entries that are NaN or infinite; fill them in, perhaps with 0.")
    largest = np.abs(graph).max()
    graph = graph / largest if largest > 0 else graph
    graph = np.clip((graph + graph.T) / 2, 0, None)
    if tasks > 1 and not graph.any():
        raise KindredError(
            "The relation has no pair of tasks above 0, so that none would be tied; subtract what is usual, such as "
            "its median, or take Independent."
        )
    return graph * ((tasks - 1) / graph.sum()) if tasks > 1 else graph
