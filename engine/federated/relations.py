"""Which clients are drawn to each other, and how far one's step moves the others.

Letters: T clients; W ``[features, T]`` their weights as columns; Ω ``[T, T]`` the relation as a penalty
tr(W Ω Wᵀ) = Σ_st Ω_st ⟨w_s, w_t⟩, positive semidefinite; Σ the learned covariance; K = I + tie · Ω; M = K⁻¹.

Sources: Smith et al., "Federated Multi-Task Learning", NeurIPS 2017; Evgeniou and Pontil, "Regularized Multi-Task
Learning", KDD 2004, for ``mean``; Zhang and Yeung, "A Convex Formulation for Learning Task Relationships in Multi-Task
Learning", UAI 2010, for ``learned``.
"""

from typing import NamedTuple

import numpy as np
from scipy.linalg import eigh, eigvalsh

from engine.errors import KindredError
from engine.federated.settings import NEEDS_MATRIX, FederatedSettings

ROUNDING = 1e-9  # of a given matrix, against its largest entry


class Coupling(NamedTuple):
    """Attributes:
    inverse: ``[T, T]``: M = (I + tie · Ω)⁻¹.
    separability: the paper's σ': the least number with tr(V M Vᵀ) ≤ σ' Σ_t M_tt ‖v_t‖² for every V, so that clients
        whose steps allow for a curvature of σ' M_tt cannot harm each other, whoever of them steps.
    """

    inverse: np.ndarray
    separability: float


def fixed_relation(settings: FederatedSettings, clients: int, matrix: np.ndarray | None) -> np.ndarray:
    """Ω of a relation that does not change, ``[T, T]``.

    * ``independent``: 0.
    * ``mean``: I − 11ᵀ/T, so that tr(W Ω Wᵀ) = Σ_t ‖w_t − w̄‖².
    * ``similarity``: the Laplacian of ``matrix``, symmetric and not negative, so that
      tr(W Ω Wᵀ) = Σ_{s<t} A_st ‖w_s − w_t‖²; its diagonal does not matter.
    * ``precision``: ``matrix`` itself, symmetric positive semidefinite.

    Raises:
        KindredError: if a matrix is missing, not asked for, or not as said here.
    """
    if settings.relation not in NEEDS_MATRIX:
        if matrix is not None:
            raise KindredError(
                f"The relation {settings.relation!r} takes no matrix, but one is given; leave it out, or take the "
                "relation 'similarity' or 'precision'."
            )
        if settings.relation == "mean":
            return np.eye(clients) - 1 / clients
        return np.zeros((clients, clients))
    matrix = _symmetric(settings.relation, clients, matrix)
    if settings.relation == "precision":
        least = float(eigvalsh(matrix)[0])
        if least < -ROUNDING * np.abs(matrix).max():
            raise KindredError(
                f"The relation 'precision' has the eigenvalue {least:.3g}, and must have none below 0; add at least "
                f"{-least:.3g} to its diagonal, or give similarities with the relation 'similarity'."
            )
        return matrix
    weights = matrix - np.diag(np.diag(matrix))
    if weights.min() < 0:
        raise KindredError(
            f"The relation 'similarity' has the entry {weights.min():.3g}, and must have none below 0, as clients are "
            "only drawn together; clip it to 0, or give a positive semidefinite matrix with the relation 'precision'."
        )
    return np.diag(weights.sum(axis=1)) - weights


def learned_covariance(weights: np.ndarray, ridge: float) -> np.ndarray:
    """Σ = (WᵀW)^½ / tr((WᵀW)^½), moved by the share ``ridge`` towards I/T; symmetric, its trace 1.

    Without the ridge it minimises tr(W Σ⁻¹ Wᵀ) over all positive semidefinite Σ of trace 1. No eigenvalue is below
    ``ridge`` / T. Weights of 0 give I/T.

    Args:
        weights: ``[T, features]``: Wᵀ.

    Departures from Zhang and Yeung: the ridge, without which clients fewer than features, or alike, give a Σ that has
    no inverse; and the intercept's weight counts like any other, as it is penalised like any other.
    """
    clients = len(weights)
    values, vectors = eigh(weights @ weights.T)
    roots = np.sqrt(np.clip(values, 0, None))
    total = roots.sum()
    shares = roots / total if total > 0 else np.full(clients, 1 / clients)
    covariance = (vectors * ((1 - ridge) * shares + ridge / clients)) @ vectors.T
    return (covariance + covariance.T) / 2


def covariance_relation(covariance: np.ndarray) -> np.ndarray:
    """Ω = (T Σ)⁻¹, which is I for clients without relation."""
    values, vectors = eigh(len(covariance) * covariance)
    return (vectors / values) @ vectors.T


def couple(relation: np.ndarray, tie: float) -> Coupling:
    """M and σ' of Ω.

    Departure: σ' is the largest eigenvalue of M brought to a diagonal of 1, which is exact; the paper's Lemma 9 has an
    upper bound on it, max_t Σ_s |M_st| / M_tt.
    """
    values, vectors = eigh(relation)
    inverse = (vectors / (1 + tie * np.clip(values, 0, None))) @ vectors.T
    inverse = (inverse + inverse.T) / 2
    return Coupling(inverse, float(eigvalsh(correlation(inverse))[-1]))


def correlation(covariance: np.ndarray) -> np.ndarray:
    """``[source, target]``: a covariance brought to a diagonal of 1."""
    scale = np.sqrt(np.diag(covariance))
    found = np.clip(covariance / scale[:, None] / scale, -1, 1)
    np.fill_diagonal(found, 1.0)
    return found


def _symmetric(relation: str, clients: int, matrix: np.ndarray | None) -> np.ndarray:
    """The matrix as float64, symmetric to the last bit."""
    if matrix is None:
        raise KindredError(f"The relation {relation!r} needs a matrix of {clients} by {clients} clients; give one.")
    try:
        matrix = np.array(matrix, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise KindredError(f"The relation {relation!r} has a matrix that holds no numbers ({error}).") from error
    if matrix.shape != (clients, clients):
        raise KindredError(
            f"The relation {relation!r} has a matrix of shape {list(matrix.shape)}; {clients} clients need "
            f"{[clients, clients]}, in their order."
        )
    if not np.isfinite(matrix).all():
        raise KindredError(
            f"The relation {relation!r} has entries that are NaN or infinite; fill them in, perhaps with 0."
        )
    uneven = float(np.abs(matrix - matrix.T).max())
    if uneven > ROUNDING * np.abs(matrix).max():
        raise KindredError(
            f"The relation {relation!r} differs from its transpose by up to {uneven:.3g}, and must be symmetric; give "
            "the mean of both."
        )
    return (matrix + matrix.T) / 2
