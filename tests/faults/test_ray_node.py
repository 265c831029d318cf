"""The short form of ``ray_node.py``."""

import pytest

from tests.faults.ray_node import kill_node


def test_a_study_survives_the_loss_of_a_ray_node(tmp_path):
    found = kill_node(str(tmp_path), tasks=4, epochs=30)
    assert found.status == "finished" and not found.differing
    assert found.known < found.networks == found.kept and found.counted == pytest.approx(1, rel=1e-3)
