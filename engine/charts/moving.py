"""A matrix over training as a moving picture that every program shows: a GIF."""

from collections.abc import Callable, Sequence
from io import BytesIO

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from engine.affinity.series import IntervalMean
from engine.charts.heatmap import scale_affinity
from engine.charts.palette import LIGHT, shorten
from engine.charts.quantity import Scale

MOST_FRAMES = 60
_SECONDS = 8  # for the whole run
_SIDE = 480  # pixels of the matrix
_FONTS = ("NotoSansCJK-Regular.ttc", "DejaVuSans.ttf", "arialuni.ttf", "msyh.ttc")  # the first that is there
_PAGE = (255, 255, 255)


def matrix_gif(
    mean: Callable[[int, int], IntervalMean],
    edges: np.ndarray,
    tasks: tuple[str, ...],
    order: Sequence[int],
    scale: Scale,
    title: str,
) -> bytes:
    """The mean of each of up to 60 parts of a run, one after the other, in colours that are the same in all.

    Rows are sources, columns targets, as in the page's heatmap; below stand the steps of the part.

    Args:
        mean: the mean over an interval of steps.
        edges: ``[windows + 1]``, at which windows begin and end; parts are of whole windows.
        tasks: as in the mean.
        order: the permutation in which rows and columns appear.
        scale: what the colours show, see :func:`engine.charts.heatmap.scale_affinity`.
        title: above the matrix.
    """
    parts = np.unique(np.linspace(0, len(edges) - 1, min(len(edges), MOST_FRAMES + 1)).astype(int))
    spans = [(int(edges[first]), int(edges[last])) for first, last in zip(parts[:-1], parts[1:], strict=True)]
    matrices = np.stack([mean(*span).affinity for span in spans])
    frames = []
    for span, matrix in zip(spans, matrices, strict=True):
        shown = scale_affinity(matrix, scale, matrices)
        values = shown.values[np.ix_(order, order)] / shown.limit
        np.fill_diagonal(values, np.nan)
        names = [tasks[task] for task in order]
        frames.append(_frame(_coloured(values), names, title, f"{span[0]}–{span[1]} / {int(edges[-1])}"))
    file = BytesIO()
    pause = max(40, round(1000 * _SECONDS / len(frames)))
    pauses = [pause] * (len(frames) - 1) + [pause + 1000]  # the end stands for a second
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:], duration=pauses, loop=0, optimize=False)
    return file.getvalue()


def _coloured(values: np.ndarray) -> np.ndarray:
    """``[rows, columns, 3]`` bytes of values from −1 to 1 on the light scale; blank where NaN."""
    at = (np.clip(np.nan_to_num(values), -1, 1) + 1) / 2
    stops = [stop for stop, _ in LIGHT.scale]
    channels = np.array([_channels(colour) for _, colour in LIGHT.scale])
    image = np.stack([np.interp(at, stops, channels[:, channel]) for channel in range(3)], axis=-1)
    image[np.isnan(values)] = _channels(LIGHT.blank)
    return image.round().astype(np.uint8)


def _channels(colour: str) -> tuple[int, int, int]:
    red, green, blue = bytes.fromhex(colour[1:])
    return red, green, blue


def _frame(cells: np.ndarray, names: Sequence[str], title: str, steps: str) -> Image.Image:
    """The matrix with its names, as far as there is room for them, a title and its steps."""
    count = len(names)
    each = max(2, _SIDE // count)
    size = each * count
    named = each >= 11
    font, small = _font(15), _font(min(13, each)) if named else None
    labels = [shorten(name) for name in names]
    left = 12 + (int(max(small.getlength(label) for label in labels)) + 6 if small else 0)
    image = Image.new("RGB", (left + size + 12, 34 + size + 34), _PAGE)
    image.paste(Image.fromarray(cells).resize((size, size), Image.Resampling.NEAREST), (left, 34))
    pen = ImageDraw.Draw(image)
    pen.text((left, 8), shorten(title, 60), LIGHT.text, font)
    pen.text((left, 34 + size + 8), steps, LIGHT.text, font)
    if small:
        for row, label in enumerate(labels):
            pen.text((left - 6, 34 + (row + 0.5) * each), label, LIGHT.text, small, anchor="rm")
    return image.quantize(128)


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """One of the machine's that has the most scripts; Pillow's own, which is Latin, where it has none."""
    for name in _FONTS:
        try:
            return ImageFont.truetype(name, size)
        except OSError:
            continue
    return ImageFont.load_default(size)
