"""MOCHA: the models of all clients and their relation, learned together while clients drop out and straggle."""

import numpy as np

from engine.federated.clients import Clients
from engine.federated.local_solver import Ascend, Measure
from engine.federated.method import FederatedMethod, State
from engine.federated.relations import (
    Coupling,
    correlation,
    couple,
    covariance_relation,
    fixed_relation,
    learned_covariance,
)
from engine.federated.report import Round
from engine.federated.settings import FederatedSettings
from engine.federated.systems import ORDER, seed_of, turnout


class Mocha(FederatedMethod):
    """Minimise over W = [w_1 … w_T], the clients' weights ::

        P(W) = Σ_t (1/n_t) Σ_i ℓ(⟨w_t, x_ti⟩, y_ti) + (strength/2) · tr(W K Wᵀ)          K = I + tie · Ω

    by raising its dual, in which every α_ti belongs to one client ::

        D(α) = −Σ_t (1/n_t) Σ_i ℓ*(−α_ti) − tr(V M Vᵀ) / (2 · strength)    v_t = (1/n_t) Σ_i α_ti x_ti    M = K⁻¹

    with W(α) = V M / strength. A round sends w_t to every client, which raises its own part of D by coordinate steps
    with a curvature of σ' M_tt / strength, and sends Δv_t back; the server adds them all. As σ' bounds what clients do
    to each other, D never falls while Ω stays, whoever drops out and however little the others do.

    P(W) − D(α) ≥ 0 bounds what is still to be gained. P may rise for a round, so what is reported is the best W since
    Ω last changed: its P falls, D rises, and the gap falls with every round to 0. Where Ω changes, all three jump:
    a small gap says that W is right for this Ω, not that Ω has settled.

    In the paper's letters λ₁ = strength · tie / 2 and λ₂ = strength / 2, and its dual is −D. ``relation`` says what Ω
    is: see `fixed_relation`. Where it is ``learned``, Ω = (T Σ)⁻¹, and Σ starts as I/T and becomes
    `learned_covariance` of W(α) before every ``relation_every``-th round: descent by turns on P as a function of both,
    for a ``ridge`` of 0 a jointly convex one.

    Source: Smith, Chiang, Sanjabi and Talwalkar, "Federated Multi-Task Learning", NeurIPS 2017, algorithm 1.

    Departures: each client's loss is a mean, where the paper has a sum, so that strengths mean the same for clients
    with few and with many samples, and for a client alone. γ = 1, the steps are added; σ' is exact. A client that drops
    out does so after the server has sent w_t, which is counted.

    Args:
        settings: of all methods.
        matrix: ``[T, T]``, for the relations ``similarity`` and ``precision``.
        clients: where they run; in this process by default.
    """

    def __init__(
        self,
        settings: FederatedSettings | None = None,
        matrix: np.ndarray | None = None,
        clients: Clients | None = None,
    ) -> None:
        super().__init__(settings, clients)
        self._matrix = matrix

    def _check(self, clients: int) -> None:
        fixed_relation(self.settings, clients, self._matrix)

    def _initial(self) -> State:
        clients = len(self.names)
        covariance = np.eye(clients) / clients
        learned = self.settings.relation == "learned"
        relation = covariance_relation(covariance) if learned else fixed_relation(self.settings, clients, self._matrix)
        coupling = couple(relation, self.settings.tie)
        state = {
            "alpha": np.zeros(self._samples.sum()),
            "v": np.zeros((clients, self._features)),
            "covariance": covariance if learned else correlation(coupling.inverse),
            "inverse": coupling.inverse,
            "separability": np.asarray(coupling.separability),
        }
        weights, losses, primal, _ = self._measure(state)
        best = {"best_weights": weights, "best_losses": losses, "best_primal": np.asarray(primal)}
        return {**state, **best, "first_gap": np.asarray(primal)}

    def _advance(self, state: State) -> Round:
        number = int(state["number"])
        if self.settings.relation == "learned" and number > 1 and (number - 1) % self.settings.relation_every == 0:
            self._learn_relation(state)
        present = self._ascend(state, number)
        weights, losses, primal, dual = self._measure(state)
        if primal <= state["best_primal"]:
            state.update(best_weights=weights, best_losses=losses, best_primal=np.asarray(primal))
        return self._report(
            state,
            weights=state["best_weights"],
            losses=state["best_losses"],
            present=present,
            vectors_up=int(present.sum()),
            vectors_down=len(present),
            primal=float(state["best_primal"]),
            dual=dual,
            relation=correlation(state["covariance"]),
        )

    def _ascend(self, state: State, number: int) -> np.ndarray:
        """One round of the clients; ``[clients]``: who was there."""
        settings, weights = self.settings, self._weights(state)
        present, effort = turnout(settings, number, self.names)
        curvatures = state["separability"] * np.diag(state["inverse"]) / settings.strength
        steps = np.maximum(1, np.rint(effort * settings.passes * self._samples)).astype(int)
        alphas, v = self._split(state["alpha"]), state["v"].copy()
        chosen = np.flatnonzero(present)
        tasks = [
            (
                int(client),
                Ascend(
                    self.loss,
                    weights[client],
                    alphas[client],
                    float(curvatures[client]),
                    int(steps[client]),
                    seed_of(settings.seed, number, self.names[client], ORDER),
                ),
            )
            for client in chosen
        ]
        for client, (alpha, moved) in zip(chosen, self._clients.round(tasks), strict=True):
            alphas[client] = alpha
            v[client] += moved
        state.update(alpha=np.concatenate(alphas), v=v)
        return present

    def _learn_relation(self, state: State) -> None:
        """Update Σ and all that hangs on it. α and V stay, and W(α) changes."""
        covariance = learned_covariance(self._weights(state), self.settings.ridge)
        coupling: Coupling = couple(covariance_relation(covariance), self.settings.tie)
        state.update(
            covariance=covariance,
            inverse=coupling.inverse,
            separability=np.asarray(coupling.separability),
            best_primal=np.asarray(np.inf),
        )

    def _measure(self, state: State) -> tuple[np.ndarray, np.ndarray, float, float]:
        """W(α)ᵀ ``[clients, features]``, each client's mean loss, P and D.

        Its regulariser is the same number in both: (strength/2) · tr(W K Wᵀ) = tr(V M Vᵀ) / (2 · strength).
        """
        weights, v = self._weights(state), state["v"]
        alphas = self._split(state["alpha"])
        tasks = [(client, Measure(self.loss, weights[client], alphas[client])) for client in range(len(alphas))]
        losses, conjugates = np.array(self._clients.round(tasks)).T
        penalty = 0.5 * float((weights * v).sum())
        return weights, losses, float(losses.sum()) + penalty, -float(conjugates.sum()) - penalty

    def _weights(self, state: State) -> np.ndarray:
        return state["inverse"] @ state["v"] / self.settings.strength

    def _split(self, alpha: np.ndarray) -> list[np.ndarray]:
        """The dual variables of each client."""
        return np.split(alpha, np.cumsum(self._samples)[:-1])
