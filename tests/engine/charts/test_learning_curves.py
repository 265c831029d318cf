import doctest

import numpy as np
import pytest

from engine import catalog
from engine.charts import methods
from engine.charts.learning_curves import MethodCurve, learning_curves
from engine.charts.methods import REFERENCES, stroke
from engine.charts.palette import LIGHT
from engine.texts import speaking


def curve(method="task_covariance", mean=(0.3, 0.2), margin=(0.05, 0.02), seeds=(5, 5)):
    return MethodCurve(method, np.array(mean), np.array(margin), np.array(seeds))


def test_the_documentations_examples_hold():
    assert doctest.testmod(methods).failed == 0


@pytest.mark.parametrize("kind", ["linear", "federated"])
def test_methods_have_colours_of_their_own_and_references_are_grey_and_dashed(kind):
    names = [entry.name for entry in catalog.entries(kind)]
    strokes = {name: stroke(kind, name) for name in names}
    assert len(set(strokes.values())) == len(names)
    grey = len(LIGHT.tasks) - 1
    for name, drawn in strokes.items():
        assert (drawn.colour == grey) == (drawn.dash != "solid") == (name in REFERENCES)


def test_a_method_keeps_its_colour_whatever_is_drawn_beside_it():
    alone = learning_curves([curve()], np.array([10, 20]), ["10", "20"], "error")
    beside = learning_curves([curve("clustered"), curve()], np.array([10, 20]), ["10", "20"], "error")
    assert alone.data[0].meta["colour"] == beside.data[1].meta["colour"]


def test_bars_are_the_margins_and_none_where_they_are_unknown():
    given = curve(mean=(0.3, 0.2, np.nan), margin=(0.05, np.nan, np.nan), seeds=(5, 1, 0))
    (trace,) = learning_curves([given], np.array([10, 20, 40]), ["10", "20", "40"], "error").data
    np.testing.assert_allclose(trace.y, [0.3, 0.2])
    np.testing.assert_allclose(trace.error_y.array, [0.05, 0])
    assert [list(each) for each in trace.customdata] == [["10", "± 0.05, 5 seeds"], ["20", ""]]


@pytest.mark.parametrize(("samples", "kind"), [((10, 79), None), ((10, 80), "log"), ((40,), None)])
def test_the_axis_of_samples_is_logarithmic_where_it_is_wide(samples, kind):
    values = np.full(len(samples), 0.2)
    given = MethodCurve("pooled", values, values / 10, np.full(len(samples), 5))
    figure = learning_curves([given], np.array(samples), [str(size) for size in samples], "error")
    assert figure.layout.xaxis.type == kind
    assert ("logarithmic" in figure.layout.xaxis.title.text) == (kind == "log")
    np.testing.assert_allclose(figure.layout.xaxis.tickvals, samples)


@pytest.mark.parametrize("most", [40, 4000])
def test_points_of_a_size_are_set_apart_but_stay_nearest_to_it(most):
    sizes = np.array([10, 20, most])
    names = [entry.name for entry in catalog.entries("linear")]
    curves = [curve(name, (0.3, 0.2, 0.1), (0.1, 0.1, 0.1), (5, 5, 5)) for name in names]
    figure = learning_curves(curves, sizes, ["10", "20", "all"], "error")
    places = np.array([trace.x for trace in figure.data])
    assert all(len(set(column)) == len(names) for column in places.T)
    assert (np.abs(places[..., None] - sizes).argmin(-1) == np.arange(3)).all()


def test_names_are_text_not_markup():
    figure = learning_curves([curve("<b>&")], np.array([10, 20]), ["10", "<i>"], "error")
    assert figure.data[0].name == "&lt;b&gt;&amp;" and "<b>" not in figure.data[0].hovertemplate
    assert figure.layout.xaxis.ticktext[1] == figure.data[0].customdata[1][0] == "&lt;i&gt;"


def test_what_the_chart_says_is_in_the_language_of_the_reader():
    with speaking("zh"):
        figure = learning_curves([curve()], np.array([10, 20]), ["10", "20"], "误差")
    assert figure.layout.xaxis.title.text == "每个任务的训练样本数"
    assert figure.data[0].customdata[0][1] == "± 0.05，5 个随机种子"
