import numpy as np
import torch

from engine.affinity.corrected import Corrected
from engine.affinity.estimator import Estimator
from engine.affinity.last_layer import LastLayer
from engine.affinity.lookahead import Lookahead
from engine.affinity.shared import Shared
from tests.engine.affinity.problems import TASKS, estimate, problem, sgd


class Counting(Estimator):
    """Says ``offset`` plus the step, and counts how often it is asked."""

    def __init__(self, offset):
        self.offset, self.asked = offset, []

    def __call__(self, update):
        self.asked.append(update.step)
        return torch.full((2, 2), float(self.offset + update.step))

    def costs(self, tasks):
        return 1.0


class Step:
    def __init__(self, step):
        self.step = step


def test_the_mean_over_whole_periods_is_the_exact_one_whatever_the_cheap_one_says():
    """Exact and cheap differ by a constant here, so that even the draw does not matter."""
    exact, cheap = Counting(7), Counting(-100)
    estimator = Corrected(cheap, exact, period=5, seed=3)
    mean = np.mean([estimator(Step(step)).numpy() for step in range(50)], axis=0)
    np.testing.assert_allclose(mean, 7 + np.arange(50).mean())
    assert len(cheap.asked) == 50 and len(exact.asked) == 10
    assert [step // 5 for step in exact.asked] == list(range(10))  # one in each period
    assert len({step % 5 for step in exact.asked}) > 1  # at a random place


def test_unbiased_on_a_real_network_where_the_cheap_one_is_not():
    """Batches drawn at random, weights held: the mean lies within its confidence interval of the exact mean."""
    model, pool, labels = problem(double=True, samples=64)
    shared, generator = Shared(model.trunk, len(TASKS)), torch.Generator().manual_seed(0)
    optimizer = sgd(model, 0.3)
    exact, cheap, corrected = Lookahead(), LastLayer(columns=2), Corrected(LastLayer(columns=2), Lookahead(), period=4)
    found = {name: [] for name in ("exact", "cheap", "corrected")}
    for step in range(600):
        batch = torch.randint(64, (16,), generator=generator)
        part = pool[batch], {task: values[batch] for task, values in labels.items()}
        for name, estimator in (("exact", exact), ("cheap", cheap), ("corrected", corrected)):
            found[name].append(
                estimate(estimator, model, *part, optimizer, shared=shared, step=step, check=False)[0].numpy()
            )
    differences = {name: np.array(found[name]) - np.array(found["exact"]) for name in ("cheap", "corrected")}

    def periods(values):
        return values.reshape(-1, 4, 4, 4).mean(1)  # whole periods are independent

    error = {name: periods(each).std(0) / np.sqrt(150) for name, each in differences.items()}
    assert (np.abs(differences["corrected"].mean(0)) < 4 * error["corrected"]).all()
    assert (np.abs(differences["cheap"].mean(0)) > 4 * error["cheap"]).any()
