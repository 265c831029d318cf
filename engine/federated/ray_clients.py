"""Clients as actors of the Ray cluster in which their server is a task."""

from collections.abc import Sequence
from typing import Any

import ray

from engine.errors import LostHelpers
from engine.federated.clients import Order
from engine.federated.data import Client


class RayActors:
    """In ``workers`` actors with a core each, among which the clients are dealt out. The same bits as in one process.

    Raises:
        LostHelpers: from ``start`` or ``round``, if an actor or its node is lost.
    """

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._actors: list[Any] = []

    def start(self, data: Sequence[Client]) -> None:
        self.close()
        count = min(self._workers, len(data))
        actor = ray.remote(_Clients).options(num_cpus=1)
        self._actors = [
            actor.remote({client: data[client] for client in range(worker, len(data), count)})
            for worker in range(count)
        ]

    def round(self, tasks: Sequence[tuple[int, Order]]) -> list[Any]:
        count = len(self._actors)
        shares = [
            [place for place, (client, _) in enumerate(tasks) if client % count == worker] for worker in range(count)
        ]
        busy = [(actor, share) for actor, share in zip(self._actors, shares, strict=True) if share]
        asked = [actor.work.remote([tasks[place] for place in share]) for actor, share in busy]
        try:
            found = ray.get(asked)
        except ray.exceptions.RayTaskError as error:
            self.close()
            raise error.cause from error  # what a client's order itself raised
        except ray.exceptions.RayError as error:
            self.close()
            raise LostHelpers(
                "Clients were lost with the process or node that they were on; resume the run, which goes on from its "
                "last state."
            ) from error
        results: list[Any] = [None] * len(tasks)
        for (_, share), of_actor in zip(busy, found, strict=True):
            for place, result in zip(share, of_actor, strict=True):
                results[place] = result
        return results

    def close(self) -> None:
        for actor in self._actors:
            ray.kill(actor)
        self._actors = []


class _Clients:
    """An actor that holds some clients' data."""

    def __init__(self, data: dict[int, Client]) -> None:
        self._data = data

    def work(self, tasks: Sequence[tuple[int, Order]]) -> list[Any]:
        return [order.run(self._data[client]) for client, order in tasks]
