"""MGDA: the shortest convex combination of the tasks' gradients, a step along which no task gets worse."""

from torch import Tensor

from engine.weighting.min_norm import mgda_weights
from engine.weighting.weighting import JointStep, Surgery


class Mgda(Surgery):
    """The point d = Σ α_i g_i nearest to 0 in the convex hull of the gradients, exactly.

    ⟨d, g_i⟩ ≥ ‖d‖² for every task, so that a small step makes none worse; d = 0 where none can be bettered but at
    another's cost. The shortest gradients count most. The factors are α_i · k, for k gradients that are not zero: equal
    gradients get their sum. Where gradients depend on each other linearly, several α give the same d.

    ``mgda_scale`` divides every gradient first, by its length (``l2``) or its loss (``loss``), and d is then the
    nearest point in the hull of g_i / s_i; the factors α_i / s_i are brought to the sum k.

    Sources: Désidéri, "Multiple-gradient descent algorithm (MGDA) for multiobjective optimization", Comptes Rendus
    Mathématique 350, 2012; Sener and Koltun, "Multi-Task Learning as Multi-Objective Optimization", NeurIPS 2018.

    Departures: solved exactly, where Sener and Koltun's Frank-Wolfe is far from the end when gradients differ much in
    length. Their code takes α from g_i / s_i and applies it to g_i, along which some task may get worse. A gradient of
    exactly zero is left out: it would be the nearest point, and end the training of all tasks.
    """

    def gram_weights(self, gram: Tensor, joint: JointStep, present: Tensor) -> Tensor:
        return mgda_weights(gram, joint.values[present], self.settings.mgda_scale)
