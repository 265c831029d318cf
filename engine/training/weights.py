"""A network's weights in a file that any framework reads, and that runs no code when it is read."""

from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from engine.errors import KindredError
from engine.runs.checkpoint import write_whole


def save_weights(path: Path, weights: Mapping[str, Tensor], about: Mapping[str, str]) -> None:
    """Replace the file in one step.

    Args:
        path: ends in ``.safetensors``.
        weights: a module's ``state_dict``.
        about: what is kept with them.

    Raises:
        StoreError: if it cannot be written.
    """
    own = {name: weight.detach().cpu().contiguous().clone() for name, weight in weights.items()}  # none shares memory
    write_whole(path, save(own, dict(about)), "file of weights")


def load_weights(path: Path) -> dict[str, Tensor]:
    """The weights that were saved.

    Raises:
        KindredError: if there are none, or the file is damaged.
    """
    try:
        return load(path.read_bytes())
    except (OSError, SafetensorError) as error:
        raise KindredError(
            f"The weights {path} cannot be read ({error}); restore that file, or measure the network again."
        ) from error
