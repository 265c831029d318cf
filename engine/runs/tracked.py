"""Runs that someone's own training loop writes: one live writer to a name, and how a resumed loop goes on.

Everything here works within the caller's transaction, so that two processes cannot both find the name free.
"""

import secrets
import time

import sqlalchemy as sa

from engine.errors import KindredError
from engine.runs import schema
from engine.runs.run import SILENCE

ORIGIN = "tracked"


def refuse_live(connection: sa.Connection, name: str) -> None:
    """See that no live process writes a tracked run of this name.

    Raises:
        KindredError: naming the run and how long ago it was written.
    """
    now = time.time()
    live = _named(name).where(schema.runs.c.status == "running", schema.runs.c.heartbeat >= now - SILENCE)
    row = connection.execute(live).first()
    if row is not None:
        raise KindredError(
            f"The run {row.name!r} ({row.id}) is being written by another process, which last wrote "
            f"{max(now - row.heartbeat, 0):.1f} s ago; end that process and try again {SILENCE:g} s later, or give "
            "this run another name."
        )


def take_up(connection: sa.Connection, name: str) -> tuple[str, str]:
    """Become the writer of the newest tracked run of this name (or id).

    Returns:
        Its id and the new token; the old writer's is void.

    Raises:
        KindredError: if there is none, or a live process writes it.
    """
    refuse_live(connection, name)
    row = connection.execute(_named(name)).first()
    if row is None:
        raise KindredError(
            f"There is no tracked run {name!r} in this store to take up; list the runs to see their names, or begin a "
            "new one with resume=False."
        )
    token = secrets.token_hex(8)
    fresh = dict(status="running", worker=token, error="", cancel_requested=False, seconds_left=None, finished=None)
    mine = schema.runs.update().where(schema.runs.c.id == row.id)
    connection.execute(mine.values(heartbeat=time.time(), **fresh))
    return row.id, token


def _named(name: str) -> sa.Select:
    """Tracked runs of this name or id, the newest first."""
    table = schema.runs.c
    named = sa.or_(table.name == name.strip(), table.id == name.strip())
    return sa.select(schema.runs).where(table.origin == ORIGIN, named).order_by(table.created.desc(), table.id)
