"""The groupings of both papers from their published numbers, against brute force and the authors' own curves."""

import json
from pathlib import Path

import pytest

from engine.grouping.candidates import higher_order, merge
from engine.grouping.losses import read_losses
from engine.grouping.problem import LOWER, GroupingProblem
from engine.grouping.solving import solve, solve_frontier
from tests.engine.grouping.references import by_partitions
from tests.engine.grouping.test_losses import CURVES

PUBLISHED = Path(__file__).parents[3] / "data" / "published"
LOSSES = read_losses((PUBLISHED / "standley2020_network_losses.csv").read_bytes(), "published")
MATRICES = {each["name"]: each for each in json.loads((PUBLISHED / "matrices.json").read_text()) if "affinity" in each}
BUDGETS = (1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5)


def problem_of(setting: str, rule: str) -> GroupingProblem:
    candidates, _ = LOSSES.candidates(setting, "early_stopped" if rule == "esa" else "validation")
    tasks = LOSSES.tasks(setting)
    if rule == "hoa":
        few = [candidate for candidate in candidates if len(candidate.tasks) <= 2]
        candidates = merge(few, higher_order(few, tasks))
    return GroupingProblem(tasks, candidates=candidates, direction=LOWER)


@pytest.mark.parametrize(("setting", "rule"), CURVES)
def test_optimal_hoa_and_esa_groupings_score_as_published_at_all_nine_budgets(setting, rule):
    problem = problem_of(setting, rule)
    nothing, *solutions = solve_frontier(problem)
    assert nothing is None  # half an SNT serves no five tasks
    assert tuple(solution.budget for solution in solutions) == BUDGETS
    best = by_partitions(problem, BUDGETS)
    assert [solution.value for solution in solutions] == pytest.approx([value for value, _ in best], rel=1e-12)
    sums = []
    for solution in solutions:
        assert solution.proved_optimal
        networks = [(network.tasks, network.cost) for network in solution.networks]
        sums.append(5 * LOSSES.score(networks, problem.serving, setting, "test"))
    assert sums == pytest.approx(CURVES[setting, rule], abs=1e-9)


@pytest.mark.parametrize("name", MATRICES)
def test_the_groupings_by_affinity_and_cosine_are_those_of_brute_force_at_two_three_and_four_networks(name):
    entry = MATRICES[name]
    problem = GroupingProblem(entry["tasks"], entry["affinity"])
    for budget, best in zip((2, 3, 4), by_partitions(problem, (2, 3, 4)), strict=True):
        assert solve(problem, budget).value == pytest.approx(best[0], rel=1e-12)
