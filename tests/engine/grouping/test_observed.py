import numpy as np
import pytest

from engine.errors import KindredError
from engine.grouping.observed import observed_part

TASKS = ("a", "b", "c", "d")


def affinity(*unknown):
    values = np.arange(16.0).reshape(4, 4)
    for source, target in unknown:
        values[TASKS.index(source), TASKS.index(target)] = np.nan
    return values


def test_a_matrix_without_gaps_is_left_as_it_is():
    tasks, values = observed_part(TASKS, affinity())
    assert tasks == TASKS and np.array_equal(values, affinity())


def test_an_auxiliary_with_gaps_is_left_out_and_no_more_than_it_takes():
    tasks, values = observed_part(TASKS, affinity("ab", "cb", "bd"), serving=("a",))
    assert tasks == ("a", "c", "d")  # leaving out b closes all three gaps
    assert np.array_equal(values, affinity()[np.ix_([0, 2, 3], [0, 2, 3])])


def test_a_task_that_was_never_observed_itself_is_left_out():
    assert observed_part(TASKS, affinity("cc"), serving=("a", "b"))[0] == ("a", "b", "d")


@pytest.mark.parametrize("serving", [None, ("a", "b")])
def test_a_gap_between_serving_tasks_is_refused_with_the_way_out(serving):
    with pytest.raises(KindredError, match="'a' onto 'b' was never observed.*serve only.*observe longer"):
        observed_part(TASKS, affinity("ab"), serving)


def test_the_refusal_names_tasks_that_can_be_served_together():
    affinity = np.ones((4, 4))
    affinity[0, 1:] = affinity[1:, 0] = np.nan  # a was never seen with any other
    with pytest.raises(KindredError, match=r"nor 5 more like it.*serve only b, c, d, which"):
        observed_part(tuple("abcd"), affinity)
