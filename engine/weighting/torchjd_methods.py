"""The gradient methods that TorchJD computes; the one file that imports it, as its interface changes between versions.

Source: Quinton and Rey, TorchJD 0.18.0 (MIT). Its random draws come from a generator that is handed in, and its
absolute tolerances are met by scaling what it is given.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor
from torchjd import aggregation


def imtl_g(gram: Tensor) -> Tensor:
    """``[k]``: IMTL-G's factors, of sum 1, or all 0 where no direction serves all tasks alike."""
    return aggregation.IMTLGWeighting()(gram)


def aligned_mtl(gram: Tensor) -> Tensor:
    """``[k]``: Aligned-MTL's factors for the mean of the aligned gradients."""
    return aggregation.AlignedMTLWeighting()(gram)


def gradvac(gram: Tensor, goals: Tensor, decay: float, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """GradVac's factors, ``[k]``, and its goals for the cosines after this update, ``[k, k]``.

    The gradients are brought to lengths of at least 1, as TorchJD adds 10⁻⁸ to products of two lengths.

    Args:
        gram: ``[k, k]``, of gradients that are not zero.
        goals: ``[k, k]``, those before.
        decay: β.
        generator: of the order in which tasks are visited.
    """
    method = aggregation.GradVacWeighting(beta=decay)
    method._phi_t, method._state_key = goals.clone(), (len(gram), gram.dtype)
    with _drawing(generator, gram.device):
        return method(gram / gram.diagonal().min()), method._phi_t


def graddrop(jacobian: Tensor, generator: torch.Generator) -> Tensor:
    """``[numbers]``: the sum of the gradient numbers that GradDrop keeps."""
    with _drawing(generator, jacobian.device):
        return aggregation.GradDrop()(jacobian)


@contextmanager
def _drawing(generator: torch.Generator, device: torch.device) -> Iterator[None]:
    """Random numbers as the generator would draw them, without a trace in the global ones."""
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        torch.set_rng_state(generator.get_state())
        if device.type == "cuda":
            torch.cuda.manual_seed(generator.initial_seed())
        yield
