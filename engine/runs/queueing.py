"""Runs that wait for a worker: how they are kept waiting, put back, and limited.

Everything here works within the caller's transaction.
"""

import time
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from engine.errors import KindredError
from engine.runs import schema
from engine.runs.run import ACTIVE, PATIENCE, RESUMABLE, SILENCE

_RUNS = schema.runs.c


def beat(connection: sa.Connection, run_ids: Sequence[str], **values: Any) -> None:
    """A heartbeat for queued runs, and columns of them."""
    waiting = schema.runs.update().where(_RUNS.id.in_(run_ids), _RUNS.status == "queued")
    connection.execute(waiting.values(heartbeat=time.time(), **values))


def put_back(connection: sa.Connection, run_id: str) -> bool:
    """Make a run that stopped early queued again; whether it was one."""
    stopped = sa.or_(_RUNS.status.in_(RESUMABLE), _given_up())
    fresh = dict(status="queued", worker="", error="", cancel_requested=False, heartbeat=time.time(), finished=None)
    update = schema.runs.update().where(_RUNS.id == run_id, stopped).values(seconds_left=None, **fresh)
    return bool(connection.execute(update).rowcount)


def refuse_over(connection: sa.Connection, owner: str, limit: int | None, more: int = 1) -> None:
    """See that an owner has room for more runs.

    Args:
        limit: how many may be queued or running; None for any number.

    Raises:
        KindredError: if there would be more than that.
    """
    if limit is None:
        return
    active = sa.select(sa.func.count()).where(_RUNS.owner == owner, _RUNS.status.in_(ACTIVE), ~_given_up())
    present = connection.execute(active).scalar_one()
    if present + more > limit:
        raise KindredError(
            f"{owner or 'You'} would have {present + more} runs queued or running, and may have {limit}; wait for some "
            "to finish, or cancel them."
        )


def _given_up() -> sa.ColumnElement[bool]:
    """Whether no worker will come, or the one that was there is dead."""
    now = time.time()
    return sa.or_(
        sa.and_(_RUNS.status == "running", _RUNS.heartbeat < now - SILENCE),
        sa.and_(_RUNS.status == "queued", _RUNS.heartbeat < now - PATIENCE),
    )
