import threading
import time

import numpy as np
import pytest
import sqlalchemy as sa

from engine.errors import KindredError
from engine.runs import copying, schema
from engine.runs.config import RunConfig
from engine.runs.copying import copy_store
from engine.runs.database import Database, StoreError
from engine.runs.launching.local import start_worker
from engine.runs.run import PATIENCE, SILENCE
from engine.runs.store import Store
from tests.engine.runs import measured
from tests.engine.runs.stocked import STUDY, content_of, files_of, stock, written
from tests.engine.runs.writing import CONFIG, running, silent_for, window
from tests.waiting import wait_for


@pytest.fixture
def target_url(request, store_url, tmp_path):
    """The URL of an empty database of the other kind, to copy to."""
    if store_url.startswith("sqlite"):
        return request.getfixturevalue("postgresql").database()
    return f"sqlite:///{tmp_path / 'other' / 'kindred.db'}"


@pytest.fixture
def target(target_url, tmp_path):
    return Database(target_url, str(tmp_path / "files of the other"))


def copy(store, target, **more):
    return copy_store(store._database, target, **{"tell": lambda copied, runs: None, **more})


def test_every_table_is_of_a_run_or_told_by_its_key():
    known = {schema.store, schema.runs, *schema.OF_RUNS, *copying.KEYED}
    assert known == set(schema.metadata.tables.values())
    assert all(table.autoincrement_column is None for table in copying.KEYED)
    assert schema.events in schema.OF_RUNS and schema.measurements in copying.KEYED


def test_a_copy_is_the_same_to_the_bit_there_and_back(store, target, tmp_path):
    stock(store)
    before = content_of(store._database), files_of(store._database)
    copied = copy(store, target)
    assert (copied.runs, copied.there, copied.at_work, copied.measured) == (8, 0, [], 1)
    assert copied.files == len(before[1]) and copied.bytes == sum(map(len, before[1].values()))
    assert (content_of(target), files_of(target)) == before
    back = Database(f"sqlite:///{tmp_path / 'back.db'}", str(tmp_path / "back"))
    copy_store(target, back, tell=lambda copied, runs: None)
    assert (content_of(back), files_of(back)) == before
    assert (content_of(store._database), files_of(store._database)) == before


def test_files_go_wherever_fsspec_reaches(store, target_url):
    stock(store, runs=1)
    target = Database(target_url, f"memory://kindred-{time.time_ns()}")
    copy(store, target)
    assert files_of(target) == files_of(store._database)


@pytest.mark.parametrize("broken_at", [1, 4, 7])
def test_a_copy_that_was_interrupted_goes_on_with_nothing_twice_and_nothing_missing(
    store, target, monkeypatch, broken_at
):
    stock(store, runs=3)
    calls = iter(range(100))

    def breaking(*arguments, **more):
        if next(calls) == broken_at:
            raise KeyboardInterrupt
        yield from batches(*arguments, **more)

    batches = copying._batches
    monkeypatch.setattr(copying, "_batches", breaking)
    with pytest.raises(KeyboardInterrupt):
        copy(store, target)
    monkeypatch.setattr(copying, "_batches", batches)
    again = copy(store, target)
    assert again.runs + again.there == 9
    assert (content_of(target), files_of(target)) == (content_of(store._database), files_of(store._database))
    once_more = copy(store, target)
    assert (once_more.runs, once_more.there, once_more.measured, once_more.files) == (0, 9, 0, 0)


def test_what_is_there_already_stays_as_it_is(store, target):
    (run_id,) = stock(store, runs=1)
    copy(store, target)
    store.rename(run_id, "renamed since")
    written(store.files(run_id) / "worker.log", b"other\n")
    before = content_of(target), files_of(target)
    assert copy(store, target).there == 7
    assert (content_of(target), files_of(target)) == before


def test_a_store_that_has_the_published_matrices_gets_them_no_second_time(store, target_url, tmp_path):
    other = Store(target_url, str(tmp_path / "other files"))
    assert copy(store, other._database).there == 6
    assert len(other.runs()) == 6


def test_runs_at_work_are_left_out_by_name_and_stale_ones_are_not(store, target):
    queued, (at_work, _), (silent, _) = store.create(CONFIG), running(store), running(store)
    given_up = store.create(CONFIG)
    silent_for(store, silent, SILENCE + 1)
    silent_for(store, given_up, PATIENCE + 1)
    copied = copy(store, target)
    assert copied.at_work == [queued, at_work] and copied.runs == 8
    with target.reading() as connection:
        found = set(connection.execute(sa.select(schema.runs.c.id)).scalars())
    assert {silent, given_up} <= found and not {queued, at_work} & found


def test_a_copy_while_a_worker_writes_can_be_gone_on_with(store, target_url, tmp_path):
    """Whatever the checkpoint holds was stored before it, and no transaction is copied by half."""
    run_id, token = running(store)
    checkpoint = store.files(run_id) / "checkpoint.npz"
    ended = threading.Event()

    def write():
        step = 0
        while not ended.is_set():
            store.write(run_id, token, [window(step, step + 1), window(step + 1, step + 2)], step=step + 2)
            step += 2
            written(checkpoint, str(step).encode())

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(5):
            seen = store.run(run_id).step
            target = Database(f"sqlite:///{tmp_path / f'{number}.db'}", str(tmp_path / f"{number}"))
            assert copy(store, target, at_work=True).at_work == []
            kept = Store(target.url, str(target.files))
            run, series = kept.run(run_id), kept.series(run_id)
            assert run.status == "interrupted" and run.resumable and run.step >= seen
            assert len(series) == run.step and series.edges.tolist() == list(range(run.step + 1))
            if (kept.files(run_id) / "checkpoint.npz").exists():
                assert int((kept.files(run_id) / "checkpoint.npz").read_bytes() or 0) <= run.step
            kept.requeue(run_id)
            kept.claim(run_id)
    finally:
        ended.set()
        writer.join()
    store.write(run_id, token)  # the original has noticed nothing


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_a_training_that_was_stopped_ends_in_the_other_store_with_the_same_numbers(store, target_url, tmp_path):
    config = RunConfig("digits", epochs=60, width=16, affinity="lookahead", every=4, dropout=0.2)
    stopped, whole = store.create(config), store.create(config)
    worker = start_worker(store, stopped)
    wait_for(lambda: store.run(stopped).step > 0)
    worker.terminate()
    assert worker.wait(90) == 0 and start_worker(store, whole).wait(90) == 0
    assert 0 < store.run(stopped).step < store.run(stopped).steps
    other = Store(target_url, str(tmp_path / "files of the other"))
    assert copy(store, other._database).at_work == []
    other.requeue(stopped)
    assert start_worker(other, stopped).wait(90) == 0
    assert other.run(stopped).status == "finished"
    one, two = other.series(stopped), store.series(whole)
    for numbers in ("edges", "updates", "totals", "total_squares"):
        assert np.array_equal(getattr(one, numbers), getattr(two, numbers))
    assert [each.losses.tobytes() for each in other.evaluations(stopped)] == [
        each.losses.tobytes() for each in store.evaluations(whole)
    ]


def test_a_measured_network_replaces_a_mere_claim_and_nothing_else(store, target_url, tmp_path):
    other = Store(target_url, str(tmp_path / "other files"))
    key = STUDY.key(measured.PAIR)
    measured.keep(store, STUDY, measured.PAIR, [1, 2])
    other.claim_measurement(key, STUDY.decisive, "somebody there")
    assert copy(store, other._database).measured == 1
    (found,) = other.measurements()
    assert found.losses["validation"].tolist() == [1, 2]
    third = Store(f"sqlite:///{tmp_path / 'third.db'}", str(tmp_path / "third"))
    measured.keep(third, STUDY, measured.PAIR, [3, 4])
    assert copy(third, other._database).measured == 0
    assert np.array_equal(other.measurements()[0].losses["validation"], [1, 2])


def test_rows_are_held_in_memory_some_at_a_time(store, target, monkeypatch):
    stock(store, runs=1, windows=150)
    sizes = []
    batches = copying._batches

    def watched(*arguments):
        for batch in batches(*arguments):
            sizes.append(len(batch))
            yield batch

    monkeypatch.setattr(copying, "_batches", watched)
    copy(store, target)
    assert max(sizes) == copying.BATCH


def test_progress_is_told(store, target):
    told = []
    stock(store, runs=1)
    copy(store, target, tell=lambda copied, runs: told.append((copied.runs, runs)))
    assert told == [*((number, 7) for number in range(1, 8)), (7, 7)]


def test_a_store_is_not_copied_into_itself(store):
    with pytest.raises(KindredError, match="name another one"):
        copy(store, Database(store.url))


def test_a_store_of_an_earlier_version_is_left_as_it_is(store):
    with store._database.writing() as connection:
        connection.execute(schema.store.update().values(schema_version=schema.VERSION - 1))
    with pytest.raises(StoreError, match=f"version {schema.VERSION - 1}.*bring it up"):
        Database(store.url, present=True)
    with store._database.reading() as connection:
        assert connection.execute(sa.select(schema.store.c.schema_version)).scalar_one() == schema.VERSION - 1


def test_nothing_is_made_where_there_is_no_store(tmp_path, target_url):
    with pytest.raises(StoreError, match="no such file|holds no Kindred store"):
        Database(target_url, present=True)
    assert not (tmp_path / "other").exists()


def test_a_file_that_cannot_be_written_is_one_sentence(store, target, monkeypatch):
    stock(store, runs=1)

    def full(source, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(copying, "copy_file", full)
    with pytest.raises(StoreError, match="No space left.*goes on where it stopped"):
        copy(store, target)
