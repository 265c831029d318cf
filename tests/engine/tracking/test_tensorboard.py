"""What TensorBoard itself reads from the log of a tracked run."""

import io
import subprocess
import sys
import warnings

import numpy as np
import pytest
import torch
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from engine import AffinityTracker
from engine.runs.store import Store
from engine.tracking import tensorboard
from engine.tracking.tensorboard import BLANK, TensorBoardWriter, heatmap
from tests.conftest import ROOT
from tests.engine.tracking.loops import LOOPS, TASKS, train
from tests.engine.tracking.windows import QUANTITY, full_disk, window


def read(folder):
    log = EventAccumulator(str(folder), size_guidance={"scalars": 0, "images": 0, "tensors": 0})
    log.Reload()
    return log


def curve(log, tag):
    return [(event.step, event.value) for event in log.Scalars(tag)]


def written(folder, tasks, *windows):
    writer = TensorBoardWriter(folder)
    writer.begin("mine", tasks, QUANTITY)
    for each in windows:
        writer.window(*each)
    writer.end("finished", "")
    return read(folder)


def test_a_tracked_training_is_mirrored_and_untouched(store_url, tmp_path):
    trackers = []

    def prepare(model, optimizer):
        writers = [TensorBoardWriter(tmp_path / "log")]
        trackers.append(
            AffinityTracker(TASKS, model.trunk, affinity="last_layer", steps=12, writers=writers, strict=True)
        )
        return trackers[0].observe

    state = train(LOOPS["dropout"], prepare=prepare)
    trackers[0].finish()
    assert all(torch.equal(one, other) for one, other in zip(state, train(LOOPS["dropout"]), strict=True))
    log, series = read(tmp_path / "log"), Store(store_url).series(trackers[0].run)
    expected = series.totals[:, 0, 2] / series.updates
    assert curve(log, "affinity/depth→edges") == list(zip(series.edges[1:], expected, strict=True))
    losses = [(each.step, each.losses[1]) for each in Store(store_url).evaluations(trackers[0].run)]
    assert curve(log, "loss/normals") == losses
    assert len(log.Images("affinity")) == len(series) == 12


def test_rows_are_sources_and_the_order_is_told(tmp_path):
    log = written(tmp_path, ("a", "b/c"), window([[9, 1], [-0.5, 9]]))
    assert curve(log, "affinity/a→b/c") == [(5, 1.0)] and curve(log, "affinity/b/c→a") == [(5, -0.5)]
    assert curve(log, "loss/b/c") == [(5, 2.0)]
    text = log.Tensors("tasks/text_summary")[0].tensor_proto.string_val[0].decode()
    assert "Rows are sources" in text and "1. a\n2. b/c" in text and QUANTITY in text
    (image,) = log.Images("affinity")
    pixels = np.asarray(Image.open(io.BytesIO(image.encoded_image_string)))
    helps, hurts = pixels[60, 180].astype(int), pixels[180, 60].astype(int)
    assert helps[2] > helps[0] and hurts[0] > hurts[2]  # the upper right is a → b/c


def test_the_entries_off_the_diagonal_are_summed_up(tmp_path):
    log = written(tmp_path, ("a", "b", "c"), window([[9, 1, 2], [3, 9, -4], [np.nan, 1, 9]], counts=None))
    found = [curve(log, f"affinity of other tasks/{name}")[0][1] for name in ("mean", "min", "max")]
    np.testing.assert_allclose(found, [0.6, -4, 3], rtol=1e-6)


def test_what_is_unknown_has_no_point(tmp_path):
    affinity, counts = [[1, 2], [3, 4]], [[4, 0], [4, 4]]
    made, losses = window(affinity, counts=counts)
    losses.losses[1] = np.nan
    log = written(tmp_path, ("a", "b"), (made, losses))
    assert "affinity/a→b" not in log.Tags()["scalars"] and "loss/b" not in log.Tags()["scalars"]
    assert curve(log, "affinity/b→a") == [(5, 3.0)]


@pytest.mark.parametrize(("count", "curves"), [(1, 0), (12, 132), (13, 0)])
def test_pairs_are_curves_while_there_are_few(count, curves, tmp_path):
    log = written(tmp_path, tuple(f"task {place}" for place in range(count)), window(np.ones((count, count))))
    tags = log.Tags()
    assert sum("→" in tag for tag in tags["scalars"]) == curves
    assert sum(tag.startswith("loss/") for tag in tags["scalars"]) == count
    assert tags["images"] == (["affinity"] if count > 1 else [])


def test_a_resumed_run_replaces_what_was_shown_of_later_steps(tmp_path):
    tasks = ("a", "b")
    first = [window(np.full((2, 2), place), 5 * place, 5 * place + 5) for place in range(4)]
    written(tmp_path, tasks, *first)
    log = written(tmp_path, tasks, window(np.full((2, 2), 7), 10, 15))
    assert curve(log, "affinity/a→b") == [(5, 0.0), (10, 1.0), (15, 7.0)]


def test_a_heatmap_is_centred_symmetric_and_blank_where_nothing_is_known():
    affinity = np.array([[50.0, 2.0, 0.0], [-2.0, 60.0, np.nan], [1.0, -1.0, 70.0]])
    image = heatmap(affinity)
    assert image.shape == (3, 240, 240) and image.dtype == np.uint8
    cells = image[:, 40::80, 40::80].transpose(1, 2, 0).astype(int)
    for blank in (*np.diagonal(cells).T, cells[1, 2]):
        assert (blank == BLANK).all()
    assert cells[0, 2].min() > 240  # zero is near white
    strong, weak = cells[0, 1], cells[2, 0]
    assert strong[2] > strong[0] and weak[2] > weak[0] and strong.sum() < weak.sum()
    against, less = cells[1, 0], cells[2, 1]
    assert against[0] > against[2] and less[0] > less[2] and against.sum() < less.sum()
    np.testing.assert_array_equal(heatmap(affinity * 1000), image)
    order = [2, 0, 1]
    moved = heatmap(affinity[np.ix_(order, order)])[:, 40::80, 40::80].transpose(1, 2, 0)
    np.testing.assert_array_equal(moved, cells[np.ix_(order, order)])


@pytest.mark.parametrize("affinity", [np.zeros((2, 2)), np.full((2, 2), np.nan), np.ones((300, 300)), np.ones((1, 1))])
def test_a_heatmap_of_nothing_much(affinity):
    before = affinity.copy()
    assert heatmap(affinity).shape[1:] == ((240, 240) if len(affinity) < 240 else affinity.shape)
    np.testing.assert_array_equal(affinity, before)


def test_a_full_disk_ends_the_mirror_but_not_the_tracking(store_url, tmp_path, monkeypatch):
    monkeypatch.setattr(tensorboard.SummaryWriter, "add_image", full_disk)
    trackers = []

    def prepare(model, optimizer):
        writers = [TensorBoardWriter(tmp_path)]
        trackers.append(AffinityTracker(TASKS, model.trunk, affinity="last_layer", writers=writers))
        return trackers[0].observe

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        train(LOOPS["plain"], prepare=prepare)
        trackers[0].finish()
    sentences = [str(each.message) for each in told if "TensorBoard log" in str(each.message)]
    assert len(sentences) == 1 and "No space left on device" in sentences[0]
    run = Store(store_url).run(trackers[0].run)
    assert (run.status, run.error) == ("finished", "") and len(Store(store_url).series(run.id)) == 3


def test_without_tensorboard_the_import_says_what_to_install():
    check = "import sys; sys.modules['tensorboard'] = None; import engine.tracking.tensorboard"
    done = subprocess.run([sys.executable, "-c", check], cwd=ROOT, capture_output=True, text=True)
    assert "KindredError: engine.tracking.tensorboard needs TensorBoard" in done.stderr
