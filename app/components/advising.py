"""The advisor as pages ask it: every answer is worked out once for each state of a study."""

import hashlib
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import streamlit as st

from engine import catalog
from engine.studies.advisor import Advice, advise
from engine.studies.flow import Ask, Step, follow_advice, regret_at_random
from engine.studies.prediction import Prediction, without_each
from engine.studies.replay import Replayed, replay_way
from engine.studies.study import EARLY_STOPPED, TEST, VALIDATION, Study
from engine.studies.ways import WAYS, random_score

EARLY = "early_stopping"  # the predictor that is told of every network how it does after a short training
RANDOM_GROUPINGS = 200


def predictors(study: Study) -> tuple[str, ...]:
    """The predictors that have what they go by, the combination first.

    The one of short trainings is not among them, as the advisor is not given their losses.
    """
    return tuple(entry.name for entry in catalog.entries("predictor") if _has(study, entry.name))


def _has(study: Study, predictor: str) -> bool:
    given = {"tag_mean": study.affinity, "linearised": study.linearised}
    return predictor != EARLY and (predictor not in given or given[predictor] is not None)


def fingerprint(study: Study) -> str:
    """Another one as soon as anything is that predictions depend on."""
    digest = hashlib.blake2b(repr((study.tasks, study.networks)).encode(), digest_size=16)
    arrays = {**study.losses, "weights": study.weights, "affinity": study.affinity, "linearised": study.linearised}
    for name, values in sorted(arrays.items()):
        if values is not None:
            digest.update(name.encode())
            digest.update(np.ascontiguousarray(values, dtype=float).tobytes())
    return digest.hexdigest()


_BY_CONTENT = {Study: fingerprint}


def asking(budget: float, predictor: str) -> Ask:
    """The advisor for a budget, whose answers are kept without their covariance, which may be large."""
    return lambda study: _advice(study, budget, predictor)


@st.cache_resource(show_spinner=False, max_entries=600, hash_funcs=_BY_CONTENT)
def _advice(study: Study, budget: float, predictor: str) -> Advice:
    found = advise(study, (budget,), count=len(study.networks), predictor=catalog.load("predictor", predictor))
    return replace(found, prediction=replace(found.prediction, covariance=None))


@st.cache_resource(show_spinner=False, max_entries=64, hash_funcs=_BY_CONTENT)
def replayed(study: Study, budget: float, predictor: str) -> list[Step]:
    """See `follow_advice`."""
    return follow_advice(study, asking(budget, predictor))


@st.cache_resource(show_spinner=False, max_entries=64, hash_funcs=_BY_CONTENT)
def at_random(study: Study, budget: float, predictor: str) -> tuple[np.ndarray, np.ndarray]:
    """See `regret_at_random`."""
    return regret_at_random(study, budget, catalog.load("predictor", predictor))


@st.cache_resource(show_spinner=False, max_entries=64, hash_funcs=_BY_CONTENT)
def of_ways(study: Study, budget: float) -> dict[str, Replayed]:
    """What each way would cost, and its regret, on a study of which all is measured; see `replay_way`."""
    return {name: replay_way(study, name, (budget,)) for name in WAYS}


@st.cache_resource(show_spinner=False, max_entries=64, hash_funcs=_BY_CONTENT)
def of_random_groupings(study: Study, budgets: tuple[float, ...]) -> dict[str, tuple[float, ...]]:
    """Split → for each budget what groupings drawn at random lose on average; NaN where that is not known."""
    return {
        split: tuple(random_score(study, budget, split, RANDOM_GROUPINGS) for budget in budgets)
        for split in (VALIDATION, TEST)
    }


@st.cache_resource(show_spinner=False, max_entries=64, hash_funcs=_BY_CONTENT)
def foretold_each(study: Study, predictor: str) -> Prediction:
    """Every known network as foretold from all others; only the predictor of short trainings is told of its own."""
    load = catalog.load("predictor", predictor)
    return without_each(study, load if predictor == EARLY else _told_of_known(load))


@st.cache_resource(show_spinner=False, max_entries=64, hash_funcs=_BY_CONTENT)
def foretold(study: Study, predictor: str) -> Prediction:
    """Every network as foretold from those known."""
    load = catalog.load("predictor", predictor)
    found = (load if predictor == EARLY else _told_of_known(load))(study)
    return replace(found, covariance=None)


def _told_of_known(predictor: Callable[[Study], Prediction]) -> Callable[[Study], Prediction]:
    """The predictor without the losses that a network not known yet has after a short training."""
    return lambda study: predictor(study.with_known(study.known(), EARLY_STOPPED))
