"""What every way comes to at every budget, on the published settings and where too little is known."""

from dataclasses import replace

import numpy as np
import pytest

from app.components.groupings import every_grouping, served_by
from engine.runs.studies import published_studies
from engine.studies.study import TEST, VALIDATION, Study, StudyNetwork
from engine.studies.ways import WAYS

SETTING1 = published_studies()[0]


@pytest.fixture(scope="module")
def found():
    return every_grouping(SETTING1)


def test_every_choice_is_that_of_the_way_itself(found):
    for name, choices in found.chosen.items():
        for budget, chosen in zip(found.budgets, choices, strict=True):
            alone = WAYS[name].choose(SETTING1, budget)
            assert (chosen is None) == (alone is None)
            if chosen is not None:
                np.testing.assert_array_equal(chosen.networks, alone)


def test_the_optimal_curve_is_the_published_one(found):
    """The sums over tasks of the paper's repository, for budgets 2 to 5 in whole steps."""
    sums = [5 * found.chosen["everything known"][place].score for place in (2, 4, 6, 8)]
    assert sums == sorted(sums, reverse=True)
    assert 5 * found.chosen["all-in-one"][0].score == pytest.approx(0.50278, abs=1e-5)


def test_budgets_are_half_steps_from_one_to_the_number_of_tasks(found):
    assert found.budgets == tuple(np.arange(2, 11) / 2)


def test_what_a_way_needs_is_said(found):
    assert set(found.needs) == {"TAG", "Grad-TAG"}
    assert "affinities" in found.needs["TAG"] and "linearised" in found.needs["Grad-TAG"]


def test_networks_that_are_not_measured_are_named():
    keep = np.ones(len(SETTING1.networks), dtype=bool)
    keep[SETTING1.place(("depth", "normals"))] = False
    found = every_grouping(SETTING1.with_known(keep))
    assert found.needs["HOA"] == "the network depth+normals, not measured yet"
    assert "everything known" not in found.chosen and "single-task" in found.chosen


def test_ways_whose_networks_are_not_listed_say_so():
    alone = (StudyNetwork(("a",), 0.5), StudyNetwork(("b",), 0.5))
    losses = {split: np.array([[1.0, np.nan], [np.nan, 2.0]]) for split in (VALIDATION, TEST)}
    found = every_grouping(Study("mine", ("a", "b"), alone, losses))
    assert "not list" in found.needs["all-in-one"] and "short training" in found.needs["ESA"]
    assert found.chosen["single-task"][0].score == pytest.approx(1.5)


def test_a_score_is_weighed_and_unknown_without_test_losses(found):
    weights = np.array([2.0, 1, 1, 1, 1])
    weighed = every_grouping(replace(SETTING1, weights=weights)).chosen["all-in-one"][0]
    plain = found.chosen["all-in-one"][0]
    first = SETTING1.losses[TEST][plain.networks[0], 0]
    assert weighed.score == pytest.approx(plain.score + first / 5)
    untested = replace(SETTING1, losses={VALIDATION: SETTING1.losses[VALIDATION]})
    assert np.isnan(every_grouping(untested).chosen["all-in-one"][0].score)


def test_every_task_is_served_once_and_others_train_along(found):
    for choices in found.chosen.values():
        for chosen in filter(None, choices):
            networks = served_by(SETTING1, chosen.networks)
            assert sorted(task for each in networks for task in each.serves) == sorted(SETTING1.tasks)
            for each in networks:
                assert {*each.serves, *each.along} == set(SETTING1.networks[each.place].tasks)
            sizes = [len(each.serves) for each in networks]
            assert sizes == sorted(sizes, reverse=True)
