import numpy as np

from tests.engine.weighting.problems import make, weigh

ROWS = np.eye(3)


def test_the_first_weights_are_the_focal_weights_of_the_metrics():
    metrics = np.array([0.9, 0.5, 0.2])
    focal = -((1 - metrics) ** 3) * np.log(metrics)
    _, weights = weigh(make("dtp", 3, focus=3), ROWS, metrics=metrics)
    np.testing.assert_allclose(weights, 3 * focal / focal.sum())


def test_metrics_are_averaged_over_updates():
    method = make("dtp", 3, focus=0)
    weigh(method, ROWS, metrics=[0.5, 0.5, 0.5])
    _, weights = weigh(method, ROWS, metrics=[1.0, 0.5, -30.0])
    averages = 0.9 * 0.5 + 0.1 * np.array([0.999, 0.5, 0.001])
    np.testing.assert_allclose(weights, 3 * np.log(averages) / np.log(averages).sum())


def test_the_harder_task_counts_more():
    _, weights = weigh(make("dtp", 3), ROWS, metrics=[0.2, 0.6, 0.9])
    assert weights[0] > weights[1] > weights[2] > 0


def test_extreme_metrics_give_finite_weights_of_the_sum_t():
    for metrics in ([1, 1, 1], [0, 0, 0], [1, 0, -1e9]):
        for focus in (0, 10):
            _, weights = weigh(make("dtp", 3, focus=focus), ROWS, metrics=metrics)
            np.testing.assert_allclose(weights.sum(), 3)
            assert (weights > 0).all()


def test_a_metric_that_is_no_number_is_passed_over():
    method = make("dtp", 3)
    first = weigh(method, ROWS, metrics=[np.nan, 0.3, 0.7])[1]
    np.testing.assert_allclose(first, weigh(make("dtp", 3), ROWS, metrics=[0.5, 0.3, 0.7])[1])
    np.testing.assert_allclose(weigh(method, ROWS, metrics=[-np.inf, np.nan, 0.7])[1], first)
