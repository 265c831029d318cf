"""Rooms: ray-traced scenes with the exact maps of ten dense tasks, made anew from a seed whenever they are needed.

The tasks are those of the two sets of Standley et al., "Which Tasks Should Be Learned Together in Multi-task
Learning?", ICML 2020 (normals are in both), and re-colouring.
"""

from engine.datasets.dataset import Dataset, divide, prepared, randomly, standardised
from engine.datasets.rendering.rendering import render
from engine.datasets.rendering.scene import SEMANTIC_CLASSES
from engine.datasets.settings import DataSettings
from engine.tasks import Task

SEED = 0
# task → the map that it predicts, how many numbers a pixel has, and what it is
MAPS = {
    "depth": ("depth", 1, "metres along the ray to what is seen"),
    "normals": ("normals", 3, "which way the surface faces, in camera coordinates"),
    "keypoints": ("keypoints", 1, "marks of visible corners"),
    "edges": ("edges", 1, "where a texture changes"),
    "autoencoder": ("image", 3, "the image itself"),
    "occlusion_edges": ("occlusion_edges", 1, "where a body hides what is behind it"),
    "reshading": ("reshading", 1, "the light on the scene, as if all were white"),
    "curvature": ("curvature", 2, "the two principal curvatures of the surface"),
    "albedo": ("albedo", 3, "the colours of the surfaces without the light (re-colouring)"),
}
TASKS = (
    Task(
        "semantic_segmentation",
        "cross_entropy",
        len(SEMANTIC_CLASSES),
        f"what is seen: {', '.join(SEMANTIC_CLASSES)}",
        dense=True,
    ),
    *(Task(name, "absolute_error", width, summary, dense=True) for name, (_, width, summary) in MAPS.items()),
)


def load(settings: DataSettings) -> Dataset:
    """``images`` rooms of ``image_size`` rows and columns, split 60/20/20; inputs ``[samples, 3, rows, columns]``.

    Inputs, and the labels of every real-valued task, are brought to mean 0 and deviation 1 over all their numbers.
    """
    maps = render(SEED, settings.images, settings.image_size)
    splits = randomly(settings.images)
    inputs = standardised(maps["image"], splits[0], each=False)
    labels = {"semantic_segmentation": maps["semantic"], "autoencoder": inputs}
    for task in TASKS:
        if task.name not in labels:
            labels[task.name] = prepared(task, maps.pop(MAPS[task.name][0]), splits[0])
    return Dataset("rooms", TASKS, *((part,) for part in divide(inputs, labels, splits)))
