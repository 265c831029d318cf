import doctest

import pytest

from app.charts import quantity as module
from app.charts.quantity import AFFINITY, difference_of, quantity_of
from engine import catalog

READINGS = [entry.name for entry in catalog.entries("reading")]
OF_NETWORKS = {"tower_distance", "mixing", "attention", "policy", "edges"}


def test_the_documentations_examples_hold():
    assert doctest.testmod(module).failed == 0


def test_only_what_is_observed_at_every_update_is_noisy():
    assert {reading for reading in READINGS if not quantity_of(reading).noisy} == OF_NETWORKS
    assert quantity_of("affinity") is AFFINITY


@pytest.mark.parametrize("scale", ["shared", "target", "centred"])
@pytest.mark.parametrize("reading", READINGS)
def test_every_reading_is_called_by_its_own_name_on_every_scale(reading, scale):
    quantity = quantity_of(reading)
    words = quantity.words(scale)
    assert reading.replace("_", " ") in words["measure"] and words["name"] == reading.replace("_", " ")
    said = " ".join(
        [words["measure"], words["own"], *words["ends"], *words["arrows"], quantity.source, quantity.target]
    )
    causal = any(word in said for word in ("affinity", "helps", "hurts", "gradient step"))
    assert causal == (reading == "affinity")
    assert len(set(words["ends"])) == len(set(words["arrows"])) == 2


def test_a_difference_says_which_side_is_higher_and_on_which_scale():
    assert [difference_of(scale).name for scale in ("raw", "standardised", "rank")] == [
        "right − left",
        "right − left, both standardised",
        "right − left, of their ranks from 0 to 1",
    ]
    assert "lower on the right" in difference_of("raw").words("shared")["ends"]
