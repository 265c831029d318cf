"""The maps of a room as colours for the eye: one picture of each, and a sheet of many."""

from collections.abc import Sequence

import numpy as np

from engine.datasets.rendering.scene import SEMANTIC_CLASSES

FARTHEST = 8.0  # metres: the dark end of the depth colours
MOST_CURVED = 5.0  # 1/metre: the strong ends of the curvature colours
GAP = 2  # white pixels between the pictures of a sheet

# Things in the colours of Okabe and Ito, which colour-blind eyes tell apart; the room in greys.
CLASS_COLOURS = {
    "floor": "#777777",
    "ceiling": "#eeeeee",
    "wall": "#bbbbbb",
    "door": "#cc79a7",
    "window": "#0072b2",
    "picture": "#f0e442",
    "rug": "#882255",
    "box": "#e69f00",
    "sphere": "#56b4e9",
    "cylinder": "#009e73",
    "shelf": "#d55e00",
}
# Colours at even steps: of viridis (van der Walt and Smith, 2015), where equal steps look equal; and of RdBu
# (ColorBrewer).
NEAR_TO_FAR = (
    "#fde725",
    "#b5de2b",
    "#6ece58",
    "#35b779",
    "#1f9e89",
    "#26828e",
    "#31688e",
    "#3e4989",
    "#482878",
    "#440154",
)
HOLLOW_TO_BULGING = ("#053061", "#4393c3", "#d1e5f0", "#f7f7f7", "#fddbc7", "#d6604d", "#67001f")


def picture_of(name: str, values: np.ndarray) -> np.ndarray:
    """``[size, size, 3]``, uint8: one map of one room in colours.

    Args:
        name: of the map, a key of what ``rendering.render`` returns; decides on the colours. Depth runs from yellow
            (0) to violet (``FARTHEST`` metres and more); a normal ``n`` is the colour ``(n + 1) / 2``; curvature shows
            the mean of the two principal ones, white where flat, red where the surface bulges and blue where it is
            hollow; classes have fixed colours; all other maps are colours or greys as they are.
        values: ``[size, size]`` or ``[channels, size, size]``, one room of the map.
    """
    if name == "semantic":
        return _bytes([CLASS_COLOURS[kind] for kind in SEMANTIC_CLASSES])[values]
    if name == "depth":
        return _between(NEAR_TO_FAR, values / FARTHEST)
    if name == "curvature":
        return _between(HOLLOW_TO_BULGING, values.mean(0) / MOST_CURVED / 2 + 0.5)
    if name == "normals":
        values = (values + 1) / 2
    colours = np.moveaxis(values, 0, -1) if values.ndim == 3 else np.repeat(values[..., None], 3, -1)
    return np.rint(np.clip(colours, 0, 1) * 255).astype(np.uint8)


def contact_sheet(rooms: dict[str, np.ndarray], count: int) -> np.ndarray:
    """``[height, width, 3]``, uint8: a row for each of the first ``count`` rooms (all, if fewer), a column for each
    map, in the order of ``rooms``, which is what ``rendering.render`` returns or a part of it that has the image."""
    size = rooms["image"].shape[-1]
    count = min(count, len(rooms["image"]))
    sheet = np.full((count * (size + GAP) + GAP, len(rooms) * (size + GAP) + GAP, 3), 255, np.uint8)
    for row in range(count):
        for column, (name, values) in enumerate(rooms.items()):
            top, left = GAP + row * (size + GAP), GAP + column * (size + GAP)
            sheet[top : top + size, left : left + size] = picture_of(name, values[row])
    return sheet


def _bytes(colours: Sequence[str]) -> np.ndarray:
    """``[colours, 3]``, uint8, of ``#rrggbb``."""
    return np.array([list(bytes.fromhex(colour[1:])) for colour in colours], np.uint8)


def _between(colours: Sequence[str], place: np.ndarray) -> np.ndarray:
    """The colour at each ``place`` in 0 … 1 along evenly spaced ``colours``, straight lines between them."""
    stops = np.linspace(0, 1, len(colours))
    channels = [np.interp(place, stops, channel) for channel in _bytes(colours).T.astype(float)]
    return np.rint(np.stack(channels, -1)).astype(np.uint8)
