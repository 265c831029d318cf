import os
import sqlite3
import threading
import time

import pytest

from engine.datasets.tables.keeping import keep
from engine.errors import KindredError
from engine.runs.config import RunConfig
from engine.runs.pruning import ENDED, ended_before, orphans, prune
from engine.runs.store import Store
from tests.engine.runs.stocked import content_of, stock, written
from tests.engine.runs.writing import CONFIG, running, silent_for, window

TRAINED = ("trained",)


def aged(path, seconds=1000.0):
    """As if it was last written to that long ago."""
    for each in (path, *path.rglob("*")):
        os.utime(each, (time.time() - seconds,) * 2)


def test_only_what_ended_before_and_is_of_the_asked_kind_goes(store):
    old, recent = stock(store)  # ended 1000 and 1001 seconds after 1970
    working, _ = running(store)
    queued = store.create(CONFIG)
    silent, _ = running(store)
    silent_for(store, silent, 500)
    published = [run.id for run in store.runs() if run.origin == "published"]

    def found(before, statuses=ENDED, origins=TRAINED):
        return [each.run.id for each in ended_before(store, before, statuses, origins)]

    assert found(1001.0) == [old] and found(1002.0) == [old, recent] and found(999.0) == []
    assert found(time.time() - 400) == [old, recent, silent]
    assert found(time.time() + 1, ["interrupted"]) == [silent]
    assert set(found(time.time() + 1, origins=["published"])) == set(published)
    assert found(time.time() + 1, ["queued", "running"]) == []  # whatever is asked
    removed = prune(store, ended_before(store, time.time() + 1, ENDED, TRAINED))
    assert [each.run.id for each in removed] == [old, recent, silent]
    assert {run.id for run in store.runs()} == {working, queued, *published}
    assert not store.files(old).exists() and not store.files(recent).exists()


def test_measured_networks_stay_with_their_weights(store):
    stock(store)
    before, weights = store.measurements(), sorted(store.networks.iterdir())
    aged(store.folder)
    prune(store, ended_before(store, time.time(), ENDED, TRAINED), orphans(store, time.time() - 10))
    after = store.measurements()
    assert [each.key for each in after] == [each.key for each in before]
    assert sorted(store.networks.iterdir()) == weights and weights


def test_what_a_run_takes_is_told_near_enough(store):
    (run_id, _) = stock(store)
    (found, _) = ended_before(store, 2000.0, ENDED, TRAINED)
    files = sum(path.stat().st_size for path in store.files(run_id).rglob("*") if path.is_file())
    rows = sum(len(row) for table in content_of(store._database).values() for row in table)
    assert files < found.bytes < files + rows
    assert store.stored_bytes([]) == {}


def test_orphans_are_old_files_that_belong_to_nothing(store):
    stock(store)
    inner = store.files("gone-abcdef") / "training" / "state.pt"
    written(inner, b"12345")
    lost_table = keep(b"c,d\n3,4\n", "lost.csv", store.tables)
    used_table = keep(b"e,f\n3,4\n", "used.csv", store.tables)
    store.create(RunConfig("table", table=str(used_table), targets="e"))
    written(store.networks / "nobody.safetensors", b"1")
    written(store.files("local@machine-abcdef") / "queue.log", b"of the machine")
    written(store.folder / "notes.txt", b"of someone else")
    assert orphans(store, time.time() - 500) == []  # all of it is new: it may belong to what is being made
    aged(store.folder)
    found = {str(each.path.relative_to(store.folder)): each.bytes for each in orphans(store, time.time() - 500)}
    unused = next(path.name for path in store.tables.iterdir() if path.name.endswith("mine.csv"))
    assert found == {
        "gone-abcdef": 5,
        f"tables/{lost_table.name}": 8,
        f"tables/{unused}": 8,
        "networks/nobody.safetensors": 1,
    }
    inner.touch()  # someone is at it
    assert "gone-abcdef" not in {each.path.name for each in orphans(store, time.time() - 500)}
    aged(store.folder)
    prune(store, [], orphans(store, time.time() - 500))
    assert orphans(store, time.time()) == []
    assert (
        used_table.exists() and (store.folder / "notes.txt").exists() and store.files("local@machine-abcdef").exists()
    )


def test_files_elsewhere_are_pruned_too(store_url):
    store = Store(store_url, f"memory://kindred-{time.time_ns()}")
    run_id, token = running(store)
    store.write(run_id, token, status="finished", finished=1.0)
    written(store.files(run_id) / "worker.log", b"said")
    written(store.files("gone-abcdef") / "worker.log", b"said")
    (found,) = ended_before(store, 2.0, ENDED, TRAINED)
    assert found.bytes == 4
    assert orphans(store, time.time() - 1) == []  # it is not known how old it is there
    prune(store, [found])
    assert not store.files(run_id).exists()


def test_a_run_that_is_taken_up_meanwhile_stays(store):
    run_id, token = running(store)
    store.write(run_id, token, status="cancelled", finished=1.0)
    found = ended_before(store, 2.0, ENDED, TRAINED)
    store.requeue(run_id)
    assert prune(store, found) == [] and store.run(run_id).status == "queued"


def test_the_space_of_what_went_is_free_again_while_a_worker_writes(store, database_file):
    for _ in range(3):
        run_id, token = running(store)
        store.write(run_id, token, artifacts={"large": "x" * 4_000_000}, status="finished", finished=1.0)
    run_id, token = running(store)
    store._database.close()
    before = database_file.stat().st_size
    ended, steps = threading.Event(), []

    def write():
        while not ended.is_set():
            steps.append(len(steps))
            store.write(run_id, token, [window(steps[-1], steps[-1] + 1)])

    writer = threading.Thread(target=write)
    writer.start()
    try:
        prune(store, ended_before(store, 2.0, ENDED, TRAINED))
    finally:
        ended.set()
        writer.join()
    store._database.close()
    assert before > 12_000_000 and database_file.stat().st_size < 2_000_000
    assert len(store.series(run_id)) == len(steps) > 0


def test_a_database_that_cannot_give_back_now_says_so(store, database_file, monkeypatch):
    monkeypatch.setattr("engine.runs.dialects.BUSY_SECONDS", 0)
    run_id, token = running(store)
    store.write(run_id, token, artifacts={"large": "x" * 4_000_000}, status="finished", finished=1.0)
    store.delete(run_id)
    store._database.close()
    other = sqlite3.connect(database_file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert store.runs()  # a new connection that reads waits for nobody
    with pytest.raises(KindredError, match="0 runs were removed.*locked.*again"):
        prune(store, [])
    other.execute("ROLLBACK")
    prune(store, [])
    store._database.close()
    assert database_file.stat().st_size < 1_000_000
