from dataclasses import replace

import numpy as np
import pytest

from engine.affinity.comparison import Correlation
from engine.studies.findings import (
    ADVISOR,
    OPEN,
    OPPOSITE,
    QUESTIONS,
    YES,
    Finding,
    findings,
    gain_deviation,
    helped,
    paid,
)
from engine.studies.relations import gains
from engine.studies.study import TEST
from tests.engine.studies.made import PUBLISHED, additive

TASKS = tuple("abcdefgh")


@pytest.mark.parametrize(
    ("low", "high", "answer"), [(0.1, 0.9, YES), (-0.9, -0.1, OPPOSITE), (-0.1, 0.9, OPEN), (np.nan, np.nan, OPEN)]
)
def test_an_answer_is_given_only_where_the_whole_interval_agrees(low, high, answer):
    assert Finding("?", ("a", "b"), Correlation(0.5, low, high), 5, 20).answer == answer


def test_each_question_is_answered_by_the_studies_that_can():
    study, effect, _ = additive(TASKS[:6], noise=0.01)
    main = replace(study, name="main", affinity=-effect)
    large = replace(additive(TASKS[:6], noise=0.02)[0], name="main-large")
    few = replace(additive(TASKS[:6], noise=0.01, seed=5)[0], name="main-5-percent")
    found = {each.question: each for each in findings([main, large, few])}
    assert found["affinity"].answer == YES  # the affinity is what the losses were made of
    assert found["size"].answer == YES and found["size"].about == ("main", "main-large")
    assert found["data"].answer != YES  # made of other effects
    assert list(found) == [each for each in QUESTIONS if each in ("affinity", "size", "data")]


def test_published_settings_of_other_tasks_are_not_compared():
    about = [each.about for each in findings(list(PUBLISHED.values()))]
    assert about == [("setting1", "setting2"), ("setting1", "setting3"), ("setting2", "setting3")]


def test_helps_and_hurts_are_counted_and_doubted_by_what_seeds_differ():
    study = PUBLISHED["setting1"]
    found, table = helped(study), gains(study)
    assert (found.helps, found.hurts, found.pairs) == ((table > 0).sum(), (table < 0).sum(), 20)
    assert np.isnan(found.sure)
    exact = replace(study, spread={TEST: study.losses[TEST] * 1e-9})
    assert helped(exact).sure == 1
    vague = replace(study, spread={TEST: study.losses[TEST] * 10})
    assert helped(vague).sure == 0


def test_the_deviation_of_a_gain_is_that_of_a_ratio():
    study = PUBLISHED["setting1"]
    spread = {TEST: 0.01 * study.losses[TEST]}
    found = gain_deviation(replace(study, spread=spread))
    ratio = gains(study) / 100 + 1
    known = np.isfinite(found)
    assert found[known] == pytest.approx(100 * ratio[known] * np.sqrt(2) * 0.01)


def test_what_each_way_pays_is_a_share_of_the_full_search():
    found = paid(PUBLISHED["setting2"])
    rows = {each.way: each for each in found if each.networks is None}
    assert rows["everything known"].cost == 1 and rows["everything known"].regret == 0
    assert rows["HOA"].cost == pytest.approx(12.5 / 33.5) and rows["HOA"].regret == pytest.approx(0.356, abs=0.001)
    assert "TAG" not in rows
    advised = [each for each in found if each.way == ADVISOR]
    assert [each.cost for each in advised] == pytest.approx([2.5 / 33.5, 7.5 / 33.5, 16.5 / 33.5])
    assert [each.networks for each in advised] == sorted({each.networks for each in advised})
