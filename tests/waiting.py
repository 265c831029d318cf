"""Waiting in tests for what another process does."""

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")


def wait_for(condition: Callable[[], Found], seconds: float = 90, pause: float = 0.1) -> Found:
    """What ``condition`` gives as soon as that is true."""
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        found = condition()
        if found:
            return found
        time.sleep(pause)
    raise AssertionError(f"nothing after {seconds} s")
