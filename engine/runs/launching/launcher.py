"""What a launcher is, what a run needs of it, and which one is chosen."""

import socket
from dataclasses import dataclass
from typing import Protocol

from engine import catalog
from engine.environment import launcher_name
from engine.runs.configs import config_of, kind_of
from engine.runs.reader import Reader
from engine.runs.run import Run


@dataclass(frozen=True)
class Needs:
    """Attributes:
    cpus: cores that a run computes on.
    gpus: devices.
    helpers: how many processes of its own, networks or clients, share these cores; 0 where it works alone.
    """

    cpus: int
    gpus: int
    helpers: int = 0


class Launcher(Protocol):
    """Gives queued runs their workers."""

    def start(self, run: Run) -> bool:
        """Let a worker begin; False where there is no room now.

        Raises:
            KindredError: if it cannot be started.
        """

    def ended(self) -> list[str]:
        """The ids of the runs whose worker has ended, however, since the last call."""

    @property
    def at_work(self) -> tuple[str, ...]:
        """The ids of the runs that have a worker."""


def needs_of(run: Run) -> Needs:
    """The cores and devices of a run.

    Raises:
        KindredError: if its settings are of no kind that can be worked off.
    """
    config = config_of(run.config)
    cpus, gpus = getattr(config, "threads", 1), int(getattr(config, "device", "cpu") == "cuda")
    kind = kind_of(run.config)
    if kind == "study" and config.workers > 1:
        return Needs(cpus * config.workers, gpus, config.workers)
    if kind == "federated" and config.clients == "processes":
        return Needs(cpus, gpus, cpus)
    return Needs(cpus, gpus)


def launcher(store: Reader, *, attached: bool = False) -> Launcher:
    """The chosen launcher.

    Args:
        attached: let workers on this machine log to this process's standard error, not to a file.

    Raises:
        KindredError: if there is none of that name, or it cannot be reached.
    """
    return catalog.load("launcher", launcher_name())(store, attached)


def queue_name() -> str:
    """Of the queue that this machine works off: by launcher and machine, as others may share the store."""
    return f"{launcher_name()}@{socket.gethostname()}"
