"""The training loop: what tracking leaves alone, and what a resumed run repeats."""

import io
from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.datasets.dataset import Dataset, Split
from engine.errors import KindredError
from engine.runs.config import RunConfig
from engine.tasks import Task
from engine.training.session import Session

CONFIG = RunConfig("yeast", affinity="lookahead", epochs=3, batch_size=8, width=12, learning_rate=0.05)


@pytest.fixture
def dataset():
    generator = torch.Generator().manual_seed(0)
    tasks = (Task("sign", "binary_cross_entropy"), Task("third", "cross_entropy", 3), Task("sum", "squared_error"))

    def split(samples):
        inputs = torch.randn(samples, 1, 4, 4, generator=generator)
        flat = inputs.flatten(1)
        labels = {"sign": (flat[:, 0] > 0).float(), "third": flat[:, :3].argmax(1), "sum": flat[:, :4].sum(1)}
        return Split(inputs, labels)

    return Dataset("made", tasks, split(60), split(20), split(20))


class Recorder:
    """A sink in memory that asks to stop after a number of steps."""

    def __init__(self, stop_after=None):
        self.windows, self.evaluations, self.seen, self.stop_after, self.saved = [], [], 0, stop_after, None

    def window(self, window):
        self.windows.append(window)

    def note(self, note):
        assert note == ""  # only auto has something to say

    def evaluation(self, evaluation):
        self.evaluations.append(evaluation)

    def progress(self, step, seconds_left):
        self.seen = step
        assert seconds_left >= 0

    def checkpoint(self, state):
        if self.stop_requested():
            file = io.BytesIO()
            torch.save(state(), file)
            file.seek(0)
            self.saved = torch.load(file, weights_only=True)

    def stop_requested(self):
        return self.stop_after is not None and self.seen >= self.stop_after


def trained(config, dataset, sink=None):
    session, sink = Session(config, dataset), sink or Recorder()
    session.run(sink)
    return session, sink


VARIANTS = [
    {},
    {"dropout": 0.4},
    {"batch_norm": True},
    {"dropout": 0.4, "batch_norm": True, "trunk": "convolutional"},
    {"momentum": 0.9, "lookahead_step": "optimizer"},
    {"optimizer": "adam", "learning_rate": 0.01, "lookahead_step": "optimizer", "dropout": 0.2},
    {"affinity": "last_layer", "dropout": 0.2},
    {"affinity": "last_layer", "metric": True, "every": 2},
    {"affinity": "last_layer", "trunk": "convolutional", "batch_norm": True},
    {"affinity": "head_lookahead", "dropout": 0.2, "batch_norm": True},
    {"affinity": "corrected", "correct_every": 3},
    {"affinity": "first_order", "optimizer": "adam", "preconditioned": True},
]


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_tracking_leaves_the_weights_bit_identical(variant, dataset):
    config = replace(CONFIG, **variant)
    tracked, sink = trained(config, dataset)
    plain, _ = trained(replace(config, affinity="none"), dataset)
    assert len(sink.windows) > 0
    for one, other in zip(tracked.model.state_dict().values(), plain.model.state_dict().values(), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
@pytest.mark.parametrize("stop_after", [1, 10])
def test_a_resumed_run_ends_with_the_same_numbers_bit_for_bit(variant, stop_after, dataset):
    config = replace(CONFIG, **variant, window=4)
    _, undisturbed = trained(config, dataset)
    _, first = trained(config, dataset, Recorder(stop_after))
    torch.rand(5)  # whatever else the process did meanwhile
    session, second = Session(config, dataset), Recorder()
    session.load_state(first.saved)
    assert session.step == stop_after
    assert session.run(second)
    windows = first.windows + second.windows
    assert len(windows) == len(undisturbed.windows)
    for one, other in zip(windows, undisturbed.windows, strict=True):
        assert (one.step_from, one.step_to, one.updates) == (other.step_from, other.step_to, other.updates)
        assert np.array_equal(one.total, other.total)
        assert np.array_equal(one.total_squares, other.total_squares)
    for one, other in zip(first.evaluations + second.evaluations, undisturbed.evaluations, strict=True):
        assert (one.step, one.split) == (other.step, other.split)
        assert np.array_equal(one.losses, other.losses)
        assert np.array_equal(one.metrics, other.metrics, equal_nan=True)


def test_windows_follow_one_another_and_hold_every_observed_update(dataset):
    session, sink = trained(replace(CONFIG, every=3, window=2), dataset)
    edges = [(window.step_from, window.step_to) for window in sink.windows]
    assert edges[0][0] == 0 and edges[-1][1] == session.steps == 21
    assert all(left[1] == right[0] for left, right in zip(edges, edges[1:], strict=False))
    assert [window.updates for window in sink.windows] == [2, 2, 2, 1]


def test_another_seed_gives_other_numbers_and_the_same_seed_the_same(dataset):
    total = [trained(replace(CONFIG, seed=seed), dataset)[1].windows[-1].total for seed in (0, 0, 1)]
    assert np.array_equal(total[0], total[1])
    assert not np.array_equal(total[0], total[2])


def test_training_lowers_every_validation_loss(dataset):
    _, sink = trained(replace(CONFIG, epochs=30), dataset)
    validation = [each for each in sink.evaluations if each.split == "validation"]
    assert validation[0].step == 0
    assert (validation[-1].losses < validation[0].losses).all()
    assert (validation[-1].metrics > validation[0].metrics).all()


def test_evaluating_moves_nothing(dataset):
    session = Session(replace(CONFIG, dropout=0.5, batch_norm=True), dataset)
    generator, state = torch.get_rng_state(), {k: v.clone() for k, v in session.model.state_dict().items()}
    one, other = session.evaluate("validation"), session.evaluate("validation")
    assert np.array_equal(one.losses, other.losses)
    assert torch.equal(generator, torch.get_rng_state())
    assert all(torch.equal(state[key], value) for key, value in session.model.state_dict().items())
    assert session.model.training


def test_a_batch_larger_than_the_data_is_refused(dataset):
    with pytest.raises(KindredError, match="Batch size is 61, but made has 60"):
        Session(replace(CONFIG, batch_size=61), dataset)


def test_the_convolutional_trunk_refuses_flat_inputs():
    with pytest.raises(KindredError, match="use the trunk mlp"):
        Session(RunConfig("yeast", trunk="convolutional"))
