"""What the surfaces that are seen are like: normal, curvature, colour and class of every pixel."""

from itertools import groupby
from typing import NamedTuple

import numpy as np

from engine.datasets.rendering.scene import CEILING, FACES, FLOOR, SEMANTIC_CLASSES, Panel, Scene
from engine.datasets.rendering.shapes import IN_PLANE
from engine.datasets.rendering.textures import PATTERNS, soft_step

CLASS_NUMBERS = {name: number for number, name in enumerate(SEMANTIC_CLASSES)}
FACE_NORMALS = ((1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1))  # into the room
ROWS = 17  # normal (3), curvatures (2), class, the texture's numbers (11)
STEEPEST = 0.1  # cosine at which a pixel's width on a surface stops growing


class Seen(NamedTuple):
    """Of every pixel, float32: ``normals`` ``[3, pixels]`` in world coordinates, ``albedo`` ``[3, pixels]``,
    ``curvature`` ``[2, pixels]`` and ``semantic`` ``[pixels]``."""

    normals: np.ndarray
    albedo: np.ndarray
    curvature: np.ndarray
    semantic: np.ndarray


def surfaces_seen(
    scene: Scene, numbers: np.ndarray, points: np.ndarray, directions: np.ndarray, width: np.ndarray
) -> Seen:
    """What the pixels see.

    Pixels of one surface are brought side by side, and surfaces of one pattern, so that each shape and each pattern is
    computed once.

    Args:
        scene: the scene.
        numbers: ``[pixels]``, number of the surface that each pixel sees: the room's faces, the panels, the bodies.
        points, directions: ``[3, pixels]``, where it is seen, and the unit ray that got there.
        width: ``[pixels]``, metres that a pixel is wide at that distance.
    """
    things = [*scene.textures, *(panel.texture for panel in scene.panels), *(body.texture for body in scene.bodies)]
    by_pattern = sorted(range(len(things)), key=lambda number: things[number].pattern)
    rank = np.empty(len(things), np.int8)
    rank[by_pattern] = np.arange(len(things))
    ranks = rank.take(numbers)
    order = np.argsort(ranks, kind="stable")
    ranks = ranks.take(order)
    rays = np.concatenate([points, directions, width[None]]).take(order, 1)
    points, directions, width = rays[:3], rays[3:6], rays[6]
    starts = [0, *(np.flatnonzero(ranks[1:] != ranks[:-1]) + 1).tolist()]
    runs = [
        (by_pattern[ranks[start]], slice(start, stop))
        for start, stop in zip(starts, [*starts[1:], len(order)], strict=True)
    ]

    known = np.empty((ROWS, len(order)), np.float32)
    across = np.empty((2, len(order)), np.float32)
    for number, part in runs:
        here = points[:, part]
        if number < FACES + len(scene.panels):
            face, kind = _face(scene, number)
            flat = np.array((*FACE_NORMALS[face], 0, 0, CLASS_NUMBERS[kind], *things[number].numbers()), np.float32)
            known[:, part] = flat[:, None]
            across[:, part] = here[IN_PLANE[face // 2]]
        else:
            body = scene.bodies[number - FACES - len(scene.panels)]
            known[:3, part], across[:, part], (known[3, part], known[4, part]) = body.shape.surface(here)
            look = np.array((CLASS_NUMBERS[body.kind], *body.texture.numbers()), np.float32)
            known[5:, part] = look[:, None]

    slant = -np.einsum("ij,ij->j", known[:3], directions)
    width /= np.maximum(slant, STEEPEST)
    c, s, shift_u, shift_v, frequency = known[6:11]
    u, v = across
    u, v, width_in_periods = c * u + s * v + shift_u, c * v - s * u + shift_v, width * frequency
    mix = np.empty_like(width)
    for pattern, same in groupby(runs, lambda run: things[run[0]].pattern):
        parts = [part for _, part in same]
        part = slice(parts[0].start, parts[-1].stop)
        mix[part] = PATTERNS[pattern](u[part], v[part], width_in_periods[part])
    albedo = known[11:14] + known[14:17] * mix
    for number, part in runs:
        if FACES <= number < FACES + len(scene.panels):
            albedo[:, part] = _bordered(scene.panels[number - FACES], albedo[:, part], across[:, part], width[part])

    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    found = np.concatenate([known[:6], albedo]).take(place, 1)
    return Seen(normals=found[:3], curvature=found[3:5], semantic=found[5], albedo=found[6:9])


def _face(scene: Scene, number: int) -> tuple[int, str]:
    """The room's face in which a surface lies that is not a body's, and its class."""
    if number >= FACES:
        panel = scene.panels[number - FACES]
        return panel.face, panel.kind
    return number, {FLOOR: "floor", CEILING: "ceiling"}.get(number, "wall")


def _bordered(panel: Panel, albedo: np.ndarray, across: np.ndarray, width: np.ndarray) -> np.ndarray:
    """A panel's ``albedo`` ``[3, pixels]``, but the border's colour near its rim."""
    (u, v), (half_u, half_v) = across, panel.halves
    to_rim = np.minimum(half_u - np.abs(u - panel.middle[0]), half_v - np.abs(v - panel.middle[1]))
    border = np.array(panel.border, np.float32)[:, None]
    return border + (albedo - border) * soft_step(to_rim - panel.BORDER, width)
