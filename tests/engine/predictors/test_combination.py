from dataclasses import replace

import numpy as np
import pytest

from engine.errors import KindredError
from engine.predictors import combination
from engine.predictors.combination import USUAL, predict, usual_deviations
from engine.studies.study import VALIDATION, Study, StudyNetwork
from tests.engine.studies.made import PUBLISHED, additive


def test_the_usual_deviations_are_those_of_the_published_settings():
    found = usual_deviations(list(PUBLISHED.values()))
    for name in ("size", "company", "partners", "sources", "number", "pair", "entry"):
        assert found[name] == pytest.approx(USUAL[name], rel=0.15)


def test_the_posterior_is_that_of_a_normal_distribution_conditioned_by_hand():
    """Against the textbook's formula with an explicit inverse, at the variances that were learned."""
    study = replace(PUBLISHED["setting1"], losses={VALIDATION: PUBLISHED["setting1"].losses[VALIDATION]})
    keep = np.arange(36) < 20
    shown = study.with_known(keep)
    parts = combination._parts(shown)
    networks, tasks = parts.places
    scale = study.losses[VALIDATION][:5].diagonal()
    relative = shown.losses[VALIDATION][parts.places] / scale[tasks] - 1
    seen = np.isfinite(relative)
    kernels = parts.kernels[:, seen][:, :, seen]
    learned = combination._fit([(kernels, relative[seen], tasks[seen])], np.log([USUAL[n] for n in parts.names]), 5)
    prior = learned.covariance(parts.kernels, tasks)
    inverse = np.linalg.inv(prior[np.ix_(seen, seen)] + combination.JITTER * np.eye(seen.sum()))
    expected = 1 + prior[:, seen] @ inverse @ relative[seen]
    left = prior - prior[:, seen] @ inverse @ prior[seen]
    found = predict(shown)
    assert found.mean[parts.places][~seen] == pytest.approx((expected * scale[tasks])[~seen], rel=1e-5)
    ours = (found.covariance / np.outer(scale[tasks], scale[tasks]))[np.ix_(~seen, ~seen)]
    assert ours == pytest.approx(left[np.ix_(~seen, ~seen)], abs=1e-7)


def test_the_gradient_of_the_search_is_right():
    parts = combination._parts(PUBLISHED["setting3"])
    tasks = parts.places[1]
    losses = PUBLISHED["setting3"].losses[VALIDATION]
    relative = losses[parts.places] / losses[:5].diagonal()[tasks] - 1
    taken = {}

    def take(function, start, **_):
        taken["function"], taken["start"] = function, start
        return type("Found", (), {"x": start})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(combination, "minimize", take)
        combination._fit([(parts.kernels, relative, tasks)], np.log([USUAL[name] for name in parts.names]), 5)
    at = taken["start"] + 0.1
    _, slope = taken["function"](at)
    step = 1e-5 * np.eye(len(at))
    numeric = [(taken["function"](at + each)[0] - taken["function"](at - each)[0]) / 2e-5 for each in step]
    assert slope == pytest.approx(np.array(numeric), rel=1e-4, abs=1e-4)


def test_a_source_that_bears_out_is_trusted_more_than_one_that_does_not():
    study, *_ = additive(("a", "b", "c", "d", "e"), noise=0.1, seed=3)
    truth = study.losses[VALIDATION]
    keep = np.arange(len(study.networks)) % 2 == 0
    good = predict(replace(study, linearised=truth).with_known(keep))
    noise = np.where(study.holds, np.random.default_rng(0).normal(size=truth.shape), np.nan)
    bad = predict(replace(study, linearised=noise).with_known(keep))
    assert good.trust["linearised"] > 3 * bad.trust["linearised"]
    unseen = study.holds & ~keep[:, None]
    error = [np.sqrt(np.mean((found.mean / truth - 1)[unseen] ** 2)) for found in (good, bad)]
    assert error[0] < 0.7 * error[1]


def test_uncertainty_falls_as_networks_become_known():
    study = PUBLISHED["setting2"]
    order = np.random.default_rng(0).permutation(36)
    spread = []
    for count in (8, 20, 32):
        keep = np.zeros(36, dtype=bool)
        keep[:5] = keep[order[:count]] = True
        spread.append(np.nansum(predict(study.with_known(keep)).deviation))
    assert spread[0] > spread[1] > spread[2]


def test_too_many_entries_are_refused_with_the_way_out():
    tasks = tuple(f"t{number}" for number in range(40))
    networks = tuple(StudyNetwork(tasks[:start] + tasks[start + 1 :]) for start in range(40)) * 2
    networks = tuple(StudyNetwork(each.tasks, 1.0 + place / 1000) for place, each in enumerate(networks))
    losses = np.full((80, 40), np.nan)
    with pytest.raises(KindredError, match="3120 tasks in all.*up to 3000"):
        predict(Study("large", tasks, networks, {VALIDATION: losses}))
