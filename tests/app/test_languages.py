"""Every page in every language."""

import re

import pytest

from engine.texts import texts
from tests.app.views.stored import seeds, trained

PAGES = [key.removeprefix("pages.") for key in texts("en") if key.startswith("pages.")]
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.mark.parametrize("page", PAGES)
def test_a_page_speaks_chinese(show, store, page):
    seeds(store)
    app = show(page, run=trained(store), language="zh")
    assert not app.exception
    assert CHINESE.search(app.title[0].value)
    for widget in (*app.button, *app.selectbox, *app.toggle, *app.radio):
        assert CHINESE.search(widget.label) or not re.search("[a-z]{3} [a-z]{2}", widget.label), widget.label


def test_the_button_turns_to_the_other_language_which_stays_in_the_address(main_app):
    main_app.button(key="speak-zh").click().run()
    assert not main_app.exception and main_app.title[0].value == texts("zh")["pages.runs"]
    assert main_app.query_params["language"] == "zh"
    main_app.button(key="speak-en").click().run()
    assert main_app.title[0].value == "Runs"
