"""Where a tracker reports to."""

from typing import Protocol

from engine.affinity.series import Window
from engine.tasks import Evaluation


class Writer(Protocol):
    """Takes what a tracker observes, as it comes. Its calls must return quickly: they are made in the training loop."""

    def begin(self, name: str, tasks: tuple[str, ...], quantity: str) -> None:
        """Called once, before anything else. ``quantity``: what an entry of the matrices is, in words."""

    def window(self, window: Window, losses: Evaluation) -> None:
        """A window of affinities, and the tasks' mean losses in it."""

    def end(self, status: str, error: str) -> None:
        """The last call: ``finished``, ``cancelled`` or ``failed`` with a sentence."""
