"""A run as the store knows it, and when a silent worker counts as dead."""

import time
from dataclasses import dataclass
from typing import Any, NamedTuple

from engine.affinity.series import IntervalMean

# A worker beats every HEARTBEAT seconds; after SILENCE seconds without a beat it counts as dead. A worker that is only
# queued is still starting Python and loading libraries, and gets PATIENCE seconds.
HEARTBEAT = 1.5
SILENCE = 6.0
PATIENCE = 60.0

ACTIVE = ("queued", "running")
RESUMABLE = ("interrupted", "cancelled", "failed")


class Event(NamedTuple):
    """What a worker logged: when (seconds since 1970), ``info``, ``warning`` or ``error``, and a sentence."""

    time: float
    level: str
    message: str


@dataclass(frozen=True)
class Run:
    """Attributes:
    id, name: the id never changes, the name is the user's.
    origin: ``trained``, ``tracked`` (written by someone's own training loop), ``imported`` or ``published``.
    quantity: what an entry of its matrix is, in words.
    source: the paper or file the matrix comes from; empty for trained and tracked runs.
    config: the settings of a trained run (see ``config_of``), or of a tracker; empty otherwise.
    tasks: task names; empty until the worker has loaded the data.
    metrics: the name of each task's metric.
    status: ``queued``, ``running``, ``finished``, ``cancelled``, ``failed`` or ``interrupted`` (its worker died).
    error: one sentence, where the status is ``failed``.
    step, steps: updates made, or fits of linear methods, or rounds of federated ones, and in all; 0 in all where a
        tracked run does not know.
    seconds_left: the worker's estimate, or None.
    created, started, finished, heartbeat: seconds since 1970, or None.
    group: the id that several seeds of one setting share; empty for a run of its own.
    note: what observer and network say of themselves, such as the estimator chosen and what that costs.
    parameters: trained numbers of the network; None where not known, as of tracked runs.
    cost: of the network, in SNT.
    step_seconds: mean time of an update, observing included.
    sweep: the name of the sweep it belongs to; or empty.
    owner: who launched it; empty where nobody logs in.
    queue: where it waits for a worker, or had one; see ``engine.runs.launching.launcher.queue_name``.
    """

    id: str
    name: str
    origin: str
    quantity: str
    source: str
    config: dict[str, Any]
    tasks: tuple[str, ...]
    metrics: tuple[str, ...]
    status: str
    error: str
    step: int
    steps: int
    seconds_left: float | None
    created: float
    started: float | None
    finished: float | None
    heartbeat: float
    group: str
    note: str
    parameters: int | None
    cost: float | None
    step_seconds: float | None
    sweep: str
    owner: str
    queue: str

    @property
    def active(self) -> bool:
        """Whether a worker is, or is about to be, at work on it."""
        return self.status in ACTIVE

    @property
    def resumable(self) -> bool:
        """Whether a worker can take it up where it stopped; a tracked run is taken up by its own loop only."""
        return self.origin == "trained" and self.status in RESUMABLE


def source_of(run: Run, mean: IntervalMean) -> dict[str, Any]:
    """What a grouping file says of where its affinities come from: the run, and the interval they are the mean of."""
    return {"run": run.id, "name": run.name, "from": mean.step_from, "to": mean.step_to, "updates": mean.updates}


def observed_status(status: str, heartbeat: float) -> str:
    """The status as an onlooker sees it: a worker silent for too long is ``interrupted``."""
    silence = time.time() - heartbeat
    if (status == "running" and silence > SILENCE) or (status == "queued" and silence > PATIENCE):
        return "interrupted"
    return status
