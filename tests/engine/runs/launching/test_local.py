"""The queue of this machine, with real workers."""

import os
import signal
from pathlib import Path

import pytest

from engine.errors import KindredError
from engine.runs.config import RunConfig
from engine.runs.launching.local import LocalProcesses, start_worker
from engine.runs.launching.queue import launch, queue_name
from engine.runs.launching.work_off import work_off
from tests.waiting import wait_for

pytestmark = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
SHORT = RunConfig("yeast", epochs=1, width=4)
LONG = RunConfig("yeast", epochs=2000, width=4)


def test_as_many_runs_begin_as_there_are_cores(store, monkeypatch):
    monkeypatch.setenv("KINDRED_CORES", "2")
    run_ids = [store.create(SHORT) for _ in range(3)]
    store.enqueue(run_ids, "here")
    seen = []
    workers = LocalProcesses(store)
    work_off(store, workers, lambda: store.waiting("here"), lambda: seen.append(len(workers.at_work)))
    assert max(seen) == 2 and {store.run(run_id).status for run_id in run_ids} == {"finished"}


def test_a_run_larger_than_the_machine_has_it_to_itself(store, monkeypatch):
    monkeypatch.setenv("KINDRED_CORES", "1")
    large = store.run(store.create(RunConfig("yeast", threads=8)))
    workers = LocalProcesses(store)
    monkeypatch.setattr("engine.runs.launching.local.start_worker", lambda *_, **__: _Idle())
    assert workers.start(large) and not workers.start(store.run(store.create(SHORT)))


class _Idle:
    def poll(self):
        return None


def test_each_device_is_given_to_one_run(store, monkeypatch, tmp_path):
    for device in range(2):
        (tmp_path / "gpus" / str(device)).mkdir(parents=True)
    monkeypatch.setattr("engine.runs.launching.local.NVIDIA", tmp_path / "gpus")
    monkeypatch.setenv("KINDRED_CORES", "9")
    given = []

    def start(*_, device, **__):
        given.append(device)
        return _Idle()

    monkeypatch.setattr("engine.runs.launching.local.start_worker", start)
    workers = LocalProcesses(store)
    begun = [workers.start(store.run(store.create(RunConfig("yeast", device="cuda")))) for _ in range(3)]
    assert begun == [True, True, False] and given == [0, 1]


@pytest.mark.parametrize("cores", ["0", "two", "-1"])
def test_a_number_of_cores_that_is_none_is_refused(store, monkeypatch, cores):
    monkeypatch.setenv("KINDRED_CORES", cores)
    with pytest.raises(KindredError, match="KINDRED_CORES"):
        LocalProcesses(store)


def test_a_queue_outlives_its_launcher_and_goes_on_after_a_worker_is_killed(store, monkeypatch):
    monkeypatch.setenv("KINDRED_CORES", "1")
    first, second = store.create(LONG), store.create(SHORT)
    launch(store, [first])
    launch(store, [second])  # a second process finds the first at it, and ends
    wait_for(lambda: store.run(first).step > 0)
    assert store.run(second).status == "queued" and store.run(second).queue == queue_name()
    os.kill(_process_of(store, first), signal.SIGKILL)
    wait_for(lambda: store.run(second).status == "finished")
    wait_for(lambda: store.run(first).status == "interrupted")
    lock = store.files(queue_name()) / "queue.lock"
    wait_for(lambda: _free(lock))


def _process_of(store, run_id):
    said = store.events(run_id)[0].message
    return int(said.removeprefix("Process ").split()[0])


def _free(lock: Path) -> bool:
    import fcntl

    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def test_a_worker_is_told_the_store_by_its_environment_alone(store):
    run_id = store.create(LONG)
    worker = start_worker(store, run_id)
    try:
        wait_for(lambda: store.run(run_id).status == "running")
        shown = Path(f"/proc/{worker.pid}/cmdline")
        if shown.exists():
            assert store.url.encode() not in shown.read_bytes()
    finally:
        worker.kill()
        worker.wait()
