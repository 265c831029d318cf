"""Measured networks in the store, and which run may train one: no network is trained twice.

Everything here works within the caller's transaction, so that two processes cannot both get the same network.
"""

import time
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from engine.runs import schema
from engine.runs.run import observed_status
from engine.studies.measurement import Measurement, setting_of
from engine.training.sink import Claim

_TABLE = schema.measurements


def claim(connection: sa.Connection, key: str, settings: Mapping[str, Any], run_id: str) -> Claim:
    """Ask for a network to train: ``mine`` unless it is ``known``, or another run that is alive has it: ``elsewhere``.

    A claim by a run that was cancelled, has ended, died or was deleted is taken over.
    """
    row = connection.execute(_of(key).with_for_update()).one_or_none()
    mine = {"run": run_id, "claimed": time.time()}
    if row is None:
        values = {"key": key, "setting": setting_of(settings), "settings": dict(settings), **mine}
        connection.execute(_TABLE.insert().values(values))
        return "mine"
    if row.content is not None:
        return "known"
    if row.run != run_id and _alive(connection, row.run):
        return "elsewhere"
    connection.execute(_TABLE.update().where(_TABLE.c.key == key).values(mine))
    return "mine"


def put(connection: sa.Connection, measurement: Measurement, settings: Mapping[str, Any], run_id: str) -> None:
    """Store a measurement, whoever claimed it: what has the same key has the same numbers. The first one stays."""
    values = {"content": measurement.to_json(), "run": run_id}
    row = connection.execute(_of(measurement.key).with_for_update()).one_or_none()
    if row is None:
        told = {"key": measurement.key, "setting": measurement.setting, "settings": dict(settings)}
        connection.execute(_TABLE.insert().values(told | values | {"claimed": time.time()}))
    elif row.content is None:
        connection.execute(_TABLE.update().where(_TABLE.c.key == measurement.key).values(values))


def read(connection: sa.Connection, setting: str | None) -> list[Measurement]:
    """All measurements, or those of a setting, in the order in which they were claimed."""
    query = sa.select(_TABLE.c.content).where(_TABLE.c.content.is_not(None)).order_by(_TABLE.c.claimed, _TABLE.c.key)
    if setting is not None:
        query = query.where(_TABLE.c.setting == setting)
    return [Measurement.from_json(content) for content in connection.execute(query).scalars()]


def settings(connection: sa.Connection) -> dict[str, dict[str, Any]]:
    """The settings in which something was measured, by their digests."""
    query = sa.select(_TABLE.c.setting, _TABLE.c.settings).where(_TABLE.c.content.is_not(None))
    return {row.setting: row.settings for row in connection.execute(query.order_by(_TABLE.c.claimed))}


def _of(key: str) -> sa.Select:
    return sa.select(_TABLE).where(_TABLE.c.key == key)


def _alive(connection: sa.Connection, run_id: str) -> bool:
    run = schema.runs.c
    row = connection.execute(sa.select(run.status, run.heartbeat).where(run.id == run_id)).one_or_none()
    return row is not None and observed_status(row.status, row.heartbeat) == "running"
