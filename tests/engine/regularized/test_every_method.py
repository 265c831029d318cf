"""What must be true of every method."""

import numpy as np
import pytest

from engine.errors import KindredError
from engine.regularized.graph_laplacian import GraphLaplacian
from engine.regularized.independent import Independent
from tests.engine.regularized.problems import LOSSES, METHODS, objective, problem, relation, samples

every = pytest.mark.parametrize("name", METHODS)
losses = pytest.mark.parametrize("loss", LOSSES)


@every
@losses
@pytest.mark.parametrize("strength", [0.01, 0.1, 1.0])
def test_reports_the_objective_it_has_and_never_rises(name, loss, strength):
    data = problem(loss, tasks=5)
    model = METHODS[name](5, loss=loss, strength=strength).fit(*data)
    assert model.converged_
    assert model.coefficients_.shape == (5, 6) and model.intercepts_.shape == (5,)
    np.testing.assert_allclose(
        model.objective_[-1], objective(model, data, model.coefficients_, model.intercepts_), rtol=1e-9
    )
    assert (np.diff(model.objective_) <= 0).all()


@every
@losses
def test_no_change_of_coefficients_or_intercepts_is_better(name, loss):
    data = problem(loss)
    model = METHODS[name](4, loss=loss, strength=0.1).fit(*data)
    least = objective(model, data, model.coefficients_, model.intercepts_)
    random = np.random.default_rng(0)
    for size in (1.0, 1e-1, 1e-2, 1e-3) * 8:
        along_w, along_b = random.normal(size=(4, 6)), random.normal(size=4)
        if name == "pooled":
            along_w, along_b = np.tile(along_w[0], (4, 1)), np.full(4, along_b[0])
        moved = objective(model, data, model.coefficients_ + size * along_w, model.intercepts_ + size * along_b)
        assert moved >= least * (1 - 1e-11)
        shrunk = objective(model, data, model.coefficients_ * (1 - size / 2), model.intercepts_)
        if name != "pooled" or loss == "squared":
            assert shrunk >= least * (1 - 1e-11)


@every
@losses
def test_permuting_the_tasks_permutes_coefficients_and_relation(name, loss):
    inputs, targets = problem(loss)
    order = np.array([2, 0, 3, 1])
    plain, permuted = (METHODS[name](4, loss=loss, tolerance=1e-8) for _ in range(2))
    if isinstance(permuted, GraphLaplacian):
        permuted.relation = relation(4)[np.ix_(order, order)]
    plain.fit(inputs, targets)
    permuted.fit([inputs[task] for task in order], [targets[task] for task in order])
    np.testing.assert_allclose(permuted.coefficients_, plain.coefficients_[order], atol=1e-5)
    np.testing.assert_allclose(permuted.intercepts_, plain.intercepts_[order], atol=1e-5)
    if plain.relation_ is None:
        assert permuted.relation_ is None and plain.relation_name is None
    else:
        np.testing.assert_allclose(permuted.relation_, plain.relation_[np.ix_(order, order)], atol=1e-4)
        np.testing.assert_allclose(plain.relation_, plain.relation_.T)
        assert plain.relation_name


@every
@losses
def test_moving_the_inputs_moves_only_the_intercepts(name, loss):
    inputs, targets = problem(loss)
    moves = np.random.default_rng(3).normal(0, 5, size=(4, 6))
    if name == "pooled":  # whose intercept is one for all
        moves[:] = moves[0]
    plain, moved = (METHODS[name](4, loss=loss) for _ in range(2))
    plain.fit(inputs, targets)
    moved.fit([x + move for x, move in zip(inputs, moves, strict=True)], targets)
    np.testing.assert_allclose(moved.coefficients_, plain.coefficients_, atol=1e-6)
    for task in range(4):
        np.testing.assert_allclose(
            moved.decision(inputs[task] + moves[task], task), plain.decision(inputs[task], task), atol=1e-5
        )


@every
@losses
def test_copies_of_all_samples_change_nothing(name, loss):
    inputs, targets = problem(loss)
    plain, copied = (METHODS[name](4, loss=loss, tolerance=1e-8) for _ in range(2))
    plain.fit(inputs, targets)
    repeats = [1, 4, 2, 3]
    copied.fit(
        [np.tile(x, (often, 1)) for x, often in zip(inputs, repeats, strict=True)],
        [np.tile(y, often) for y, often in zip(targets, repeats, strict=True)],
    )
    np.testing.assert_allclose(copied.coefficients_, plain.coefficients_, atol=1e-5)


@pytest.mark.parametrize("name", [name for name in METHODS if name not in ("trace_norm", "joint_features")])
@losses
def test_one_task_is_learned_as_if_alone(name, loss):
    data = problem(loss, tasks=1)
    model = METHODS[name](1, loss=loss, tolerance=1e-9)
    alone = {"independent": 0.1, "pooled": 0.1, "task_covariance": 0.11, "clustered": 0.05}
    reference = Independent(loss=loss, strength=alone.get(name, 0.02), tolerance=1e-9).fit(*data)
    # Of what TaskCovariance has, ε is a part that changes nothing for a single task.
    np.testing.assert_allclose(model.fit(*data).coefficients_, reference.coefficients_, atol=1e-6)
    np.testing.assert_allclose(model.intercepts_, reference.intercepts_, atol=1e-6)


@every
@losses
def test_predicts_values_or_labels(name, loss):
    inputs, targets = problem(loss)
    model = METHODS[name](4, loss=loss).fit(inputs, targets)
    decisions = model.decision(inputs[1], 1)
    np.testing.assert_allclose(decisions, inputs[1] @ model.coefficients_[1] + model.intercepts_[1])
    if loss == "squared":
        np.testing.assert_array_equal(model.predict(inputs[1], np.int64(1)), decisions)
    else:
        np.testing.assert_array_equal(model.predict(inputs[1], np.int64(1)), decisions > 0)


@pytest.mark.parametrize("name", [name for name in METHODS if name != "independent"])
def test_running_out_of_iterations_is_said(name):
    model = METHODS[name](4, loss="logistic", max_iterations=1).fit(*problem("logistic"))
    assert not model.converged_
    assert np.isfinite(model.coefficients_).all()


@every
@losses
def test_targets_without_anything_to_learn_give_coefficients_of_0(name, loss):
    inputs = [np.vstack([x, x]) for x, _ in zip(*problem("squared"), strict=True)]
    targets = [np.concatenate([np.zeros(len(x) // 2), np.ones(len(x) // 2)]) for x in inputs]
    model = METHODS[name](4, loss=loss).fit(inputs, targets)
    assert model.converged_
    np.testing.assert_allclose(model.coefficients_, 0, atol=1e-12)
    np.testing.assert_allclose(model.intercepts_, 0.5 if loss == "squared" else 0, atol=1e-12)
    if model.relation_ is not None:
        assert np.isfinite(model.relation_).all()


@every
def test_a_fit_does_not_depend_on_the_one_before(name):
    model = METHODS[name](4)
    first = model.fit(*problem("squared", seed=1)).coefficients_.copy()
    model.fit(*problem("squared", seed=2))
    np.testing.assert_array_equal(model.fit(*problem("squared", seed=1)).coefficients_, first)


@every
def test_nothing_is_decided_before_anything_was_learned(name):
    with pytest.raises(KindredError, match="not learned anything yet; call its `fit` first"):
        METHODS[name](4).decision(np.zeros((1, 6)), 0)


@every
def test_features_a_hundred_times_apart_are_learned_as_well(name):
    """Conjugate gradients and L-BFGS are preconditioned; proximal gradients need more iterations."""
    inputs, targets = samples(np.random.default_rng(0).normal(size=(3, 5)), "logistic", 60)
    inputs = [x * np.logspace(-1, 1, 5) for x in inputs]
    assert METHODS[name](3, loss="logistic", strength=0.01, max_iterations=20_000).fit(inputs, targets).converged_
