import logging

import pytest

from engine.runs import patience
from engine.runs.database import StoreAway, StoreError
from engine.runs.patience import patiently


class Failing:
    """Fails so many times, then gives 7."""

    def __init__(self, times, error=StoreAway):
        self.left, self.error = times, error

    def __call__(self):
        self.left -= 1
        if self.left >= 0:
            raise self.error("It is away.")
        return 7


@pytest.fixture
def clock(monkeypatch):
    """Time that passes only while something sleeps."""
    now = [0.0]
    monkeypatch.setattr(patience.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(patience.time, "sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))
    return now


@pytest.mark.parametrize("times", [0, 1, 12])
def test_what_fails_for_a_while_is_tried_until_it_works(times, clock, caplog):
    with caplog.at_level(logging.WARNING, "engine"):
        assert patiently(Failing(times)) == 7
    said = [record.message for record in caplog.records]
    assert len(said) == (2 if times else 0)  # that it is away, once, and that it is back


def test_pauses_grow_but_stay_short(clock):
    patiently(Failing(100))
    assert clock[0] < 100 * 5 + 1


def test_patience_ends(clock):
    with pytest.raises(StoreAway, match="away"):
        patiently(Failing(10**6), seconds=30)
    assert 20 < clock[0] <= 30


def test_what_will_not_pass_is_not_waited_for(clock):
    with pytest.raises(StoreError, match="away"):
        patiently(Failing(1, StoreError))
    assert clock[0] == 0
