import numpy as np
import pytest

from engine.errors import KindredError
from engine.federated.fedavg import FedAvg
from tests.engine.federated.problems import LOSSES, clients_of, learn, plain_loss, settings, weights_of, widened


def descend(inputs, labels, loss, weights, steps, rate, strength):
    for _ in range(steps):
        slopes = plain_loss(loss, inputs @ weights, labels)[1]
        weights = weights - rate * (inputs.T @ slopes + strength * weights)
    return weights


@pytest.mark.parametrize("loss", LOSSES)
def test_one_client_with_all_its_data_is_gradient_descent(loss):
    data = clients_of((25,), binary=loss != "squared")
    _, reports = learn(FedAvg(settings(loss=loss, batch=0, learning_rate=0.1, passes=3.0)), data, 4)
    expected = descend(*widened(data)[0], loss, np.zeros(6), 12, 0.1, 0.2)
    np.testing.assert_allclose(weights_of(reports[-1])[0], expected, atol=1e-12)


def test_one_step_each_is_gradient_descent_on_all_samples():
    data = clients_of()
    _, reports = learn(FedAvg(settings(batch=0, learning_rate=0.1)), data, 30)
    wide = widened(data)
    pooled = np.vstack([inputs for inputs, _ in wide]), np.concatenate([labels for _, labels in wide])
    np.testing.assert_allclose(
        weights_of(reports[-1])[0], descend(*pooled, "squared", np.zeros(6), 30, 0.1, 0.2), atol=1e-12
    )
    expected = plain_loss("squared", pooled[0] @ weights_of(reports[-1])[0], pooled[1])[0]
    assert reports[-1].primal == pytest.approx(expected + 0.1 * np.sum(weights_of(reports[-1])[0] ** 2))


def test_all_clients_have_the_same_model_and_no_bound():
    _, reports = learn(FedAvg(settings(drop=0.3)), clients_of(), 5)
    assert (np.ptp(reports[-1].coefficients, axis=0) == 0).all()
    assert reports[-1].dual is reports[-1].gap is reports[-1].relation is None


def test_only_those_present_count():
    data, chosen = clients_of(), settings(drop=0.5, batch=0, learning_rate=0.05)
    state, reports = learn(FedAvg(chosen), data, 1)
    wide = widened(data)
    present = np.flatnonzero(reports[0].present)
    assert 0 < len(present) < 4
    models = [descend(*wide[client], "squared", np.zeros(6), 1, 0.05, 0.2) for client in present]
    sizes = np.array([len(data[client][1]) for client in present])
    np.testing.assert_allclose(state["weights"], sizes @ np.array(models) / sizes.sum(), atol=1e-14)


def test_the_model_stays_where_all_drop_out():
    _, reports = learn(FedAvg(settings(drop=0.9)), clients_of((10, 10)), 20)
    empty = [place for place, report in enumerate(reports) if place and not report.present.any()]
    assert empty
    for place in empty:
        np.testing.assert_array_equal(reports[place].coefficients, reports[place - 1].coefficients)


def test_batches_cover_a_pass_each():
    """With equal samples every batch has the gradient of all, so that only the number of steps matters."""
    inputs, labels = np.ones((7, 2)), np.ones(7)
    chosen = settings(batch=3, passes=2.0, learning_rate=0.05, intercept=False)
    state, _ = learn(FedAvg(chosen), [(inputs, labels)], 1)
    np.testing.assert_allclose(state["weights"], descend(inputs, labels, "squared", np.zeros(2), 6, 0.05, 0.2))


def test_stragglers_do_less():
    state, _ = learn(FedAvg(settings(stragglers=1.0, passes=5.0, batch=1)), clients_of(), 1)
    full, _ = learn(FedAvg(settings(passes=5.0, batch=1)), clients_of(), 1)
    assert (state["weights"] != full["weights"]).any()


def test_a_learning_rate_that_diverges_is_refused():
    with pytest.raises(KindredError, match="learning rate of 50 is too high"):
        learn(FedAvg(settings(learning_rate=50.0)), clients_of(), 200)


def test_a_round_that_fails_leaves_the_state_as_it_was():
    method = FedAvg(settings(learning_rate=50.0))
    state = method.begin(clients_of())
    with pytest.raises(KindredError, match="too high"):
        for _ in range(200):
            before = dict(state)
            method.round(state)
    assert all(state[name] is before[name] for name in before)
