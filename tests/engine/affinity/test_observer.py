"""What an observer sums, what it skips, what it refuses."""

import numpy as np
import pytest
import torch
from torch import nn

from engine.affinity.build import Fixed
from engine.affinity.estimator import Estimator
from engine.affinity.first_order import FirstOrder
from engine.affinity.last_layer import LastLayer
from engine.affinity.lookahead import Lookahead
from engine.affinity.observer import Observer
from engine.affinity.shared import Shared
from engine.errors import KindredError
from engine.training.losses import task_losses
from tests.engine.affinity.problems import TASKS, estimate, problem, sgd

NAMES = [task.name for task in TASKS]


def observer_of(model, estimator=None, every=1, length=5, shared=None, **more):
    shared = shared or Shared(model.trunk, len(TASKS))
    plan = Fixed("test", estimator or FirstOrder(), every)
    return Observer(NAMES, shared, plan, lambda step: step % length == 0, **more)


def test_windows_sum_what_the_estimator_says():
    model, inputs, labels = problem(double=True)
    observer, expected, windows = observer_of(model, every=2, length=6), [], []
    optimizer = sgd(model)
    for step in range(12):
        if step % 2 == 0:
            expected.append(estimate(FirstOrder(), model, inputs, labels)[0].numpy())
        observer.shared.expect()
        losses = task_losses(TASKS, model(inputs), labels)
        window = observer.observe(losses)
        windows += [] if window is None else [window]
        optimizer.zero_grad()
        sum(losses.values()).backward()
        optimizer.step()
    assert [(each.step_from, each.step_to, each.updates) for each in windows] == [(0, 6, 3), (6, 12, 3)]
    np.testing.assert_allclose(windows[0].total, sum(expected[:3]), rtol=1e-5)
    np.testing.assert_allclose(windows[1].total_squares, sum(each**2 for each in expected[3:]), rtol=1e-5)
    assert (windows[0].counts == 3).all()
    assert observer.close() is None


def test_tasks_absent_from_a_batch_leave_their_pairs_out_and_are_counted():
    model, inputs, labels = problem(double=True)
    whole = estimate(FirstOrder(), model, inputs, labels)[0].numpy()
    observer = observer_of(model, length=100)
    for step in range(6):
        losses = task_losses(TASKS, model(inputs), labels)
        if step % 2:
            del losses["kind"]
        if step == 3:
            losses["age"] = None
        if step == 5:
            losses = {}
        observer.observe(losses)
    window = observer.close()
    assert window.updates == 5
    kind, age = NAMES.index("kind"), NAMES.index("age")
    assert window.counts[kind].tolist() == window.counts[:, kind].tolist() == [3, 3, 3, 3]
    assert window.counts[age, age] == 4 and window.counts[0, age] == 4 and window.counts[0, 0] == 5
    np.testing.assert_allclose(window.total / window.counts, whole, rtol=1e-5)
    assert np.isfinite(observer.closed_losses).all()


def test_the_order_of_the_losses_does_not_matter():
    model, inputs, labels = problem(double=True)
    totals = []
    for turn in (False, True):
        observer = observer_of(model)
        losses = task_losses(TASKS, model(inputs), labels)
        observer.observe(dict(reversed(losses.items())) if turn else losses)
        totals.append(observer.close().total)
    np.testing.assert_array_equal(*totals)


def test_an_entry_that_tells_nothing_is_skipped():
    class Half(Estimator):
        def __call__(self, update):
            return torch.tensor([[1.0, torch.nan], [torch.inf, 2.0]])

        def costs(self, tasks):
            return 0.0

    model, inputs, labels = problem()
    observer = observer_of(model, Half())
    losses = task_losses(TASKS, model(inputs), labels)
    observer.observe({"yes": losses["yes"], "age": losses["age"]})
    window = observer.close()
    assert window.counts.sum() == 2 and window.total.sum() == 3


GOOD = {"yes": 1, "kind": 1, "size": 1, "age": 1}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda losses: losses | {"weight": losses["age"]}, "no task 'weight'; the tracker's tasks are yes, kind"),
        (lambda losses: losses | {"age": 3.0}, "loss of 'age' is 3.0; give a scalar tensor"),
        (lambda losses: losses | {"age": losses["age"].expand(2)}, r"tensor of the shape \(2,\); give a scalar"),
        (lambda losses: losses | {"age": losses["age"].detach()}, "'age' has no graph.*before backward"),
        (lambda losses: losses | {"age": losses["age"] * torch.nan}, "'age' is nan; leave a task without labels"),
        (lambda losses: losses | {"age": losses["age"] * torch.inf}, "'age' is inf"),
        (lambda losses: losses | {"age": losses["age"] - 100}, "'age' is -.*needs positive losses"),
    ],
)
def test_bad_losses_are_refused_and_what_was_observed_before_is_kept(change, message):
    model, inputs, labels = problem()
    observer = observer_of(model, length=100)
    observer.observe(task_losses(TASKS, model(inputs), labels))
    with pytest.raises(KindredError, match=message):
        observer.observe(change(task_losses(TASKS, model(inputs), labels)))
    assert observer.close().updates == 1


def test_replaced_parameters_are_noticed():
    model, inputs, labels = problem()
    observer = observer_of(model)
    model.trunk[4] = nn.Linear(8, 5)
    with pytest.raises(KindredError, match="parameters were replaced since tracking began"):
        observer.observe(task_losses(TASKS, model(inputs), labels))


def test_unfreezing_is_no_replacement():
    model, inputs, labels = problem()
    model.trunk[0].requires_grad_(False)
    observer = observer_of(model, LastLayer())
    observer.observe(task_losses(TASKS, model(inputs), labels))
    model.trunk[0].requires_grad_(True)
    observer.observe(task_losses(TASKS, model(inputs), labels))
    assert observer.close().updates == 2


def test_a_shared_part_without_anything_trainable_is_refused():
    with pytest.raises(KindredError, match="none is trainable"):
        Shared(nn.ReLU(), 2)
    with pytest.raises(KindredError, match="none is trainable"):
        Shared([], 2)


def test_no_graph_outlives_its_update():
    """An observer that is never asked keeps no activations, nor does one between two observed updates."""
    import gc
    import weakref

    model, inputs, labels = problem()
    observer = observer_of(model, LastLayer(), every=3)
    seen = []
    hook = model.trunk[0].register_forward_hook(lambda _layer, _given, output: seen.append(weakref.ref(output)))
    for _ in range(7):
        losses = task_losses(TASKS, model(inputs), labels)
        observer.observe(losses)
        sum(losses.values()).backward()
        del losses
    hook.remove()
    gc.collect()
    assert all(each() is None for each in seen)


def test_hooks_can_be_taken_off():
    model, _, _ = problem()
    before = [len(module._forward_hooks) + len(module._forward_pre_hooks) for module in model.modules()]
    shared = Shared(model.trunk, len(TASKS))
    assert sum(len(module._forward_hooks) for module in model.modules()) > sum(before)
    shared.detach()
    assert [len(module._forward_hooks) + len(module._forward_pre_hooks) for module in model.modules()] == before


def test_a_state_carries_on_within_a_window():
    results = []
    for interrupted in (False, True):
        model, inputs, labels = problem(double=True)
        observer, optimizer, windows = observer_of(model, LastLayer(metric=True), every=2, length=8), sgd(model), []
        for step in range(16):
            if interrupted and step == 5:
                state = observer.state()
                observer = observer_of(model, LastLayer(metric=True), every=2, length=8)
                observer.load_state(state)
            losses = task_losses(TASKS, model(inputs), labels)
            windows.append(observer.observe(losses, None))
            optimizer.zero_grad()
            sum(losses.values()).backward()
            optimizer.step()
        results.append([each for each in windows if each is not None])
    for one, other in zip(*results, strict=True):
        assert one.step_to == other.step_to and np.array_equal(one.total, other.total)


def test_a_fixed_step_size_serves_as_well_as_an_optimiser():
    model, inputs, labels = problem(double=True)
    totals = []
    for more in ({"optimizer": sgd(model, 0.2)}, {"step_size": 0.2}):
        observer = observer_of(model, Lookahead(), **more)

        def evaluate():
            return task_losses(TASKS, model(inputs), labels)

        observer.observe(evaluate(), evaluate)
        totals.append(observer.close().total)
    np.testing.assert_array_equal(*totals)
