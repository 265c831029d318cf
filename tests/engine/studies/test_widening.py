from dataclasses import replace

import numpy as np

from engine.studies.advisor import advise
from engine.studies.study import StudyNetwork, whole_study
from engine.studies.widening import widened
from tests.engine.studies.made import additive

WHOLE, _, _ = additive(noise=0.02)
_FEW = [number for number, network in enumerate(WHOLE.networks) if len(network.tasks) < 3]
FEW = replace(
    WHOLE,
    networks=tuple(WHOLE.networks[number] for number in _FEW),
    losses={split: values[_FEW] for split, values in WHOLE.losses.items()},
    epochs=np.arange(len(_FEW), dtype=float),
)


def test_what_is_known_stays_and_of_new_networks_nothing_is():
    wide = widened(FEW, whole_study(FEW.tasks))
    assert wide.networks[: len(_FEW)] == FEW.networks and set(wide.networks) == set(whole_study(FEW.tasks))
    assert (wide.known() == (np.arange(len(wide.networks)) < len(_FEW))).all()
    for split in FEW.losses:
        np.testing.assert_array_equal(wide.losses[split][: len(_FEW)], FEW.losses[split])
    np.testing.assert_array_equal(wide.epochs[: len(_FEW)], FEW.epochs)
    assert np.isnan(wide.epochs[len(_FEW) :]).all()


def test_networks_that_are_there_are_not_added_again_in_whatever_order_their_tasks_are():
    assert widened(FEW, [StudyNetwork(("b", "a")), FEW.networks[0]]) is FEW
    assert widened(FEW, [StudyNetwork(("c", "a", "b"))] * 2).networks[-1] == StudyNetwork(("a", "b", "c"))


def test_with_more_to_choose_from_no_less_is_expected_and_there_is_more_to_train():
    narrow, wide = advise(FEW, (2.0,)), advise(widened(FEW, WHOLE.networks), (2.0,))
    assert not narrow.next and wide.next
    assert wide.value[0] <= narrow.value[0] and min(wide.next) >= len(_FEW)
