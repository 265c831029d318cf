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
