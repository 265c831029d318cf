import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as some

from engine.federated.fedavg import FedAvg
from engine.federated.local import Local
from engine.federated.local_solver import passes
from engine.federated.mocha import Mocha
from engine.federated.relations import covariance_relation, fixed_relation, learned_covariance
from engine.federated.systems import ORDER, seed_of
from tests.engine.federated.problems import (
    LOSSES,
    clients_of,
    joint_minimum,
    joint_ridge,
    learn,
    objective,
    settings,
    weights_of,
    widened,
)

SIMILARITY = np.array([[0.0, 2, 0, 1], [2, 0, 0, 0.5], [0, 0, 0, 0], [1, 0.5, 0, 0]])
PRECISION = np.array([[1.0, -0.9, 0, 0], [-0.9, 1, 0, 0], [0, 0, 0.5, 0.5], [0, 0, 0.5, 0.5]])
RELATIONS = [("independent", None), ("mean", None), ("similarity", SIMILARITY), ("precision", PRECISION)]


def precision_of(chosen, matrix):
    return np.eye(4) + chosen.tie * fixed_relation(chosen, 4, matrix)


@pytest.mark.parametrize("relation, matrix", RELATIONS)
@pytest.mark.parametrize("tie", [0.5, 5.0])
def test_it_finds_the_joint_ridge_regression(relation, matrix, tie):
    chosen = settings(relation=relation, tie=tie, passes=3.0)
    data = clients_of()
    _, reports = learn(Mocha(chosen, matrix), data, 250)
    expected = joint_ridge(data, precision_of(chosen, matrix), 0.2)
    assert reports[-1].relative_gap < 1e-10
    np.testing.assert_allclose(weights_of(reports[-1]), expected, atol=1e-6)


@given(
    some.sampled_from(LOSSES),
    some.sampled_from(RELATIONS),
    some.floats(0, 100),
    some.floats(0, 0.9),
    some.floats(0, 1),
    some.sampled_from([0.01, 0.5, 1.0, 4.0]),
    some.floats(0.001, 10),
    some.integers(0, 10**6),
)
@examples(max_examples=60, deadline=None)
def test_the_dual_never_falls_whoever_drops_out(loss, relation, tie, drop, stragglers, passes, strength, seed):
    chosen = settings(
        **{"loss": loss, "relation": relation[0], "tie": tie, "drop": drop, "stragglers": stragglers},
        **{"passes": passes, "strength": strength, "seed": seed},
    )
    data = clients_of(binary=loss != "squared", seed=seed)
    method = Mocha(chosen, relation[1])
    state = method.begin(data)
    first = float(state["first_gap"])
    reports = [method.round(state) for _ in range(10)]
    assert reports[0].dual >= -1e-12 * first
    assert (np.diff([report.dual for report in reports]) >= -1e-12 * first).all()
    assert (np.diff([report.primal for report in reports]) <= 0).all()
    assert (np.diff([report.gap for report in reports]) <= 1e-12 * first).all()
    for report in reports:
        assert report.primal - report.dual >= -1e-12 * first
        assert 0 <= report.relative_gap <= 1
        value = objective(data, precision_of(chosen, relation[1]), strength, loss, weights_of(report))[0]
        assert report.primal == pytest.approx(value, rel=1e-9)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("relation, matrix", RELATIONS[1:])
def test_the_minimum_lies_between_dual_and_primal(loss, relation, matrix):
    chosen = settings(loss=loss, relation=relation, drop=0.3, stragglers=0.5)
    data = clients_of(binary=loss != "squared")
    _, reports = learn(Mocha(chosen, matrix), data, 80)
    least = joint_minimum(data, precision_of(chosen, matrix), 0.2, loss)
    assert all(report.dual - 1e-8 <= least <= report.primal + 1e-8 for report in reports)
    assert reports[-1].relative_gap < 1e-6


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("drop, rounds", [(0.0, 30), (0.3, 45)])
def test_the_gap_reaches_a_ten_thousandth_of_the_first(loss, drop, rounds):
    data = clients_of((200,) * 20, d=64, binary=loss != "squared", common=np.ones(64) / 8, spread=0.5 / 8)
    chosen = settings(loss=loss, strength=0.1, drop=drop)
    _, reports = learn(Mocha(chosen), data, rounds)
    assert reports[-1].relative_gap <= 1e-4


def test_a_round_is_the_algorithm():
    """Against one written anew, with the same orders of samples."""
    chosen = settings(relation="similarity", tie=2.0, passes=2.0)
    state, _ = learn(Mocha(chosen, SIMILARITY), clients_of(), 3)
    inverse = np.linalg.inv(precision_of(chosen, SIMILARITY))
    root = np.sqrt(np.diag(inverse))
    worst = np.linalg.eigvalsh(inverse / np.outer(root, root))[-1]
    data = widened(clients_of())
    alphas, v = [np.zeros(len(labels)) for _, labels in data], np.zeros((4, 6))
    for number in (1, 2, 3):
        weights, moved = inverse @ v / 0.2, np.zeros((4, 6))
        for client, (inputs, labels) in enumerate(data):
            samples = len(labels)
            curvature = worst * inverse[client, client] / 0.2
            for i in passes(samples, 2 * samples, seed_of(0, number, str(client), ORDER)):
                z = inputs[i] @ (weights[client] + curvature * moved[client])
                move = (labels[i] - z - alphas[client][i]) / (1 + curvature * inputs[i] @ inputs[i] / samples)
                alphas[client][i] += move
                moved[client] += move * inputs[i] / samples
        v += moved
    np.testing.assert_allclose(state["alpha"], np.concatenate(alphas), atol=1e-12)
    np.testing.assert_allclose(state["v"], v, atol=1e-12)


def test_who_drops_out_keeps_its_dual_variables():
    method = Mocha(settings(drop=0.6))
    state = method.begin(clients_of())
    for _ in range(10):
        before = dict(state)
        report = method.round(state)
        places = np.split(np.arange(70), np.cumsum([12, 30, 7]))
        for client, there in enumerate(report.present):
            assert (state["alpha"][places[client]] != before["alpha"][places[client]]).any() == there
            assert (state["v"][client] != before["v"][client]).any() == there


def test_v_stays_that_of_the_dual_variables():
    state, _ = learn(Mocha(settings(tie=20.0, drop=0.3)), clients_of(), 300)
    alphas = np.split(state["alpha"], np.cumsum([12, 30, 7]))
    expected = [alpha @ inputs / len(alpha) for alpha, (inputs, _) in zip(alphas, widened(clients_of()), strict=True)]
    np.testing.assert_allclose(state["v"], expected, atol=1e-13)


def test_a_strong_tie_is_one_model():
    _, reports = learn(Mocha(settings(tie=10_000.0, passes=2.0)), clients_of(), 300)
    assert np.ptp(weights_of(reports[-1]), axis=0).max() < 1e-2


def test_every_sample_given_twice_changes_nothing():
    """As losses are means."""
    data = clients_of()
    twice = [(np.vstack([inputs] * 2), np.concatenate([labels] * 2)) for inputs, labels in data]
    _, once = learn(Mocha(settings(passes=3.0)), data, 100)
    _, again = learn(Mocha(settings(passes=3.0)), twice, 100)
    np.testing.assert_allclose(weights_of(once[-1]), weights_of(again[-1]), atol=1e-6)


def learned(data, rounds=800, **chosen):
    chosen = settings(relation="learned", relation_every=20, passes=3.0, **chosen)
    return chosen, *learn(Mocha(chosen), data, rounds)


@pytest.mark.parametrize("loss", LOSSES)
def test_the_learned_relation_settles_where_both_are_right(loss):
    data = clients_of(binary=loss != "squared")
    chosen, state, reports = learned(data, loss=loss)
    covariance, weights = state["covariance"], weights_of(reports[-1])
    np.testing.assert_allclose(covariance, learned_covariance(weights, chosen.ridge), atol=1e-5)
    assert np.trace(covariance) == pytest.approx(1) and np.linalg.eigvalsh(covariance)[0] > 0
    precision = np.eye(4) + chosen.tie * covariance_relation(covariance)
    assert np.abs(objective(data, precision, 0.2, loss, weights)[1]).max() < 1e-4
    if loss == "squared":
        np.testing.assert_allclose(weights, joint_ridge(data, precision, 0.2), atol=1e-6)


@pytest.mark.parametrize("loss", LOSSES)
def test_the_report_is_of_the_relation_as_it_is_now(loss):
    data = clients_of(binary=loss != "squared")
    method = Mocha(settings(loss=loss, relation="learned", relation_every=2, tie=20.0, passes=0.2, drop=0.3))
    state = method.begin(data)
    for _ in range(30):
        report = method.round(state)
        precision = np.eye(4) + 20 * covariance_relation(state["covariance"])
        assert report.primal == pytest.approx(objective(data, precision, 0.2, loss, weights_of(report))[0], rel=1e-9)
        assert report.dual <= joint_minimum(data, precision, 0.2, loss) + 1e-8


def test_the_learned_relation_tells_friends_from_strangers():
    direction = np.array([1.0, -1, 2, 0, 1])
    same = clients_of((40, 40), common=direction, spread=0.0)
    opposite = [(inputs, -labels) for inputs, labels in clients_of((40,), common=direction, spread=0.0, seed=1)]
    stranger = clients_of((40,), common=np.array([1.0, 1, 0, 3, 0]), spread=0.0, seed=2)
    _, _, reports = learned([*same, *opposite, *stranger], rounds=200)
    relation = reports[-1].relation
    assert relation[0, 1] > 0.9 and relation[0, 2] < -0.8 and abs(relation[0, 3]) < 0.5
    np.testing.assert_allclose(relation, relation.T, atol=1e-15)
    np.testing.assert_array_equal(np.diag(relation), 1)


def test_the_relation_is_updated_when_it_is_due():
    _, reports = learn(Mocha(settings(relation="learned", relation_every=3)), clients_of(), 8)
    changed = [not np.array_equal(one.relation, two.relation) for one, two in zip(reports, reports[1:], strict=False)]
    assert changed == [False, False, True, False, False, True, False]
    np.testing.assert_array_equal(reports[0].relation, np.eye(4))


def test_related_clients_with_few_samples_learn_better_together():
    """On new samples: MOCHA beats each alone, and one model for all, where clients are alike but not the same."""
    direction = np.random.default_rng(5).standard_normal(20)
    both = clients_of((400,) * 8, d=20, common=direction, spread=0.4, noise=0.5, seed=6)
    seen = [(inputs[:25], labels[:25]) for inputs, labels in both]
    errors = {}
    for method, chosen in (
        (Mocha, settings(tie=10.0, strength=0.01)),
        (Local, settings(strength=0.01)),
        (FedAvg, settings(strength=0.01)),
    ):
        _, reports = learn(method(chosen), seen, 150)
        found = weights_of(reports[-1])
        errors[method] = np.mean(
            [np.mean((x[25:] @ w - y[25:]) ** 2) for (x, y), w in zip(widened(both), found, strict=True)]
        )
    assert errors[Mocha] < 0.9 * min(errors[Local], errors[FedAvg])
