"""``torch.compile``: whole models fall back to gradients on the parameters, compiled heads change nothing."""

import pytest
import torch

from engine import AffinityTracker
from engine.affinity.shared import Shared
from engine.runs.store import Store
from tests.engine.tracking.loops import TASKS, Loop, Net, train


def test_auto_falls_back_and_says_so(store_url):
    trackers = []

    def prepare(model, optimizer):
        trackers.append(AffinityTracker(TASKS, model.trunk, store=store_url, strict=True))
        return trackers[0].observe

    train(Loop(compiled="aot_eager"), prepare=prepare)
    assert "auto chose first_order" in trackers[0].chosen
    trackers[0].finish()
    assert Store(store_url).series(trackers[0].run).updates.sum() > 0


def test_last_layer_says_why_it_cannot_follow(store_url):
    trackers = []

    def prepare(model, optimizer):
        trackers.append(AffinityTracker(TASKS, model.trunk, store=store_url, affinity="last_layer"))
        return trackers[0].observe

    with pytest.warns(UserWarning, match="outside of torch.compile, or choose the estimator first_order"):
        train(Loop(compiled="aot_eager"), prepare=prepare)
    assert Store(store_url).run(trackers[0].run).status == "failed"


def test_a_trunk_compiled_by_itself_is_seen_through_its_parameters():
    """Its hooks do not run, and nothing breaks."""
    torch.manual_seed(0)
    model = Net()
    shared = Shared(model.trunk, len(TASKS))
    shared.expect()
    compiled = torch.compile(model.trunk, backend="aot_eager")
    compiled(torch.randn(4, 6)).sum().backward()
    assert shared.last_calls() == []
