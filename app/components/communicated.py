"""What a federated run has reported so far: by method and round the gap, the bytes sent, and every client's error."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

ARTIFACT = "rounds"


@dataclass(frozen=True, eq=False)
class Told:
    """What one method reported, a point for every round that it reported on.

    Attributes:
        rounds: ``[points]``.
        gap: ``[points]``, the relative duality gap; NaN where the method has none.
        up, down: ``[points]``, bytes that clients, and the server, have sent by then.
        present: ``[points]``, how many clients took part.
        losses, errors: ``[points, clients]``, on training and on test data; NaN where unknown.
    """

    rounds: np.ndarray
    gap: np.ndarray
    up: np.ndarray
    down: np.ndarray
    present: np.ndarray
    losses: np.ndarray
    errors: np.ndarray

    @property
    def sent(self) -> np.ndarray:
        """``[points]``: bytes, in both directions."""
        return self.up + self.down

    def error_of(self, client: int | None) -> np.ndarray:
        """``[points]``: of one client, or the mean over all that have test data."""
        if client is not None:
            return self.errors[:, client]
        known = np.isfinite(self.errors)
        with np.errstate(invalid="ignore"):
            return np.where(known, self.errors, 0).sum(1) / known.sum(1)

    def reached(self, goal: float) -> int | None:
        """The place of the first point whose gap is at most ``goal``; None if there is none yet."""
        found = np.flatnonzero(self.gap <= goal)
        return int(found[0]) if len(found) else None


@dataclass(frozen=True, eq=False)
class Communicated:
    """Attributes:
    loss: ``logistic``, ``hinge`` or ``squared``.
    clients: their names.
    samples: ``[clients]``, of training.
    methods: by name, only those that have reported.
    """

    loss: str
    clients: tuple[str, ...]
    samples: tuple[int, ...]
    methods: Mapping[str, Told]

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> Self:
        """From what the run has stored."""
        clients = tuple(content["clients"])
        methods = {name: _told(told, len(clients)) for name, told in content["methods"].items() if told["round"]}
        return cls(content["loss"], clients, tuple(content["samples"]), methods)

    def final(self) -> pd.DataFrame:
        """One client a row: its samples, the last error of every method, and which is least."""
        frame = pd.DataFrame({"client": self.clients, "samples": self.samples})
        errors = pd.DataFrame({name: told.errors[-1] for name, told in self.methods.items()})
        for name in errors:
            frame[name] = errors[name]
        if len(errors.columns) > 1:
            least = errors.eq(errors.min(axis=1), axis=0)
            frame["least"] = [", ".join(errors.columns[row]) for row in least.to_numpy()]
        return frame

    def table(self) -> pd.DataFrame:
        """One client at one point of one method a row."""
        found = [
            (name, told.rounds[p], told.gap[p], told.up[p], told.down[p], told.present[p], client, loss, error)
            for name, told in self.methods.items()
            for p in range(len(told.rounds))
            for client, loss, error in zip(self.clients, told.losses[p], told.errors[p], strict=True)
        ]
        columns = ["method", "round", "gap", "bytes_up", "bytes_down", "clients_present", "client", "loss", "error"]
        return pd.DataFrame(found, columns=columns)


def _told(told: Mapping[str, Any], clients: int) -> Told:
    def numbers(name: str, *shape: int) -> np.ndarray:
        return np.array(told[name], dtype=np.float64).reshape(len(told["round"]), *shape)

    return Told(
        np.array(told["round"], dtype=np.int64),
        numbers("gap"),
        numbers("up"),
        numbers("down"),
        numbers("present").astype(np.int64),
        numbers("losses", clients),
        numbers("errors", clients),
    )
