"""The domains of Taskonomy that Standley et al. learned together, and how their files become labels.

Sources: Zamir et al., "Taskonomy: Disentangling Task Transfer Learning", CVPR 2018, for the files; Standley et al.,
"Which Tasks Should Be Learned Together in Multi-task Learning?", ICML 2020, for the tasks, their losses, and the means
and deviations in their ``taskonomy_loader.py``, with which labels are brought to one scale here too. Departures: depth
stays in metres and normals stay unit vectors; ``depth_zbuffer`` gives way to ``depth_euclidean`` where both are there;
depths beyond 16 m count; images are averaged over areas, not interpolated.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from engine.datasets.dataset import NO_CLASS
from engine.datasets.image_files import averaged, nearest, pixels, unit_vectors
from engine.errors import KindredError
from engine.tasks import Task

CLASSES = 17  # background, 1 in the files, and 16 kinds of object, 2 … 17; 0 is uncertain
NO_DEPTH = 65535


@dataclass(frozen=True)
class Domain:
    """One domain, and the task that it makes.

    Attributes:
        name: in the files' names.
        summary: what the label means, in a few words.
        outputs: of the task.
        dtype: of the pixels in the files.
        channels: how many, at least, are in a file; further ones are not looked at.
        measure: from pixels ``[channels, rows, columns]``, float32, to measurements ``[outputs, rows, columns]``, NaN
            where not known.
        finish: from their means over areas to labels; both ``[outputs, size, size]``.
        geometry: whether it says nothing at holes of the scanned mesh.
        loss: of the task.
    """

    name: str
    summary: str
    outputs: int
    dtype: type
    channels: int
    measure: Callable[[np.ndarray], np.ndarray]
    finish: Callable[[np.ndarray], np.ndarray]
    geometry: bool = False
    loss: str = "absolute_error"

    @property
    def task(self) -> Task:
        """Of the domain's name, except for the image itself."""
        name = "autoencoder" if self.name == "rgb" else self.name
        return Task(name, self.loss, self.outputs, self.summary, dense=True)

    @property
    def missing(self) -> float:
        """What stands for a label that is not known."""
        return np.nan if self.task.real else NO_CLASS


def read_label(domain: Domain, path: str, holes: str, size: int) -> np.ndarray:
    """The label in a file.

    Args:
        holes: the file that shows the mesh's holes: of ``mask_valid``, 0 there, or of a depth; empty: there is none.

    Returns:
        ``[size, size]`` for one output or classes, otherwise ``[outputs, size, size]``; float32, or int64 for classes.

    Raises:
        KindredError: if the file cannot be read, or is not of its domain's form.
    """
    values = _pixels_of(domain, path)
    if not domain.task.real:
        return _classes(values[0], path, size)
    measured = domain.measure(values.astype(np.float32))
    if holes:
        hollow = _hollow(holes)
        if hollow.shape != measured.shape[1:]:
            raise KindredError(
                f"{path} has {measured.shape[1]}×{measured.shape[2]} pixels, but {holes} {hollow.shape[0]}×"
                f"{hollow.shape[1]}; the images of a view must have one size, so copy both again."
            )
        measured[:, hollow] = np.nan
    labels = domain.finish(np.stack([averaged(output, size) for output in measured]))
    return labels[0] if domain.task.outputs == 1 else labels


def _pixels_of(domain: Domain, path: str) -> np.ndarray:
    values = pixels(path)
    values = np.moveaxis(values, 2, 0) if values.ndim == 3 else values[None]
    if values.dtype != domain.dtype or len(values) < domain.channels:
        raise KindredError(
            f"{path} has {len(values)} channels of {values.dtype}; an image of {domain.name} has "
            f"{domain.channels} of {np.dtype(domain.dtype)}, so copy the original again."
        )
    return values[: domain.channels]


def _classes(values: np.ndarray, path: str, size: int) -> np.ndarray:
    if values.max() > CLASSES:
        raise KindredError(
            f"{path} has the class {values.max()}; classes are 0 (uncertain) to {CLASSES}, so copy the original again."
        )
    classes = nearest(values, size).astype(np.int64) - 1
    return np.where(classes < 0, NO_CLASS, classes)


def _hollow(path: str) -> np.ndarray:
    values = pixels(path)
    values = values[..., 0] if values.ndim == 3 else values
    return values == NO_DEPTH if values.dtype == np.uint16 else values == 0


def _as_they_are(values: np.ndarray) -> np.ndarray:
    return values


def _shares(values: np.ndarray) -> np.ndarray:
    return values / 255


def _brightness(values: np.ndarray) -> np.ndarray:
    return values.mean(0, keepdims=True) / 255


def _metres(values: np.ndarray) -> np.ndarray:
    return np.where(values == NO_DEPTH, np.float32(np.nan), values / 512)


def _vectors(values: np.ndarray) -> np.ndarray:
    vectors = values / np.float32(127.5) - 1
    return np.where((vectors**2).sum(0) < 0.25, np.float32(np.nan), vectors)  # grey is no direction


def _scaled(offsets: tuple[float, ...], spreads: tuple[float, ...], means: np.ndarray) -> np.ndarray:
    return (means - np.float32(offsets)[:, None, None]) / np.float32(spreads)[:, None, None]


def _scale(*of_outputs: tuple[float, float]) -> Callable[[np.ndarray], np.ndarray]:
    """Mean and deviation of each output's measurements in the training data, as Standley et al. found them."""
    return partial(_scaled, *zip(*of_outputs, strict=True))


_METRES = (np.uint16, 1, _metres, _as_they_are, True)
DOMAINS = (
    Domain(
        "segment_semantic", "kind of object", CLASSES, np.uint8, 1, _as_they_are, _as_they_are, loss="cross_entropy"
    ),
    Domain("depth_euclidean", "metres from the camera", 1, *_METRES),
    Domain("depth_zbuffer", "metres from the camera's plane", 1, *_METRES),
    Domain("normal", "unit vector across the surface: x, y, z", 3, np.uint8, 3, _vectors, unit_vectors, True),
    Domain("keypoints2d", "points of interest", 1, np.uint16, 1, _as_they_are, _scale((50, 100))),
    Domain("edge_texture", "edges in the image", 1, np.uint16, 1, _as_they_are, _scale((718, 1070))),
    Domain(
        "edge_occlusion", "where one hides another", 1, np.uint16, 1, _as_they_are, _scale((56.0248, 239.1265)), True
    ),
    Domain("reshading", "surface in another light", 1, np.uint8, 1, _brightness, _scale((0.4962, 0.2846)), True),
    Domain(
        "principal_curvature",
        "how much the surface bends, at most and at least",
        *(2, np.uint8, 2, _shares, _scale((0.5175, 0.1373), (0.4987, 0.0359)), True),
    ),
    Domain("rgb", "the image itself", 3, np.uint8, 3, _as_they_are, _scale(*[(127.5, 127.5)] * 3)),
)
