"""Clustered multi-task learning: tasks near those of their own cluster, the clusters learned as well."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from scipy.linalg import eigh

from engine.checks import Range
from engine.errors import KindredError
from engine.regularized.descent import descend
from engine.regularized.linear import POSITIVE, LinearModel, Problem
from engine.regularized.losses import Solution

RENEW_EVERY = 100  # iterations with the same whitening
SMALLEST = 1e-9  # singular value, as a share of the largest


@dataclass(kw_only=True, eq=False)
class Clustered(LinearModel):
    """The convex relaxation of tasks in k clusters, each task drawn to the mean of its own ::

        hard:     (strength/2) Σ_t ‖w_t − mean of t's cluster‖² + (ridge/2) ‖W‖²
        relaxed:  (strength/2) η (1 + η) min_M tr(Wᵀ (η I + M)⁻¹ W)          η = ridge / strength
                  0 ≼ M ≼ I, tr M = k

    M stands for F Fᵀ of the hard clusters, F_tc being 1/√size for a task t of the cluster c and 0 otherwise; with such
    an M both penalties are the same. The best M for a W has a closed form, and both together are convex. k = T gives
    `Independent` with the strength ``ridge``.

    ``relation_`` is M brought to a diagonal of 1: near 1 for tasks of one cluster and 0 for those of different ones. It
    is as sharp as hard clusters only where the k-th singular value of W is (1 + η)/η times the next, so the ridge
    should not be small against the strength. As M is relaxed, opposite tasks share its dimension and get −1.

    Args:
        clusters: k, from 1 to the number of tasks.
        ridge: how strongly all tasks are drawn to 0.

    Raises:
        KindredError: on fitting, if there are fewer tasks than clusters.

    Source: Zhou, Chen and Ye, "Clustered Multi-Task Learning Via Alternating Structure Optimization", NIPS 2011, the
    relaxation CRCMTL, with α = strength/2 and β = ridge/2. Jacob, Bach and Vert, "Clustered Multi-Task Learning: A
    Convex Formulation", NIPS 2008, has the same with the mean of all tasks set apart.

    Departures: each task's loss is a mean; M follows W at every step of L-BFGS, where the
    paper has accelerated gradients on both; tr M = k is
    reached by eigenvalues of W Wᵀ of at least ``SMALLEST``, which matters for fewer than k independent tasks only.
    """

    clusters: int = 2
    ridge: float = 0.1

    RANGES: ClassVar[dict[str, Range]] = {"strength": POSITIVE, "ridge": POSITIVE, "clusters": (int, 1, 1_000_000)}
    relation_name: ClassVar[str | None] = "task_clusters"

    def _solve(self, problem: Problem) -> Solution:
        tasks = len(problem.inputs)
        if self.clusters > tasks:
            raise KindredError(f"Clusters is {self.clusters}, and there are {tasks} tasks; ask for at most as many.")
        losses = problem.losses()
        eta, unit = self.ridge / self.strength, np.eye(tasks)

        def couple(w: np.ndarray) -> np.ndarray:
            return self.ridge * (1 + eta) * np.linalg.inv(eta * unit + memberships(w, self.clusters, eta))

        even = self.ridge * (1 + eta) / (eta + self.clusters / tasks) * unit
        start = losses.minimise(even, self.tolerance, self.max_iterations)
        found = descend(
            losses,
            couple,
            start.coefficients,
            start.intercepts,
            self.tolerance,
            self.max_iterations,
            renew_every=RENEW_EVERY,
        )
        shared = memberships(found.coefficients, self.clusters, eta)
        scale = np.sqrt(np.diag(shared))
        scale[scale == 0] = 1
        relation = np.clip(shared / scale[:, None] / scale, -1, 1)
        np.fill_diagonal(relation, 1.0)
        return replace(found, relation=relation)


def memberships(coefficients: np.ndarray, clusters: int, eta: float) -> np.ndarray:
    """The M ``[T, T]`` with 0 ≼ M ≼ I and tr M = k of the least tr(Wᵀ (η I + M)⁻¹ W).

    It has the eigenvectors of W Wᵀ, and the eigenvalues m_i = min(max(τ σ_i − η, 0), 1), σ_i being the singular values
    of W and τ such that their sum is k: a piecewise linear equation.
    """
    values, vectors = eigh(coefficients @ coefficients.T)
    singular = np.sqrt(np.clip(values, 0, None))
    singular = np.maximum(singular / (singular.max() or 1.0), SMALLEST)
    kinks = np.sort(np.concatenate([eta / singular, (1 + eta) / singular]))
    sums = np.clip(kinks[:, None] * singular - eta, 0, 1).sum(axis=1)
    shares = np.clip(np.interp(clusters, sums, kinks) * singular - eta, 0, 1)
    shared = (vectors * shares) @ vectors.T
    return (shared + shared.T) / 2
