"""Writing a copy of a run elsewhere, without putting the run at risk."""

import warnings
from collections.abc import Callable
from typing import Any

from engine.errors import KindredError


class Mirror:
    """Attempts the writes of a copy. The first that fails is told as a warning, and is the last.

    The store has the whole run, so that a full disk under a copy, or a copy that someone changed, is no reason to stop
    tracking. All other errors are raised, as the tracker records them.

    Args:
        name: what the copy is, as the warning should call it.

    Attributes:
        working: whether nothing has failed yet.
    """

    def __init__(self, name: str) -> None:
        self.name, self.working = name, True

    def attempt(self, write: Callable[..., None], *arguments: Any) -> None:
        """Call ``write(*arguments)``, unless an earlier write failed."""
        if not self.working:
            return
        try:
            write(*arguments)
        except (OSError, KindredError) as error:
            self.working = False
            warnings.warn(
                f"{self.name} is written no further, as it failed ({error}); tracking goes on, and the store has the "
                "whole run.",
                stacklevel=3,
            )
