"""The plain files of a tracked run, as others read them."""

import json
import os
import warnings

import numpy as np
import pandas as pd
import pytest
import torch

from engine import AffinityTracker
from engine.affinity.matrix import read_affinity
from engine.errors import KindredError
from engine.runs.store import Store
from engine.tracking import folder
from engine.tracking.folder import FolderWriter
from tests.engine.tracking.loops import LOOPS, TASKS, train
from tests.engine.tracking.windows import QUANTITY, full_disk, window


def writer_of(path, tasks=("a", "b"), name="mine", resume=False, quantity=QUANTITY):
    writer = FolderWriter(path, resume)
    writer.begin(name, tasks, quantity)
    return writer


def mean_of(path):
    return read_affinity((path / "affinity.csv").read_bytes(), "affinity.csv")


def tracked(store_url, writers, **more):
    trackers = []

    def prepare(model, optimizer):
        trackers.append(AffinityTracker(TASKS, model.trunk, affinity="last_layer", writers=writers, **more))
        return trackers[0].observe

    state = train(LOOPS["absent tasks"], prepare=prepare)
    trackers[0].finish()
    return state, Store(store_url).run(trackers[0].run), Store(store_url).series(trackers[0].run)


def test_the_files_hold_what_the_store_holds_and_training_is_untouched(store_url, tmp_path):
    state, run, series = tracked(store_url, [FolderWriter(tmp_path / "new" / "folder")], run="my run", strict=True)
    assert all(torch.equal(one, other) for one, other in zip(state, train(LOOPS["absent tasks"]), strict=True))
    path = tmp_path / "new" / "folder"
    assert sorted(each.name for each in path.iterdir()) == ["affinity.csv", "losses.csv", "tasks.json", "windows.csv"]
    about = json.loads((path / "tasks.json").read_text())
    assert about == {
        "run": "my run",
        "tasks": list(TASKS),
        "orientation": "source,target",
        "quantity": run.quantity,
        "status": "finished",
        "error": "",
    }
    windows = pd.read_csv(path / "windows.csv")
    assert len(windows) == len(series) * 9
    assert windows.step_from.unique().tolist() == series.edges[:-1].tolist()
    assert windows.step_to.unique().tolist() == series.edges[1:].tolist()
    assert windows.updates.tolist() == series.updates.repeat(9).tolist()
    np.testing.assert_array_equal(windows["count"], series.counts.ravel())
    np.testing.assert_allclose(windows.affinity * windows["count"], series.totals.ravel(), rtol=1e-6)
    chosen = windows[(windows.source == "depth") & (windows.target == "edges")]
    np.testing.assert_allclose(chosen.affinity, series.totals[:, 0, 2] / series.counts[:, 0, 2], rtol=1e-6)
    losses = pd.read_csv(path / "losses.csv")
    expected = np.stack([each.losses for each in Store(store_url).evaluations(run.id)])
    np.testing.assert_allclose(losses.loss.to_numpy().reshape(-1, 3), expected, rtol=1e-6)
    mean = mean_of(path)
    assert mean.tasks == TASKS
    np.testing.assert_allclose(mean.values, series.mean().affinity, rtol=1e-6)


def test_every_window_is_readable_at_once(tmp_path):
    writer = writer_of(tmp_path)
    for place in range(3):
        writer.window(*window(np.full((2, 2), float(place)), 5 * place, 5 * place + 5))
        assert len(pd.read_csv(tmp_path / "windows.csv")) == 4 * (place + 1)
        np.testing.assert_allclose(mean_of(tmp_path).values, place / 2)
    assert json.loads((tmp_path / "tasks.json").read_text())["status"] == "running"
    writer.end("failed", "It broke.")
    about = json.loads((tmp_path / "tasks.json").read_text())
    assert (about["status"], about["error"]) == ("failed", "It broke.")


def test_the_mean_weighs_windows_by_what_they_observed(tmp_path):
    writer = writer_of(tmp_path)
    writer.window(*window([[1, 1], [1, 1]], updates=4, counts=np.array([[4, 1], [0, 4]])))
    with pytest.raises(KindredError, match="affinity of 'b' onto 'a' is nan"):
        mean_of(tmp_path)
    assert pd.read_csv(tmp_path / "windows.csv").affinity.isna().tolist() == [False, False, True, False]
    writer.window(*window([[2, 2], [2, 2]], 5, 10, updates=2, counts=np.array([[2, 2], [2, 2]])))
    np.testing.assert_allclose(mean_of(tmp_path).values, [[8 / 6, 5 / 3], [2, 8 / 6]])


@pytest.mark.parametrize("name", ["a, b", 'the "best"', " leading", "two\nlines", "größe → 大小", "1", "nan"])
def test_any_task_name_comes_back(name, tmp_path):
    tasks = (name, "other")
    for step, resume in ((0, False), (5, True)):
        writer_of(tmp_path, tasks, resume=resume).window(*window([[1, 2], [3, 4]], step, step + 5))
    assert mean_of(tmp_path).tasks == tasks
    rows = pd.read_csv(tmp_path / "windows.csv", keep_default_na=False, dtype=str)
    assert rows.source.tolist() == [name, name, "other", "other"] * 2
    assert json.loads((tmp_path / "tasks.json").read_text())["tasks"] == list(tasks)


@pytest.mark.parametrize("torn", [0, 1, 9, 40])
def test_a_resumed_run_goes_on_and_replaces_later_steps(torn, tmp_path):
    """Even where the earlier process was killed while it wrote the last bytes."""
    earlier = [window(np.full((2, 2), place + 0.5), 5 * place, 5 * place + 5) for place in range(4)]
    later = [window(np.full((2, 2), place * 2.0), 5 * place, 5 * place + 5) for place in range(2, 5)]
    writer = writer_of(tmp_path / "parts")
    for each in earlier:
        writer.window(*each)
    for file in ("windows.csv", "losses.csv"):
        os.truncate(tmp_path / "parts" / file, (tmp_path / "parts" / file).stat().st_size - torn)
    resumed, whole = writer_of(tmp_path / "parts", resume=True), writer_of(tmp_path / "whole", resume=True)
    for each in later:
        resumed.window(*each)
    for each in earlier[:2] + later:
        whole.window(*each)
    for file in ("windows.csv", "losses.csv", "affinity.csv", "tasks.json"):
        assert (tmp_path / "parts" / file).read_text() == (tmp_path / "whole" / file).read_text()


def test_a_resumed_tracker_goes_on_in_its_folder(store_url, tmp_path):
    tracked(store_url, [FolderWriter(tmp_path / "mine")], run="my run", strict=True)
    writers = [FolderWriter(tmp_path / "mine", resume=True)]
    _, _, series = tracked(store_url, writers, run="my run", resume=True, strict=True)
    assert pd.read_csv(tmp_path / "mine" / "windows.csv").step_to.unique().tolist() == series.edges[1:].tolist()
    np.testing.assert_allclose(mean_of(tmp_path / "mine").values, series.mean().affinity, rtol=1e-5)


REFUSED = {
    "a run, and no wish to go on": ({}, "holds the run 'mine' already; .* or resume=True to go on"),
    "another run": ({"name": "other", "resume": True}, "holds a run with the run 'mine', but this one has 'other'"),
    "other tasks": ({"tasks": ("b", "a"), "resume": True}, r"tasks \['a', 'b'\], but this one has \['b', 'a'\]"),
    "another quantity": ({"quantity": "cosine", "resume": True}, "but this one has 'cosine'"),
}


@pytest.mark.parametrize("reason", REFUSED)
def test_a_folder_of_another_run_is_refused_and_left_alone(reason, tmp_path):
    writer_of(tmp_path).window(*window([[1, 2], [3, 4]]))
    before = {each.name: each.read_bytes() for each in tmp_path.iterdir()}
    arguments, message = REFUSED[reason]
    with pytest.raises(KindredError, match=message):
        writer_of(tmp_path, **arguments)
    assert {each.name: each.read_bytes() for each in tmp_path.iterdir()} == before


def test_a_folder_of_other_things_is_refused(tmp_path):
    (tmp_path / "thesis.tex").write_text("dear")
    with pytest.raises(KindredError, match="holds 'thesis.tex' and no run; give a new or an empty folder"):
        writer_of(tmp_path, resume=True)
    (tmp_path / "tasks.json").write_text("{")
    with pytest.raises(KindredError, match="tasks.json is damaged"):
        writer_of(tmp_path, resume=True)
    with pytest.raises(KindredError, match="thesis.tex cannot be written"):
        writer_of(tmp_path / "thesis.tex")


@pytest.mark.parametrize("function", ["_append", "_replace"])
def test_a_full_disk_ends_the_mirror_but_not_the_tracking(function, store_url, tmp_path, monkeypatch):
    writer = FolderWriter(tmp_path / "mine")
    begin = writer.begin

    def begins(*arguments):
        begin(*arguments)
        monkeypatch.setattr(folder.FolderWriter, function, full_disk)

    writer.begin = begins
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        _, run, series = tracked(store_url, [writer])
    sentences = [str(each.message) for each in told if "The folder" in str(each.message)]
    assert len(sentences) == 1 and "No space left on device" in sentences[0]
    assert (run.status, run.error, len(series)) == ("finished", "", 3)


def test_a_table_that_someone_changed_ends_the_mirror_in_a_sentence(tmp_path):
    writer_of(tmp_path).window(*window([[1, 2], [3, 4]]))
    table = tmp_path / "windows.csv"
    table.write_text(table.read_text().replace("a", "A").replace("cAlled", "called"))
    writer = writer_of(tmp_path, resume=True)
    with pytest.warns(UserWarning, match=r"windows.csv was changed \('A'\), and a run cannot go on in it"):
        writer.window(*window([[1, 2], [3, 4]], 5, 10))
    writer.window(*window([[1, 2], [3, 4]], 10, 15))
