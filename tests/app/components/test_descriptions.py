"""What the catalog's entries are, in every language."""

import pytest

from app.components.descriptions import cost, need, summary
from engine import catalog
from engine.texts import LANGUAGES, speaking, texts

ENTRIES = [(kind, entry) for kind in catalog._ENTRIES for entry in catalog.entries(kind)]
OTHERS = [name for name in LANGUAGES if name != "en"]


def test_in_english_the_catalog_speaks_for_itself():
    for kind, entry in ENTRIES:
        assert (summary(kind, entry), cost(entry)) == (entry.summary, entry.cost)
    assert [need(each) for each in catalog.GIVEN_BY] == list(catalog.GIVEN_BY)


@pytest.mark.parametrize("language", OTHERS)
def test_every_entry_and_what_it_costs_and_needs_is_told_in_every_language(language):
    with speaking(language):
        for kind, entry in ENTRIES:
            assert summary(kind, entry) != entry.summary, f"{kind}.{entry.name}"
            assert not entry.cost or cost(entry) != entry.cost, entry.cost
            assert not summary(kind, entry).endswith(("。", "."))
        for each in catalog.GIVEN_BY:
            assert need(each) != each


@pytest.mark.parametrize("language", OTHERS)
def test_no_text_is_of_an_entry_that_is_gone(language):
    entries = {f"catalog.{kind}.{entry.name}" for kind, entry in ENTRIES}
    costs = {f"catalog.cost.{entry.cost}" for _, entry in ENTRIES if entry.cost}
    needs = {f"catalog.need.{each}" for each in catalog.GIVEN_BY}
    assert {key for key in texts(language) if key.startswith("catalog.")} == entries | costs | needs
