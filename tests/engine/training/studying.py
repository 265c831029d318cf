"""What tests of measured networks share: a small data set, and a store of measurements in memory."""

import numpy as np

from engine.datasets.dataset import Dataset, Samples
from engine.runs.checkpoint import FORMATS
from engine.tasks import Task

TASKS = (Task("sign", "binary_cross_entropy"), Task("third", "cross_entropy", 3), Task("sum", "squared_error"))


def dataset(scale=1.0, samples=(60, 30, 30)):
    """Three tasks that share inputs; the labels of the last one are multiplied by ``scale``."""
    random = np.random.default_rng(0)

    def split(count):
        inputs = random.normal(size=(count, 1, 4, 4)).astype(np.float32)
        flat = inputs.reshape(count, -1)
        noisy = flat + 0.7 * random.normal(size=flat.shape).astype(np.float32)
        labels = {
            "sign": (noisy[:, 0] > 0).astype(np.float32),
            "third": noisy[:, :3].argmax(1),
            "sum": (scale * noisy[:, :4].sum(1)).astype(np.float32),
        }
        return (Samples(inputs, labels),)

    return Dataset("made", TASKS, *(split(count) for count in samples))


class Shelf:
    """Measurements in memory, which several studies may share.

    Attributes:
        held: key → the name of whoever claimed it.
        trained: how often each key was measured.
    """

    def __init__(self):
        self.measured, self.held, self.trained = {}, {}, {}


class StudyMemory:
    """A study's sink in memory, that asks to stop after a number of updates or trainings.

    Args:
        folder: of states and weights.
        shelf: of measurements.
        stop_after: trainings.
    """

    def __init__(self, folder, shelf=None, stop_after=None, name="this"):
        self.shelf, self.name, self.stop_after = shelf or Shelf(), name, stop_after
        self.workspace, self.networks = folder / "training", folder / "networks"
        self.windows, self.evaluations, self.notes, self.steps, self.saved, self.flushed = [], [], [], [], None, 0
        self.stopping, self.artifacts = False, {}

    def window(self, window, reading="affinity"):
        self.windows.append(window)

    def artifact(self, name, content):
        self.artifacts[name] = content

    def evaluation(self, evaluation):
        self.evaluations.append(evaluation)

    def note(self, note):
        self.notes.append(note)

    def progress(self, step, seconds_left):
        assert seconds_left is None or seconds_left >= 0
        self.steps.append(step)

    def checkpoint(self, state):
        self.saved = FORMATS[".npz"].dump(state())

    def flush(self):
        self.flushed += 1

    def stop_requested(self):
        return self.stopping or (self.stop_after is not None and sum(self.shelf.trained.values()) >= self.stop_after)

    def known(self, setting):
        return [each for each in self.shelf.measured.values() if each.setting == setting]

    def claim(self, key, settings):
        if key in self.shelf.measured:
            return "known"
        return "mine" if self.shelf.held.setdefault(key, self.name) == self.name else "elsewhere"

    def affinity(self):
        return None

    def measured(self, measurement, settings):
        assert (self.networks / f"{measurement.key}.safetensors").exists()
        self.shelf.measured.setdefault(measurement.key, measurement)
        self.shelf.trained[measurement.key] = self.shelf.trained.get(measurement.key, 0) + 1


def same(one, other):
    """Whether two measurements have the same numbers to the last bit, the time they took aside."""
    return one.to_json() | {"seconds": 0} == other.to_json() | {"seconds": 0}
