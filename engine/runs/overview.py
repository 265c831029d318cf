"""How a store stands, in a few numbers."""

import time
from collections import Counter
from typing import NamedTuple

import sqlalchemy as sa

from engine.runs import schema
from engine.runs.run import ACTIVE, RESUMABLE, observed_status

STATES = (*ACTIVE, "finished", *RESUMABLE)


class Queue(NamedTuple):
    """How many runs wait in a queue, and how many seconds ago the oldest of them was made."""

    waiting: int
    oldest: float


class Overview(NamedTuple):
    """Attributes:
    runs: how many are in each state.
    queues: by their names; only those in which runs wait.
    silence: the longest time, in seconds, that the worker of a running run has given no sign of life; 0 without any.
    """

    runs: dict[str, int]
    queues: dict[str, Queue]
    silence: float

    @property
    def active(self) -> int:
        """How many runs are queued or running."""
        return sum(self.runs[status] for status in ACTIVE)


def overview(connection: sa.Connection) -> Overview:
    """What is told without reading the settings of any run."""
    table, now = schema.runs.c, time.time()
    counts = Counter(dict.fromkeys(STATES, 0))
    ended = sa.select(table.status, sa.func.count()).where(table.status.not_in(ACTIVE)).group_by(table.status)
    counts.update({status: count for status, count in connection.execute(ended)})
    queues: dict[str, Queue] = {}
    silence = 0.0
    active = sa.select(table.status, table.queue, table.created, table.heartbeat).where(table.status.in_(ACTIVE))
    for run in connection.execute(active):
        status = observed_status(run.status, run.heartbeat)
        counts[status] += 1
        if status == "running":
            silence = max(silence, now - run.heartbeat)
        if status == "queued" and run.queue:
            known = queues.get(run.queue, Queue(0, 0.0))
            queues[run.queue] = Queue(known.waiting + 1, max(known.oldest, now - run.created))
    return Overview(dict(counts), queues, silence)
