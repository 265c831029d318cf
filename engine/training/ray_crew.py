"""The networks of a study as tasks of the Ray cluster in which the study itself is one."""

import time
from types import TracebackType
from typing import Any, Self

import ray

from engine.errors import LostHelpers
from engine.studies.measurement import Order
from engine.training.crew import Keeper, Outcome, Workplace

TRIES = 3  # after the first one, where a node or process is lost
GRACE = 10.0  # seconds that a training has to end before it is made to


class RayCrew:
    """Several trainings at a time, on whichever nodes have room; one on a lost node goes on elsewhere from its state.

    Args:
        workplace: of the study; its folders must be the same on all nodes.
        workers: how many at a time.

    Raises:
        LostHelpers: from its methods, if a training was lost as often as it was tried again.
    """

    def __init__(self, workplace: Workplace, workers: int) -> None:
        self._workers = workers
        self._workplace = ray.put(workplace)
        config = workplace.config
        needs = {"num_cpus": config.threads, "num_gpus": int(config.device == "cuda")}
        self._train = ray.remote(max_retries=TRIES, **needs)(_train)
        self._training: dict[Any, Order] = {}

    @property
    def room(self) -> int:
        return self._workers - len(self._training)

    @property
    def training(self) -> tuple[Order, ...]:
        return tuple(self._training.values())

    def start(self, order: Order) -> None:
        self._training[self._train.options(name=order.name).remote(self._workplace, order)] = order

    def finished(self, seconds: float) -> list[tuple[Order, Outcome]]:
        if not self._training:
            time.sleep(seconds)
            return []
        done, _ = ray.wait(list(self._training), timeout=seconds)
        return [(self._training.pop(task), _result(task)) for task in done]

    def stop(self) -> list[tuple[Order, Outcome]]:
        for task in self._training:
            ray.cancel(task)
        training, self._training = self._training, {}
        ray.wait(list(training), num_returns=len(training), timeout=GRACE) if training else None
        return [(order, _ended(task)) for task, order in training.items()]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None):
        self.stop()


def _result(task: Any) -> Outcome:
    try:
        return ray.get(task)
    except ray.exceptions.RayTaskError as error:
        raise error.cause from error  # what the training itself raised
    except ray.exceptions.RayError as error:
        raise LostHelpers(
            f"A network's training was lost {TRIES + 1} times with the process or node that it was on; see that there "
            "is memory, or take fewer workers, and resume the run. What was measured is kept."
        ) from error


def _ended(task: Any) -> Outcome:
    """What came of a training that was asked to stop; None where it did, its last state kept."""
    try:
        return ray.get(task, timeout=0)
    except (ray.exceptions.RayError, TimeoutError):
        return None


def _train(workplace: Workplace, order: Order) -> Outcome:
    return workplace.train(order, Keeper(workplace.state_file(order), lambda: False))
