"""The short form of each fault; the numbers in the README are of the scripts themselves."""

import pytest

from engine.runs.store import Store
from tests.faults.database_away import take_database_away
from tests.faults.full_disk import FAULTS, can_mount, disturb
from tests.faults.killed_workers import kill_workers
from tests.faults.ray_node import kill_node


def test_killed_workers_resume_to_the_same_course_and_no_half_window_is_read(store):
    found = kill_workers(store, kills=2, a_run=2, epochs=60)
    assert found.runs == 1 and found.kills >= 1 and not found.differing
    assert found.reads > 20 and not found.halves


def test_workers_wait_for_a_database_that_is_away(postgresql, tmp_path):
    store = Store(postgresql.database(), str(tmp_path))
    found = take_database_away(postgresql, store, runs=2, seconds=3, epochs=80)
    assert not found.failed and not found.differing and found.waited == 2


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.skipif(not can_mount(), reason="needs Linux, and root, to make a small file system")
def test_a_worker_waits_for_space_or_rights_with_one_sentence(fault):
    found = disturb(fault, epochs=60, seconds=4)
    away, back = found.said
    assert ("full" in away or "Read-only" in away) and "is kept" in away and "is back" in back
    assert found.refused and "\n" not in found.refused
    assert found.readable and found.same


def test_a_study_survives_the_loss_of_a_ray_node(tmp_path):
    found = kill_node(str(tmp_path), tasks=4, epochs=30)
    assert found.status == "finished" and not found.differing
    assert found.known < found.networks == found.kept and found.counted == pytest.approx(1, rel=1e-3)
