"""Every way in which tasks may have their inputs and labels, through the whole loop."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from engine import catalog
from engine.datasets.dataset import NO_CLASS, Dataset, Samples
from engine.errors import KindredError
from engine.runs.config import RunConfig
from engine.tasks import Task
from engine.training.session import Session
from tests.engine.training.test_session import Recorder, trained

TASKS = (
    Task("sign", "binary_cross_entropy"),
    Task("third", "cross_entropy", 3),
    Task("sum", "squared_error"),
    Task("both", "absolute_error", 2),
)
CONFIG = RunConfig("digits", affinity="lookahead", epochs=2, batch_size=10, width=8, learning_rate=0.02)
FITTING = {kind: [entry.name for entry in catalog.entries(kind)] for kind in ("architecture", "weighting")}


def samples(count, seed):
    inputs = np.random.default_rng(seed).standard_normal((count, 1, 4, 4)).astype(np.float32)
    flat = inputs.reshape(count, -1)
    labels = {
        "sign": (flat[:, 0] > 0).astype(np.float32),
        "third": flat[:, :3].argmax(1),
        "sum": flat[:, :4].sum(1),
        "both": flat[:, 4:6].copy(),
    }
    return Samples(inputs, labels)


def shared(*change):
    """All tasks on the same inputs."""
    splits = [(samples(count, seed),) for count, seed in ((60, 0), (20, 1), (20, 2))]
    return Dataset("made", TASKS, *(tuple(map(*change, split)) if change else split for split in splits))


def apart(same=True):
    """Each task with its own inputs: equal ones, or others, and then not equally many."""

    def parts(count, seed):
        found = []
        for place, task in enumerate(TASKS):
            part = samples(count, seed) if same else samples(count + 10 * place, seed + 10 * place)
            found.append(Samples(part.inputs, {task.name: part.labels[task.name]}))
        return tuple(found)

    return Dataset("made", TASKS, parts(60, 0), parts(20, 1), parts(20, 2))


def mixed():
    """Two tasks on the same inputs, two on inputs of their own, of which one lacks most of its labels."""
    whole = apart(same=False)

    def join(parts):
        both = samples(len(parts[0]), 5)
        last = hide(parts[3], 0.7, 0)
        return (Samples(both.inputs, {name: both.labels[name] for name in ("sign", "third")}), parts[2], last)

    return Dataset("made", TASKS, *(join(getattr(whole, split)) for split in ("train", "validation", "test")))


def hide(part, share, seed=3):
    """The part with about that share of the samples' labels gone, of each task for itself."""
    random = np.random.default_rng(seed)
    labels = {}
    for name, values in part.labels.items():
        gone = random.random(len(values)) < share
        gone[:2] = False
        kept = values.copy()
        kept[gone] = NO_CLASS if values.dtype == np.int64 else np.nan
        labels[name] = kept
    return Samples(part.inputs, labels)


def close(one, other, **tolerance):
    assert len(one) == len(other) > 0
    for mine, theirs in zip(one, other, strict=True):
        np.testing.assert_allclose(mine.total, theirs.total, **tolerance)


@pytest.mark.parametrize("affinity", ["lookahead", "first_order", "last_layer", "head_lookahead", "gradient_cosine"])
def test_one_batch_a_task_with_equal_batches_is_the_shared_batch(affinity):
    config = replace(CONFIG, affinity=affinity)
    one, together = trained(config, shared())
    other, separate = trained(config, apart())
    for mine, theirs in zip(one.model.parameters(), other.model.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-4, atol=1e-6)
    close(together.windows, separate.windows, rtol=1e-3, atol=1e-3)
    for mine, theirs in zip(together.evaluations, separate.evaluations, strict=True):
        np.testing.assert_allclose(mine.losses, theirs.losses, rtol=1e-4)


@pytest.mark.parametrize("weighting", [name for name in FITTING["weighting"] if name != "mgda_ub"])
def test_every_weighting_takes_equal_batches_as_the_shared_one(weighting):
    config = replace(CONFIG, affinity="none", weighting=weighting, epochs=3)
    one, together = trained(config, shared())
    other, separate = trained(config, apart())
    for mine, theirs in zip(one.model.parameters(), other.model.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=2e-3, atol=1e-4)
    for mine, theirs in zip(together.weighed, separate.weighed, strict=True):
        np.testing.assert_allclose(mine.weights, theirs.weights, rtol=2e-3, atol=1e-3)


def test_labels_that_are_all_there_need_no_mask():
    plain, first = trained(CONFIG, shared())
    session = Session(CONFIG, shared())
    for part in (part for parts in session.parts.values() for part in parts):
        part.sparse = frozenset(task.name for task in TASKS)  # as if some were missing
    second = Recorder()
    session.run(second)
    for mine, theirs in zip(plain.model.parameters(), session.model.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-5, atol=1e-7)
    close(first.windows, second.windows, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("weighting", FITTING["weighting"])
@pytest.mark.parametrize("share", [0.7, 0.95])
def test_training_with_missing_labels_stays_finite_for_every_weighting(weighting, share):
    config = replace(CONFIG, affinity="first_order", weighting=weighting, batch_size=5)
    session, sink = trained(config, shared(lambda part: hide(part, share)))
    assert all(parameter.isfinite().all() for parameter in session.model.parameters())
    assert np.isfinite(sink.evaluations[-1].losses).all()
    counts = sum(window.counts for window in sink.windows)
    assert 0 < counts.diagonal().max() < session.steps  # rows of absent tasks are left out
    assert np.isfinite(np.concatenate([window.total for window in sink.windows])).all()


@pytest.mark.parametrize("architecture", FITTING["architecture"])
@pytest.mark.parametrize("make", [apart, mixed])
def test_every_design_trains_where_tasks_have_inputs_of_their_own(architecture, make):
    config = replace(CONFIG, affinity="none", architecture=architecture, parts_a_step=2, epochs=4, depth=3)
    session, sink = trained(config, make())
    assert all(parameter.isfinite().all() for parameter in session.model.parameters())
    assert sink.evaluations[-1].split == "test" and np.isfinite(sink.evaluations[-1].losses).all()
    whole = session.model.eval()(torch.zeros(2, 1, 4, 4))
    for task in TASKS:
        alone = session.model(torch.zeros(2, 1, 4, 4), (task,))
        assert list(alone) == [task.name]
        torch.testing.assert_close(alone[task.name], whole[task.name])


def test_only_pairs_that_an_update_sees_are_observed():
    _, sink = trained(replace(CONFIG, parts_a_step=2, sampling="uniform", epochs=20), apart(same=False))
    counts = sum(window.counts for window in sink.windows)
    assert (counts > 0).all() and (counts == counts.T).all()
    assert counts.sum() == sum(window.updates for window in sink.windows) * 4  # two rows and two columns an update


def test_a_task_is_moved_by_its_own_batch():
    """The lookahead of a source onto a target evaluates the target's batch: an independent reference in plain steps."""
    session = Session(replace(CONFIG, epochs=1, every=1, window=1), apart(same=False))
    batches = session._batches()
    state = session.sampler.state() | {"taken": [taken - 1 for taken in session.sampler.state()["taken"]]}
    session.sampler.load_state(state)
    model, rate = session.model, CONFIG.learning_rate

    def losses():
        from engine.training.losses import task_losses

        return {
            task.name: task_losses((task,), model(batch.inputs, (task,)), batch.labels)[task.name]
            for batch in batches
            for task in batch.tasks
        }

    before = losses()
    expected = np.zeros((4, 4))
    parameters = list(model.shared.parameters())
    home = [parameter.detach().clone() for parameter in parameters]
    for source, task in enumerate(TASKS):
        gradients = torch.autograd.grad(before[task.name], parameters, retain_graph=True)
        with torch.no_grad():
            for parameter, gradient in zip(parameters, gradients, strict=True):
                parameter.data -= rate * gradient
            after = losses()
            for parameter, value in zip(parameters, home, strict=True):
                parameter.data.copy_(value)
        for target, other in enumerate(TASKS):
            expected[source, target] = (1 - after[other.name].item() / before[other.name].item()) / rate
    window = session.update()
    np.testing.assert_allclose(window.total, expected, rtol=2e-3, atol=2e-3)


@pytest.mark.parametrize("make", [apart, mixed, lambda: shared(lambda part: hide(part, 0.5))])
def test_a_run_resumes_bit_for_bit_in_every_regime(make):
    config = replace(CONFIG, parts_a_step=2 if len(make().train) > 1 else 0, weighting="gradnorm")
    _, undisturbed = trained(config, make())
    _, first = trained(config, make(), Recorder(stop_after=7))
    session, second = Session(config, make()), Recorder()
    session.load_state(first.saved)
    session.run(second)
    windows = [*first.windows, *second.windows]
    assert [window.step_to for window in windows] == [window.step_to for window in undisturbed.windows]
    for mine, theirs in zip(windows, undisturbed.windows, strict=True):
        assert np.array_equal(mine.total, theirs.total)
    assert np.array_equal(second.evaluations[-1].losses, undisturbed.evaluations[-1].losses)


def test_what_needs_shared_inputs_is_refused_without_them():
    for settings in (
        {"weighting": "mgda_ub"},
        {"affinity": "representation"},
        {"auxiliary": "maxl", "primary": "sign"},
    ):
        with pytest.raises(KindredError, match="inputs that all tasks share"):
            Session(replace(CONFIG, **settings), apart())
        with pytest.raises(KindredError, match="inputs that all tasks share"):
            RunConfig("digit_pairs", **settings)
    with pytest.raises(KindredError, match="draw 2 or more"):
        Session(replace(CONFIG, parts_a_step=1), apart())
    with pytest.raises(KindredError, match="labels of the primary task"):
        missing = shared(lambda part: hide(part, 0.5))
        Session(replace(CONFIG, affinity="none", auxiliary="maxl", primary="sign"), missing)
