"""Pictures of rooms and the maps that belong to them, computed from the geometry of the scene."""

import numpy as np

from engine.checks import check_limit
from engine.datasets.rendering.marks import corners_in_view, edges, keypoints, occlusion_edges
from engine.datasets.rendering.scene import Scene
from engine.datasets.rendering.scenes import random_scene
from engine.datasets.rendering.shapes import turned
from engine.datasets.rendering.surfaces import surfaces_seen
from engine.datasets.rendering.tracing import FIELD_OF_VIEW, pixel_directions, trace, unshadowed

# map → its shape between the samples and the rows
MAPS = {
    "image": (3,),
    "semantic": (),
    "depth": (),
    "normals": (3,),
    "keypoints": (),
    "edges": (),
    "occlusion_edges": (),
    "reshading": (),
    "curvature": (2,),
    "albedo": (3,),
}


def render(seed: int, images: int, size: int = 64, first: int = 0) -> dict[str, np.ndarray]:
    """Pictures ``first … first + images − 1`` of a seed, each a function of the seed and its own number alone.

    One ray a pixel, through its middle. Camera coordinates are metres to the right, up, and back towards the viewer.

    Args:
        seed: at least 0.
        images: how many, at least 1.
        size: rows and columns of each, at least 8.
        first: number of the first one, at least 0.

    Returns:
        Arrays that begin with ``[images]``, float32 if not said otherwise:

        - ``image`` ``[3, size, size]``: red, green, blue in 0 … 1; ``albedo * reshading``;
        - ``semantic`` ``[size, size]``, int64: what is seen, an index into ``SEMANTIC_CLASSES``;
        - ``depth`` ``[size, size]``: metres along the ray from the camera (Euclidean, not along the camera's axis);
        - ``normals`` ``[3, size, size]``: unit normal of the surface in camera coordinates, towards the camera;
        - ``keypoints`` ``[size, size]``: in 0 … 1, marks of visible corners (``marks.keypoints``);
        - ``edges`` ``[size, size]``: in 0 … 1, edges of texture (``marks.edges``);
        - ``occlusion_edges`` ``[size, size]``: 0 or 1, where a body hides another (``marks.occlusion_edges``);
        - ``reshading`` ``[size, size]``: in 0 … 1, the picture of the same scene in white (``shading``);
        - ``curvature`` ``[2, size, size]``: the principal curvatures, the larger first, in 1/metre, not limited;
          positive where the surface bulges out; of all bodies between 0 and about 10;
        - ``albedo`` ``[3, size, size]``: in 0 … 1, the surface's own colour.

    Raises:
        KindredError: if an argument is out of range.

    Sources of the choice of maps: Zamir et al., "Taskonomy: Disentangling Task Transfer Learning", CVPR 2018; Standley
    et al., "Which Tasks Should Be Learned Together in Multi-task Learning?", ICML 2020.
    """
    check_limit("The seed", seed, 0)
    check_limit("The number of images", images, 1)
    check_limit("The size of an image", size, 8)
    check_limit("The number of the first image", first, 0)
    made = {
        name: np.empty((images, *between, size, size), np.int64 if name == "semantic" else np.float32)
        for name, between in MAPS.items()
    }
    for index in range(images):
        for name, values in render_scene(random_scene(seed, first + index), size).items():
            made[name][index] = values
    return made


def render_scene(scene: Scene, size: int) -> dict[str, np.ndarray]:
    """The maps of one scene, as ``render`` describes them."""
    square, frame = (size, size), scene.camera.frame
    directions = turned(frame.T, pixel_directions(size))
    reaching, corners = corners_in_view(scene, size)
    hits, free = trace(scene, directions, reaching)
    seen = surfaces_seen(
        scene, hits.numbers, hits.points, directions, hits.distances * np.float32(FIELD_OF_VIEW / size)
    )
    depth, albedo = hits.distances.reshape(square), seen.albedo.reshape(3, *square)
    reshading = shading(scene, hits.points, seen.normals).reshape(square)
    return {
        "image": albedo * reshading,
        "semantic": seen.semantic.reshape(square),
        "depth": depth,
        "normals": turned(frame, seen.normals).reshape(3, *square),
        "keypoints": keypoints(corners[:, free], size),
        "edges": edges(albedo),
        "occlusion_edges": occlusion_edges(hits, size),
        "reshading": reshading,
        "curvature": seen.curvature.reshape(2, *square),
        "albedo": albedo,
    }


def shading(scene: Scene, points: np.ndarray, normals: np.ndarray) -> np.ndarray:
    """``[points]`` in 0 … 1, higher is brighter: how bright a white, dull surface would be.

    Each light adds ``strength * cosine / (1 + (distance / 3 m)²)`` (Lambert) where no body stands between, and 0 in its
    shadow; the ambient light adds itself, a fifth less to a surface that faces down than to one that faces up. Light is
    not reflected on. The picture is exposed for the mean over the picture: the sum x becomes ``1 - exp(-x / mean)``.

    Taskonomy's reshading has its one light in the camera; these are the lights of the scene, so that there are shadows.

    Args:
        points, normals: ``[3, points]``, world coordinates.
    """
    total = np.float32(scene.ambient) * (np.float32(0.9) + np.float32(0.1) * normals[2])
    for light in scene.lights:
        to_light = light.position[:, None] - points
        squared = np.einsum("ij,ij->j", to_light, to_light)
        cosine = np.einsum("ij,ij->j", to_light, normals) / np.sqrt(squared)
        lit = unshadowed(scene, light.position, points)
        total += lit * np.maximum(cosine, 0) * np.float32(light.strength) / (1 + squared * np.float32(1 / 9))
    return 1 - np.exp(-total / total.mean())
