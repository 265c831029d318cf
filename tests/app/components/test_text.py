import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from app.components.text import duration, ordinal, plain


@given(st.text(alphabet="ab1 <>*_`~[]()!#+-.|$:&\\{}", min_size=1).map(lambda text: f"x{text}x"))
def test_markdown_shows_the_text_as_it_was_written(text):
    (paragraph,) = [token for token in MarkdownIt().parse(plain(text)) if token.type == "inline"]
    assert all(token.type in ("text", "text_special") for token in paragraph.children)
    assert "".join(token.content for token in paragraph.children) == text


@pytest.mark.parametrize(
    ("seconds", "said"), [(None, "–"), (0, "0 s"), (0.04, "40 ms"), (45.2, "45 s"), (200, "3 min"), (9000, "2.5 h")]
)
def test_durations_are_short(seconds, said):
    assert duration(seconds) == said


@pytest.mark.parametrize(
    ("number", "said"),
    [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (12, "12th"), (113, "113th"), (21, "21st")],
)
def test_places_are_told_as_one_says_them(number, said):
    assert ordinal(number) == said
