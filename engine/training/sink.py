"""What works a run off, and where it reports to. Needs no torch."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from engine.affinity.series import Window
from engine.tasks import Evaluation, Task, TaskWeights


class Sink(Protocol):
    """Where a session reports to, and what may end it early."""

    def window(self, window: Window, reading: str = "affinity") -> None: ...
    def weights(self, weights: TaskWeights) -> None: ...
    def artifact(self, name: str, content: Any) -> None: ...
    def note(self, note: str) -> None: ...
    def evaluation(self, evaluation: Evaluation) -> None: ...
    def progress(self, step: int, seconds_left: float) -> None: ...
    def checkpoint(self, state: Callable[[], dict[str, Any]]) -> None: ...
    def stop_requested(self) -> bool: ...


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
