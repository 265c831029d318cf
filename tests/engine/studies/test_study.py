import numpy as np
import pytest

from engine.errors import KindredError
from engine.studies.study import TEST, VALIDATION, Study, StudyNetwork, whole_study
from tests.engine.studies.made import PUBLISHED


def test_a_whole_study_has_every_set_and_every_task_at_half_size():
    networks = whole_study(("a", "b", "c", "d", "e"))
    assert len(networks) == 2**5 - 1 + 5
    assert set(networks) == set(whole_study(("a", "b", "c", "d", "e")))
    assert [each.name for each in networks[:6]] == ["a@0.5", "b@0.5", "c@0.5", "d@0.5", "e@0.5", "a"]


def test_the_published_settings_are_whole():
    for study in PUBLISHED.values():
        assert set(study.networks) == set(whole_study(study.tasks))
        assert study.known().all() and study.known(TEST).all()
    assert PUBLISHED["setting4"].known("early_stopped").sum() == 35


def test_hiding_networks_hides_their_test_losses_too():
    study = PUBLISHED["setting1"]
    keep = np.arange(36) % 2 == 0
    shown = study.with_known(keep)
    assert np.array_equal(shown.known(), keep) and np.array_equal(shown.known(TEST), keep)
    assert study.known().all()


def test_networks_are_found_whatever_the_order_of_their_tasks():
    study = PUBLISHED["setting1"]
    assert study.place(("normals", "depth")) == study.place(("depth", "normals"))
    assert study.place(("depth",), 0.5) != study.place(("depth",)) and study.place(("depth", "normals"), 0.5) is None


@pytest.mark.parametrize(
    ("networks", "shape", "sentence"),
    [
        ((StudyNetwork(("a", "x")),), (1, 2), "holds 'x'; the tasks are a, b"),
        ((StudyNetwork(("a",)), StudyNetwork(("a",))), (2, 2), "lists the network a twice"),
        ((StudyNetwork(("a",)),), (2, 2), r"validation of the study 'made' has the shape \(2, 2\), not \(1, 2\)"),
    ],
)
def test_what_does_not_fit_is_refused(networks, shape, sentence):
    with pytest.raises(KindredError, match=sentence):
        Study("made", ("a", "b"), networks, {VALIDATION: np.ones(shape)})
