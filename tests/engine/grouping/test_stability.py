import time

import numpy as np
import pytest

from engine.errors import KindredError
from engine.grouping import local_search
from engine.grouping import stability as stability_module
from engine.grouping.candidates import Candidate
from engine.grouping.capacity import FULL, HALF_SINGLE
from engine.grouping.constraints import Constraints
from engine.grouping.exact_subsets import solve
from engine.grouping.problem import GroupingProblem
from engine.grouping.solution import evaluate
from engine.grouping.stability import growing_stability, stability


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


def test_the_interval_holds_nine_tenths_of_the_values():
    solution = random_solution()
    replicates = replicates_of(solution, 0.5, count=400)
    found = stability(solution, replicates, seconds=60)
    values = [evaluate(problem_of(replicate), solution.networks) for replicate in replicates]
    inside = np.mean([found.interval[0] <= value <= found.interval[1] for value in values])
    assert inside == pytest.approx(0.9, abs=0.02)


def test_each_network_has_the_frequency_with_which_its_tasks_are_served_together_again():
    solution = random_solution(budget=2)
    replicates = replicates_of(solution, 0.5, count=60)
    again = [{frozenset(n.serves) for n in solve(problem_of(replicate), 2).networks} for replicate in replicates]
    expected = [np.mean([frozenset(network.serves) in found for found in again]) for network in solution.networks]
    assert stability(solution, replicates).networks == pytest.approx(expected) and 0 < min(expected) < 1


@pytest.mark.parametrize("objective", [{"spread": 2.0}, {"quantile": 0.1}])
def test_the_robust_grouping_is_best_among_those_that_were_best_somewhere(objective):
    solution = random_solution(seed=3)
    replicates = replicates_of(solution, 0.8, count=80)

    def objective_of(networks):
        values = [evaluate(problem_of(replicate), networks) for replicate in replicates]
        if "quantile" in objective:
            return np.quantile(values, 0.1)
        return np.mean(values) - 2.0 * np.std(values, ddof=1)

    found = stability(solution, replicates, seconds=60, **objective)
    rivals = [solution.networks, *(solve(problem_of(replicate), 3).networks for replicate in replicates)]
    # a grouping is tried with the auxiliaries that are best on the whole, so that its rivals' own may beat it a little
    assert objective_of(found.robust.networks) >= objective_of(solution.networks)
    assert objective_of(found.robust.networks) >= max(map(objective_of, rivals)) - 0.1
    assert evaluate(solution.problem, found.robust.networks, 3) == found.robust.value <= solution.value


def test_half_size_networks_weights_and_conditions_are_kept_in_every_replicate():
    tasks = tuple(f"t{number}" for number in range(5))
    problem = GroupingProblem(
        tasks,
        np.random.default_rng(1).normal(size=(5, 5)),
        singleton=0.1,
        weights=(1, 2, 3, 1, 1),
        capacities=(HALF_SINGLE, FULL),
        constraints=Constraints(together=(("t0", "t1"),), apart=(("t2", "t3"),)),
    )
    solution = solve(problem, 2.5)
    found = stability(solution, replicates_of(solution, 0.4, count=50))
    assert found.together[0, 1] == 1 and found.together[2, 3] == 0
    assert evaluate(problem, found.robust.networks, 2.5) == found.robust.value


def test_many_serving_tasks_are_searched_and_said_to_be():
    solution = local_search.solve(problem_of(np.random.default_rng(0).normal(size=(20, 20))), 4)
    found = stability(solution, replicates_of(solution, 0.2, count=20), seconds=60)
    assert not found.exact and found.replicates == 20 and found.regret >= 0
    assert stability(random_solution(), replicates_of(random_solution(), 0.2)).exact


def test_losses_have_no_affinities_to_draw_anew():
    problem = GroupingProblem(("a",), candidates=(Candidate(("a",), (1.0,)),))
    with pytest.raises(KindredError, match="needs affinities to draw anew"):
        stability(solve(problem, 1), np.zeros((3, 1, 1)))
    with pytest.raises(KindredError, match="`quantile` is 2; give a share from 0 to 1"):
        stability(random_solution(), replicates_of(random_solution(), 0.1), quantile=2)


def test_a_replicate_in_which_nothing_is_found_keeps_the_grouping():
    affinity = np.random.default_rng(0).normal(size=(26, 26))
    problem = problem_of(affinity, constraints=Constraints(max_size=6))
    solution = next(found for seed in range(20) if (found := local_search.solve(problem, 5, restarts=8, seed=seed)))
    found = stability(solution, replicates_of(solution, 0.1, count=12), seconds=60)
    assert found.replicates == 12 and found.regret >= 0


def test_what_ties_but_for_rounding_has_no_regret_at_all():
    """Values summed in another order differ in their last digits."""
    solution = random_solution(tasks=12, budget=4)
    assert stability(solution, replicates_of(solution, 1e-15, count=40)).regret == 0


def test_what_is_known_grows_until_it_is_all(monkeypatch):
    monkeypatch.setattr(stability_module, "TELL", 0.0)
    solution = random_solution()
    replicates = replicates_of(solution, 0.5, count=30)
    told = list(growing_stability(solution, replicates, seconds=60))
    counts = [each.replicates for each in told]
    assert counts[0] == 10 and counts[-1] == 30 and counts == sorted(counts)
    for each in told:  # each is what so many replicates alone would say
        alone = stability(solution, replicates[: each.replicates], seconds=60)
        assert (each.regret, each.chosen_again, each.networks) == (alone.regret, alone.chosen_again, alone.networks)
        assert np.array_equal(each.together, alone.together) and each.robust == alone.robust
