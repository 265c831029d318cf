import numpy as np
import pytest

from engine.predictors.higher_order import mean_of_pairs, predict
from engine.studies.study import VALIDATION
from tests.engine.studies.made import PUBLISHED


def test_the_papers_example_a_task_of_three_is_the_mean_of_its_pairs():
    study = PUBLISHED["setting1"]
    losses, place = study.losses[VALIDATION], study.place
    estimate = mean_of_pairs(study)[place(("semantic_segmentation", "depth", "normals"))]
    for task in range(3):
        pairs = [place((study.tasks[task], study.tasks[other])) for other in range(3) if other != task]
        assert estimate[task] == pytest.approx(losses[pairs, task].mean(), rel=1e-12)
    assert np.isnan(estimate[3:]).all()


def test_where_a_pair_is_missing_the_others_are_averaged():
    study = PUBLISHED["setting1"]
    keep = np.ones(len(study.networks), dtype=bool)
    keep[study.place(("semantic_segmentation", "depth"))] = False
    losses = study.losses[VALIDATION]
    estimate = mean_of_pairs(study.with_known(keep))[study.place(("semantic_segmentation", "depth", "normals"))]
    assert estimate[0] == losses[study.place(("semantic_segmentation", "normals")), 0]


def test_networks_of_which_no_pair_is_known_are_not_foretold():
    study = PUBLISHED["setting1"]
    halves = study.costs < 1
    assert np.isnan(predict(study.with_known(halves)).mean[~halves]).all()
