"""Networks that search for their own structure while they are trained."""

from enum import Enum

from engine.architectures.network import Blueprint, Network
from engine.errors import KindredError


class Phase(Enum):
    """Attributes:
    WARM_UP: everything is in use, and the choice is not trained.
    SEARCH: the choice is trained together with the weights.
    SETTLED: the choice is fixed.
    """

    WARM_UP = "warm-up"
    SEARCH = "search"
    SETTLED = "settled"


class SearchingNetwork(Network):
    """A network that knows how far its search is.

    Attributes:
        phase: the warm-up until the share ``warm_up`` of the training, the search until ``settle``, or to the end where
            that is 1. The warm-up also before the first call of ``begin_step``.
        searched: the share of the search that is done, from 0 to 1.

    Raises:
        KindredError: if the search would end before it begins.
    """

    def __init__(self, blueprint: Blueprint) -> None:
        super().__init__(blueprint)
        self._begin, self._end = blueprint.settings.warm_up, blueprint.settings.settle
        if self._begin >= self._end:
            raise KindredError(
                f"Warm up is {self._begin:g} and settle {self._end:g}: the search of {blueprint.settings.architecture} "
                "lies between them; choose a warm-up below settle."
            )
        self.phase, self.searched = Phase.WARM_UP, 0.0

    def begin_step(self, progress: float) -> None:
        self.searched = min(max((progress - self._begin) / (self._end - self._begin), 0.0), 1.0)
        if progress < self._begin:
            self.phase = Phase.WARM_UP
        elif progress < self._end or self._end == 1:
            self.phase = Phase.SEARCH
        else:
            self.phase = Phase.SETTLED
