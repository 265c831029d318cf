import sqlite3
import time

import numpy as np
import pytest
import sqlalchemy as sa

from engine.runs import schema
from engine.runs.database import Database
from engine.runs.store import Store
from tests.engine.runs.writing import running

# As version 1 made it.
VERSION_1 = """
CREATE TABLE store (schema_version INTEGER NOT NULL);
INSERT INTO store VALUES (1);
CREATE TABLE runs (
    id VARCHAR NOT NULL, name VARCHAR NOT NULL, origin VARCHAR NOT NULL, quantity VARCHAR NOT NULL,
    source VARCHAR NOT NULL, config JSON NOT NULL, tasks JSON NOT NULL, metrics JSON NOT NULL, status VARCHAR NOT NULL,
    error VARCHAR NOT NULL, step INTEGER NOT NULL, steps INTEGER NOT NULL, seconds_left FLOAT, created FLOAT NOT NULL,
    started FLOAT, finished FLOAT, heartbeat FLOAT NOT NULL, worker VARCHAR NOT NULL, cancel_requested BOOLEAN NOT NULL,
    PRIMARY KEY (id)
);
CREATE TABLE windows (
    run VARCHAR NOT NULL, step_from INTEGER NOT NULL, step_to INTEGER NOT NULL, updates INTEGER NOT NULL,
    total BLOB NOT NULL, total_squares BLOB NOT NULL,
    PRIMARY KEY (run, step_from), FOREIGN KEY(run) REFERENCES runs (id) ON DELETE CASCADE
);
CREATE TABLE evaluations (
    run VARCHAR NOT NULL, split VARCHAR NOT NULL, step INTEGER NOT NULL, losses BLOB NOT NULL, metrics BLOB NOT NULL,
    PRIMARY KEY (run, split, step), FOREIGN KEY(run) REFERENCES runs (id) ON DELETE CASCADE
);
"""
_TEXT = {"JSON": "TEXT"}  # as versions before 5 called it
TOTALS = np.arange(8, dtype="<f4").reshape(2, 2, 2)


@pytest.fixture
def old(tmp_path):
    """A store of version 1 with a finished and a running run."""
    path = tmp_path / "old.db"
    now = time.time()
    with sqlite3.connect(path) as connection:
        connection.executescript(VERSION_1)
        for run_id, status in (("digits-1", "finished"), ("yeast-1", "running")):
            row = (
                run_id, "mine", "trained", "affinity", "", '{"dataset": "digits", "seed": 3}', '["a", "b"]',
                '["accuracy", "accuracy"]', status, "", 10, 20, None, now, now, None, now, "token", 0,
            )  # fmt: skip
            connection.execute(f"INSERT INTO runs VALUES ({', '.join('?' * len(row))})", row)
            for place, total in enumerate(TOTALS):
                window = run_id, place * 5, place * 5 + 5, 5, total.tobytes(), (total**2).tobytes()
                connection.execute("INSERT INTO windows VALUES (?, ?, ?, ?, ?, ?)", window)
            losses = np.float32([0.5, 0.25]).tobytes()
            connection.execute("INSERT INTO evaluations VALUES (?, 'train', 10, ?, ?)", (run_id, losses, losses))
    connection.close()
    return path


def columns(url):
    engine = sa.create_engine(url)
    inspector = sa.inspect(engine)
    found = {
        table: {
            (column["name"], _TEXT.get(str(column["type"]), str(column["type"])), column["nullable"])
            for column in inspector.get_columns(table)
        }
        for table in inspector.get_table_names()
    }
    engine.dispose()
    return found


def test_a_store_of_version_1_is_upgraded_in_place_and_nothing_is_lost(old):
    store = Store(f"sqlite:///{old}")
    runs = {run.id: run for run in store.runs()}
    assert {run_id: run.status for run_id, run in runs.items()} == {"digits-1": "finished", "yeast-1": "running"}
    run = runs["digits-1"]
    assert (run.name, run.config, run.tasks) == ("mine", {"dataset": "digits", "seed": 3}, ("a", "b"))
    assert (run.group, run.note, run.step, run.steps) == ("", "", 10, 20)
    series = store.series("digits-1")
    assert series.complete and series.edges.tolist() == [0, 5, 10] and np.array_equal(series.totals, TOTALS)
    assert np.array_equal(series.total_squares, TOTALS**2) and (series.counts == 5).all()
    assert store.evaluations("digits-1")[0].losses.tolist() == [0.5, 0.25]


def test_a_worker_of_before_goes_on_writing(old):
    store = Store(f"sqlite:///{old}")
    with sqlite3.connect(old) as connection:  # as version 1 names no other columns
        blob = TOTALS[0].tobytes()
        window = "yeast-1", 10, 15, 5, blob, blob
        connection.execute(
            "INSERT INTO windows (run, step_from, step_to, updates, total, total_squares) VALUES (?, ?, ?, ?, ?, ?)",
            window,
        )
    connection.close()
    store.write("yeast-1", "token", step=15, note="upgraded")
    assert len(store.series("yeast-1")) == 3 and store.run("yeast-1").note == "upgraded"


def test_an_upgraded_store_has_the_tables_of_a_new_one(old, tmp_path):
    Database(f"sqlite:///{old}")
    Database(f"sqlite:///{tmp_path / 'new.db'}")
    assert columns(f"sqlite:///{old}") == columns(f"sqlite:///{tmp_path / 'new.db'}")


def test_a_store_is_upgraded_once(old):
    for _ in range(2):
        Store(f"sqlite:///{old}")
    with sqlite3.connect(old) as connection:
        assert connection.execute("SELECT schema_version FROM store").fetchall() == [(schema.VERSION,)]
    connection.close()


# What each version brought, taken away again.
UNDONE = {
    4: ["DROP TABLE events", "ALTER TABLE runs DROP COLUMN owner", "ALTER TABLE runs DROP COLUMN queue"],
    3: ["DROP TABLE measurements"],
}


@pytest.mark.parametrize("version", UNDONE)
def test_a_store_of_an_earlier_version_gets_what_is_new_and_keeps_its_runs(store, version):
    run_id, _ = running(store)
    with store._database.writing() as connection:
        for later in range(schema.VERSION - 1, version - 1, -1):
            for undo in UNDONE[later]:
                connection.execute(sa.text(undo))
        connection.execute(sa.text(f"UPDATE store SET schema_version = {version}"))
    again = Store(store.url)
    assert again.run(run_id).status == "running" and again.run(run_id).owner == ""
    assert again.measurements() == [] and again.events(run_id) == []
    assert again.claim_measurement("key", {"dataset": "yeast"}, run_id) == "mine"


def test_an_upgrade_that_fails_leaves_the_store_as_it_was(old, monkeypatch):
    def fails(connection):
        schema._counts_groups_and_notes(connection)
        raise OSError("no space left")

    monkeypatch.setitem(schema.MIGRATIONS, 1, fails)
    with pytest.raises(Exception, match="no space"):
        Store(f"sqlite:///{old}")
    monkeypatch.undo()
    assert len(Store(f"sqlite:///{old}").series("digits-1")) == 2
