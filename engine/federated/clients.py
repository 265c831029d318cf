"""Where clients run: in this process, or in processes of their own. Both give the same bits.

Either one is started with all clients' data, which then stay where they are; after that only orders and results travel.
An order is any object that can be pickled and has a ``run(client)``. Besides the vectors that a real client would send,
they hold its dual variables, so that the server can write a checkpoint; a real client would keep these to itself.
"""

import multiprocessing
from collections.abc import Sequence
from multiprocessing.connection import Connection
from typing import Any, Protocol

from engine.errors import KindredError
from engine.federated.data import Client

GRACE = 5.0  # seconds that a process has to end before it is made to


class Order(Protocol):
    """Something to do with a client's data."""

    def run(self, client: Client) -> Any: ...


class Clients(Protocol):
    """Where clients run."""

    def start(self, data: Sequence[Client]) -> None:
        """Hand out the data."""

    def round(self, tasks: Sequence[tuple[int, Order]]) -> list[Any]:
        """The results of orders to clients, given by number, in the order of ``tasks``."""

    def close(self) -> None:
        """Free what ``start`` took; may be called at any time, and twice."""


class InProcess:
    """One after another, here."""

    def __init__(self) -> None:
        self._data: Sequence[Client] = ()

    def start(self, data: Sequence[Client]) -> None:
        self._data = tuple(data)

    def round(self, tasks: Sequence[tuple[int, Order]]) -> list[Any]:
        return [order.run(self._data[client]) for client, order in tasks]

    def close(self) -> None:
        self._data = ()


class Processes:
    """In ``workers`` processes, among which the clients are dealt out; one for each client by default.

    They are spawned, so a script that uses them needs its ``if __name__ == "__main__":``. Any error in a round ends
    them all, and so does the end of this process.

    Raises:
        KindredError: if ``workers`` is no positive whole number; from ``start`` or ``round`` if a process has ended.
    """

    def __init__(self, workers: int | None = None) -> None:
        if workers is not None and (type(workers) is not int or workers < 1):
            raise KindredError(f"Clients run in {workers!r} processes; give a whole number of at least 1.")
        self._workers = workers
        self._processes: list[multiprocessing.process.BaseProcess] = []
        self._pipes: list[Connection] = []

    def start(self, data: Sequence[Client]) -> None:
        self.close()
        count = min(self._workers or len(data), len(data))
        context = multiprocessing.get_context("spawn")
        try:
            for worker in range(count):
                here, there = context.Pipe()
                process = context.Process(target=_work, args=(there,), daemon=True, name=f"client-{worker}")
                self._pipes.append(here)
                process.start()
                self._processes.append(process)
                there.close()
            for worker, pipe in enumerate(self._pipes):
                pipe.send({client: data[client] for client in range(worker, len(data), count)})
        except BaseException as error:
            self._fail(error)

    def round(self, tasks: Sequence[tuple[int, Order]]) -> list[Any]:
        if not self._pipes:
            raise KindredError("The clients' processes have ended; begin or resume the method anew.")
        count = len(self._pipes)
        shares = [
            [place for place, (client, _) in enumerate(tasks) if client % count == worker] for worker in range(count)
        ]
        busy = [(pipe, share) for pipe, share in zip(self._pipes, shares, strict=True) if share]
        results: list[Any] = [None] * len(tasks)
        try:
            for pipe, share in busy:
                pipe.send([tasks[place] for place in share])
            for pipe, share in busy:
                found = pipe.recv()
                if isinstance(found, BaseException):
                    raise found
                for place, result in zip(share, found, strict=True):
                    results[place] = result
        except BaseException as error:
            self._fail(error)
        return results

    def close(self) -> None:
        for pipe in self._pipes:
            pipe.close()
        for process in self._processes:
            process.join(GRACE)
            if process.is_alive():
                process.kill()
                process.join()
        self._pipes, self._processes = [], []

    def _fail(self, error: BaseException) -> None:
        """End all processes and pass the error on; that of a broken pipe in words."""
        self.close()
        if isinstance(error, EOFError | OSError):
            raise KindredError(
                "A process of the clients has ended unexpectedly, perhaps for want of memory; take fewer processes, or "
                "run the clients in this one, and resume from the last state."
            ) from error
        raise error


def _work(pipe: Connection) -> None:
    """A process: take the data, then orders, until the server hangs up."""
    try:
        data: dict[int, Client] = pipe.recv()
        while True:
            tasks = pipe.recv()
            try:
                results: Any = [order.run(data[client]) for client, order in tasks]
            except Exception as error:
                results = error
            pipe.send(results)
    except (EOFError, OSError, KeyboardInterrupt):
        return
