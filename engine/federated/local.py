"""Local only: every client learns from its own data, and nothing is sent."""

import numpy as np

from engine.federated.local_solver import Ascend, Measure
from engine.federated.method import FederatedMethod, State
from engine.federated.report import Round
from engine.federated.systems import ORDER, seed_of


class Local(FederatedMethod):
    """For every client t by itself, minimise over w_t ::

        (1/n_t) Σ_i ℓ(⟨w_t, x_ti⟩, y_ti) + (strength/2) · ‖w_t‖²

    which is MOCHA's problem with a ``tie`` of 0, by the same coordinate steps on the dual, ``passes`` over the data a
    round. ``primal``, ``dual`` and the gap are sums over the clients; each reports its best w_t so far, so that the gap
    falls with every round.

    As nobody waits for anybody, ``drop`` and ``stragglers`` do not matter here.

    Source: Shalev-Shwartz and Zhang, "Stochastic Dual Coordinate Ascent Methods for Regularized Loss Minimization",
    JMLR 14, 2013.
    """

    def _initial(self) -> State:
        state = {
            "alpha": np.zeros(self._samples.sum()),
            "weights": np.zeros((len(self.names), self._features)),
        }
        losses, primals, _ = self._measure(state)
        best = {"best_weights": state["weights"], "best_losses": losses, "best_primals": primals}
        return {**state, **best, "first_gap": np.asarray(primals.sum())}

    def _advance(self, state: State) -> Round:
        self._ascend(state, int(state["number"]))
        losses, primals, duals = self._measure(state)
        better = primals <= state["best_primals"]
        state["best_weights"] = np.where(better[:, None], state["weights"], state["best_weights"])
        state["best_losses"] = np.where(better, losses, state["best_losses"])
        state["best_primals"] = np.where(better, primals, state["best_primals"])
        return self._report(
            state,
            weights=state["best_weights"],
            losses=state["best_losses"],
            present=np.ones(len(self.names), dtype=bool),
            vectors_up=0,
            vectors_down=0,
            primal=float(state["best_primals"].sum()),
            dual=float(duals.sum()),
        )

    def _ascend(self, state: State, number: int) -> None:
        settings, weights = self.settings, state["weights"].copy()
        alphas = self._split(state["alpha"])
        steps = np.maximum(1, np.rint(settings.passes * self._samples)).astype(int)
        tasks = [
            (
                client,
                Ascend(
                    self.loss,
                    weights[client],
                    alphas[client],
                    1 / settings.strength,
                    int(steps[client]),
                    seed_of(settings.seed, number, name, ORDER),
                ),
            )
            for client, name in enumerate(self.names)
        ]
        for client, (alpha, moved) in enumerate(self._clients.round(tasks)):
            alphas[client] = alpha
            weights[client] += moved / settings.strength
        state.update(alpha=np.concatenate(alphas), weights=weights)

    def _measure(self, state: State) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """``[clients]`` each: mean losses, and both objectives."""
        weights, alphas = state["weights"], self._split(state["alpha"])
        tasks = [(client, Measure(self.loss, weights[client], alphas[client])) for client in range(len(alphas))]
        losses, conjugates = np.array(self._clients.round(tasks)).T
        penalties = 0.5 * self.settings.strength * (weights**2).sum(axis=1)
        return losses, losses + penalties, -conjugates - penalties

    def _split(self, alpha: np.ndarray) -> list[np.ndarray]:
        """The dual variables of each client."""
        return np.split(alpha, np.cumsum(self._samples)[:-1])
