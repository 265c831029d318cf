import threading
import time

import pytest

from engine.errors import KindredError
from engine.grouping.stop import Stop


def test_the_flag_rises_when_time_is_up_and_the_timer_goes_with_the_block():
    before = threading.active_count()
    with Stop(0.05) as stop:
        assert not stop.due and stop.flag[0] == 0
        time.sleep(0.15)
        assert stop.due and stop.flag[0] == 1 and stop.left < 0
    with Stop(100):
        pass
    time.sleep(0.05)
    assert threading.active_count() == before


def test_without_a_limit_only_a_word_ends_it():
    with Stop() as stop:
        assert stop.left == float("inf") and not stop.due
        stop.now()
        assert stop.due


def test_a_part_ends_with_the_whole_and_before_it_by_its_own_limit():
    with Stop(100) as stop:
        with stop.part(0.01) as part:
            time.sleep(0.05)
            assert part.due and not stop.due
        with stop.part(50) as part:
            stop.now()
            assert part.due
        assert stop.part(50).due


@pytest.mark.parametrize("seconds", [0, -1, float("nan")])
def test_a_limit_that_is_no_time_is_refused(seconds):
    with pytest.raises(KindredError, match="give a positive number, or none"):
        Stop(seconds)
