import numpy as np
import pytest

from engine.predictors.combination import predict
from engine.studies.advisor import advise, first_networks
from engine.studies.flow import follow_advice, follow_order, regret_at_random
from engine.studies.replay import replay_advisor, replay_at_random
from engine.studies.study import EARLY_STOPPED
from engine.studies.ways import regret
from tests.engine.studies.made import PUBLISHED, additive

BUDGET = 2.5


def ask(study):
    return advise(study, (BUDGET,))


def test_following_the_advice_is_the_replay_step_by_step():
    study = PUBLISHED["setting2"]
    steps, replayed = follow_advice(study, ask), replay_advisor(study, (BUDGET,))
    assert [step.last for step in steps] == [each.last for each in replayed]
    assert [step.advice.bound for step in steps] == [each.bound for each in replayed]
    assert [step.known.sum() for step in steps] == [each.networks for each in replayed]
    for step, each in zip(steps, replayed, strict=True):
        assert regret(study, step.advice.chosen[0], BUDGET) == pytest.approx(each.regret[0])


def test_each_step_trains_what_the_last_one_asked_for():
    steps = follow_advice(PUBLISHED["setting1"], ask)
    for before, after in zip(steps, steps[1:], strict=False):
        assert np.flatnonzero(after.known & ~before.known).tolist() == [before.advice.next[0]] == [after.last]
    assert not steps[-1].advice.next


def test_an_order_begins_when_every_task_is_known_alone_and_ends_with_all_that_is_known():
    study, _, _ = additive(early=True)
    known = np.arange(len(study.networks)) < 9
    told = []

    def listen(shown):
        told.append(shown)
        return ask(shown)

    order = [8, 0, 1, 2, 3, 12, 4]  # 12 is not measured; 5 to 7 are not in it
    steps = follow_order(study.with_known(known), order, listen)
    assert [step.last for step in steps] == [-1, 4, 5, 6, 7]
    assert steps[0].known.nonzero()[0].tolist() == [0, 1, 2, 3, 8] and (steps[-1].known == known).all()
    for step, shown in zip(steps, told, strict=True):
        assert (shown.known() == step.known).all() and (shown.known(EARLY_STOPPED) == step.known).all()


def test_many_steps_are_thinned_but_the_first_and_the_last_stay():
    study, _, _ = additive()
    steps = follow_order(study, [], ask, most=4)
    assert len(steps) == 4 and steps[0].known.sum() == 4 and steps[-1].known.all()


def test_nothing_is_said_while_a_task_is_not_known_alone():
    study, _, _ = additive()
    known = np.ones(len(study.networks), dtype=bool)
    known[first_networks(study)[1]] = False
    assert follow_order(study.with_known(known), [], ask) == []


def test_in_random_order_too_everything_is_known_in_the_end():
    study = PUBLISHED["setting3"]
    cost, lost = regret_at_random(study, BUDGET, predict, orders=2, most=5)
    first = replay_at_random(study, (BUDGET,), most=1)[0]
    assert len(cost) == len(lost) == 5 and (np.diff(cost) > 0).all()
    assert cost[0] == first.cost and lost[0] == pytest.approx(first.regret[0])
    assert cost[-1] == study.costs.sum() and lost[-1] == 0
