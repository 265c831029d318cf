"""The training loop: what tracking leaves alone, and what a resumed run repeats."""

import io
from dataclasses import replace

import numpy as np
import pytest
import torch

from engine import catalog
from engine.datasets.dataset import Dataset, Samples
from engine.errors import KindredError
from engine.runs.config import RunConfig
from engine.tasks import Task
from engine.training.session import Session

CONFIG = RunConfig("digits", affinity="lookahead", epochs=3, batch_size=8, width=12, learning_rate=0.05)


@pytest.fixture
def dataset():
    generator = torch.Generator().manual_seed(0)
    tasks = (Task("sign", "binary_cross_entropy"), Task("third", "cross_entropy", 3), Task("sum", "squared_error"))

    def split(samples):
        inputs = torch.randn(samples, 1, 4, 4, generator=generator)
        flat = inputs.flatten(1)
        labels = {"sign": (flat[:, 0] > 0).float(), "third": flat[:, :3].argmax(1), "sum": flat[:, :4].sum(1)}
        return (Samples(inputs.numpy(), {name: values.numpy() for name, values in labels.items()}),)

    return Dataset("made", tasks, split(60), split(20), split(20))


class Recorder:
    """A sink in memory that asks to stop after a number of steps."""

    def __init__(self, stop_after=None):
        self.windows, self.evaluations, self.seen, self.stop_after, self.saved = [], [], 0, stop_after, None
        self.readings, self.weighed, self.artifacts, self.notes = {}, [], {}, []

    def window(self, window, reading="affinity"):
        (self.windows if reading == "affinity" else self.readings.setdefault(reading, [])).append(window)

    def weights(self, weights):
        self.weighed.append(weights)

    def artifact(self, name, content):
        self.artifacts[name] = content

    def note(self, note):
        self.notes.append(note)

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


def same_windows(found, wanted):
    for one, other in zip(found, wanted, strict=True):
        assert (one.step_from, one.step_to, one.updates) == (other.step_from, other.step_to, other.updates)
        assert np.array_equal(one.total, other.total)
        assert np.array_equal(one.total_squares, other.total_squares)


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
DESIGNS = [
    {"architecture": entry.name, "affinity": "lookahead" if catalog.SHARED in entry.has else "none", "settle": 0.8}
    for entry in catalog.entries("architecture")
]
WEIGHTINGS = [
    {"weighting": entry.name, "affinity": "none", "batch_norm": True} for entry in catalog.entries("weighting")
]
MAXL = {"auxiliary": "maxl", "primary": "third", "subclasses": 2, "dropout": 0.2}


@pytest.mark.parametrize("variant", [*VARIANTS, *DESIGNS[2:], {**DESIGNS[2], "affinity": "last_layer"}, MAXL], ids=str)
def test_tracking_leaves_the_weights_bit_identical(variant, dataset):
    config = replace(CONFIG, **variant)
    tracked, sink = trained(config, dataset)
    plain, _ = trained(replace(config, affinity="none"), dataset)
    assert len(sink.windows) > 0
    for one, other in zip(tracked.model.state_dict().values(), plain.model.state_dict().values(), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("variant", [*VARIANTS, *DESIGNS, *WEIGHTINGS, MAXL], ids=str)
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
    same_windows(windows, undisturbed.windows)
    for reading, found in undisturbed.readings.items():
        same_windows(first.readings.get(reading, []) + second.readings[reading], found)
    for one, other in zip(first.weighed + second.weighed, undisturbed.weighed, strict=True):
        assert (one.step_from, one.step_to) == (other.step_from, other.step_to)
        assert np.array_equal(one.weights, other.weights)
    assert second.artifacts == undisturbed.artifacts
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


def test_a_run_tells_weights_angles_and_the_networks_own_readings_in_whole_windows(dataset):
    _, sink = trained(replace(CONFIG, architecture="cross_stitch", weighting="pcgrad", every=2, window=2), dataset)
    edges = [(0, 4), (4, 8), (8, 12), (12, 16), (16, 20), (20, 21)]
    assert set(sink.readings) == {"gradient_cosine", "gradient_conflict", "mixing"}
    for windows in sink.readings.values():
        assert [(window.step_from, window.step_to) for window in windows] == edges
    assert [(each.step_from, each.step_to) for each in sink.weighed] == edges
    assert [window.updates for window in sink.readings["gradient_cosine"]] == [4, 4, 4, 4, 4, 1]
    assert all(window.updates == 1 for window in sink.readings["mixing"])
    cosine = sink.readings["gradient_cosine"][0]
    assert np.allclose(cosine.total.diagonal(), 4) and (np.abs(cosine.total) <= 4 + 1e-6).all()
    assert np.isin(sink.readings["gradient_conflict"][0].total, (-4, -2, 0, 2, 4)).all()
    assert all(each.weights.shape == (3,) and np.isfinite(each.weights).all() for each in sink.weighed)


def test_equal_weights_are_one_and_only_the_primary_task_may_be_named(dataset):
    _, sink = trained(replace(CONFIG, primary="sum"), dataset)
    assert all((each.weights == 1).all() for each in sink.weighed)
    with pytest.raises(KindredError, match="no task 'digit' in made; primary may name sign, third, sum"):
        Session(replace(CONFIG, primary="digit"), dataset)


def test_the_generated_task_trains_along_and_its_labels_can_be_looked_at(dataset):
    session, sink = trained(replace(CONFIG, **MAXL), dataset)
    assert [task.name for task in session.tasks] == ["sign", "third", "sum", "third (generated)"]
    assert sink.windows[0].total.shape == (4, 4)
    assert sink.artifacts["generated labels"]["primary"] == "third"


def test_a_checkpoint_of_another_network_is_refused(dataset):
    state = Session(CONFIG, dataset).state()
    with pytest.raises(KindredError, match="holds another network"):
        Session(replace(CONFIG, architecture="mtan"), dataset).load_state(state)


def test_a_training_that_diverges_ends_with_a_sentence(dataset):
    with pytest.raises(KindredError, match="the training has diverged; lower the learning rate"):
        trained(replace(CONFIG, affinity="none", learning_rate=90.0, epochs=20), dataset)


def test_the_cost_is_known_before_training(dataset):
    session = Session(replace(CONFIG, architecture="soft_sharing", affinity="none"), dataset)
    assert session.cost.parameters == sum(each.numel() for each in session.model.parameters())


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


def test_the_convolutional_trunk_refuses_flat_inputs(dataset):
    splits = {
        split: tuple(Samples(part.inputs[:, 0, 0], part.labels) for part in getattr(dataset, split))
        for split in ("train", "validation", "test")
    }
    flat = replace(dataset, **splits)
    with pytest.raises(KindredError, match="or the trunk mlp"):
        Session(replace(CONFIG, trunk="convolutional"), flat)
