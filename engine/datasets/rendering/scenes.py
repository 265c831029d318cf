"""Random scenes: the room, its walls and what hangs on them, the camera and the lights."""

import numpy as np

from engine.datasets.rendering.draws import Draws
from engine.datasets.rendering.furnishing import furnish
from engine.datasets.rendering.scene import FLOOR, Camera, Light, Panel, Scene
from engine.datasets.rendering.shapes import Room
from engine.datasets.rendering.textures import Texture, any_colour, any_texture


def random_scene(seed: int, number: int) -> Scene:
    """Scene ``number`` of a seed: a function of these two alone.

    A room 4 … 7.5 metres long and wide and 2.5 … 3.4 high, with a door and often windows, pictures and a rug; an
    upright camera near a wall or corner that looks across it; 3 … 7 bodies where the camera looks
    (``furnishing.furnish``); and one or two lights under the ceiling.
    """
    draws = Draws(seed, number)
    size = draws.between(4, 7.5), draws.between(4, 7.5), draws.between(2.5, 3.4)
    room = Room(np.array(size, np.float32))
    camera, heading = _camera(draws, size)
    panels = _panels(draws, size)
    bodies, top = furnish(draws, size, camera, heading)
    return Scene(
        room=room,
        textures=_walls(draws),
        panels=panels,
        bodies=bodies,
        camera=camera,
        lights=_lights(draws, size, camera, top),
        ambient=draws.between(0.2, 0.45),
    )


def _camera(draws: Draws, size: tuple[float, float, float]) -> tuple[Camera, float]:
    """Near the walls, on any side, and looking roughly to the middle; and its heading."""
    around = draws.between(0, 2 * np.pi)
    x = size[0] * (0.5 + draws.between(0.36, 0.44) * max(-1.0, min(1.0, 1.3 * np.cos(around))))
    y = size[1] * (0.5 + draws.between(0.36, 0.44) * max(-1.0, min(1.0, 1.3 * np.sin(around))))
    heading = float(np.arctan2(size[1] / 2 - y, size[0] / 2 - x)) + draws.between(-0.3, 0.3)
    return Camera.looking((x, y, draws.between(1.0, 1.9)), heading, draws.between(-0.32, -0.08)), heading


def _walls(draws: Draws) -> tuple[Texture, ...]:
    """Textures of the six faces: the walls alike, or one of them another; a floor; a calm ceiling."""
    patterns = "plain", "stripes", "bricks", "mottle", "tiles", "dots", "gradient"
    common = any_texture(draws, patterns, (0.3, 0.9), vivid=False)
    faces = [common] * 4
    if draws.chance(0.5):
        faces[int(draws.between(0, 4))] = any_texture(draws, patterns, (0.3, 0.9), vivid=draws.chance(0.5))
    floor = any_texture(draws, ("planks", "checkers", "tiles", "marble", "mottle"), (0.5, 1.1), vivid=draws.chance(0.4))
    return *faces, floor, any_texture(draws, ("plain", "plain", "tiles", "mottle"), (0.6, 1.2), vivid=False)


def _panels(draws: Draws, size: tuple[float, float, float]) -> tuple[Panel, ...]:
    """A door in one wall, windows or pictures on others, and often a rug."""
    door = int(draws.between(0, 4))
    panels = []
    for face in range(4):
        along = size[1 if face < 2 else 0]
        if face == door:
            halves = draws.between(0.4, 0.6), draws.between(0.95, 1.05)
            middle = draws.between(halves[0] + 0.2, along - halves[0] - 0.2), halves[1]
            inside = any_texture(draws, ("plain", "planks", "gradient"), (0.6, 1.5), vivid=True)
            panels.append(Panel("door", face, middle, halves, inside, any_colour(draws, (0, 0.6), (0.2, 0.9))))
        elif draws.chance(0.75):
            halves = draws.between(0.35, 0.9), draws.between(0.3, 0.55)
            middle = draws.between(halves[0] + 0.2, along - halves[0] - 0.2), draws.between(1.45, 1.75)
            panels.append(_window_or_picture(draws, face, middle, halves))
    if draws.chance(0.6):
        halves = draws.between(0.7, 1.3), draws.between(0.7, 1.3)
        middle = tuple(side / 2 + draws.between(-0.6, 0.6) for side in size[:2])
        inside = any_texture(draws, ("stripes", "checkers", "dots", "mottle", "gradient"), (0.3, 0.8), vivid=True)
        panels.append(Panel("rug", FLOOR, middle, halves, inside, any_colour(draws, (0.2, 0.9), (0.3, 0.9))))
    return tuple(panels)


def _window_or_picture(draws: Draws, face: int, middle: tuple[float, float], halves: tuple[float, float]) -> Panel:
    if draws.chance(0.5):
        sky = draws.between(0.45, 0.65), draws.between(0.7, 0.85), 1.0
        bars = 0.95, 0.95, 0.95
        glass = Texture("panes", (sky, bars), shift=(-middle[0], -middle[1]))
        return Panel("window", face, middle, halves, glass, bars)
    inside = any_texture(draws, ("gradient", "marble", "checkers", "dots", "stripes", "mottle"), (0.4, 1.0), vivid=True)
    return Panel("picture", face, middle, halves, inside, any_colour(draws, (0, 0.5), (0.05, 0.4)))


def _lights(draws: Draws, size: tuple[float, float, float], camera: Camera, above: float) -> tuple[Light, ...]:
    """One or two under the ceiling, higher than ``above``; the first on the camera's side, so that it lights what is
    seen, and the second weaker."""
    lights = []
    for strength in (1.0, draws.between(0.3, 0.9))[: 1 + draws.chance(0.3)]:
        low, high = max(above + 0.1, 0.72 * size[2]), 0.93 * size[2]
        place = np.array(
            [*(draws.between(0.12, 0.88) * side for side in size[:2]), draws.between(min(low, high), high)], np.float32
        )
        if not lights:
            place[:2] = (place[:2] + camera.position[:2]) / 2
        lights.append(Light(place, strength))
    return tuple(lights)
