import numpy as np

from engine.charts.payoff import ADVISOR, payoff_chart


def test_every_way_of_known_cost_has_a_named_point_and_the_advisors_are_joined():
    names = ["HOA", "ESA", "advisor, 5 networks", "advisor, 10 networks"]
    ways = [*names[:2], ADVISOR, ADVISOR]
    figure = payoff_chart(ways, [0.37, np.nan, 0.07, 0.22], [0.9, 0.3, 0.6, 0.1], names)
    others, advised = figure.data
    assert list(others.text) == ["HOA"] and list(others.x) == [37] and "lines" not in others.mode
    assert list(advised.text) == names[2:] and advised.mode == "lines+markers"
    assert list(advised.y) == [0.6, 0.1]


def test_names_are_shown_as_they_are():
    figure = payoff_chart(["HOA"], [0.5], [1.0], ["<b>x</b>"])
    assert figure.data[0].text[0] == "&lt;b&gt;x&lt;/b&gt;"
