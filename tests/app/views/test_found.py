from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from app.views import found
from engine.studies.findings import OPPOSITE, findings
from engine.texts import text
from tests.app.looks import look
from tests.app.views.chinese import english_in
from tests.engine.studies.made import additive


def page():
    from app.views.found import show

    show()


@pytest.fixture(autouse=True)
def fresh():
    found._worked_out.clear(), found._paid.clear()
    yield
    found._worked_out.clear(), found._paid.clear()


def kept():
    study, effect, _ = additive(tuple("abcdef"), noise=0.01)
    return (replace(study, name="mine", affinity=effect),)  # the wrong way round


def test_every_answer_is_that_of_the_studies(monkeypatch):
    monkeypatch.setattr(found, "kept_studies", kept)
    monkeypatch.setattr(found, "published_studies", tuple)
    shown = AppTest.from_function(page, default_timeout=60).run()
    assert not shown.exception
    (answer,) = findings(kept())
    assert answer.answer == OPPOSITE and text("found.question.affinity") in [each.value for each in shown.subheader]
    assert any("The opposite" in each.value and "mine" in each.value for each in shown.markdown)
    counts, ways = (each.value for each in shown.dataframe)
    assert counts.helps[0] + counts.hurts[0] == counts.pairs[0] == 30
    assert ways.set_index("way").regret["everything known"] == 0


def test_without_kept_studies_the_command_that_makes_them_is_told(monkeypatch):
    monkeypatch.setattr(found, "kept_studies", tuple)
    shown = AppTest.from_function(page, default_timeout=60).run()
    assert not shown.exception and "tests.benchmarks.studies" in shown.info[0].value


def test_it_is_in_the_readers_language(monkeypatch, show):
    monkeypatch.setattr(found, "kept_studies", kept)
    monkeypatch.setattr(found, "published_studies", tuple)
    shown = show("found", language="zh")
    said = [each.value for kind in (shown.title, shown.subheader, shown.markdown, shown.caption) for each in kind]
    assert not shown.exception and not english_in(" ".join([look(shown), *said]))
    assert set(shown.dataframe[1].value.way) >= {"单任务", "HOA", "全部已知"}
