"""A comparison of linear methods as samples a task grow, resumable at any fit to the same numbers bit for bit."""

import time
from typing import Any

import numpy as np

from engine import catalog
from engine.affinity.series import Window
from engine.datasets.dataset import Dataset, at_most
from engine.datasets.linear_samples import TaskSamples, linear_samples
from engine.datasets.loading import load_dataset
from engine.datasets.tables.columns import names_in
from engine.errors import KindredError
from engine.regularized.choices import Settings, choices_of
from engine.regularized.choosing import choose, errors
from engine.regularized.drawing import order_of
from engine.regularized.graph_laplacian import tied_pairs
from engine.regularized.linear import LinearModel
from engine.runs.configs import LinearConfig
from engine.training.sink import Sink

ARTIFACT = "learning curves"


class LinearSession:
    """Every method on the same samples: for each seed, of each size, from few to many.

    A step is one fit: a method learns from the samples of one size and seed with each of its settings in
    `choices_of`, keeps the one of the least mean error over tasks on the validation split, all of it, and is tested on
    the test split. An error is the share of wrong labels, or the mean squared error. Where a size takes all samples of
    all tasks, those of every seed are the same: the first one's fit stands for all.

    What it reports: the artifact ``learning curves``, and for every method that has one the relation that it learned
    from the largest size, a window a seed, numbered from 0; the first one's alone where that size takes all.

    Args:
        config: what to compare.
        dataset: what ``config`` names, if it is loaded already.

    Raises:
        KindredError: if the tasks are not such as linear models learn, or the relation is not one of these tasks.
    """

    cost = None

    def __init__(self, config: LinearConfig, dataset: Dataset | None = None) -> None:
        self.config = config
        whole = at_most(dataset or load_dataset(config), config.samples, config.seed)
        self.samples = linear_samples(whole, names_in(config.tasks))
        self.tasks = self.samples.tasks
        if config.relation:
            self._check_relation()
        self.seeds = range(config.seed, config.seed + config.seeds)
        self._plan = [(size, method) for size in config.sample_sizes for method in config.chosen]  # of every seed
        self.steps = len(self.seeds) * len(self._plan)
        self.step = 0
        self.seconds = 0.0
        self.rows: list[dict[str, Any]] = []
        self._took = np.full(len(self._plan), np.nan)  # seconds, of the last seed that made the step

    @property
    def quantity(self) -> str:
        """What an entry of each relation is, in words; empty if no method has one."""
        named = [catalog.load("linear", method).relation_name for method in self.config.chosen]
        return "; ".join(catalog.find("reading", name).summary for name in named if name)

    def run(self, sink: Sink) -> bool:
        """Fit from the step reached to the last one, or until the sink asks to stop.

        Returns:
            Whether the last step was reached.

        Raises:
            KindredError: if a method cannot learn from these samples.
        """
        while self.step < self.steps:
            if sink.stop_requested():
                self._report(sink)
                sink.checkpoint(self.state)
                return False
            self._step(sink)
            if self.step % len(self.config.chosen) == 0:
                self._report(sink)
            sink.progress(self.step, self._seconds_left())
            sink.checkpoint(self.state)
        self._report(sink)
        return True

    def state(self) -> dict[str, Any]:
        """All that the rest of the run depends on, as arrays and plain values."""
        return {"step": self.step, "seconds": self.seconds, "rows": list(self.rows), "took": self._took.copy()}

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from where ``state`` was taken; the continuation equals an undisturbed run's bit for bit.

        Raises:
            KindredError: if it is of another comparison.
        """
        if state["took"].shape != self._took.shape or state["step"] > self.steps:
            raise KindredError(
                "The checkpoint is of another comparison than the run describes; delete its file checkpoint.npz and "
                "resume, which begins it again from its start."
            )
        self.step, self.seconds = state["step"], state["seconds"]
        self.rows, self._took = list(state["rows"]), state["took"].copy()

    def drawn(self, seed: int, size: int | None) -> TaskSamples:
        """Training samples of one size, for each task as many as it has at most."""
        inputs, labels = [], []
        for task, x, y in zip(self.tasks, *self.samples.train, strict=True):
            order = order_of(y, self.samples.loss == "logistic", seed, task.name)[:size]
            inputs.append(x[order])
            labels.append(y[order])
        return inputs, labels

    def _step(self, sink: Sink) -> None:
        """The fit whose turn it is."""
        began = time.perf_counter()
        number, place = divmod(self.step, len(self._plan))
        size, method = self._plan[place]
        if number and self._counts(size) == self._counts(None):
            self.rows.append(self.rows[place] | {"seed": self.seeds[number]})
        else:
            model = self._fit(self.seeds[number], size, method)
            if model.relation_ is not None and size == self.config.sample_sizes[-1]:
                found = model.relation_.astype(np.float32)
                sink.window(Window(number, number + 1, 1, found, np.square(found)), str(model.relation_name))
        took = time.perf_counter() - began
        self._took[place] = took
        self.seconds += took
        self.step += 1

    def _fit(self, seed: int, size: int | None, method: str) -> LinearModel:
        make = catalog.load("linear", method)
        fixed: dict[str, Any] = {"loss": self.samples.loss}
        if method == "graph_laplacian":
            fixed["relation"] = np.array(self.config.relation)

        def made(settings: Settings) -> LinearModel:
            return make(**fixed, **settings)

        choices = choices_of(method, len(self.tasks))
        model, settings = choose(made, choices, self.drawn(seed, size), self.samples.validation)
        found = errors(model, *self.samples.test)
        self.rows.append(
            {
                "method": method,
                "size": size,
                "seed": seed,
                "errors": np.where(np.isnan(found), None, found.astype(object)).tolist(),
                "strength": settings["strength"],
                "settings": settings,
                "converged": model.converged_,
            }
        )
        return model

    def _counts(self, size: int | None) -> list[int]:
        """How many samples of each task are learned from."""
        return [len(labels[:size]) for labels in self.samples.train[1]]

    def _report(self, sink: Sink) -> None:
        sizes = self.config.sample_sizes
        content = {
            "loss": self.samples.loss,
            "methods": list(self.config.chosen),
            "sizes": list(sizes),
            "counts": [self._counts(size) for size in sizes],
            "available": self._counts(None),
            "seeds": list(self.seeds),
            "tasks": list(self.samples.names),
            "rows": list(self.rows),
        }
        sink.artifact(ARTIFACT, content)
        early = sum(not row["converged"] for row in self.rows)
        if early:
            sink.note(f"{early} of {len(self.rows)} models chosen had not converged within their iterations")

    def _seconds_left(self) -> float:
        """By what each of the rest took for the last seed; by the mean where none has made it."""
        expected = np.where(np.isnan(self._took), np.nanmean(self._took), self._took)
        number, place = divmod(self.step, len(self._plan))
        return float(expected.sum() * (len(self.seeds) - number) - expected[:place].sum())

    def _check_relation(self) -> None:
        tasks, given = len(self.tasks), len(self.config.relation)
        if given != tasks:
            raise KindredError(
                f"The relation is of {given} tasks, and {tasks} are learned, {', '.join(self.samples.names[:6])}"
                f"{', …' if tasks > 6 else ''}; give one of these, in their order."
            )
        tied_pairs(np.array(self.config.relation), tasks)
