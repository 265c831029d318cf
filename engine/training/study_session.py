"""A study: many networks measured, none of them twice, resumable within any of them to the same numbers."""

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from engine import catalog
from engine.affinity.series import Window
from engine.datasets.dataset import Dataset, only
from engine.datasets.linear_samples import chosen_tasks
from engine.datasets.loading import load_dataset
from engine.datasets.tables.columns import names_in
from engine.environment import launcher_name
from engine.errors import KindredError
from engine.runs.advised import ARTIFACT, Advised
from engine.runs.studies import LINEARISED
from engine.runs.study_config import StudyConfig
from engine.studies.measurement import Measurement, Order
from engine.tasks import Evaluation
from engine.training.crew import Crew, Failure, Here, Keeper, Outcome, Workplace
from engine.training.linearised import linearised_losses
from engine.training.measuring import network_of, session_of
from engine.training.sink import StudySink
from engine.training.weights import load_weights

POLL_SECONDS = 0.2
ASK_AGAIN_SECONDS = 1.0  # after a network turned out to be trained elsewhere
TELL_SECONDS = 0.3


class StudySession:
    """Trains what is listed and not known yet, by this study or any other of the same setting.

    A step is one training. What another run trains at the moment is put off, and waited for at the end; should that run
    die, it is trained here. A network that cannot be trained is left out: the others are measured, then the run fails
    with the reason.

    With ``observe``, the network of all tasks and the first seed is trained before all others, in this process, even
    where its losses are known: its affinities are of this run alone. Its windows and evaluations are reported.

    Args:
        config: what to measure.
        dataset: what ``config`` names, if it is loaded already.

    Attributes:
        plan: all that is listed, in the order of their turns.
        known: what is measured of it.
        failed: why others could not be.
        spent: SNT-epochs that this run has trained.

    Raises:
        KindredError: if the networks cannot be made of the data set's tasks.
    """

    cost = None

    def __init__(self, config: StudyConfig, dataset: Dataset | None = None) -> None:
        self.config = config
        whole = dataset or load_dataset(config)
        self.tasks = chosen_tasks(whole, names_in(config.tasks))
        names = tuple(task.name for task in self.tasks)
        self.dataset = only(whole, names)
        self.plan = config.orders(names)
        self.steps, self.step = len(self.plan), 0
        self.seconds, self.spent = 0.0, 0.0
        self.known: dict[Order, Measurement] = {}
        self.failed: dict[Order, str] = {}
        self._by_key = {config.key(order): order for order in self.plan}
        self._to_observe = Order(names, seed=config.seed) if config.observe else None
        self._affinity: np.ndarray | None = None
        self.advised = Advised(config, names) if config.allowance else None
        self._ask_again: dict[Order, float] = {}  # when a network that is trained elsewhere may be asked for again
        self._under_way: dict[Order, tuple[float, float]] = {}  # epochs, and the seconds they took, where it is told

    @property
    def quantity(self) -> str:
        """What an entry of the observed matrices is, in words; empty if none are observed."""
        if not self.config.observe:
            return ""
        everything = Order(tuple(task.name for task in self.tasks), seed=self.config.seed)
        return session_of(self.config, self.dataset, everything, observe=True).quantity

    def run(self, sink: StudySink) -> bool:
        """Train until all is known, or until the sink asks to stop.

        Returns:
            Whether all is known.

        Raises:
            KindredError: if a network could not be trained; all others are measured.
        """
        self._look_up(sink)
        workplace = Workplace(self.config, self.dataset, sink.workspace, sink.networks)
        if self._to_observe is not None:
            self._observe(workplace, sink)
        self._affinity = sink.affinity()
        with self._crew(workplace, sink) as crew:
            while not sink.stop_requested():
                self._hand_out(crew, sink)
                self._report(sink, crew.training)
                for order, outcome in crew.finished(POLL_SECONDS):
                    self._take(order, outcome, workplace, sink)
                sink.checkpoint(self.state)
                if not crew.training and not any(self._next_orders()):
                    break
            for order, outcome in crew.stop():
                self._take(order, outcome, workplace, sink)
        self._report(sink, ())
        if self._to_observe is not None or any(self._next_orders()):
            sink.checkpoint(self.state)
            return False
        if self.failed:
            raise KindredError(self._failures())
        return True

    def state(self) -> dict[str, Any]:
        """What is not in the store: plain values."""
        observed = self.config.observe and self._to_observe is None
        return {
            "step": self.step,
            "seconds": self.seconds,
            "spent": self.spent,
            "observed": observed,
            "history": self.advised.history if self.advised is not None else [],
        }

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from where ``state`` was taken."""
        self.step, self.seconds, self.spent = state["step"], state["seconds"], state["spent"]
        if state["observed"]:
            self._to_observe = None
        if self.advised is not None:
            self.advised.history[:] = state["history"]

    def _next_orders(self) -> Iterable[Order]:
        """What is to be trained, the most wanted first; nothing once the study is done."""
        if self.advised is not None:
            return self.advised.orders(self.known, self.failed, self.spent, self._affinity)
        return (order for order in self.plan if order not in self.known and order not in self.failed)

    def _crew(self, workplace: Workplace, sink: StudySink) -> Crew:
        if self.config.workers > 1:
            return catalog.load("crew", launcher_name())(workplace, self.config.workers)
        return Here(workplace, lambda order: _Reports(workplace.state_file(order), sink, self._teller(order, sink)))

    def _observe(self, workplace: Workplace, sink: StudySink) -> None:
        """Train the network of all tasks with the estimator, whether its losses are known or not."""
        order = self._to_observe
        sink.claim(self.config.key(order), self.config.decisive)  # so that no other run begins it now
        self._report(sink, (order,))
        reports = _Observed(workplace.state_file(order), sink, self._teller(order, sink))
        outcome = workplace.train(order, reports, observe=True)
        if outcome is not None:
            self._to_observe = None
        self._take(order, outcome, workplace, sink)
        if isinstance(outcome, Measurement):
            self._linearise(outcome, workplace, sink)
        sink.checkpoint(self.state)

    def _linearise(self, measurement: Measurement, workplace: Workplace, sink: StudySink) -> None:
        """Estimate all networks that are listed from the gradients of that of all tasks, where it has one trunk."""
        weights = load_weights(workplace.weights_file(measurement.order))
        session = network_of(self.config, self.dataset, measurement, weights)
        if len(session.model.towers) > 1:
            return
        networks = tuple(dict.fromkeys(order.network for order in self.plan if not order.transfer_from))
        losses = linearised_losses(session, networks, seed=self.config.seed)
        sink.artifact(LINEARISED, {each.name: row for each, row in zip(networks, _plain(losses), strict=True)})

    def _hand_out(self, crew: Crew, sink: StudySink) -> None:
        """Give the crew as much as there is room for, of what no other run trains."""
        training = set(crew.training)
        for order in self._next_orders():
            if not crew.room:
                return
            if order not in training and self._ready(order) and self._claimed(order, sink):
                self._report(sink, (*crew.training, order))
                crew.start(order)

    def _ready(self, order: Order) -> bool:
        """Whether the trunk that the network learns on is there, if it needs one."""
        source = order.source
        if source in self.failed:
            self.failed[order] = f"There is no trunk of {source.name}, which could not be trained."
            return False
        return source is None or source in self.known

    def _claimed(self, order: Order, sink: StudySink) -> bool:
        if time.monotonic() < self._ask_again.get(order, 0):
            return False
        claim = sink.claim(self.config.key(order), self.config.decisive)
        if claim == "known":
            self._look_up(sink)
        elif claim == "elsewhere":
            self._ask_again[order] = time.monotonic() + ASK_AGAIN_SECONDS
        return claim == "mine"

    def _look_up(self, sink: StudySink) -> None:
        """Take in all that is in the store by now."""
        for measurement in sink.known(self.config.setting):
            order = self._by_key.get(measurement.key)
            if order is not None:
                self.known[order] = measurement

    def _take(self, order: Order, outcome: Outcome, workplace: Workplace, sink: StudySink) -> None:
        """Store what came out of a training; nothing did where it was stopped."""
        self._under_way.pop(order, None)
        if outcome is None:
            return
        if isinstance(outcome, Failure):
            self.failed[order] = outcome.sentence
        else:
            sink.measured(outcome, self.config.decisive)
            self.known[order] = outcome
            self.seconds += outcome.seconds
            self.spent += outcome.snt_epochs
        workplace.state_file(order).unlink(missing_ok=True)

    def _teller(self, order: Order, sink: StudySink) -> Callable[[float], None]:
        """What takes the epochs that a training in this process has made, and reports the study's progress."""
        began: list[tuple[float, float]] = []  # the epochs and the time when it was first told

        def tell(epochs: float) -> None:
            now = time.monotonic()
            began[:] = began or [(epochs, now)]
            self._under_way[order] = epochs - began[0][0], now - began[0][1]
            self._report(sink, (order,))

        return tell

    def _report(self, sink: StudySink, training: tuple[Order, ...]) -> None:
        self.step = sum(order in self.known or order in self.failed for order in self.plan)
        named = ", ".join(order.name for order in training[:3])
        doing = f"training {named}{f' and {len(training) - 3} more' if len(training) > 3 else ''}; " if training else ""
        waiting = "" if training else self._waiting()
        told = f"; {self._of_advice(sink)}" if self.advised is not None and self.advised.history else ""
        sink.note(f"{doing}{waiting}{self.spent:.4g} SNT-epochs trained{told}")
        sink.progress(self.step, self._seconds_left(training))

    def _of_advice(self, sink: StudySink) -> str:
        """What the advisor says, in words; its steps so far are stored."""
        history = self.advised.history
        sink.artifact(ARTIFACT, {"steps": history, "ended": self.advised.ended})
        last = history[-1]
        said = f"regret {last['regret']:.2g} % expected, below {last['bound']:.2g} % with 95 % certainty"
        return f"{said}. {self.advised.ended}" if self.advised.ended else said

    def _waiting(self) -> str:
        elsewhere = [order for order in self._next_orders() if order in self._ask_again]
        return f"waiting for {elsewhere[0].name}, which another run trains; " if elsewhere else ""

    def _seconds_left(self, training: tuple[Order, ...]) -> float | None:
        """By what an SNT of the networks measured so far took to converge; None before there is anything to go by.

        Of an allowance: until it is spent, by what an SNT-epoch took.
        """
        if self.advised is not None:
            epochs = sum(measurement.snt_epochs for measurement in self.known.values())
            took = sum(measurement.seconds for measurement in self.known.values())
            left = max(self.config.allowance - self.spent, 0.0)
            return left * took / epochs / self.config.workers if epochs else None
        took = [(measurement.seconds, measurement.cost) for measurement in self.known.values()]
        took = took or [
            (seconds / epochs * self.config.epochs, order.cost)
            for order, (epochs, seconds) in self._under_way.items()
            if epochs
        ]
        if not took:
            return None
        a_snt = sum(seconds for seconds, _ in took) / sum(cost for _, cost in took)
        done = sum(seconds for _, seconds in self._under_way.values())
        left = sum(order.cost for order in {*self._next_orders(), *training}) * a_snt - done
        return max(left, 0.0) / self.config.workers

    def _failures(self) -> str:
        order, sentence = next(iter(self.failed.items()))
        more = f" (and {len(self.failed) - 1} more)" if len(self.failed) > 1 else ""
        return (
            f"{len(self.failed)} of {self.steps} networks could not be measured; the others are kept. {order.name}"
            f"{more}: {sentence}"
        )


def _plain(losses: np.ndarray) -> list[list[float | None]]:
    """Rows as JSON holds them, None where the network has no such task."""
    return [[float(loss) if np.isfinite(loss) else None for loss in row] for row in losses]


class _Reports(Keeper):
    """What one training in the study's own process tells of its progress, now and then.

    Args:
        path: of its state.
        sink: of the study.
        tell: takes the epochs trained.
    """

    def __init__(self, path: Path, sink: StudySink, tell: Callable[[float], None]) -> None:
        super().__init__(path, sink.stop_requested)
        self._sink, self._tell = sink, tell
        self._told = time.monotonic()

    def progress(self, epochs: float) -> None:
        if time.monotonic() - self._told > TELL_SECONDS:
            self._tell(epochs)
            self._told = time.monotonic()


class _Observed(_Reports):
    """Reports affinities and evaluations as well; what was reported is stored before a state goes on from there."""

    def window(self, window: Window) -> None:
        self._sink.window(window)

    def evaluation(self, evaluation: Evaluation) -> None:
        self._sink.evaluation(evaluation)

    def checkpoint(self, state: Callable[[], dict[str, Any]]) -> None:
        super().checkpoint(lambda: self._after_all_is_stored(state))

    def _after_all_is_stored(self, state: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        self._sink.flush()
        return state()
