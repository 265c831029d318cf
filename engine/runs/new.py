"""The columns of a run that is about to be stored, for each way in which runs begin."""

import secrets
import time
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from engine.affinity.matrix import AffinityMatrix
from engine.affinity.series import Window
from engine.errors import KindredError
from engine.runs.configs import Config, kind_of

MOST_SEEDS = 100
QUANTITY = "inter-task affinity per unit of step size"


def queued(config: Config, name: str, group: str = "") -> dict[str, Any]:
    """A run that waits for a worker.

    Raises:
        KindredError: if the name is too long.
    """
    run_id = f"{config.dataset}-{secrets.token_hex(3)}"
    told = config.to_json()
    return dict(
        id=run_id,
        name=checked_name(name or run_id),
        origin="trained",
        quantity=QUANTITY if kind_of(told) == "network" else "",  # its worker knows
        config=told,
        status="queued",
        seed_group=group,
    )


def seeds(config: Config, name: str, count: int) -> list[dict[str, Any]]:
    """One queued run a seed, from ``config.seed`` on, in a group named by the first one's id; one seed makes no group.

    Raises:
        KindredError: if there are not 1 to 100, one is out of range, or a name is too long.
    """
    if not 1 <= count <= MOST_SEEDS:
        raise KindredError(f"The number of seeds is {count}; it must be 1 to {MOST_SEEDS}.")
    first = queued(config, name)
    if count == 1:
        return [first]
    group, title = first["id"], first["name"]
    configs = [replace(config, seed=config.seed + number) for number in range(count)]
    members = [queued(each, f"{title} · seed {each.seed}", group) for each in configs]
    return [members[0] | {"id": group}, *members[1:]]


def of_matrix(matrix: AffinityMatrix, name: str, origin: str) -> tuple[dict[str, Any], Window]:
    """A finished run of one window that holds the matrix in float32.

    Raises:
        KindredError: if an entry is too large for that, or the name too long.
    """
    with np.errstate(over="ignore"):
        values = matrix.values.astype("<f4")
    if not np.isfinite(values).all():
        raise KindredError(
            f"The largest entry of {name!r} is {np.abs(matrix.values).max():g}; entries are kept as 32-bit numbers "
            "below 3e38, so divide the matrix by a constant."
        )
    columns = dict(
        id=f"{origin}-{secrets.token_hex(3)}",
        name=checked_name(name),
        origin=origin,
        tasks=list(matrix.tasks),
        status="finished",
        step=1,
        steps=1,
    )
    return columns, Window(0, 1, 1, values, np.square(values.astype(np.float64)))


def tracked(name: str, tasks: Sequence[str], config: dict[str, Any]) -> dict[str, Any]:
    """A run that someone's own loop writes: as there is no queue, its writer claims it as it is made.

    Raises:
        KindredError: if the name is too long.
    """
    return dict(
        id=f"tracked-{secrets.token_hex(3)}",
        name=checked_name(name),
        origin="tracked",
        config=config,
        tasks=list(tasks),
        status="running",
        started=time.time(),
        worker=secrets.token_hex(8),
    )


def complete(columns: dict[str, Any], later: int = 0) -> dict[str, Any]:
    """All columns that must have a value.

    Args:
        later: the place of the run among those that are made together, which keeps them in order.
    """
    now = time.time()
    defaults = dict(
        source="",
        config={},
        tasks=[],
        metrics=[],
        error="",
        step=0,
        steps=0,
        created=now + later * 1e-5,
        heartbeat=now,
        worker="",
        cancel_requested=False,
    )
    return {**defaults, **columns}


def checked_name(name: str) -> str:
    """The name without blanks around it.

    Raises:
        KindredError: if that has not 1 to 200 characters, or one that a terminal would obey.
    """
    name = name.strip()
    if any(unicodedata.category(each) in ("Cc", "Cs") for each in name):
        raise KindredError(f"The run name {name[:200]!r} holds a control character; leave it out.")
    if not 0 < len(name) <= 200:
        raise KindredError(f"The run name has {len(name)} characters; it must have 1 to 200.")
    return name
