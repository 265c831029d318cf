import doctest
from html.parser import HTMLParser

import pytest

from engine import markup
from engine.markup import Markup, element, table, together
from tests.app.hostile import NAME, TASKS


class Seen(HTMLParser):
    """The elements and the text of a piece of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags, self.text, self.attributes = [], "", []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.text += data


def test_the_documentations_examples_hold():
    assert doctest.testmod(markup).failed == 0


@pytest.mark.parametrize("name", [NAME, *TASKS, '" onclick="x', "a & b &lt; c"])
def test_a_text_stays_a_text_wherever_it_stands(name):
    seen = Seen(element("p", name, element("b", name), title=name))
    assert seen.tags == ["p", "b"] and seen.text == 2 * name and seen.attributes == [("title", name)]
    seen = Seen(table([name], [[name]], name))
    assert not {"img", "a"} & set(seen.tags) and seen.text == 3 * name


def test_what_is_html_is_not_escaped_twice():
    assert together([element("b", "&"), "&"]) == "<b>&amp;</b>&amp;"
    assert isinstance(together(["x"]), Markup)


def test_numbers_and_their_heading_stand_at_the_right():
    cells = Seen(table(["task", "loss"], [["a1", "−0.5"], ["b", "–"]])).attributes
    assert cells.count(("class", "number")) == 2


def test_a_table_without_rows_is_one():
    assert Seen(table(["a", "b"], [])).text == "ab"
