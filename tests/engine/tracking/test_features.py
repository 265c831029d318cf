"""In loops of every kind, the tracker works and training is untouched, bit for bit."""

import numpy as np
import pytest
import torch

from engine import AffinityTracker
from engine.runs.store import Store
from tests.engine.tracking.loops import LOOPS, TASKS, train

ESTIMATORS = ("auto", "last_layer", "first_order", "lookahead", "head_lookahead", "corrected")


def tracked(loop, estimator, store_url, **settings):
    trackers = []

    def prepare(model, optimizer):
        trackers.append(
            AffinityTracker(
                TASKS, model.trunk, optimizer=optimizer, store=store_url, affinity=estimator, strict=True, **settings
            )
        )
        return trackers[0].observe

    state = train(loop, prepare=prepare)
    trackers[0].finish()
    store = Store(store_url)
    return state, store.run(trackers[0].run), store.series(trackers[0].run)


# A compiled forward pass cannot be followed; see test_compiled.py.
COMBINATIONS = [
    (name, estimator)
    for name in LOOPS
    for estimator in ESTIMATORS
    if name != "compiled" or estimator not in ("last_layer", "head_lookahead", "corrected")
]


@pytest.mark.parametrize(("name", "estimator"), COMBINATIONS)
def test_training_is_untouched_and_affinities_are_stored(name, estimator, store_url):
    loop = LOOPS[name]
    state, run, series = tracked(loop, estimator, store_url)
    plain = train(loop)
    assert len(state) == len(plain)
    assert all(torch.equal(one, other) for one, other in zip(state, plain, strict=True))
    assert run.status == "finished" and not run.error
    observed = 12 * loop.accumulate
    assert 0 < series.updates.sum() <= observed
    if estimator != "auto":
        assert series.updates.sum() == observed
    mean = series.mean()
    assert (np.isfinite(mean.affinity) == (mean.counts > 0)).all()
    assert mean.counts[0, 1] > 0
    assert (mean.affinity.diagonal()[mean.counts.diagonal() > 0] > 0).all()
    if loop.absent and estimator != "auto":
        assert mean.counts[2, 0] == mean.counts[0, 2] == mean.counts[2, 2] == 6 and mean.counts[0, 1] == 12


@pytest.mark.parametrize("name", ["dropout", "own inputs", "mixed precision"])
def test_a_list_of_parameters_serves_where_no_module_is_at_hand(name, store_url):
    trackers = []

    def prepare(model, optimizer):
        parameters = list(model.trunk.parameters())
        trackers.append(AffinityTracker(TASKS, parameters, optimizer=optimizer, store=store_url, strict=True))
        return trackers[0].observe

    state = train(LOOPS[name], prepare=prepare)
    assert all(torch.equal(one, other) for one, other in zip(state, train(LOOPS[name]), strict=True))
    assert "first_order" in trackers[0].chosen
    trackers[0].finish()


def test_a_scaled_loss_weight_changes_what_is_trained_but_not_how_it_is_seen(store_url):
    """The first update, before any weight has moved: loss weights, accumulation and scaling do not matter."""
    firsts = []
    for name in ("plain", "loss weights", "half precision and GradScaler"):
        _, _, series = tracked(LOOPS[name], "first_order", store_url, every=12)
        firsts.append(series.mean().affinity)
    np.testing.assert_allclose(firsts[0], firsts[1], rtol=1e-6)
    np.testing.assert_allclose(firsts[0], firsts[2], rtol=0.02, atol=0.02 * np.abs(firsts[0]).max())


def test_half_precision_does_not_lose_small_gradients(store_url):
    _, _, half = tracked(LOOPS["half precision and GradScaler"], "last_layer", store_url, columns=0, every=12)
    _, _, full = tracked(LOOPS["plain"], "last_layer", store_url, columns=0, every=12)
    one, other = half.mean().affinity, full.mean().affinity
    np.testing.assert_allclose(one, other, rtol=0.02, atol=0.02 * np.abs(other).max())
