from dataclasses import replace

import pytest

from engine.errors import KindredError
from engine.runs.config import RunConfig
from engine.runs.configs import FederatedConfig, LinearConfig
from engine.runs.launching.launcher import Needs, launcher, needs_of
from engine.runs.study_config import StudyConfig

pytestmark = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)


@pytest.mark.parametrize(
    ("config", "needs"),
    [
        (RunConfig("yeast", threads=3), Needs(3, 0)),
        (RunConfig("yeast", device="cuda"), Needs(1, 1)),
        (StudyConfig("yeast", threads=2), Needs(2, 0)),
        (StudyConfig("yeast", threads=2, workers=4), Needs(8, 0, 4)),
        (LinearConfig("digit_slants"), Needs(1, 0)),
        (FederatedConfig("digit_pairs", threads=3), Needs(3, 0)),
        (FederatedConfig("digit_pairs", threads=3, clients="processes"), Needs(3, 0, 3)),
    ],
)
def test_a_run_needs_the_cores_of_all_that_it_computes_on(store, config, needs):
    assert needs_of(store.run(store.create(config))) == needs


def test_an_unknown_launcher_is_refused_by_name(monkeypatch, store):
    monkeypatch.setenv("KINDRED_LAUNCHER", "slurm")
    with pytest.raises(KindredError, match="slurm.*local"):
        launcher(store)


def test_a_run_of_an_unknown_kind_cannot_be_launched(store):
    run = store.run(store.create(RunConfig("yeast")))
    with pytest.raises(KindredError):
        needs_of(replace(run, config={"kind": "dream"}))
