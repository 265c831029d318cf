import pytest

from engine import catalog
from engine.charts.naming import about_predictor, about_way, predictor_name, way_name
from engine.charts.ways import ADVISOR, RANDOM, TRAINED
from engine.studies.ways import WAYS
from engine.texts import LANGUAGES, speaking

PREDICTORS = [entry.name for entry in catalog.entries("predictor")]


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_have_names_of_their_own_in_every_language(language):
    with speaking(language):
        ways = [way_name(way) for way in (*WAYS, ADVISOR, RANDOM, TRAINED)]
        predictors = [predictor_name(name) for name in PREDICTORS]
        assert len(set(ways)) == len(ways) and len(set(predictors)) == len(predictors)
        assert all(about_way(way) for way in WAYS) and all(map(about_predictor, PREDICTORS))


def test_pages_say_of_them_what_the_engine_does():
    assert {way: about_way(way) for way in WAYS} == {name: way.summary for name, way in WAYS.items()}
    assert all(about_predictor(entry.name) == entry.summary for entry in catalog.entries("predictor"))


def test_names_that_papers_gave_stand_in_every_language():
    with speaking("zh"):
        assert [way_name("Grad-TAG"), predictor_name("tag_mean")] == ["Grad-TAG", "TAG"]
