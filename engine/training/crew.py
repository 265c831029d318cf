"""Where the networks of a study are trained: in this process, or several at a time in processes of their own.

Both give the same bits, as a training depends on nothing but its order and the study's settings.
"""

import multiprocessing
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing.connection import wait as wait_for_any
from multiprocessing.synchronize import Event
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from engine.affinity.series import Window
from engine.datasets.dataset import Dataset
from engine.errors import KindredError
from engine.runs.checkpoint import save_checkpoint, take_up
from engine.runs.database import StoreError
from engine.runs.study_config import StudyConfig
from engine.studies.measurement import Measurement, Order
from engine.tasks import Evaluation
from engine.training.measuring import Measuring, Reports
from engine.training.weights import load_weights, save_weights

SAVE_SECONDS = 3.0


@dataclass(frozen=True)
class Failure:
    """Why a network could not be measured, in a sentence."""

    sentence: str


Outcome = Measurement | Failure | None
"""Of a training; None where it was stopped, its state kept."""


@dataclass(frozen=True, eq=False)
class Workplace:
    """What all trainings of a study have in common.

    Attributes:
        config: how they are made.
        dataset: with the tasks of the study.
        workspace: folder of the states of unfinished ones.
        networks: folder of the weights of measured networks.
    """

    config: StudyConfig
    dataset: Dataset
    workspace: Path
    networks: Path

    def state_file(self, order: Order) -> Path:
        """Where a training that is not finished keeps its state."""
        return self.workspace / f"{self.config.key(order)}.pt"

    def weights_file(self, order: Order) -> Path:
        """Where the weights of a measured network are."""
        return self.networks / f"{self.config.key(order)}.safetensors"

    def train(self, order: Order, reports: Reports, observe: bool = False) -> Outcome:
        """Train a network, from where it was stopped if it was, and keep its weights.

        Raises:
            StoreError: if a file cannot be read or written.
        """
        try:
            lent = load_weights(self.weights_file(order.source)) if order.source else None
            measuring = Measuring(self.config, self.dataset, order, lent, observe)
            state = self.state_file(order)
            if state.exists():
                take_up(measuring, state)
            measurement = measuring.run(reports)
        except StoreError:
            raise
        except KindredError as error:
            return Failure(str(error))
        if measurement is not None:
            about = {"kindred": "network/1", "tasks": "\n".join(measurement.tasks), "key": measurement.key}
            save_weights(self.weights_file(order), measuring.weights(), about)
        return measurement


class Keeper:
    """Keeps the state of one training every few seconds, and when it is stopped; reports nothing else.

    Args:
        path: of the state.
        stop_requested: whether to stop.
    """

    def __init__(self, path: Path, stop_requested: Callable[[], bool]) -> None:
        self._path, self.stop_requested = path, stop_requested
        self._saved = time.monotonic()

    def window(self, window: Window) -> None:
        pass

    def evaluation(self, evaluation: Evaluation) -> None:
        pass

    def progress(self, epochs: float) -> None:
        pass

    def checkpoint(self, state: Callable[[], dict[str, Any]]) -> None:
        if time.monotonic() - self._saved > SAVE_SECONDS or self.stop_requested():
            save_checkpoint(self._path, state())
            self._saved = time.monotonic()


class Crew(Protocol):
    """Trains what it is given; to be closed by ``with``, which stops all trainings.

    Attributes:
        room: how many more it takes now.
        training: what it is at.
    """

    @property
    def room(self) -> int: ...

    @property
    def training(self) -> tuple[Order, ...]: ...

    def start(self, order: Order) -> None:
        """Begin a training; there must be room."""

    def finished(self, seconds: float) -> list[tuple[Order, Outcome]]:
        """What ended since, or ends within so many seconds; waits that long where nothing does."""

    def stop(self) -> list[tuple[Order, Outcome]]:
        """End all trainings, their states kept, and tell how each ended."""

    def __enter__(self) -> Self: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None): ...


class Here:
    """One training at a time, in this process: ``start`` returns when it has ended.

    Args:
        workplace: of the study.
        reports: for each training, where it reports to.
    """

    def __init__(self, workplace: Workplace, reports: Callable[[Order], Reports]) -> None:
        self._workplace, self._reports = workplace, reports
        self._ended: list[tuple[Order, Outcome]] = []

    @property
    def room(self) -> int:
        return 1 - len(self._ended)

    @property
    def training(self) -> tuple[Order, ...]:
        return tuple(order for order, _ in self._ended)

    def start(self, order: Order) -> None:
        self._ended.append((order, self._workplace.train(order, self._reports(order))))

    def finished(self, seconds: float) -> list[tuple[Order, Outcome]]:
        if not self._ended:
            time.sleep(seconds)
        return self.stop()

    def stop(self) -> list[tuple[Order, Outcome]]:
        ended, self._ended = self._ended, []
        return ended

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None):
        pass


class Processes:
    """Several trainings at a time, each in a process that holds the data set and ends with this one.

    They are spawned, so a script that uses them needs its ``if __name__ == "__main__":``.

    Args:
        workplace: of the study.
        workers: how many processes.

    Raises:
        KindredError: from its methods, if a process has ended unexpectedly.
    """

    def __init__(self, workplace: Workplace, workers: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._workers, self._stop = workers, context.Event()
        self._pool = ProcessPoolExecutor(workers, context, _begin, (workplace, self._stop))
        self._training: dict[Future[Outcome], Order] = {}

    @property
    def room(self) -> int:
        return self._workers - len(self._training)

    @property
    def training(self) -> tuple[Order, ...]:
        return tuple(self._training.values())

    def start(self, order: Order) -> None:
        self._training[self._pool.submit(_train, order)] = order

    def finished(self, seconds: float) -> list[tuple[Order, Outcome]]:
        if not self._training:
            time.sleep(seconds)
        done = wait(self._training, seconds, FIRST_COMPLETED).done
        return [(self._training.pop(future), _result(future)) for future in done]

    def stop(self) -> list[tuple[Order, Outcome]]:
        self._stop.set()
        training, self._training = self._training, {}
        return [(order, _result(future)) for future, order in training.items()]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None):
        self._stop.set()
        self._pool.shutdown(cancel_futures=True)


def _result(future: Future[Outcome]) -> Outcome:
    try:
        return future.result()
    except BrokenProcessPool as error:
        raise KindredError(
            "A process that trained a network has ended unexpectedly, perhaps for want of memory; take fewer workers, "
            "and resume the run. What was measured is kept."
        ) from error


# Of a process of the crew, set once by `_begin`.
_workplace: Workplace
_stop: Event


def _begin(workplace: Workplace, stop: Event) -> None:
    global _workplace, _stop
    _workplace, _stop = workplace, stop
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A process that waits for its next order would outlive a parent that was killed."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait_for_any([parent.sentinel])
        os._exit(1)


def _train(order: Order) -> Outcome:
    return _workplace.train(order, Keeper(_workplace.state_file(order), _stop.is_set))
