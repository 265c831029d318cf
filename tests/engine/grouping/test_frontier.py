import pytest

from engine.grouping.exact_subsets import solve_all_budgets
from engine.grouping.frontier import knee, steps
from engine.grouping.problem import GroupingProblem
from engine.grouping.solution import Certificate, Solution
from tests.engine.grouping.test_column_generation import structured

PROBLEM = GroupingProblem(("a", "b"), [[0.0, 1.0], [1.0, 0.0]])


def curve(*values, step=1.0):
    return [
        Solution(PROBLEM, number * step, (), value, Certificate(value, ""), "by hand", 0.0)
        for number, value in enumerate(values, start=1)
    ]


def test_the_knee_is_where_the_curve_lies_highest_above_its_chord():
    assert knee(curve(0, 10, 11, 12)) == 2
    assert knee(curve(0, 1, 9, 10)) == 3


@pytest.mark.parametrize("values", [(1, 2), (0, 1, 2), (1, 1, 1), (0, 0, 0, 9)])
def test_a_curve_that_does_not_bend_has_no_knee(values):
    assert knee(curve(*values)) is None


def test_a_step_tells_what_half_an_snt_buys():
    assert [step.per_half for step in steps(curve(0, 4, 5))] == [2, 0.5]
    assert [step.per_half for step in steps(curve(0, 4, 5, step=0.5))] == [4, 1]


def test_the_networks_that_enter_and_leave_lead_from_one_grouping_to_the_next():
    solutions = solve_all_budgets(structured(9, 3))
    assert sum(step.gained for step in steps(solutions)) == pytest.approx(solutions[-1].value - solutions[0].value)
    for step, before, after in zip(steps(solutions), solutions, solutions[1:], strict=False):
        assert (set(before.networks) - set(step.leave)) | set(step.enter) == set(after.networks)
