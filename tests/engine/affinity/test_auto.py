"""``auto`` under a clock of our own: what it costs, what it chooses, how it follows a change."""

import pytest
import torch

from engine.affinity import observer as observing
from engine.affinity.auto import Auto
from engine.affinity.estimator import Estimator, Unsuited
from engine.affinity.observer import Observer
from engine.affinity.shared import Shared
from engine.training.losses import task_losses
from tests.engine.affinity.problems import TASKS, problem

TRUTH = torch.arange(16.0).reshape(4, 4)


class Clock:
    def __init__(self):
        self.now = 0.0

    def perf_counter(self):
        return self.now


class Costly(Estimator):
    """Takes so many seconds."""

    def __init__(self, clock, seconds, fidelity=0.9, prior=0.1, fits=True, off=0.0):
        self.clock, self.seconds, self.fidelity = clock, seconds, fidelity
        self.prior, self.fits, self.off, self.asked = prior, fits, off, 0

    def __call__(self, update):
        if not self.fits:
            raise Unsuited("It does not fit.")
        self.asked += 1
        self.clock.now += self.seconds * (5 if self.asked == 1 else 1)  # the first observation also allocates
        generator = torch.Generator().manual_seed(self.asked)
        return TRUTH + self.off * torch.randn(4, 4, generator=generator)

    def costs(self, tasks):
        return self.prior


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(observing.time, "perf_counter", clock.perf_counter)
    return clock


def train(clock, plan, steps, plain=lambda step: 1.0):
    """A loop whose plain step takes ``plain(step)`` seconds; the seconds of observing as a share of the plain ones."""
    model, inputs, labels = problem()
    observer = Observer([task.name for task in TASKS], Shared(model.trunk, 4), plan, lambda step: step % 50 == 0)
    spent = trained = 0.0
    for step in range(steps):
        losses = task_losses(TASKS, model(inputs), labels)
        before = clock.now
        observer.observe(losses)
        spent += clock.now - before
        clock.now += plain(step)
        trained += plain(step)
    return spent / trained


@pytest.mark.parametrize("overhead", [0.02, 0.1, 0.5])
@pytest.mark.parametrize("cost", [0.01, 0.3, 4.0])
def test_it_keeps_to_its_budget_and_uses_it(clock, overhead, cost):
    share = train(clock, Auto({"only": Costly(clock, cost)}, overhead, 4), 1200)
    assert share <= overhead * 1.05
    assert share >= 0.7 * min(cost, overhead) or cost > 100 * overhead  # so dear that the first one is hardly earned


def test_it_follows_a_change_of_conditions(clock):
    """Steps become ten times faster half way: the same observations would then cost ten times their share."""
    plan = Auto({"only": Costly(clock, 0.3)}, 0.1, 4)
    train(clock, plan, 600)
    assert plan.note().startswith("auto chose only, about every 4th update")
    spent, trained = plan.spent, plan.plain
    train(clock, plan := Auto({"only": Costly(clock, 0.3)}, 0.1, 4), 1600, lambda step: 1.0 if step < 600 else 0.1)
    assert (plan.spent - spent) / (plan.plain - trained) <= 0.11
    assert plan.note().startswith("auto chose only, about every 38th update")


def test_noise_in_the_timings_does_not_break_the_budget(clock):
    generator = torch.Generator().manual_seed(0)

    def noisy(_step):
        return 1.0 + 20.0 * float(torch.rand((), generator=generator) > 0.97)  # a hiccup now and then

    assert train(clock, Auto({"only": Costly(clock, 0.3)}, 0.1, 4), 1200, noisy) <= 0.105


def chosen(clock, cheap, dear, steps, off=4.0, trained=400):
    candidates = {"cheap": Costly(clock, cheap, 0.5, cheap, off=off), "dear": Costly(clock, dear, 1.0, dear)}
    plan = Auto(candidates, 0.1, 4, steps=steps)
    share = train(clock, plan, trained)
    return plan, share


def test_it_prefers_the_better_estimator_when_that_can_be_afforded_often_enough(clock):
    assert chosen(clock, 0.05, 9.0, 2000)[0].name == "cheap"  # every 90th update: 22 noisy matrices
    assert chosen(clock, 0.05, 0.2, 2000)[0].name == "dear"
    assert chosen(clock, 0.05, 9.0, 1_000_000)[0].name == "dear"  # 11,000 matrices: noise no longer matters


def test_it_measures_how_faithful_the_cheap_one_is(clock):
    """Both cost the same in these two cases; only what the comparison finds differs."""
    assert chosen(clock, 0.1, 0.4, 2000, off=0.1)[0].name == "cheap"
    assert chosen(clock, 0.1, 0.4, 2000, off=10.0)[0].name == "dear"


def test_comparing_is_paid_for_from_the_budget(clock):
    plan, share = chosen(clock, 0.05, 9.0, 2000, trained=2000)
    assert plan.candidates["dear"].asked >= 1
    assert share <= 0.105


def test_a_comparison_that_cannot_be_afforded_is_left_out(clock):
    plan, _ = chosen(clock, 0.05, 90.0, 1000)
    assert plan.name == "cheap" and plan.candidates["dear"].asked <= 1
    plan, _ = chosen(clock, 40.0, 90.0, 1000)
    assert plan.candidates["dear"].asked == 0


def test_an_estimator_that_does_not_fit_is_dropped(clock):
    plan = Auto({"last_layer": Costly(clock, 0.1, fits=False), "first_order": Costly(clock, 0.1)}, 0.1, 4)
    train(clock, plan, 50)
    assert plan.name == "first_order" and plan.spent > 0
    fallback = "first_order", Costly(clock, 0.1)
    plan = Auto({"last_layer": Costly(clock, 0.1, fits=False)}, 0.1, 4, fallback=fallback)
    train(clock, plan, 50)
    assert plan.name == "first_order" and fallback[1].asked > 1
    with pytest.raises(Unsuited):
        train(clock, Auto({"last_layer": Costly(clock, 0.1, fits=False)}, 0.1, 4), 50)


def test_it_says_what_it_chose_and_what_that_costs(clock):
    plan = Auto({"last_layer": Costly(clock, 0.18)}, 0.1, 4)
    assert plan.note() == "auto chose last_layer; overhead not yet known of 10% allowed"
    train(clock, plan, 500)
    assert plan.note().startswith("auto chose last_layer, about every 2nd update; overhead ")


def test_the_warm_up_is_neither_observed_nor_counted(clock):
    plan = Auto({"only": Costly(clock, 0.1)}, 0.1, 4)
    assert [plan.due(step) for step in range(5)] == [False, False, False, True, True]
    train(clock, plan, 200, lambda step: 1000.0 if step == 0 else 1.0)
    assert plan.plain <= 200
