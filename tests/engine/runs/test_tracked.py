import threading
import time

import numpy as np
import pytest

from engine.affinity.series import Window
from engine.errors import KindredError
from engine.runs import run as run_module
from engine.runs.store import Store, WriterReplaced
from tests.engine.runs.writing import silent_for

TASKS = ["depth", "normals"]


def track(store, name="mine"):
    return store.create_tracked(name, TASKS, {"estimator": "auto"}, "affinity per unit of step size")


def test_a_tracked_run_is_at_once_running_and_its_writer_s_own(store):
    run_id, token = store.create_tracked(
        " mine ", TASKS, {"estimator": "auto"}, "cosine of gradients", group="two seeds", steps=500
    )
    run = store.run(run_id)
    assert (run.name, run.origin, run.status, run.tasks) == ("mine", "tracked", "running", tuple(TASKS))
    assert (run.config, run.quantity, run.group) == ({"estimator": "auto"}, "cosine of gradients", "two seeds")
    assert (run.step, run.steps) == (0, 500) and run.started is not None
    window = Window(0, 3, 3, np.ones((2, 2), np.float32), np.ones((2, 2), np.float32))
    store.write(run_id, token, [window], step=3)
    assert len(store.series(run_id)) == 1 and store.run(track(store, "of unknown length")[0]).steps == 0


def test_only_one_of_many_processes_gets_a_name(store):
    tokens, refusals = [], []

    def begin():
        try:
            tokens.append(track(Store(store.url)))
        except KindredError as refusal:
            refusals.append(str(refusal))

    threads = [threading.Thread(target=begin) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(tokens), len(refusals)) == (1, 7)
    assert all(tokens[0][0] in said and "s ago" in said and "another name" in said for said in refusals)


@pytest.mark.parametrize("ending", ["finished", "failed", "cancelled", "silence"])
def test_a_run_that_has_ended_leaves_its_name_free_and_can_be_taken_up(store, ending):
    run_id, token = track(store)
    if ending == "silence":
        silent_for(store, run_id, run_module.SILENCE + 1)
    else:
        store.write(run_id, token, status=ending, error="once", finished=time.time(), step=30)
    run, fresh = store.reopen_tracked("mine")
    assert (run.id, run.status, run.error, run.finished) == (run_id, "running", "", None)
    with pytest.raises(WriterReplaced):
        store.write(run_id, token)  # the old process was only asleep
    store.write(run_id, fresh, status="finished")
    assert track(store)[0] != run_id


def test_the_newest_of_equal_names_is_taken_up_and_any_by_its_id(store):
    ids = []
    for _ in range(2):
        run_id, token = track(store)
        store.write(run_id, token, status="finished")
        ids.append(run_id)
    run, token = store.reopen_tracked("mine")
    assert run.id == ids[1]
    store.write(run.id, token, status="finished")
    assert store.reopen_tracked(ids[0])[0].id == ids[0]


def test_a_live_run_is_not_taken_up(store):
    run_id, token = track(store)
    with pytest.raises(KindredError, match=f"{run_id}.*being written by another process.*s ago; end that process"):
        store.reopen_tracked("mine")
    store.write(run_id, token)  # it was left alone


def test_a_name_that_nothing_tracked_has_is_refused(store):
    published = store.runs()[0]
    for name in ("nope", published.name, published.id):
        with pytest.raises(KindredError, match="no tracked run.*resume=False"):
            store.reopen_tracked(name)


def test_a_worker_cannot_resume_it(store):
    run_id, token = track(store)
    store.write(run_id, token, status="failed", error="once")
    assert not store.run(run_id).resumable
    with pytest.raises(KindredError, match="its own training loop.*resume=True"):
        store.requeue(run_id)
