"""The latest of what is made from a run that moves on, for all who look at it."""

import threading
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Latest(Generic[Value]):
    """One value and the state that it was made in; made once, however many ask for it at a time.

    >>> latest = Latest()
    >>> latest.of("step 10", lambda before: [10])
    [10]
    >>> latest.of("step 10", lambda before: [11])
    [10]
    >>> latest.of("step 20", lambda before: [*before, 20])
    [10, 20]
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: tuple[Hashable, Value] | None = None

    def of(self, state: Hashable, make: Callable[[Value | None], Value]) -> Value:
        """The value of a state, which takes the place of an earlier one's.

        Args:
            make: takes that earlier one, ``None`` if there is none.
        """
        with self._lock:
            if self._made is None or self._made[0] != state:
                self._made = state, make(self._made and self._made[1])
            return self._made[1]
