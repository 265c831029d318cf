"""The short form of ``database_away.py``."""

from engine.runs.store import Store
from tests.faults.database_away import take_database_away


def test_workers_wait_for_a_database_that_is_away(postgresql, tmp_path):
    store = Store(postgresql.database(), str(tmp_path))
    found = take_database_away(postgresql, store, runs=2, seconds=3, epochs=80)
    assert not found.failed and not found.differing and found.waited == 2
