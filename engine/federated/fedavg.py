"""FedAvg: one model for all clients, the average of what each makes of it."""

import numpy as np

from engine.federated.local_descent import Descend, Evaluate
from engine.federated.method import Diverged, FederatedMethod, State
from engine.federated.report import Round
from engine.federated.systems import ORDER, seed_of, turnout

HOPELESS = 1e6  # an objective that has grown by this factor since weights of 0


class FedAvg(FederatedMethod):
    """Minimise over one w, where N = Σ_t n_t ::

        Σ_t (n_t/N) · (1/n_t) Σ_i ℓ(⟨w, x_ti⟩, y_ti) + (strength/2) · ‖w‖²

    A round sends w to every client; each makes ``passes`` over its data by gradient steps on batches from there, and
    sends back what w became; the server takes the mean, weighted by n_t, over those who did. The next w is the old one
    where all dropped out. The gap is None: nothing here bounds what is still to be gained, and with clients that
    differ and several local steps a constant learning rate does not reach the minimum.

    All clients report the same weights. ``primal`` is the objective above, while MOCHA weighs all clients alike:
    compare ``losses``.

    Source: McMahan, Moore, Ramage, Hampson and Agüera y Arcas, "Communication-Efficient Learning of Deep Networks from
    Decentralized Data", AISTATS 2017, algorithm 1, here of linear models.

    Departures: the server asks every client each round (the paper's C = 1), and loses those that drop out. A
    straggler's unfinished work is averaged in like any other, as in Li et al., "Federated Optimization in
    Heterogeneous Networks", MLSys 2020, where the paper would leave it out.
    """

    def _initial(self) -> State:
        weights = np.zeros(self._features)
        return {"weights": weights, "first_primal": np.asarray(self._measure(weights)[1])}

    def _advance(self, state: State) -> Round:
        settings, number, before = self.settings, int(state["number"]), state["weights"]
        present, effort = turnout(settings, number, self.names)
        chosen = np.flatnonzero(present)
        tasks = [
            (
                int(client),
                Descend(
                    self.loss,
                    before,
                    settings.strength,
                    settings.learning_rate,
                    settings.batch,
                    float(settings.passes * effort[client]),
                    seed_of(settings.seed, number, self.names[client], ORDER),
                ),
            )
            for client in chosen
        ]
        found = self._clients.round(tasks)
        if found:
            shares = self._samples[chosen] / self._samples[chosen].sum()
            state["weights"] = weights = shares @ np.array(found)
        else:
            weights = before
        losses, primal = self._measure(weights)
        if not primal <= HOPELESS * state["first_primal"]:  # so is what is not a number
            raise Diverged(
                f"After {number} rounds the objective of FedAvg is {primal:.3g}, from {state['first_primal']:.3g} "
                f"before: a learning rate of {settings.learning_rate:g} is too high for these inputs; lower it, or "
                "scale them to about 1."
            )
        return self._report(
            state,
            weights=np.tile(weights, (len(self.names), 1)),
            losses=losses,
            present=present,
            vectors_up=len(chosen),
            vectors_down=len(present),
            primal=primal,
        )

    def _measure(self, weights: np.ndarray) -> tuple[np.ndarray, float]:
        """Each client's mean loss at ``weights``, and the objective; infinite or NaN where they are too large."""
        everyone = range(len(self.names))
        losses = np.array(self._clients.round([(client, Evaluate(self.loss, weights)) for client in everyone]))
        with np.errstate(over="ignore", invalid="ignore"):
            shares = self._samples / self._samples.sum()
            return losses, float(shares @ losses + 0.5 * self.settings.strength * weights @ weights)
