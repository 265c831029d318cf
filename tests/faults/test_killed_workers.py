"""The short form of ``killed_workers.py``."""

from tests.faults.killed_workers import kill_workers


def test_killed_workers_resume_to_the_same_course_and_no_half_window_is_read(store):
    found = kill_workers(store, kills=2, a_run=2, epochs=60)
    assert found.runs == 1 and found.kills >= 1 and not found.differing
    assert found.reads > 20 and not found.halves
