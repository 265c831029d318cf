"""A sink in memory, and small data sets whose tasks have inputs of their own."""

import numpy as np

from engine.datasets.dataset import Dataset, Samples, randomly, together
from engine.runs.checkpoint import FORMATS
from engine.tasks import Task

SAMPLES = (40, 60, 50)


class Memory:
    """Keeps what a session reports, and asks to stop after a number of steps."""

    def __init__(self, stop_after=None):
        self.stop_after, self.saved = stop_after, None
        self.readings, self.artifacts, self.notes, self.reported = {}, {}, [], []

    def window(self, window, reading="affinity"):
        self.readings.setdefault(reading, []).append(window)

    def artifact(self, name, content):
        self.artifacts[name] = content

    def note(self, note):
        self.notes.append(note)

    def progress(self, step, seconds_left):
        self.reported.append((step, seconds_left))

    def checkpoint(self, state):
        self.saved = FORMATS[".npz"].dump(state())

    def stop_requested(self):
        return len(self.reported) == self.stop_after


def stopped_and_resumed(make, after):
    """What a session reports that is stopped after so many steps and taken up by another one from its checkpoint."""
    before, later = Memory(after), Memory()
    assert not make().run(before)
    session = make()
    session.load_state(FORMATS[".npz"].parse(before.saved))
    assert session.step == after and session.run(later)
    windows = {
        name: before.readings.get(name, []) + later.readings.get(name, [])
        for name in before.readings.keys() | later.readings.keys()
    }
    return before, later, windows


def same_windows(one, other):
    """Whether two sessions reported the same windows to the last bit."""
    return one.keys() == other.keys() and all(
        (a.step_from, a.step_to, a.updates) == (b.step_from, b.step_to, b.updates)
        and np.array_equal(a.total, b.total)
        and np.array_equal(a.total_squares, b.total_squares)
        for name in one
        for a, b in zip(one[name], other[name], strict=True)
    )


def dataset(binary=False, samples=SAMPLES, features=4, noise=0.3, hidden=0.0):
    """A task for each number of samples, with models that are alike; a share of the labels is not known."""
    random = np.random.default_rng(0)
    common = random.normal(size=features)
    parts = []
    for number, count in enumerate(samples):
        inputs = random.normal(size=(count, features)).astype(np.float32)
        labels = inputs @ (common + 0.3 * random.normal(size=features)) + noise * random.normal(size=count)
        labels = (labels > 0 if binary else labels).astype(np.float32)
        labels[random.random(count) < hidden] = np.nan
        parts.append((Samples(inputs, {f"task {number}": labels}), randomly(count)))
    loss = "binary_cross_entropy" if binary else "squared_error"
    return together("made", [Task(f"task {number}", loss) for number in range(len(samples))], parts)


def shared(tasks, samples=30):
    """A data set of tasks that share random inputs, with random labels that suit each."""
    random = np.random.default_rng(0)

    def labels(task):
        shape = (samples, *((task.outputs,) if task.real and task.outputs > 1 else ()), *((2, 2) if task.dense else ()))
        if task.loss == "cross_entropy":
            return random.integers(0, task.outputs, samples)
        values = random.random(shape)
        return (values if task.real else np.round(values)).astype(np.float32)

    def split():
        return (Samples(random.random((samples, 1, 2, 2)).astype(np.float32), {t.name: labels(t) for t in tasks}),)

    return Dataset("mixed", tuple(tasks), split(), split(), split())
