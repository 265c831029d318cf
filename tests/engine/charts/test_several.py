"""The words and colours of the matrices that compare several runs."""

import numpy as np
import pytest

from engine.charts.heatmap import affinity_heatmap
from engine.charts.several import between_runs, correlations_heatmap, to_baseline
from engine.texts import LANGUAGES, speaking


def test_correlations_have_one_scale_of_colours_whatever_they_are():
    names = ("one", "other", "<third>")
    figure = correlations_heatmap(names, np.array([[1, 0.2, np.nan], [0.2, 1, -0.1], [np.nan, -0.1, 1]]), "spearman")
    (trace,) = figure.data
    assert (trace.zmin, trace.zmax) == (-1, 1) and trace.z[0][1] == 0.2
    assert figure.layout.meta["labels"]["full"][2] == "&lt;third&gt;"
    assert figure.layout.xaxis.title.text == figure.layout.yaxis.title.text == "run"


def test_names_that_would_be_cut_to_the_same_are_numbered():
    labels = correlations_heatmap(("yeast, run 1", "yeast, gen 1", "other"), np.eye(3), "pearson").layout.meta["labels"]
    assert len(set(labels["narrow"])) == 3 and labels["full"][2] == "3. other"
    labels = correlations_heatmap(("one", "other"), np.eye(2), "pearson").layout.meta["labels"]
    assert labels["full"] == ["one", "other"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_is_said_in_every_language(language):
    with speaking(language):
        for quantity in (
            *map(to_baseline, ("raw", "standardised", "rank")),
            *map(between_runs, ("pearson", "spearman")),
        ):
            assert quantity.said and quantity.pair_axis == quantity.said
            for scale in ("shared", "centred"):
                assert all(quantity.words(scale)["ends"]) and all(quantity.words(scale)["arrows"])
            affinity_heatmap(np.zeros((3, 3)), ("a", "b", "c"), quantity=quantity)
