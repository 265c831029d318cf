import doctest

import pytest

from engine import catalog
from engine.charts import quantity as module
from engine.charts.quantity import AFFINITY, difference_of, quantity_of
from engine.texts import speaking

READINGS = [entry.name for entry in catalog.entries("reading")]
OF_NETWORKS = {"tower_distance", "mixing", "attention", "policy", "edges"}
OF_SEEDS = {"task_covariance", "task_clusters", "regulariser_graph"}
OF_MODELS = OF_SEEDS | {"federated_relation"}


def test_the_documentations_examples_hold():
    assert doctest.testmod(module).failed == 0


def test_what_is_drawn_anew_in_every_window_is_noisy():
    given = {"regulariser_graph", "federated_relation"}  # the same for every sample; the state at a round
    assert {reading for reading in READINGS if not quantity_of(reading).noisy} == OF_NETWORKS | given
    assert quantity_of("affinity") is AFFINITY


def test_relations_of_linear_models_are_mutual_and_counted_in_seeds_or_rounds():
    assert {reading for reading in READINGS if quantity_of(reading).mutual} == OF_MODELS
    units = {reading: quantity_of(reading).unit for reading in READINGS if quantity_of(reading).unit != "step"}
    assert units == {reading: "seed" for reading in OF_SEEDS} | {"federated_relation": "round"}
    assert all(quantity_of(reading).bounds for reading in OF_MODELS)
    assert all(quantity_of(reading).words("shared")["unit"] == quantity_of(reading).unit for reading in READINGS)


@pytest.mark.parametrize("scale", ["shared", "target", "centred"])
@pytest.mark.parametrize("reading", READINGS)
def test_every_reading_is_called_by_its_own_name_on_every_scale(reading, scale):
    quantity = quantity_of(reading)
    words = quantity.words(scale)
    assert reading.replace("_", " ") in words["measure"] and words["name"] == reading.replace("_", " ") == quantity.said
    said = " ".join(
        [words["measure"], words["own"], *words["ends"], *words["arrows"], quantity.source, quantity.target]
    )
    causal = any(word in said for word in ("affinity", "helps", "hurts", "gradient step"))
    assert causal == (reading == "affinity")
    assert len(set(words["ends"])) == len(set(words["arrows"])) == 2


def test_a_difference_says_which_side_is_higher_and_on_which_scale():
    assert [difference_of(scale).said for scale in ("raw", "standardised", "rank")] == [
        "right − left",
        "right − left, both standardised",
        "right − left, of their ranks from 0 to 1",
    ]
    assert "lower on the right" in difference_of("raw").words("shared")["ends"]


def test_it_speaks_every_language_and_is_the_same_in_each():
    for reading in READINGS:
        english = quantity_of(reading).words("centred")
        with speaking("zh"):
            quantity = quantity_of(reading)
            assert quantity.words("centred") != english and quantity.measure("shared") != english["name"]
            assert bool(quantity.bounds) == quantity.mutual
        assert quantity == quantity_of(reading) and hash(quantity) == hash(quantity_of(reading))
