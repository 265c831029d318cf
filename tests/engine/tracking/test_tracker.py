"""The tracker's promises: it writes as it goes, never raises in a loop, resumes, and gives way to no second writer."""

import subprocess
import sys
import time
import warnings

import numpy as np
import pytest
import torch

from engine import AffinityTracker
from engine.errors import KindredError
from engine.runs.store import Store
from tests.conftest import ROOT
from tests.engine.tracking.loops import LOOPS, TASKS, Loop, Net, train


def tracker_of(store_url, run="my run", **more):
    torch.manual_seed(0)
    model = Net()
    return model, AffinityTracker(TASKS, model.trunk, run=run, store=store_url, **more)


def losses_of(model, seed=0):
    inputs = torch.randn(8, 6, generator=torch.Generator().manual_seed(seed))
    outputs = model(inputs)
    return {task: (output - inputs[:, :1]).square().mean() for task, output in zip(TASKS, outputs, strict=True)}


def wait_until(condition, seconds=10):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass in time"
        time.sleep(0.05)


def test_the_lines_of_the_documentation(store_url):
    """As printed: the default estimator, no optimiser, no closure; finished by leaving the block."""
    model, tracker = tracker_of(store_url)
    with tracker:
        for step in range(30):
            losses = losses_of(model, step)
            tracker.observe(losses)
            sum(losses.values()).backward()
        assert tracker.active
        wait_until(lambda: Store(store_url).run(tracker.run).note.startswith("auto chose "))
    run = Store(store_url).run(tracker.run)
    assert (run.name, run.origin, run.status, run.step, run.tasks) == ("my run", "tracked", "finished", 30, TASKS)
    evaluations = Store(store_url).evaluations(tracker.run)
    assert len(evaluations) >= 1 and np.isfinite(evaluations[-1].losses).all()


def test_it_is_seen_while_it_runs(store_url):
    model, tracker = tracker_of(store_url, affinity="first_order")
    store = Store(store_url)
    for step in range(5):
        tracker.observe(losses_of(model, step))
    wait_until(lambda: len(store.series(tracker.run)) == 1)
    assert store.run(tracker.run).status == "running" and store.run(tracker.run).step == 5
    tracker.finish()


def test_windows_grow_with_the_run_on_a_fixed_grid(store_url):
    model, tracker = tracker_of(store_url, affinity="first_order", every=5)
    for _ in range(1000):
        tracker.observe(losses_of(model))
    tracker.finish()
    edges = Store(store_url).series(tracker.run).edges
    assert edges[0] == 0 and edges[-1] == 1000 and (np.diff(edges) >= 5).all()
    assert 60 < len(edges) < 140


@pytest.mark.parametrize("steps", [7, 250])
def test_a_run_of_known_length_has_about_a_hundred_windows_at_most(store_url, steps):
    model, tracker = tracker_of(store_url, affinity="first_order", steps=steps)
    for _ in range(steps):
        tracker.observe(losses_of(model))
    tracker.finish()
    store = Store(store_url)
    assert len(store.series(tracker.run)) <= 125 and store.run(tracker.run).steps == steps


FAULTS = {
    "the closure raises": (lambda model: losses_of(model), lambda model: 1 / 0, "ZeroDivisionError"),
    "the closure draws other data": (
        lambda model: losses_of(model),
        lambda model: losses_of(model, 1),
        "must evaluate the same batch",
    ),
    "the closure returns other tasks": (
        lambda model: losses_of(model),
        lambda model: {"depth": losses_of(model)["depth"]},
        "returned the tasks depth",
    ),
    "no closure": (lambda model: losses_of(model), None, "closure=…"),
    "a loss is zero": (
        lambda model: losses_of(model) | {"edges": losses_of(model)["edges"] * 0},
        lambda model: losses_of(model),
        "'edges' is 0.0",
    ),
    "a loss is NaN": (
        lambda model: losses_of(model) | {"edges": losses_of(model)["edges"] * torch.nan},
        lambda model: losses_of(model),
        "'edges' is nan",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_recorded_tracking_stops_and_earlier_windows_are_kept(fault, store_url):
    bad_losses, closure, message = FAULTS[fault]
    model, tracker = tracker_of(store_url, affinity="lookahead", step_size=0.1)
    for step in range(10):  # the eleventh is one of those whose batch is compared
        tracker.observe(losses_of(model, step), lambda step=step: losses_of(model, step))
    before = [parameter.clone() for parameter in model.parameters()]
    with pytest.warns(UserWarning, match="Kindred stopped tracking; training goes on"):
        tracker.observe(bad_losses(model), None if closure is None else lambda: closure(model))
    assert not tracker.active
    run, series = Store(store_url).run(tracker.run), Store(store_url).series(tracker.run)
    assert run.status == "failed" and message in run.error
    assert series.edges.tolist() == [0, 5, 10] and series.updates.sum() == 10
    assert all(torch.equal(one, other) for one, other in zip(before, model.parameters(), strict=True))
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tracker.observe(bad_losses(model))  # nothing more is said
        tracker.finish()
    assert Store(store_url).run(tracker.run).status == "failed"


def test_strict_raises_what_it_records(store_url):
    model, tracker = tracker_of(store_url, affinity="lookahead", step_size=0.1, strict=True)
    with pytest.raises(ZeroDivisionError):
        tracker.observe(losses_of(model), lambda: 1 / 0)
    assert "ZeroDivisionError" in Store(store_url).run(tracker.run).error


def test_a_fault_in_the_middle_of_training_leaves_its_weights_alone(store_url):
    def prepare(model, optimizer):
        tracker = AffinityTracker(TASKS, model.trunk, optimizer=optimizer, store=store_url, affinity="lookahead")
        count = []

        def observe(losses, closure):
            count.append(1)
            calls = []

            def failing():
                calls.append(1)
                return closure() if len(count) < 4 or len(calls) < 3 else 1 / 0

            tracker.observe(losses, failing)

        return observe

    with pytest.warns(UserWarning, match="ZeroDivisionError"):
        state = train(LOOPS["dropout and BatchNorm"], prepare=prepare)
    plain = train(LOOPS["dropout and BatchNorm"])
    assert all(torch.equal(one, other) for one, other in zip(state, plain, strict=True))


def test_a_second_process_may_not_write_a_run_of_that_name(store_url):
    _, tracker = tracker_of(store_url)
    with pytest.raises(KindredError, match="'my run' .* is being written by another process"):
        tracker_of(store_url)
    with pytest.raises(KindredError, match="is being written by another process"):
        tracker_of(store_url, resume=True)
    tracker.finish()
    _, again = tracker_of(store_url)  # a new run of the same name
    assert again.run != tracker.run
    again.finish()


def test_a_writer_that_was_replaced_stops(store_url):
    """Its process was frozen for so long that another one took up the run."""
    model, tracker = tracker_of(store_url, affinity="first_order")
    store = Store(store_url)
    for _ in range(5):
        tracker.observe(losses_of(model))
    wait_until(lambda: len(store.series(tracker.run)) == 1)
    with store._database.writing() as connection:
        connection.exec_driver_sql("UPDATE runs SET worker = 'another' WHERE id = ?", (tracker.run,))
    wait_until(lambda: tracker._store_writer.trouble)
    with pytest.warns(UserWarning, match="was taken over or deleted"):
        tracker.observe(losses_of(model))
    assert not tracker.active and len(store.series(tracker.run)) == 1


def test_a_run_can_be_stopped_from_the_dashboard(store_url):
    model, tracker = tracker_of(store_url, affinity="first_order")
    store = Store(store_url)
    store.request_cancel(tracker.run)
    wait_until(lambda: tracker._store_writer.cancelled)
    tracker.observe(losses_of(model))
    assert not tracker.active
    assert store.run(tracker.run).status == "cancelled"
    tracker.observe(losses_of(model))


def test_a_resumed_loop_goes_on_with_its_run(store_url):
    """Stopped at step 8, resumed from a checkpoint of step 6: the windows are those of one undisturbed loop."""
    stored = []
    for interrupted in (False, True):
        name = f"interrupted {interrupted}"
        model, tracker = tracker_of(store_url, run=name, affinity="last_layer")
        state = None
        for step in range(8 if interrupted else 20):
            if step == 6:
                state = tracker.state_dict()
            tracker.observe(losses_of(model, step))
        tracker.finish()
        if interrupted:
            _, tracker = tracker_of(store_url, run=name, affinity="last_layer", resume=True)
            with pytest.raises(KindredError, match="written by another process"):
                tracker_of(store_url, run=name, resume=True)
            tracker.finish()
            again = AffinityTracker(TASKS, model.trunk, run=name, store=store_url, affinity="last_layer", resume=True)
            again.load_state_dict(state)
            for step in range(6, 20):
                again.observe(losses_of(model, step))
            again.finish()
            assert again.run == tracker.run
        stored.append(Store(store_url).series(tracker.run))
    assert stored[0].edges.tolist() == stored[1].edges.tolist() == [0, 5, 10, 15, 20]
    np.testing.assert_array_equal(stored[0].totals, stored[1].totals)


def test_a_resumed_loop_without_a_checkpoint_of_the_tracker_appends(store_url):
    model, tracker = tracker_of(store_url, affinity="first_order")
    for _ in range(10):
        tracker.observe(losses_of(model))
    tracker.finish()
    model, tracker = tracker_of(store_url, affinity="first_order", resume=True)
    for _ in range(10):
        tracker.observe(losses_of(model))
    tracker.finish()
    assert Store(store_url).series(tracker.run).edges.tolist() == [0, 5, 10, 15, 20]


def test_resuming_with_other_tasks_or_an_unknown_name_is_refused(store_url):
    _, tracker = tracker_of(store_url)
    tracker.finish()
    with pytest.raises(KindredError, match="has the tasks depth, normals, edges, but this tracker has a, b"):
        AffinityTracker(["a", "b"], Net().trunk, run="my run", store=store_url, resume=True)
    with pytest.raises(KindredError, match="no tracked run 'other'"):
        tracker_of(store_url, run="other", resume=True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"affinity": "tag"}, "no estimator 'tag'"),
        ({"affinity": "none"}, "a tracker observes"),
        ({"every": 3}, "auto chooses its own interval"),
        ({"overhead": 0.0}, "Overhead is 0.0; it must be a number from 0.001"),
        ({"interval": 3}, "no setting 'interval'; its settings are affinity, overhead"),
        ({"step_size": -1.0}, "`step_size` is -1.0; it must be positive"),
    ],
)
def test_bad_arguments_are_refused_before_a_run_is_made(store_url, arguments, message):
    before = len(Store(store_url).runs())
    with pytest.raises(KindredError, match=message):
        tracker_of(store_url, **arguments)
    with pytest.raises(KindredError, match="'depth' occurs twice"):
        AffinityTracker(["depth", "depth"], Net().trunk, store=store_url)
    with pytest.raises(KindredError, match="none is trainable"):
        AffinityTracker(TASKS, torch.nn.ReLU(), store=store_url)
    assert len(Store(store_url).runs()) == before


SCRIPT = """
import sys, torch
from engine import AffinityTracker
from tests.engine.tracking.loops import TASKS, Net
from tests.engine.tracking.test_tracker import losses_of
model = Net()
tracker = AffinityTracker(TASKS, model.trunk, run="script", affinity="first_order")
for step in range(7):
    tracker.observe(losses_of(model, step))
if sys.argv[1] == "raise":
    raise ValueError("out of data")
"""


@pytest.mark.parametrize(
    ("how", "status", "error"), [("end", "finished", ""), ("raise", "failed", "The program stopped on ValueError: out")]
)
def test_a_program_that_ends_without_finish_ends_its_run(store_url, how, status, error):
    done = subprocess.run([sys.executable, "-c", SCRIPT, how], cwd=ROOT, capture_output=True, text=True)
    assert ("ValueError" in done.stderr) == (how == "raise"), done.stderr
    run = next(run for run in Store(store_url).runs() if run.name == "script")
    assert run.status == status and run.error.startswith(error)
    assert Store(store_url).series(run.id).updates.sum() == 7


def test_a_loop_that_raises_within_the_block_fails_its_run(store_url):
    model, tracker = tracker_of(store_url)
    with pytest.raises(RuntimeError), tracker:
        raise RuntimeError("the loader ran dry")
    run = Store(store_url).run(tracker.run)
    assert (run.status, run.error) == ("failed", "The training loop stopped on RuntimeError: the loader ran dry")


def test_the_loops_own_error_is_seen_even_if_the_run_cannot_be_ended(store_url, monkeypatch):
    _, tracker = tracker_of(store_url)

    def full(**columns):
        raise KindredError("the disk is full")

    monkeypatch.setattr(tracker._store_writer, "end", full)
    with pytest.warns(UserWarning, match="the disk is full"), pytest.raises(RuntimeError, match="ran dry"), tracker:
        raise RuntimeError("the loader ran dry")


def test_further_writers_hear_the_same(store_url):
    class Memory:
        def __init__(self):
            self.heard = []

        def begin(self, name, tasks, quantity):
            self.heard.append((name, tasks, quantity))

        def window(self, window, losses):
            self.heard.append((window.step_to, losses.step))

        def end(self, status, error):
            self.heard.append((status, error))

    memory = Memory()
    model, tracker = tracker_of(store_url, affinity="first_order", writers=[memory])
    for _ in range(10):
        tracker.observe(losses_of(model))
    tracker.finish()
    assert memory.heard == [
        ("my run", TASKS, "inter-task affinity per unit of step size"),
        (5, 5),
        (10, 10),
        ("finished", ""),
    ]


def test_a_writer_that_refuses_leaves_no_run_behind_as_running(store_url):
    class Refusing:
        def begin(self, name, tasks, quantity):
            raise KindredError("this folder holds another run")

    with pytest.raises(KindredError, match="holds another run"):
        tracker_of(store_url, writers=[Refusing()])
    run = next(run for run in Store(store_url).runs() if run.name == "my run")
    assert (run.status, run.error) == ("failed", "this folder holds another run")


def test_one_line_of_engine_gives_the_tracker():
    import engine

    assert engine.AffinityTracker is AffinityTracker
    with pytest.raises(AttributeError, match="no attribute 'Tracker'"):
        engine.Tracker  # noqa: B018


def test_the_loops_of_these_tests_learn():
    first, last = [], []
    train(
        Loop(),
        observe=lambda losses, _: (first if len(first) < 3 else last).append(sum(losses.values()).item()),
        steps=60,
    )
    assert np.mean(last[-3:]) < 0.8 * np.mean(first)
