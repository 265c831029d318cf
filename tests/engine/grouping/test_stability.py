import time

import numpy as np
import pytest

from engine.errors import KindredError
from engine.grouping import stability as stability_module
from engine.grouping.exact_subsets import solve
from engine.grouping.problem import GroupingProblem
from engine.grouping.solution import evaluate
from engine.grouping.stability import stability


def problem_of(affinity, **choices):
    return GroupingProblem(tuple(f"t{number}" for number in range(len(affinity))), affinity, **choices)


def random_solution(tasks=6, budget=3, seed=0, **choices):
    return solve(problem_of(np.random.default_rng(seed).normal(size=(tasks, tasks)), **choices), budget)


def replicates_of(solution, noise, count=100, seed=1):
    affinity = solution.problem.affinity
    return affinity + noise * np.random.default_rng(seed).normal(size=(count, *affinity.shape))


def test_without_noise_nothing_is_uncertain():
    solution = random_solution()
    found = stability(solution, replicates_of(solution, 0.0))
    assert (found.regret, found.chosen_again, found.replicates) == (0, 1, 100)
    assert found.value_error == pytest.approx(0, abs=1e-12)
    served = {task: network for network in solution.networks for task in network.serves}
    tasks = solution.problem.serving
    assert found.together.tolist() == [[float(served[one] is served[other]) for other in tasks] for one in tasks]


def test_two_tasks_in_one_network_have_a_value_error_in_closed_form():
    """The value is (Z[0, 1] + Z[1, 0]) / 2; the diagonal has no say."""
    solution = solve(problem_of(np.array([[9.0, 1.0], [2.0, 9.0]])), 2)
    found = stability(solution, replicates_of(solution, 0.4, count=2000), seconds=60)
    assert found.value_error == pytest.approx(0.4 / np.sqrt(2), rel=0.06)
    assert (found.regret, found.chosen_again) == (0, 1) and found.together.tolist() == [[1, 1], [1, 1]]


def test_two_tasks_that_may_be_alone_have_a_regret_in_closed_form():
    """Together both score x, alone 0. Chosen together, the regret is E max(0, −x), and the share again P(x > 0)."""
    solution = solve(problem_of(np.array([[0.0, 0.3], [0.3, 0.0]]), singleton=0.0), 2)
    noise = 0.3 * np.random.default_rng(0).normal(size=2000)
    replicates = np.zeros((2000, 2, 2))
    replicates[:, 0, 1] = replicates[:, 1, 0] = 0.3 + noise
    found = stability(solution, replicates, seconds=60)
    assert found.regret == pytest.approx(0.3 * 0.08332, rel=0.15)  # σ (φ(1) − P(z > 1)), with mean and σ equal
    assert found.chosen_again == pytest.approx(0.8413, abs=0.02)
    assert found.together[0, 1] == pytest.approx(found.chosen_again)


@pytest.mark.parametrize("choices", [{}, {"serving": ("t1", "t3", "t4")}, {"aggregate": "sum", "singleton": 0.0}])
def test_agrees_with_solving_every_replicate_apart(choices):
    solution = random_solution(budget=2, **choices)
    replicates = replicates_of(solution, 0.5, count=30)
    values, regrets = [], []
    for replicate in replicates:
        problem = problem_of(replicate, **choices)
        values.append(evaluate(problem, solution.networks))
        regrets.append(solve(problem, solution.budget).value - values[-1])
    found = stability(solution, replicates)
    assert found.value_error == pytest.approx(np.std(values, ddof=1))
    assert found.regret == pytest.approx(np.mean(regrets)) and found.regret > 0
    assert 0 < found.chosen_again < 1
    assert np.array_equal(found.together, found.together.T) and (found.together.diagonal() == 1).all()


def test_a_grouping_of_the_same_worth_counts_as_chosen_again():
    solution = solve(problem_of(np.ones((4, 4))), 2)
    assert stability(solution, np.ones((20, 4, 4))).chosen_again == 1


def test_a_pair_that_a_replicate_misses_keeps_its_affinity():
    solution = random_solution()
    replicates = replicates_of(solution, 0.0, count=20)
    replicates[3, 1, 2] = np.nan
    assert stability(solution, replicates).value_error == pytest.approx(0, abs=1e-12)


def test_work_stops_when_time_is_up_but_not_before_ten_replicates(monkeypatch):
    clock = iter(range(1000))
    monkeypatch.setattr(stability_module.time, "perf_counter", lambda: float(next(clock)))
    solution = random_solution()
    assert stability(solution, replicates_of(solution, 0.5), seconds=0).replicates == 10


def test_the_largest_problem_stays_within_its_time():
    solution = random_solution(tasks=40, budget=5, serving=tuple(f"t{number}" for number in range(12)))
    started = time.perf_counter()
    found = stability(solution, replicates_of(solution, 0.5, count=200), seconds=0.3)
    assert 10 <= found.replicates <= 200 and time.perf_counter() - started < 3


@pytest.mark.parametrize("shape", [(5, 5, 5), (6, 6), (1, 6, 6)])
def test_replicates_that_do_not_fit_are_refused(shape):
    with pytest.raises(KindredError, match="at least two matrices of 6 × 6"):
        stability(random_solution(), np.zeros(shape))
