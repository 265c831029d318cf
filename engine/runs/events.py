"""What a worker logs, kept until it can be stored with its run."""

import logging

from engine.runs.run import Event


class Events(logging.Handler):
    """Keeps what the engine logs until it can be stored with the run.

    Use as a context manager: it listens within.
    """

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self._waiting: list[Event] = []

    def emit(self, record: logging.LogRecord) -> None:
        self._waiting.append(Event(record.created, record.levelname.lower(), record.getMessage()))

    def waiting(self) -> list[Event]:
        """What is not stored yet, the oldest first."""
        return list(self._waiting)

    def stored(self, events: list[Event]) -> None:
        """Forget the first ones, which are stored by now."""
        del self._waiting[: len(events)]

    def __enter__(self) -> "Events":
        logging.getLogger("engine").addHandler(self)
        return self

    def __exit__(self, *_error: object) -> None:
        logging.getLogger("engine").removeHandler(self)
