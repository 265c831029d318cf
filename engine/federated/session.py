"""Federated methods side by side, round by round, resumable at any round to the same numbers bit for bit."""

import math
import time
from contextlib import ExitStack
from typing import Any

import numpy as np

from engine import catalog
from engine.affinity.series import Window
from engine.datasets.dataset import Dataset, at_most
from engine.datasets.linear_samples import linear_samples
from engine.datasets.loading import load_dataset
from engine.datasets.tables.columns import names_in
from engine.environment import launcher_name
from engine.errors import KindredError
from engine.federated.clients import Clients, InProcess
from engine.federated.method import Diverged, FederatedMethod, State
from engine.federated.report import Round
from engine.runs.configs import FederatedConfig
from engine.training.sink import Sink

ARTIFACT = "rounds"
READING = "federated_relation"
POINTS = 200  # of a curve
WINDOWS = 100  # of a run
COURSE = ("round", "gap", "up", "down", "present", "losses", "errors")

Courses = dict[str, dict[str, list[Any]]]  # method → what is recorded → a value a round


class FederatedSession:
    """Each task is a client. A step is one round of one method; all methods make a round before any makes the next.

    Who drops out or straggles is drawn from the seed, the round and the client's name, and so the same for all methods.
    Every method makes all rounds, so that curves have one length; one that diverges stops, and the others go on.

    What it reports: the artifact ``rounds``, with at most `POINTS` rounds or so of each method, and the relation that
    MOCHA has at the end of every window, counted in rounds.

    Args:
        config: what to compare.
        dataset: what ``config`` names, if it is loaded already.

    Raises:
        KindredError: if the tasks are not such as linear models learn, or not such as the loss is for.
    """

    cost = None

    def __init__(self, config: FederatedConfig, dataset: Dataset | None = None) -> None:
        self.config = config
        whole = at_most(dataset or load_dataset(config), config.samples, config.seed)
        self.samples = linear_samples(whole, names_in(config.tasks))
        self.tasks = self.samples.tasks
        self.loss = _loss(config, self.samples.loss)
        self.methods = {name: self._method(name) for name in config.chosen}
        self.steps = config.rounds * len(self.methods)
        self.step = 0
        self.seconds = 0.0
        self.courses: Courses = {name: {of: [] for of in COURSE} for name in self.methods}
        self.stopped: dict[str, str] = {}  # method → why
        self._states: dict[str, State] = {}
        self._every = math.ceil(config.rounds / POINTS)
        self._window = math.ceil(config.rounds / WINDOWS)

    @property
    def quantity(self) -> str:
        """What an entry of the relation is, in words; empty without MOCHA."""
        return catalog.find("reading", READING).summary if "mocha" in self.methods else ""

    def run(self, sink: Sink) -> bool:
        """Make rounds from the step reached to the last one, or until the sink asks to stop.

        Returns:
            Whether the last step was reached.

        Raises:
            KindredError: if all methods diverge, or a process of the clients ends.
        """
        with ExitStack() as clients:
            for name, method in self.methods.items():
                clients.enter_context(method)
                self._states[name] = self._begun(method, self._states.get(name))
            began, first = time.monotonic(), self.step
            while self.step < self.steps:
                if sink.stop_requested():
                    self._report(sink)
                    sink.checkpoint(self.state)
                    return False
                self._round(sink)
                seconds_left = (time.monotonic() - began) / (self.step - first) * (self.steps - self.step)
                sink.progress(self.step, seconds_left)
                sink.checkpoint(self.state)
        self._report(sink)
        return True

    def state(self) -> dict[str, Any]:
        """All that the rest of the run depends on, as arrays and plain values."""
        return {
            "step": self.step,
            "seconds": self.seconds,
            "states": {name: dict(state) for name, state in self._states.items()},
            "courses": _copied(self.courses),
            "stopped": dict(self.stopped),
        }

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from where ``state`` was taken; the continuation equals an undisturbed run's bit for bit.

        Raises:
            KindredError: if it is of other methods.
        """
        if list(state["courses"]) != list(self.methods) or state["step"] > self.steps:
            raise KindredError(
                "The checkpoint is of another comparison than the run describes; delete its file checkpoint.npz and "
                "resume, which begins it again from its start."
            )
        self.step, self.seconds = state["step"], state["seconds"]
        self._states = {name: dict(each) for name, each in state["states"].items()}
        self.courses, self.stopped = _copied(state["courses"]), dict(state["stopped"])

    def _method(self, name: str) -> FederatedMethod:
        own = self.config.clients == "processes"
        clients: Clients = catalog.load("clients", launcher_name())(self.config.threads) if own else InProcess()
        given: dict[str, Any] = {"settings": self.config.settings(self.loss), "clients": clients}
        if name == "mocha" and self.config.matrix:
            given["matrix"] = np.array(self.config.matrix)
        return catalog.load("federated", name)(**given)

    def _begun(self, method: FederatedMethod, state: State | None) -> State:
        data, names = list(zip(*self.samples.train, strict=True)), self.samples.names
        return method.begin(data, names) if state is None else method.resume(data, state, names)

    def _round(self, sink: Sink) -> None:
        """One round of the method whose turn it is, if it has not stopped."""
        began = time.perf_counter()
        names = list(self.methods)
        name = names[self.step % len(names)]
        report = self._made(name, sink)
        if report is None:
            self.step += 1
            return
        last = report.number == self.config.rounds
        if report.number == 1 or report.number % self._every == 0 or last:
            self._record(name, report)
        self.seconds += time.perf_counter() - began
        self.step += 1
        if report.relation is not None and (report.number % self._window == 0 or last):
            begin = (report.number - 1) // self._window * self._window
            found = report.relation.astype(np.float32)
            sink.window(Window(begin, report.number, 1, found, np.square(found)), READING)
        going = [each for each in names if each not in self.stopped]
        if name == going[-1] and self.courses[name]["round"][-1:] == [report.number]:
            self._report(sink)

    def _made(self, name: str, sink: Sink) -> Round | None:
        """The method's next round; None if it diverges now, or has before."""
        if name in self.stopped:
            return None
        try:
            return self.methods[name].round(self._states[name])
        except Diverged as error:
            self.stopped[name] = str(error)
            self._report(sink)
            if len(self.stopped) == len(self.methods):
                raise
            return None

    def _record(self, name: str, report: Round) -> None:
        values = {
            "round": report.number,
            "gap": report.relative_gap,
            "up": report.total_bytes_up,
            "down": report.total_bytes_down,
            "present": int(report.present.sum()),
            "losses": report.losses.tolist(),
            "errors": self._errors(report),
        }
        for of, value in values.items():
            self.courses[name][of].append(value)

    def _errors(self, report: Round) -> list[float | None]:
        """Of each client's model on its test samples: the share of wrong labels, or the mean squared error."""
        found: list[float | None] = []
        for x, y, w, b in zip(*self.samples.test, report.coefficients, report.intercepts, strict=True):
            z = x @ w + b
            wrong = (z - y) ** 2 if self.loss == "squared" else (z > 0) != y
            found.append(float(np.mean(wrong)) if len(y) else None)
        return found

    def _report(self, sink: Sink) -> None:
        content = {
            "loss": self.loss,
            "clients": list(self.samples.names),
            "samples": [len(labels) for labels in self.samples.train[1]],
            "methods": _copied(self.courses),
            "stopped": dict(self.stopped),
        }
        sink.artifact(ARTIFACT, content)
        if self.stopped:
            sink.note(" ".join(self.stopped.values()))


def _copied(courses: Courses) -> Courses:
    return {name: {of: list(values) for of, values in course.items()} for name, course in courses.items()}


def _loss(config: FederatedConfig, suited: str) -> str:
    fitting = ("squared",) if suited == "squared" else ("logistic", "hinge")
    if config.loss not in ("auto", *fitting):
        kind = "real numbers" if suited == "squared" else "binary"
        raise KindredError(
            f"The loss is {config.loss!r}, but the tasks of {config.dataset} are {kind}; choose auto or "
            f"{' or '.join(fitting)}."
        )
    return suited if config.loss == "auto" else config.loss
