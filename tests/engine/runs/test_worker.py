"""Worker processes as they are really launched: killed, cancelled, resumed, two at once."""

import os
import signal
import time
from dataclasses import replace

import numpy as np
import pytest

from engine.errors import KindredError
from engine.runs.checkpoint import load_checkpoint
from engine.runs.config import RunConfig
from engine.runs.launching.local import start_worker
from tests.waiting import wait_for

pytestmark = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)  # on PostgreSQL: tests/faults
CONFIG = RunConfig("digits", epochs=250, width=16, affinity="lookahead", every=4, dropout=0.2)
PATIENCE = 90


def finish(store, run_id):
    worker = start_worker(store, run_id)
    assert worker.wait(PATIENCE) == 0
    return store.series(run_id)


def same(one, other):
    return all(
        np.array_equal(getattr(one, field), getattr(other, field))
        for field in ("edges", "updates", "totals", "total_squares")
    )


def losses(store, run_id):
    return [(e.split, e.step, e.losses.tolist(), e.metrics.tobytes()) for e in store.evaluations(run_id)]


def test_a_killed_run_resumes_to_the_same_numbers_bit_for_bit_and_two_may_run_at_once(store):
    killed, undisturbed = store.create(CONFIG, "killed"), store.create(CONFIG, "undisturbed")
    first, other = start_worker(store, killed), start_worker(store, undisturbed)
    checkpoint = store.files(killed) / "checkpoint.pt"
    wait_for(checkpoint.exists)
    wait_for(lambda: store.run(killed).step > load_checkpoint(checkpoint)["step"])
    os.kill(first.pid, signal.SIGKILL)
    died = time.monotonic()
    first.wait()
    assert 0 < store.run(killed).step < store.run(killed).steps
    wait_for(lambda: store.run(killed).status == "interrupted")
    assert time.monotonic() - died < 10

    store.requeue(killed)
    resumed = finish(store, killed)
    assert other.wait(PATIENCE) == 0
    assert store.run(killed).status == store.run(undisturbed).status == "finished"
    assert same(resumed, store.series(undisturbed))
    assert losses(store, killed) == losses(store, undisturbed)
    assert not checkpoint.exists()


def test_a_cancelled_run_stops_soon_keeps_its_windows_and_resumes(store):
    config = replace(CONFIG, epochs=2000, window=8)
    run_id = store.create(config)
    worker = start_worker(store, run_id)
    wait_for(lambda: len(store.series(run_id)) > 2)
    store.request_cancel(run_id)
    assert worker.wait(20) == 0
    run = store.run(run_id)
    assert run.status == "cancelled" and 0 < run.step < run.steps
    kept = store.series(run_id)
    store.requeue(run_id)
    again = start_worker(store, run_id)
    wait_for(lambda: len(store.series(run_id)) > len(kept) + 2)
    longer = store.series(run_id)
    assert np.array_equal(longer.totals[: len(kept)], kept.totals)
    store.request_cancel(run_id)
    assert again.wait(20) == 0


def test_a_run_that_cannot_start_fails_with_a_sentence(store):
    run_id = store.create(replace(CONFIG, batch_size=5000))
    assert start_worker(store, run_id).wait(PATIENCE) == 2
    run = store.run(run_id)
    assert run.status == "failed" and "Batch size is 5000" in run.error
    assert "Traceback" not in (store.files(run_id) / "worker.log").read_text()


def test_a_diverging_run_fails_with_a_sentence_and_keeps_its_windows(store):
    run_id = store.create(replace(CONFIG, learning_rate=3.0, every=1, window=1))
    assert start_worker(store, run_id).wait(PATIENCE) == 2
    run = store.run(run_id)
    assert run.status == "failed" and "lower the learning rate" in run.error
    assert len(store.series(run_id)) >= 1


def test_a_worker_that_is_asked_to_end_saves_its_state_and_leaves_the_run_to_be_resumed(store):
    run_id = store.create(replace(CONFIG, epochs=2000))
    worker = start_worker(store, run_id)
    wait_for(lambda: store.run(run_id).step > 0)
    worker.terminate()
    assert worker.wait(20) == 0
    run = store.run(run_id)
    assert run.status == "interrupted" and run.resumable and 0 < run.step < run.steps
    assert load_checkpoint(store.files(run_id) / "checkpoint.pt")["step"] == run.step
    said = [event.message for event in store.events(run_id)]
    assert "begins" in said[0] and f"interrupted at step {run.step}" in said[-1]


def test_a_worker_needs_a_queued_run(store):
    with pytest.raises(KindredError, match="not waiting for a worker"):
        store.claim(store.runs()[0].id)
