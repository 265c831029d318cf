"""Maps of single places in the picture: corners, edges of texture, and edges where one body hides another."""

import numpy as np

from engine.datasets.rendering.scene import Scene
from engine.datasets.rendering.shapes import turned
from engine.datasets.rendering.tracing import FIELD_OF_VIEW, Hits

CORNER_WIDTH = 1 / 40  # standard deviation of a corner's mark, in picture widths
DEPTH_JUMP = 0.05  # metres


def corners_in_view(scene: Scene, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Corners that project into the picture, hidden or not.

    They are the corners of the room, of boxes and of panels; spheres and cylinders have none.

    Returns:
        ``[3, corners]``, from the camera to them, in world coordinates; and ``[2, corners]``, their column and row in
        pixels from the middle of the first.
    """
    corners = np.concatenate(
        [
            scene.room.corners(),
            *(panel.corners(scene.room) for panel in scene.panels),
            *(body.shape.corners() for body in scene.bodies),
        ],
        1,
    )
    reaching = corners - scene.camera.position[:, None]
    x, y, z = turned(scene.camera.frame, reaching)
    before = -z * np.float32(np.tan(FIELD_OF_VIEW / 2))  # half of the picture's width at that depth
    inside = (np.abs(x) < before) & (np.abs(y) < before)
    places = np.array([x[inside], -y[inside]]) * (np.float32(size / 2) / before[inside])
    return reaching[:, inside], places + np.float32((size - 1) / 2)


def keypoints(places: np.ndarray, size: int) -> np.ndarray:
    """``[size, size]``: 1 at each of ``places`` ``[2, corners]`` (``corners_in_view``), falling off as a Gaussian of
    standard deviation ``CORNER_WIDTH * size``; the nearest one counts."""
    if not places.shape[1]:
        return np.zeros((size, size), np.float32)
    away = (np.arange(size, dtype=np.float32) - places[:, :, None]) / np.float32(CORNER_WIDTH * size)
    columns, rows = np.exp(-away * away / 2)
    return (rows[:, :, None] * columns[:, None]).max(0)


def edges(albedo: np.ndarray) -> np.ndarray:
    """``[size, size]`` in 0 … 1: how fast the surfaces' own colour changes, by central differences.

    The length of the gradient of ``albedo`` ``[3, size, size]`` over both directions and all three colours, a pixel
    beyond the border being like the one at it; limited to 1, which is more than most steps between two colours give.
    Taskonomy's texture edges are a gradient of the picture. This one is blind to light and shadow, so that it says what
    is painted on the surfaces (and where one ends and another begins) and no small filter of the picture computes it.
    """
    across, down = np.empty_like(albedo), np.empty_like(albedo)
    np.subtract(albedo[..., 2:], albedo[..., :-2], out=across[..., 1:-1])
    np.subtract(albedo[:, 2:], albedo[:, :-2], out=down[:, 1:-1])
    across[..., 0], across[..., -1] = albedo[..., 1] - albedo[..., 0], albedo[..., -1] - albedo[..., -2]
    down[:, 0], down[:, -1] = albedo[:, 1] - albedo[:, 0], albedo[:, -1] - albedo[:, -2]
    squares = across * across + down * down
    return np.minimum(np.sqrt(squares[0] + squares[1] + squares[2]) / 2, 1)


def occlusion_edges(hits: Hits, size: int) -> np.ndarray:
    """``[size, size]``, 0 or 1: pixels whose body hides what a pixel next to them sees.

    Two neighbours, side by side or one above the other, see different bodies (the room counts as one), and the ray of
    the farther one has passed the nearer body more than ``DEPTH_JUMP`` before it ends. The nearer pixel is marked. So a
    contact is no edge, where a body stands on the floor or on another: depth may change much from pixel to pixel there,
    as surfaces are steep, but does not jump. As every body is convex, and so is the room from inside, none hides a part
    of itself.
    """
    depth, bodies = hits.distances, hits.bodies
    beside = np.flatnonzero(bodies[:-1] != bodies[1:])
    beside = beside[beside % size < size - 1]  # not from the end of a row to the next one's begin
    below = np.flatnonzero(bodies[:-size] != bodies[size:])
    one, other = np.concatenate([beside, below]), np.concatenate([beside + 1, below + size])
    near = np.where(depth[one] < depth[other], one, other)
    far = one + other - near
    hides = (bodies[near] >= 0) & (depth[far] - hits.passed[bodies[near], far] > DEPTH_JUMP)
    marked = np.zeros(size * size, np.float32)
    marked[near[hides]] = 1
    return marked.reshape(size, size)
