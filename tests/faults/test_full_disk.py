"""The short form of ``full_disk.py``."""

import pytest

from tests.faults.full_disk import FAULTS, can_mount, disturb


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.skipif(not can_mount(), reason="needs Linux, and root, to make a small file system")
def test_a_worker_waits_for_space_or_rights_with_one_sentence(fault):
    found = disturb(fault, epochs=40, seconds=3)
    away, back = found.said
    assert ("full" in away or "Read-only" in away) and "is kept" in away and "is back" in back
    assert found.refused and "\n" not in found.refused
    assert found.readable and found.same
