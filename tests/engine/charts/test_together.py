import numpy as np

from engine.charts.together import together_heatmap


def test_a_cell_is_the_share_of_its_pair_and_the_diagonal_says_nothing():
    together = np.array([[1, 0.25, 0.5], [0.25, 1, 0.75], [0.5, 0.75, 1]])
    before = together.copy()
    trace = together_heatmap(("a", "<b>", "c"), together).data[0]
    shares = np.array(trace.z)
    assert shares[0, 1] == shares[1, 0] == 0.25 and shares[1, 2] == 0.75
    assert np.isnan(np.diagonal(shares)).all()
    assert (trace.zmin, trace.zmax) == (0, 1)
    assert trace.customdata[0][1] == "a and &lt;b&gt;" and trace.text[0][1] == "25 %" and trace.text[1][1] == ""
    np.testing.assert_array_equal(together, before)


def test_the_tasks_of_a_network_stand_side_by_side_in_an_outlined_block():
    together = np.arange(16).reshape(4, 4) / 16
    figure = together_heatmap(("a", "b", "c", "d"), together, [("d", "a"), ("b", "c")])
    order = [3, 0, 1, 2]
    expected = together[np.ix_(order, order)]
    np.testing.assert_array_equal(np.array(figure.data[0].z)[~np.eye(4, dtype=bool)], expected[~np.eye(4, dtype=bool)])
    assert list(figure.layout.xaxis.ticktext) == ["d", "a", "b", "c"]
    assert [(shape.x0, shape.x1) for shape in figure.layout.shapes] == [(-0.5, 1.5), (1.5, 3.5)]


def test_many_tasks_are_drawn_small():
    figure = together_heatmap([f"t{number}" for number in range(100)], np.eye(100))
    assert figure.layout.width < 2000 and not figure.data[0].texttemplate
