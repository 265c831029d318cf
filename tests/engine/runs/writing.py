"""What the tests of the store write: a run with a worker, windows, and silence."""

import time

import numpy as np
import sqlalchemy as sa

from engine.affinity.series import Window
from engine.runs import schema
from engine.runs.config import RunConfig

CONFIG = RunConfig("yeast")
TASKS = ("a", "b")


def window(start, stop, seed=0):
    values = np.random.default_rng(seed).normal(size=(2, 2)).astype(np.float32)
    return Window(start, stop, stop - start, values, values**2)


def running(store):
    run_id = store.create(CONFIG)
    token = store.claim(run_id)
    store.write(run_id, token, tasks=list(TASKS), metrics=["accuracy", "accuracy"], steps=20)
    return run_id, token


def rows_of(store, query, **values):
    """What a query of one's own finds in the store's database."""
    with store._database.reading() as connection:
        return [tuple(row) for row in connection.execute(sa.text(query), values)]


def silent_for(store, run_id, seconds):
    with store._database.writing() as connection:
        connection.execute(
            schema.runs.update().where(schema.runs.c.id == run_id).values(heartbeat=time.time() - seconds)
        )
