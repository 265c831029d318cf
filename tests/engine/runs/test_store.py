import sqlite3
import threading

import numpy as np
import pytest
import sqlalchemy as sa

from engine.affinity.matrix import AffinityMatrix
from engine.errors import KindredError
from engine.runs import run as run_module
from engine.runs import schema
from engine.runs.database import StoreError
from engine.runs.store import Store, WriterReplaced
from engine.tasks import Evaluation
from tests.engine.runs.writing import CONFIG, TASKS, rows_of, running, silent_for, window


def test_what_is_written_is_read_back_to_the_bit(store):
    run_id, token = running(store)
    windows = [window(0, 5, 1), window(5, 10, 2)]
    losses = Evaluation(5, "validation", np.float32([0.1, 0.2]), np.float32([np.nan, 0.5]))
    store.write(run_id, token, windows, [losses], step=10)
    series = store.series(run_id)
    assert series.tasks == TASKS and series.edges.tolist() == [0, 5, 10] and series.updates.tolist() == [5, 5]
    assert np.array_equal(series.totals, np.stack([each.total for each in windows]))
    assert np.array_equal(series.total_squares, np.stack([each.total_squares for each in windows]))
    (read,) = store.evaluations(run_id)
    assert (read.step, read.split) == (5, "validation")
    assert np.array_equal(read.losses, losses.losses)
    assert np.array_equal(read.metrics, losses.metrics, equal_nan=True)
    assert Store(store.url).run(run_id).step == 10


def test_windows_written_again_after_a_resume_replace_themselves(store):
    run_id, token = running(store)
    store.write(run_id, token, [window(0, 5, 1), window(5, 10, 2)])
    store.write(run_id, token, [window(5, 10, 2), window(10, 15, 3)])
    assert store.series(run_id).edges.tolist() == [0, 5, 10, 15]


def test_a_series_that_was_read_earlier_is_gone_on_with(store):
    run_id, token = running(store)
    store.write(run_id, token, [window(0, 5, 1), window(5, 10, 2)])
    before = store.series(run_id)
    assert store.series(run_id, before=before) is before
    store.write(run_id, token, [window(10, 15, 3), window(15, 20, 4)])
    after = store.series(run_id, before=before)
    assert after.line is before.line and len(before) == 2
    assert np.array_equal(after.totals, store.series(run_id).totals)


def test_what_a_run_went_back_behind_is_not_gone_on_with(store):
    run_id, token = running(store)
    store.write(run_id, token, [window(0, 5, 1), window(5, 10, 2)])
    before = store.series(run_id)
    store.rewind(run_id, token, 5)
    assert len(store.series(run_id, before=before)) == 1
    store.write(run_id, token, [window(5, 10, 7), window(10, 15, 3)])  # other numbers in the same steps
    after = store.series(run_id, before=before)
    assert after.line is not before.line and np.array_equal(after.totals, store.series(run_id).totals)
    store.write(run_id, token, [window(0, 10, 8), window(15, 20, 9)])  # as many windows as there were
    again = store.series(run_id, before=after)
    assert again.edges.tolist() == [0, 10, 15, 20] and np.array_equal(again.totals, store.series(run_id).totals)


def test_a_new_store_holds_the_published_matrices(store):
    published = store.runs()
    assert [run.origin for run in published] == ["published"] * 6
    assert published[0].name.startswith("CelebA, TAG")
    assert all(run.source and run.quantity and run.status == "finished" for run in published)
    celeba = store.series(published[0].id).mean()
    off_diagonal = celeba.affinity[~np.eye(9, dtype=bool)]
    assert (off_diagonal < 0).all() and (celeba.affinity.diagonal() > 0).all()
    assert celeba.affinity[0, 1] == pytest.approx(-188.15657, rel=1e-6)  # 5_o_Clock_Shadow onto Black_Hair


def test_published_pairs_show_the_gain_over_training_alone(store):
    taskonomy = next(run for run in store.runs() if run.name.startswith("Taskonomy, gain"))
    mean = store.series(taskonomy.id).mean().affinity
    place = taskonomy.tasks.index
    source, target = place("depth"), place("semantic_segmentation")
    assert mean[source, target] == pytest.approx(100 * (1 - 0.0528 / 0.0509), rel=1e-4)
    assert (mean.diagonal() == 0).all()


def test_deleted_published_matrices_stay_away(store):
    for run in store.runs():
        store.delete(run.id)
    assert Store(store.url).runs() == []


def test_an_imported_matrix_is_a_finished_run_of_one_window(store):
    values = np.array([[1.5, -2.0], [0.25, 3.0]])
    run_id = store.add_matrix(AffinityMatrix(TASKS, values), "<b>mine</b>", source="m.csv")
    run = store.run(run_id)
    assert (run.name, run.origin, run.status, run.tasks) == ("<b>mine</b>", "imported", "finished", TASKS)
    assert np.array_equal(store.series(run_id).mean().affinity, values)


def test_a_matrix_too_large_for_32_bits_is_refused(store):
    with pytest.raises(KindredError, match="divide the matrix"):
        store.add_matrix(AffinityMatrix(TASKS, np.array([[0, 1e300], [0, 0]])), "big")


def test_a_silent_worker_is_interrupted_and_its_run_can_be_resumed(store):
    run_id, token = running(store)
    store.write(run_id, token, [window(0, 5)])
    assert store.run(run_id).status == "running"
    silent_for(store, run_id, run_module.SILENCE + 0.1)
    assert store.run(run_id).status == "interrupted"
    store.requeue(run_id)
    assert store.run(run_id).status == "queued"
    fresh = store.claim(run_id)
    with pytest.raises(WriterReplaced):
        store.write(run_id, token, [window(5, 10)])  # the old worker was only asleep
    store.write(run_id, fresh, [window(5, 10)])
    assert len(store.series(run_id)) == 2


def test_silence_is_noticed_within_ten_seconds():
    assert run_module.SILENCE + 2 * run_module.HEARTBEAT <= 10


def test_only_one_worker_gets_a_queued_run(store):
    run_id = store.create(CONFIG)
    tokens, refusals = [], []

    def claim():
        try:
            tokens.append(Store(store.url).claim(run_id))
        except WriterReplaced as refusal:
            refusals.append(refusal)

    threads = [threading.Thread(target=claim) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(tokens), len(refusals)) == (1, 7)


def test_a_note_is_kept(store):
    run_id, token = running(store)
    assert (store.run(run_id).note, store.run(run_id).group) == ("", "")
    store.write(run_id, token, note="auto chose last_layer")
    assert store.run(run_id).note == "auto chose last_layer"


def test_cancelling_asks_a_worker_and_ends_a_run_without_one(store):
    run_id, token = running(store)
    assert store.write(run_id, token) is False
    store.request_cancel(run_id)
    assert store.write(run_id, token) is True
    waiting = store.create(CONFIG)
    store.request_cancel(waiting)
    assert store.run(waiting).status == "cancelled"
    with pytest.raises(WriterReplaced):
        store.claim(waiting)


def test_what_cannot_be_done_to_a_run_is_said(store):
    run_id, _ = running(store)
    published = store.runs()[-1].id
    for attempt, said in (
        (lambda: store.delete(run_id), "cancel it before"),
        (lambda: store.requeue(run_id), "is running"),
        (lambda: store.requeue(published), "only a trained run"),
        (lambda: store.request_cancel(published), "is finished"),
        (lambda: store.rename(run_id, "  "), "1 to 200"),
        (lambda: store.run("nope"), "no run 'nope'"),
        (lambda: store.series("nope"), "no run 'nope'"),
    ):
        with pytest.raises(KindredError, match=said):
            attempt()


def test_deleting_removes_all_that_was_stored(store):
    run_id, token = running(store)
    store.write(run_id, token, [window(0, 5)], status="finished")
    store.files(run_id).mkdir(parents=True)
    store.delete(run_id)
    assert not store.files(run_id).exists()
    assert rows_of(store, "SELECT COUNT(*) FROM windows WHERE run = :run", run=run_id) == [(0,)]


def test_a_reader_never_sees_half_a_transaction(store):
    run_id, token = running(store)
    stop, bad = threading.Event(), []

    def read():
        reader = Store(store.url)
        while not stop.is_set():
            count = len(reader.series(run_id))
            if count % 2:
                bad.append(count)

    thread = threading.Thread(target=read)
    thread.start()
    for place in range(0, 100, 2):
        store.write(run_id, token, [window(place, place + 1), window(place + 1, place + 2)])
    stop.set()
    thread.join()
    assert not bad and len(store.series(run_id)) == 100


@pytest.mark.parametrize(
    "damage", [lambda path: path.write_bytes(b"nonsense " * 1000), lambda path: _overwrite(path, 4096, 12288)]
)
def test_a_corrupt_database_is_named_and_left_alone(store, database_file, damage):
    for _ in range(20):
        running(store)
    store._database.close()
    damage(database_file)
    content = database_file.read_bytes()
    with pytest.raises(StoreError, match="damaged or no database.*KINDRED_STORE") as refusal:
        Store(store.url).runs()
    assert "\n" not in str(refusal.value)
    assert database_file.read_bytes() == content


def _overwrite(path, start, stop):
    with path.open("r+b") as file:
        file.seek(start)
        file.write(b"\xff" * (stop - start))


def test_a_database_of_something_else_is_left_alone(tmp_path):
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE diary (day)")
    with pytest.raises(StoreError, match="not a Kindred store"):
        Store(f"sqlite:///{path}")


def test_a_store_of_a_newer_kindred_is_left_alone(store):
    with store._database.writing() as connection:
        connection.execute(schema.store.update().values(schema_version=schema.VERSION + 1))
    with pytest.raises(StoreError, match="update Kindred"):
        Store(store.url)


@pytest.mark.parametrize(
    "url", ["nonsense", "mysql://x/y", "postgresql+psycopg2://x/y", "postgresql://x", "sqlite://", "sqlite:///:memory:"]
)
def test_a_store_in_no_known_database_is_refused(url):
    with pytest.raises(StoreError, match="sqlite:////path.*postgresql"):
        Store(url)


def test_a_full_disk_is_one_sentence_and_loses_nothing(store, database_file):
    run_id, token = running(store)
    store.write(run_id, token, [window(0, 5)])
    with store._database._engine.connect() as connection:
        pages = connection.execute(sa.text("PRAGMA page_count")).scalar_one()
    sa.event.listen(
        store._database._engine, "checkout", lambda connection, *_: connection.execute(f"PRAGMA max_page_count={pages}")
    )
    with pytest.raises(StoreError, match="disk is full: free some space, then resume") as refusal:
        for place in range(5, 5000, 5):
            store.write(run_id, token, [window(place, place + 5)])
    assert "\n" not in str(refusal.value)
    again = Store(store.url)
    stored = len(again.series(run_id))
    assert stored >= 1
    again.write(run_id, token, [window(stored * 5, stored * 5 + 5)])  # space has returned
    assert len(again.series(run_id)) == stored + 1
