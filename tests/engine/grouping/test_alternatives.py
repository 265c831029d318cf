import numpy as np
import pytest

from engine.errors import KindredError
from engine.grouping.alternatives import alternatives, explain
from engine.grouping.block_values import scratch_for, worth
from engine.grouping.blocks import Blocks
from engine.grouping.solution import evaluate
from engine.grouping.solving import solve
from tests.engine.grouping.references import partitions
from tests.engine.grouping.test_column_generation import structured


def all_values(problem, budget):
    """The value of every partition into at most ``budget`` blocks, best first."""
    blocks = Blocks(problem)
    scratch = scratch_for(blocks.arrays)
    values = []
    for partition in partitions(tuple(range(len(blocks.units)))):
        if len(partition) <= budget:
            parts = [worth(blocks.arrays, np.array(sorted(block)), -1, -1, 0, scratch) for block in partition]
            values.append(sum(parts))
    return sorted((value for value in values if value > -np.inf), reverse=True)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("budget", [2, 3])
def test_the_next_best_groupings_are_those_of_a_full_enumeration(seed, budget):
    problem = structured(7, seed)
    found = alternatives(problem, budget, 12)
    assert [each.value for each in found] == pytest.approx(all_values(problem, budget)[:12], rel=1e-9)
    assert len({tuple(network.serves for network in each.networks) for each in found}) == len(found)
    assert all(evaluate(problem, each.networks, budget) == each.value for each in found)


def test_all_within_a_share_of_the_best_are_found_and_no_other():
    problem = structured(7, 1)
    values = all_values(problem, 3)
    near = [value for value in values if value >= values[0] - 0.2 * abs(values[0])]
    found = alternatives(problem, 3, 1000, within=0.2)
    assert [each.value for each in found] == pytest.approx(near, rel=1e-9) and 1 < len(near) < len(values)


def test_no_grouping_at_all_is_not_asked_for():
    with pytest.raises(KindredError, match="0 groupings are asked for; ask for at least 1"):
        alternatives(structured(5), 2, 0)


@pytest.mark.parametrize("seed", range(3))
def test_two_tasks_the_other_way_round_cost_what_solving_so_costs(seed):
    problem = structured(6, seed)
    best = solve(problem, 2)
    for one, other in (("t0", "t1"), ("t0", "t4"), ("t2", "t3")):
        told = explain(best, one, other)
        assert told.together == any({one, other} <= set(network.serves) for network in best.networks)
        held = [network for network in told.forced.networks if {one, other} <= set(network.serves)]
        assert bool(held) != told.together
        assert told.change == told.forced.value - best.value <= 1e-12


def test_what_cannot_be_explained_is_refused():
    best = solve(structured(5), 2)
    with pytest.raises(KindredError, match="'x' is no serving task; choose from t0, t1"):
        explain(best, "t0", "x")
    with pytest.raises(KindredError, match="named twice"):
        explain(best, "t0", "t0")
