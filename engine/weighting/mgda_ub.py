"""MGDA-UB: MGDA on the gradients of the shared representation, for one backward pass through the trunk."""

from dataclasses import replace

from torch import Tensor

from engine.errors import KindredError
from engine.weighting.min_norm import mgda_weights
from engine.weighting.weighting import JointStep, Surgery, Weighed, add_gradients, cosines, gram_matrix, task_gradients


class MgdaUb(Surgery):
    """The convex combination d = Σ α_i ∂L_i/∂z nearest to 0, z the features that all heads are given.

    The shared parameters get (∂z/∂θ)ᵀ d, by one backward pass from z; the heads get the plain gradients of their own
    tasks. ‖(∂z/∂θ)ᵀ d‖ is bounded by a constant times ‖d‖: a point where d = 0 is Pareto-stationary if ∂z/∂θ has full
    rank. The cosines reported are those of the gradients on z. Factors, ``mgda_scale`` and gradients of zero are as in
    ``mgda``: equal gradients get their sum.

    Source: Sener and Koltun, "Multi-Task Learning as Multi-Objective Optimization", NeurIPS 2018, section 3.3.

    Departures: solved exactly, see ``mgda``. The authors' code weighs each whole loss, and so the heads' gradients as
    well; their algorithm 1 steps on the heads with the plain gradients, which is done here.
    """

    def backward(self, joint: JointStep) -> Weighed:
        """Raises:
        KindredError: if the heads are given different features.
        """
        representation = joint.features[0]
        if any(each is not representation for each in joint.features):
            raise KindredError(
                "The weighting mgda_ub needs one representation that all heads are given, but this network has "
                "several; choose the architecture hard_sharing, or the weighting mgda."
            )
        jacobian, own = task_gradients(replace(joint, shared=[representation]))
        # The joint batch has all processes' samples, and 1 / processes of each one's losses.
        gram = joint.average(gram_matrix(jacobian, joint)) / joint.processes
        direction, weights = self.direction(jacobian, gram, joint)
        representation.backward(direction.view_as(representation))
        add_gradients(joint.own, own)
        return Weighed(weights, cosines(gram))

    def gram_weights(self, gram: Tensor, joint: JointStep, present: Tensor) -> Tensor:
        return mgda_weights(gram, joint.values[present], self.settings.mgda_scale)
