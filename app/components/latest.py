"""The latest of what is made from a run that moves on, for all who look at it."""

import threading
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Latest(Generic[Value]):
    """One value and the state that it was made in; made once, however many ask for it at a time.

    >>> latest = Latest()
    >>> latest.of("step 10", lambda: [10])
    [10]
    >>> latest.of("step 10", lambda: [11])
    [10]
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: tuple[Hashable, Value] | None = None

    def of(self, state: Hashable, make: Callable[[], Value]) -> Value:
        """The value of a state, which takes the place of an earlier one's."""
        with self._lock:
            if self._made is None or self._made[0] != state:
                self._made = state, make()
            return self._made[1]
