"""What is true of MOCHA, FedAvg and local only alike."""

import io

import numpy as np
import pytest

from engine.errors import KindredError
from engine.federated.fedavg import FedAvg
from engine.federated.local import Local
from engine.federated.mocha import Mocha
from engine.federated.settings import FederatedSettings
from tests.engine.federated.problems import LOSSES, clients_of, learn, plain_loss, same, settings, weights_of, widened

METHODS = (Mocha, FedAvg, Local)
NAMES = ("ada", "bob", "cyd", "dee")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("loss", LOSSES)
def test_a_run_resumed_from_a_file_ends_with_the_same_bits(method, loss):
    chosen = settings(loss=loss, relation="learned", relation_every=2, drop=0.3, stragglers=0.3)
    data = clients_of(binary=loss != "squared")
    whole_state, whole = learn(method(chosen), data, 9)
    state, _ = learn(method(chosen), data, 4)
    file = io.BytesIO()
    np.savez(file, **state)
    file.seek(0)
    second = method(chosen)
    state = second.resume(data, dict(np.load(file)))
    rest = [second.round(state) for _ in range(5)]
    assert all(same(one, two) for one, two in zip(whole[4:], rest, strict=True))
    assert all(np.array_equal(whole_state[name], state[name]) for name in whole_state)


@pytest.mark.parametrize("method", METHODS)
def test_a_copy_of_the_state_is_a_checkpoint(method):
    runner = method(settings(drop=0.3))
    state = runner.begin(clients_of())
    runner.round(state)
    kept = dict(state)
    arrays = {name: array.copy() for name, array in kept.items()}
    runner.round(state)
    assert all(np.array_equal(kept[name], arrays[name]) for name in kept)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("loss", LOSSES)
def test_permuting_the_clients_permutes_the_result(method, loss):
    chosen = settings(loss=loss, relation="learned", relation_every=2, drop=0.3, stragglers=0.3)
    data, order = clients_of(binary=loss != "squared"), [2, 0, 3, 1]
    _, plain = learn(method(chosen), data, 6, NAMES)
    _, moved = learn(method(chosen), [data[place] for place in order], 6, [NAMES[place] for place in order])
    for one, two in zip(plain, moved, strict=True):
        np.testing.assert_array_equal(one.present[order], two.present)
        np.testing.assert_allclose(weights_of(one)[order], weights_of(two), atol=1e-9)
        np.testing.assert_allclose(one.losses[order], two.losses, atol=1e-9)
        assert one.primal == pytest.approx(two.primal, abs=1e-9)
        if one.relation is not None:
            np.testing.assert_allclose(one.relation[np.ix_(order, order)], two.relation, atol=1e-9)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("loss", LOSSES)
def test_the_losses_are_those_of_the_weights(method, loss):
    data = clients_of(binary=loss != "squared")
    _, reports = learn(method(settings(loss=loss)), data, 3)
    expected = [
        plain_loss(loss, inputs @ weights, labels)[0]
        for (inputs, labels), weights in zip(widened(data), weights_of(reports[-1]), strict=True)
    ]
    np.testing.assert_allclose(reports[-1].losses, expected)


@pytest.mark.parametrize("method", METHODS)
def test_without_an_intercept_there_is_none(method):
    _, reports = learn(method(settings(intercept=False)), clients_of(), 3)
    assert (reports[-1].intercepts == 0).all() and reports[-1].coefficients.shape == (4, 5)


@pytest.mark.parametrize("method", METHODS)
def test_bytes(method):
    _, reports = learn(method(settings(drop=0.4)), clients_of(), 10)
    vector = 8 * (5 + 1) * (method is not Local)
    up = [int(report.present.sum()) * vector for report in reports]
    assert [report.bytes_up for report in reports] == up
    assert [report.bytes_down for report in reports] == [4 * vector] * 10
    assert [report.total_bytes_up for report in reports] == np.cumsum(up).tolist()
    assert reports[-1].total_bytes_down == 40 * vector
    assert [report.number for report in reports] == list(range(1, 11))


@pytest.mark.parametrize("method", METHODS)
def test_labels_of_zero_are_solved_from_the_start(method):
    data = [(inputs, 0 * labels) for inputs, labels in clients_of()]
    _, reports = learn(method(settings()), data, 2)
    assert reports[-1].primal == 0 and (reports[-1].coefficients == 0).all()
    assert reports[-1].relative_gap in (None, 0)


GOOD = (np.ones((3, 2)), np.array([0.0, 1.0, 1.0]))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "data, names, words",
    [
        ([], None, "no clients"),
        ([GOOD, (np.ones((3, 4)), GOOD[1])], None, "'1' has 4 features, and '0' has 2"),
        ([(np.array([[1, np.nan]]), [1])], ["ada"], "'ada' has numbers that are NaN"),
        ([(np.ones((2, 2)), [1, np.inf])], None, "infinite"),
        ([(np.ones((3, 2)), [0, 2, 1])], None, "label 2; this loss needs 0 and 1"),
        ([(np.ones((3, 2)), [-1, 1, 1])], None, "label -1"),
        ([(np.ones((3, 2)), [0, 1])], None, r"inputs of shape \[3, 2\] and labels of shape \[2\]"),
        ([(np.ones((0, 2)), [])], None, "at least one"),
        ([(np.ones(3), [0, 1, 1])], None, r"\[samples, features\]"),
        ([([["a", "b"]], [1])], None, "not numbers"),
        ([GOOD, GOOD], ["ada", "ada"], "2 names, 1 of them different"),
        ([GOOD, GOOD], ["ada"], "1 names"),
    ],
)
def test_data_that_do_not_fit_are_refused(method, data, names, words):
    with pytest.raises(KindredError, match=words):
        method(settings(loss="logistic")).begin(data, names)


@pytest.mark.parametrize(
    "field, value",
    [
        ("drop", 1.0),
        ("drop", -0.1),
        ("drop", float("nan")),
        ("stragglers", 1.5),
        ("strength", 0.0),
        ("tie", -1.0),
        ("passes", 0.0),
        ("loss", "absolute"),
        ("relation", "friends"),
        ("relation_every", 0),
        ("intercept", "yes"),
        ("seed", -1),
        ("ridge", 0.0),
        ("batch", -1),
    ],
)
def test_settings_out_of_range_are_refused(field, value):
    with pytest.raises(KindredError, match=field.replace("_", " ").capitalize()):
        FederatedSettings(**{field: value})


def test_a_state_of_other_data_is_refused():
    method = Mocha(settings())
    state = method.begin(clients_of())
    with pytest.raises(KindredError, match=r"'alpha' has the shape \(70,\)"):
        method.resume(clients_of((5, 5, 5, 5)), state)
    with pytest.raises(KindredError, match="'alpha'"):
        FedAvg(settings()).resume(clients_of(), state)


def test_a_round_before_the_beginning_is_refused():
    method = Mocha(settings())
    with pytest.raises(KindredError, match="begin or resume first"):
        method.round({})
    state = method.begin(clients_of())
    method.close()
    with pytest.raises(KindredError, match="begin or resume first"):
        method.round(state)
