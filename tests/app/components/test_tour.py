import pytest

from app.components.tour import STOPS
from engine.texts import texts


def test_every_stop_has_its_words():
    said = {key for key in texts("en") if key.startswith("tour.says.")}
    assert said == {f"tour.says.{number}" for number in range(1, len(STOPS) + 1)}


def test_the_tour_begins_on_runs_and_can_be_ended(main_app):
    main_app.button(key="tour-begin").click().run()
    assert not main_app.exception and "1" in main_app.markdown[0].value
    main_app.button(key="tour.end").click().run()
    assert "tour-begin" in {button.key for button in main_app.button}


def test_a_stop_turns_to_its_page_with_its_choices(main_app):
    main_app.button(key="tour-begin").click().run()
    main_app.button(key="tour.next").click().run()
    assert not main_app.exception and main_app.title[0].value == "Affinity"
    assert main_app.query_params["tour"] == "2" and main_app.query_params["order"] == "cluster"
    main_app.button(key="tour.back").click().run()
    assert main_app.title[0].value == "Runs"


def test_the_tour_goes_on_without_published_runs(main_app, store):
    for run in store.runs():
        store.delete(run.id)
    main_app.button(key="tour-begin").click().run()
    main_app.button(key="tour.next").click().run()
    assert not main_app.exception


@pytest.mark.parametrize("number", ["0", "-1", "99"])
def test_an_address_with_a_stop_that_there_is_not_shows_the_page_without_a_tour(main_app, number):
    main_app.query_params["tour"] = number
    main_app.run()
    assert not main_app.exception and "tour-begin" in {button.key for button in main_app.button}
