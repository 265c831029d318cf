"""What works a run off, and where it reports to. Needs no torch."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np

from engine.affinity.series import Window
from engine.studies.measurement import Measurement
from engine.tasks import Evaluation, Task, TaskWeights


class Sink(Protocol):
    """Where a session reports to, and what may end it early."""

    def window(self, window: Window, reading: str = "affinity") -> None: ...
    def weights(self, weights: TaskWeights) -> None: ...
    def artifact(self, name: str, content: Any) -> None: ...
    def note(self, note: str) -> None: ...
    def evaluation(self, evaluation: Evaluation) -> None: ...
    def progress(self, step: int, seconds_left: float | None) -> None: ...
    def checkpoint(self, state: Callable[[], dict[str, Any]]) -> None: ...
    def stop_requested(self) -> bool: ...


Claim = Literal["mine", "known", "elsewhere"]


class StudySink(Sink, Protocol):
    """Where a study reports to, and where it finds what was measured before, by whatever study.

    Attributes:
        workspace: folder of the states of unfinished trainings.
        networks: folder of the weights of measured networks, ``<key>.safetensors``.
    """

    workspace: Path
    networks: Path

    def known(self, setting: str) -> list[Measurement]:
        """All measurements of a setting."""

    def claim(self, key: str, settings: Mapping[str, Any]) -> Claim:
        """Ask for a network: ``mine`` to train, ``known`` by now, or trained ``elsewhere`` by a run that is alive."""

    def measured(self, measurement: Measurement, settings: Mapping[str, Any]) -> None:
        """Store a measurement of a network whose weights are kept."""

    def affinity(self) -> np.ndarray | None:
        """``[source, target]``: the mean of all affinities that were reported; None if there are none."""

    def flush(self) -> None:
        """Store what was reported, as before a state is kept that goes on from there."""


class Cost(Protocol):
    """Attributes:
    parameters: trained numbers of a network.
    snt: what it costs, in standard network times.
    """

    @property
    def parameters(self) -> int: ...

    @property
    def snt(self) -> float: ...


class Work(Protocol):
    """A run at work: a session, whatever its kind.

    Attributes:
        tasks: what is predicted.
        step, steps: steps made, and in all.
        seconds: they took.
        quantity: what an entry of its matrices is, in words.
        cost: of the network; None where there is none.
    """

    tasks: Sequence[Task]
    step: int
    steps: int
    seconds: float
    cost: Cost | None

    @property
    def quantity(self) -> str: ...

    def run(self, sink: Sink) -> bool:
        """Work to the last step, or until the sink asks to stop; whether the last one was reached."""

    def state(self) -> dict[str, Any]:
        """All that the rest depends on: plain values, and tensors for networks, or NumPy arrays for others."""

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from where ``state`` was taken, to the same numbers bit for bit."""
