"""One run trained by all processes that ``torchrun`` started; the first of them is its worker, and alone writes."""

import io
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import torch

from engine.affinity.series import Window
from engine.affinity.shared import PeerGaveUp, PeerLost
from engine.errors import KindredError
from engine.logs import log_to_stderr
from engine.runs.checkpoint import load_checkpoint
from engine.runs.config import RunConfig
from engine.runs.configs import KINDS, config_of, kind_of
from engine.runs.store import Store
from engine.runs.worker import work
from engine.tasks import Evaluation, TaskWeights
from engine.training.ranks import Ranks, join
from engine.training.session import Session
from engine.training.sink import Sink

SHOW_SECONDS = 0.3


@dataclass(frozen=True)
class Beginning:
    """What the first process knows of the run.

    Attributes:
        store: where it is.
        config: what to train.
        queue: makes the run wait for its worker and gives its id; called once all processes are ready to train.
        show: is called now and then, and at the end, with the run's id.
    """

    store: Store
    config: RunConfig
    queue: Callable[[], str]
    show: Callable[[str], None]


def new_run(store: Store, config: RunConfig, name: str, show: Callable[[str], None]) -> Beginning:
    """A run that is made once it is certain that it can be trained."""
    return Beginning(store, config, lambda: store.create(config, name), show)


def resumed_run(store: Store, run_id: str, show: Callable[[str], None]) -> Beginning:
    """A run to go on with from its checkpoint, whatever number of processes made that.

    Raises:
        KindredError: if it is not the training of one network, or the checkpoint is damaged.
    """
    told = store.run(run_id).config
    kind = kind_of(told)
    if kind != "network":
        raise KindredError(
            f"The run {run_id!r} is of the kind {kind!r}; only the training of one network is shared out among "
            f"processes, so resume it without torchrun: python -m engine resume {run_id}"
        )

    checkpoint = _checkpoint(store, run_id)
    if checkpoint.exists():
        load_checkpoint(checkpoint)

    def queue() -> str:
        store.requeue(run_id)
        return run_id

    return Beginning(store, config_of(told), queue, show)


def train_together(begin: Callable[[], Beginning]) -> NoReturn:
    """Train one run in this process and those beside it, then end the process.

    Its exit status is 0 where the run ended as asked, be it early, and 2 where it could not go on: the first process
    then says why in one sentence. (Any other status than 0 torchrun shows as a crash.)

    Args:
        begin: called in the first process only; may raise KindredError.
    """
    status = 2
    ranks = Ranks()
    try:
        ranks = join()
        for each in (signal.SIGTERM, signal.SIGINT):  # torchrun passes both on to every process
            signal.signal(each, lambda *_: ranks.ending.set())
        if ranks.rank == 0:
            _lead(ranks, begin())
        else:
            _follow(ranks)
        status = 0
    except (PeerLost, PeerGaveUp):
        if ranks.rank == 0:
            print(f"kindred: {ranks.last_word()}", file=sys.stderr)
    except KindredError as error:
        if ranks.rank == 0:
            print(f"kindred: {error}", file=sys.stderr)
        ranks.leave_word(str(error))
    except Exception as error:
        traceback.print_exc()
        ranks.leave_word(f"an unexpected error ({error!r}); see what it printed.")
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)  # the exchange's threads can abort a process that takes itself down


class _Led(Session):
    """The session of the first process, which tells in a sentence why another one is lost."""

    def run(self, sink: Sink) -> bool:
        try:
            return super().run(sink)
        except (PeerLost, PeerGaveUp) as error:
            raise KindredError(self.ranks.last_word()) from error


class _Silent:
    """The sink of all other processes: what they would report is what the first one reports."""

    def window(self, window: Window, reading: str = "affinity") -> None: ...
    def weights(self, weights: TaskWeights) -> None: ...
    def artifact(self, name: str, content: Any) -> None: ...
    def note(self, note: str) -> None: ...
    def evaluation(self, evaluation: Evaluation) -> None: ...
    def progress(self, step: int, seconds_left: float | None) -> None: ...
    def checkpoint(self, state: Callable[[], dict[str, Any]]) -> None: ...

    def stop_requested(self) -> bool:
        return False


def _lead(ranks: Ranks, beginning: Beginning) -> None:
    log_to_stderr()
    store = beginning.store
    ranks.tell(beginning.config.to_json())
    session = _Led(beginning.config, ranks=ranks)
    ranks.tell()  # all have got this far: there may be a run
    run_id = beginning.queue()
    checkpoint = _checkpoint(store, run_id)
    ranks.tell(checkpoint.read_bytes() if checkpoint.exists() else None)
    ended = threading.Event()
    showing = threading.Thread(target=_show, args=(beginning.show, run_id, ended), daemon=True)
    showing.start()
    try:
        work(store, run_id, ranks.ending, session)
    finally:
        ended.set()
        showing.join()
        beginning.show(run_id)
    print(run_id)


def _follow(ranks: Ranks) -> None:
    session = Session(RunConfig.from_json(ranks.tell()), ranks=ranks)
    ranks.tell()
    content = ranks.tell()
    if content is not None:
        # What the first process had on its device goes on this one's.
        places = {"cuda:0": str(session.device)}
        session.load_state(torch.load(io.BytesIO(content), places, weights_only=True))
    session.run(_Silent())


def _checkpoint(store: Store, run_id: str) -> Path:
    return store.files(run_id) / KINDS["network"].checkpoint


def _show(show: Callable[[str], None], run_id: str, ended: threading.Event) -> None:
    while not ended.wait(SHOW_SECONDS):
        show(run_id)
