from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from app.views import found
from engine.studies.findings import OPPOSITE, QUESTIONS, findings
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
    assert answer.answer == OPPOSITE and QUESTIONS["affinity"] in [each.value for each in shown.subheader]
    assert any("The opposite" in each.value and "mine" in each.value for each in shown.markdown)
    counts, ways = (each.value for each in shown.dataframe)
    assert counts["Help"][0] + counts["Hurt"][0] == counts["Of"][0] == 30
    assert ways.set_index("Way")["Regret, %"]["everything known"] == 0


def test_without_kept_studies_the_command_that_makes_them_is_told(monkeypatch):
    monkeypatch.setattr(found, "kept_studies", tuple)
    shown = AppTest.from_function(page, default_timeout=60).run()
    assert not shown.exception and "tests.benchmarks.studies" in shown.info[0].value
