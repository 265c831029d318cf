"""Aligned-MTL: gradients made orthogonal and equally long before they are added."""

from torch import Tensor

from engine.weighting.torchjd_methods import aligned_mtl
from engine.weighting.weighting import JointStep, Surgery


class AlignedMtl(Surgery):
    """With the Gram matrix M = V Λ Vᵀ of rank r, and σ² its least eigenvalue that is not zero, the factors are ::

        α = σ · V_r Λ_r^(−½) V_rᵀ · 1

    The rows of σ V_r Λ_r^(−½) V_rᵀ G are the gradients nearest to those of G that are orthogonal and all of the length
    σ, where r = k, the number of gradients that are not zero. Equal gradients g (r = 1) have α = 1: they get their sum,
    and so do gradients that are orthogonal and equally long. Computed by TorchJD.

    σ is the least singular value: the update gets shorter as gradients become dependent, and with it the learning that
    one learning rate gives. An eigenvalue counts as zero below k · 2⁻⁵² of the largest.

    Source: Senushkin et al., "Independent Component Alignment for Multi-Task Learning", CVPR 2023, algorithm 1.

    Departure: the paper's preferences of 1 / k are 1 here, which multiplies its update by k.
    """

    def gram_weights(self, gram: Tensor, joint: JointStep, present: Tensor) -> Tensor:
        return len(gram) * aligned_mtl(gram)
