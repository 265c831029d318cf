"""Waiting for a store that is away: a database that restarts, a disk that is full until someone makes room."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from engine.runs.database import StoreAway

OUTAGE = 600.0  # seconds for which a worker waits
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0

LOG = logging.getLogger(__name__)
Result = TypeVar("Result")


def patiently(act: Callable[[], Result], seconds: float = OUTAGE) -> Result:
    """What ``act`` gives, tried again while the store is away.

    It must be possible to do ``act`` twice: a transaction may have been stored although no answer came.

    Raises:
        StoreAway: if the store is still away after so many seconds.
    """
    began, pause = time.monotonic(), _FIRST_PAUSE
    while True:
        try:
            result = act()
            break
        except StoreAway as away:
            if time.monotonic() - began + pause > seconds:
                raise
            if pause == _FIRST_PAUSE:
                LOG.warning("%s Trying again for up to %.0f s.", away, seconds)
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
    if pause > _FIRST_PAUSE:
        LOG.warning("The store is back after %.1f s.", time.monotonic() - began)
    return result
