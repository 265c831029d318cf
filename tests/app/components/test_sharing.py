import pytest

from app import state
from tests.app.views.stored import seeds, trained, with_readings


def prepared(app, kind):
    """The page after the file was asked for, and the file's text."""
    app.button(key=f"prepare-{kind}").click().run()
    assert not app.exception and not app.error
    return app.session_state[f"shared-{kind}"][1]


@pytest.fixture
def shared(show):
    """``shared(page, **parameters)``: the page with the popover open."""

    def opened(page, **parameters):
        app = show(page, **parameters)
        app.session_state["share"] = True
        return app.run()

    return opened


def test_nothing_is_made_while_it_is_closed(show, store):
    app = show("affinity", run=trained(store))
    assert not app.code and "shared-report" not in app.session_state


def test_the_link_has_every_choice(shared, store):
    run_id = trained(store)
    app = shared("affinity", run=run_id, interval="20-100", scale="target")
    (link,) = [each.value for each in app.code]
    assert f"run={run_id}" in link and "interval=20-100" in link and "scale=target" in link


def test_a_report_is_of_the_interval_budget_and_conditions_chosen(shared, store, monkeypatch):
    run_id = trained(store)
    monkeypatch.setattr(state, "language", lambda: "zh")
    app = shared("affinity", run=run_id, interval="20-100", budget="2")
    html = prepared(app, "report")
    assert "--from 20 --to 100 --budget 2" in html and 'lang="zh"' in html


def test_a_report_of_another_choice_has_to_be_prepared_again(shared, store):
    app = shared("affinity", run=trained(store))
    prepared(app, "report")
    assert "prepare-report" not in [button.key for button in app.button]
    app.session_state["choice:budget"] = 4.0
    app.run()
    assert "prepare-report" in [button.key for button in app.button]


def test_seeds_are_reported_as_one(shared, store):
    ids = seeds(store)
    html = prepared(shared("affinity", run=f"seeds:{store.run(ids[0]).group}"), "report")
    assert all(run_id in html for run_id in ids)


def test_an_animation_is_of_the_reading_that_is_shown(shared, store):
    run_id = with_readings(store, "gradient_cosine")
    html = prepared(shared("affinity", run=run_id, reading="gradient_cosine"), "animation")
    assert "gradient cosine over training" in html


def test_one_matrix_has_no_animation_and_a_run_without_affinity_no_report(shared, store):
    published = next(run.id for run in store.runs() if run.origin == "published")
    keys = [button.key for button in shared("affinity", run=published).button]
    assert "prepare-report" in keys and "prepare-animation" not in keys
    run_id = with_readings(store, "mixing", affinity=False)
    keys = [button.key for button in shared("affinity", run=run_id, reading="mixing").button]
    assert "prepare-animation" in keys and "prepare-report" not in keys


def test_conditions_that_cannot_be_met_are_told_in_the_report(shared, store):
    tasks = store.run(run_id := trained(store)).tasks
    apart = f'[["{tasks[0]}","{tasks[1]}"]]'
    html = prepared(shared("affinity", run=run_id, budget="1", apart=apart), "report")
    assert "There is no grouping" in html
