from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from engine.affinity.series import AffinitySeries
from engine.charts.moving import MOST_FRAMES, matrix_gif
from engine.charts.palette import LIGHT


def picture(windows: int, tasks: int = 3, totals: np.ndarray | None = None) -> Image.Image:
    totals = np.ones((windows, tasks, tasks), np.float32) if totals is None else totals
    names = tuple(f"任务 <b>{task}</b>" for task in range(tasks))
    series = AffinitySeries(names, np.arange(windows + 1) * 5, np.ones(windows, int), totals, totals**2)
    made = matrix_gif(series.mean, series.edges, names, range(tasks), "shared", "a run")
    return Image.open(BytesIO(made))


@pytest.mark.parametrize(("windows", "frames"), [(2, 2), (60, 60), (61, 60), (500, 60)])
def test_there_is_a_frame_a_part_and_never_too_many(windows, frames):
    totals = np.random.default_rng(0).normal(size=(windows, 3, 3)).astype(np.float32)
    made = picture(windows, totals=totals)
    assert made.format == "GIF" and made.n_frames == frames <= MOST_FRAMES


def test_colours_are_those_of_the_page_and_the_same_in_all_frames():
    totals = np.zeros((2, 3, 3), np.float32)
    totals[0, 0, 2], totals[1, 0, 2] = 1, -1
    made = picture(2, totals=totals)
    ends = {colour: np.array(list(bytes.fromhex(colour[1:]))) for colour in (LIGHT.scale[0][1], LIGHT.scale[-1][1])}
    for frame, colour in enumerate(reversed(ends)):
        made.seek(frame)
        pixels = np.asarray(made.convert("RGB")).astype(int)
        near = (np.abs(pixels - ends[colour]) < 12).all(-1)
        assert near.sum() > 100 * 100  # a cell of 160 × 160
        columns = np.flatnonzero(near.sum(0) > 100)
        assert columns.min() > pixels.shape[1] / 2  # source 0 is the first row, target 2 the last column


def test_tasks_without_room_for_names_are_still_drawn():
    totals = np.random.default_rng(0).normal(size=(2, 200, 200)).astype(np.float32)
    assert picture(2, tasks=200, totals=totals).n_frames == 2
