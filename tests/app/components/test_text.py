import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from app.components.text import duration, plain


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
