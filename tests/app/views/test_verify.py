"""The Verify page: the advice on published studies, replayed, and on studies of the store, whose training goes on."""

import numpy as np
import pytest

from app.components.advising import fingerprint, predictors
from app.views.verify_scene import ENOUGH
from app.views.verify_training import advised_of, training_of
from engine.datasets.tables.columns import names_in
from engine.predictors.combination import USUAL
from engine.runs.store import Store
from engine.runs.studies import published_studies, study_config, study_of
from engine.runs.study_config import StudyConfig
from engine.studies.advisor import advise, best_known, score
from engine.studies.replay import replay_advisor
from engine.texts import LANGUAGES, speaking, texts
from tests.app.looks import look
from tests.app.views.chinese import english_in
from tests.app.views.studied import studied

SETTING1 = published_studies()[0]
PAIRS = {"networks": "half_singles,singles,pairs"}


@pytest.fixture
def launched(monkeypatch):
    """Runs that the page began, without their workers."""
    runs = []
    monkeypatch.setattr("app.components.editing.launch", lambda store, run_ids: runs.extend(run_ids))
    return runs


def said(app):
    kinds = (app.caption, app.markdown, app.error, app.info, app.warning)
    return " ".join([look(app), *(each.value for kind in kinds for each in kind)]).replace("\\", "").replace("*", "")


def group(app, label):
    return next(each for each in app.get("button_group") if each.label == label)


def slider(app, label):
    return next(each for each in app.select_slider if each.label.startswith(label))


def button(app, label):
    return next(each for each in app.button if each.label == label)


def fact(app, label):
    return next(each.value for each in app.markdown if f"[{label}]" in each.value).split("**")[1].replace("\\", "")


def shown_table(app, column):
    return next(each.value for each in app.dataframe if column in each.value.columns)


@pytest.mark.parametrize("part", ["advice", "predicted", "ways", "flow"])
def test_a_store_without_studies_shows_every_part_of_a_published_one(show, part):
    app = show("verify", study="setting1", verify_part=part)
    assert not app.exception and not app.error and not app.warning
    assert "With 95 % probability no grouping" in said(app)
    assert "engine measure" in app.code[0].value


def test_with_everything_known_the_bound_is_0_and_there_is_nothing_to_train(show):
    app = show("verify", study="setting1", study_budget="2.5", replayed="36")
    assert fact(app, "95 % bound") == "0.00 %" and fact(app, "expected regret") == "0.00 %"
    assert "Nothing: no network that is not trained" in said(app)
    best = best_known(SETTING1, 2.5)
    assert fact(app, "expected loss") == f"{score(SETTING1, best, 'validation'):#.4g}"
    assert fact(app, "on test") == f"{score(SETTING1, best):#.4g}"


def test_at_first_just_the_tasks_alone_are_known_and_the_advice_is_that_of_the_replay(show):
    app = show("verify", study="setting1", study_budget="3", replayed="0")
    first = replay_advisor(SETTING1, (3.0,), most=5)[0]
    assert fact(app, "networks known") == "5 of 36 · 2.5 SNT"
    assert fact(app, "95 % bound") == f"{first.bound:.2f} %"
    known = SETTING1.costs < 1
    told = advise(SETTING1.with_known(known).with_known(known, "early_stopped"), (3.0,), count=5)
    frame = shown_table(app, "chance")
    assert list(frame.network) == [SETTING1.networks[place].name for place in told.next]


def test_the_next_network_is_shown_to_the_advisor_and_the_last_one_hidden(show):
    app = show("verify", study="setting1", replayed="5")
    asked = shown_table(app, "chance").network[0]
    app.button(key="replay-next").click().run()
    assert fact(app, "networks known").startswith("6 of 36") and app.query_params["replayed"] == "6"
    group(app, "Show").set_value("flow").run()
    assert shown_table(app, "changed").network[1] == asked
    app.button(key="replay-back").click().run()
    assert fact(app, "networks known").startswith("5 of 36")
    assert app.button(key="replay-back").disabled


def test_play_begins_anew_at_the_end(show):
    app = show("verify", study="setting1", replayed="36")
    app.button(key="replay-play").click().run()
    assert fact(app, "networks known").startswith("5 of 36")


def test_a_published_study_opens_where_an_advisor_may_well_stop(show):
    app = show("verify", study="setting1")
    assert float(fact(app, "95 % bound").split()[0]) <= ENOUGH
    known = int(fact(app, "networks known").split()[0])
    before = show("verify", study="setting1", replayed=str(known - 1))
    assert float(fact(before, "95 % bound").split()[0]) > ENOUGH


def test_another_budget_is_another_grouping_and_in_the_address(show):
    app = show("verify", study="setting1", replayed="36", study_budget="1")
    assert "1 SNT together, of 1." in said(app)
    slider(app, "Budget").set_value(3.0).run()
    assert "3 SNT together, of 3." in said(app) and "study_budget" not in app.query_params
    slider(app, "Budget").set_value(2.5).run()
    assert app.query_params["study_budget"] == "2.5" and app.query_params["replayed"] == "36"


def test_what_is_chosen_comes_back_from_the_address(show):
    chosen = {
        "study": "setting2",
        "study_budget": "2",
        "predictor": "surrogate",
        "replayed": "9",
        "verify_part": "predicted",
        "foretold": "unknown",
    }
    app = show("verify", **chosen)
    assert dict(app.query_params) == chosen
    assert fact(app, "networks known").startswith("9 of 36") and "by surrogate" in said(app)


def test_calibration_is_told_of_every_predictor_that_has_what_it_needs(show):
    app = show("verify", study="setting1", verify_part="predicted")
    frame = shown_table(app, "covered").set_index("predictor")
    assert set(frame.index) == {"combination", "HOA", "ESA", "surrogate"}
    assert frame.loc["combination", "count"] == 85 and 0 < frame.loc["combination", "error"] < 10
    assert "TAG needs affinities" in said(app) and "Grad-TAG needs" in said(app)
    assert f"{frame.loc['combination', 'covered']:.0f} % of what is foretold by combination" in said(app)


def test_unknown_networks_are_compared_with_what_would_turn_out(show):
    app = show("verify", study="setting1", verify_part="predicted", foretold="unknown", replayed="15")
    held = SETTING1.holds.sum()
    assert shown_table(app, "covered").set_index("predictor").loc["combination", "count"] < held


def test_a_predictor_that_is_silent_of_some_networks_says_so(show):
    app = show("verify", study="setting1", predictor="higher_order", replayed="0")
    assert "Of 31 networks that are not trained HOA foretells nothing" in said(app)


def test_the_ways_are_judged_by_the_test_loss_at_the_budget(show):
    app = show("verify", study="setting1", study_budget="3", verify_part="ways", replayed="36")
    frame = shown_table(app, "regret").set_index("way")
    assert list(frame.index) == ["advisor", "everything known", "HOA", "ESA", "all-in-one", "single-task", "random"]
    assert frame.loc["advisor", "regret"] == frame.loc["everything known", "regret"] == 0
    assert frame.loc["HOA", "cost"] == 12.5 and frame.loc["HOA", "networks"] == 15
    assert np.isnan(frame.loc["ESA", "foretold"])
    assert (frame.regret.drop(["advisor", "everything known"]) > 0).all()
    assert frame.test["everything known"] == pytest.approx(score(SETTING1, best_known(SETTING1, 3.0)))
    assert "TAG needs" in said(app)


def test_a_budget_that_is_too_small_for_a_way_says_so(show):
    app = show("verify", study="setting1", study_budget="2", verify_part="ways")
    assert "single-task cannot serve all tasks with 2 SNT" in said(app)


def test_the_flow_ends_without_regret_and_tells_what_each_training_bought(show):
    app = show("verify", study="setting1", study_budget="3", verify_part="flow")
    frame = shown_table(app, "changed")
    replayed = replay_advisor(SETTING1, (3.0,))
    assert list(frame.bound) == [each.bound for each in replayed]
    assert list(frame.before[1:]) == [each.bound for each in replayed[:-1]]
    assert list(frame.regret) == pytest.approx([each.regret[0] for each in replayed])
    assert (frame.spent.diff()[1:] == frame.cost[1:]).all() and frame.regret.iloc[-1] == 0
    assert f"The bound first is below {ENOUGH:g} %" in said(app)


def test_a_study_of_ones_own_lets_every_set_of_tasks_be_chosen(show, store):
    run_id = studied(store, **PAIRS)
    app = show("verify", study=run_id)
    assert fact(app, "networks known") == "9 of 10 · 7.5 SNT"
    assert list(shown_table(app, "chance").network) == ["a+b+c"]
    app.toggle[0].set_value(False).run()
    assert fact(app, "networks known") == "9 of 9 · 7.5 SNT" and app.query_params["every_set"] == "no"
    assert "Nothing: no network" in said(app)


def test_train_the_next_network_begins_a_study_of_just_that_one(show, store, launched):
    run_id = studied(store, seeds=2, **PAIRS)
    app = show("verify", study=run_id)
    asked = shown_table(app, "chance").network[0]
    button(app, "Train the next network").click().run()
    (new,) = launched
    old, config = study_config(store.run(run_id)), study_config(store.run(new))
    assert config.networks == asked and config.setting == old.setting and config.seeds == 2
    assert not config.observe and config.allowance == 0
    assert store.run(new).name == f"mine: {asked}"


def test_several_networks_are_trained_beside_each_other(show, store, launched):
    app = show("verify", study=studied(store, tasks=tuple("abcde"), **PAIRS))
    asked = list(shown_table(app, "chance").network[:3])
    next(each for each in app.number_input if each.label == "Networks").set_value(3).run()
    button(app, "Train the next 3 networks").click().run()
    assert names_in(study_config(store.run(launched[0])).networks) == tuple(asked)


def test_while_it_trains_the_page_says_so_and_offers_no_other_training(show, store, launched):
    run_id = studied(store, **PAIRS)
    app = show("verify", study=run_id)
    button(app, "Train the next network").click().run()
    app = show("verify", study=run_id)
    assert any("mine: a+b+c" in each.proto.text.replace("\\", "") for each in app.get("progress"))
    assert "Train the next network" not in [each.label for each in app.button]
    assert "Cancel" in [each.label for each in app.button] and "taken into account" in said(app)


def test_the_advisor_goes_on_with_what_it_is_told(show, store, launched):
    run_id = studied(store, **PAIRS)
    app = show("verify", study=run_id, study_budget="1.5")
    inputs = {each.label: each for each in app.number_input}
    assert inputs["Allowance, SNT-epochs"].value == 100  # ten networks of ten epochs
    inputs["Allowance, SNT-epochs"].set_value(30.0)
    inputs["Enough: bound, %"].set_value(2.5).run()
    button(app, "Let the advisor go on").click().run()
    config = study_config(store.run(launched[0]))
    assert (config.allowance, config.budget, config.bound) == (30.0, 1.5, 2.5)
    assert names_in(config.networks) == (*names_in(PAIRS["networks"]), "whole")


def test_an_allowance_is_seen_to_be_spent(show, store):
    run_id = studied(store, **PAIRS)
    other = store.create(advised_of(study_config(store.run(run_id)), 40.0, 2.0, 1.0, every=True), "mine: advisor")
    waits = show("verify", study=run_id)
    assert any("its worker is starting" in each.proto.text for each in waits.get("progress"))
    artifacts = {"advice": {"steps": [{"spent": 10.0}], "ended": ""}}
    store.write(other, store.claim(other), step=9, steps=10, tasks=list("abc"), artifacts=artifacts)
    (progress,) = show("verify", study=run_id).get("progress")
    assert "10 of 40 SNT-epochs spent" in progress.proto.text.replace("\\", "") and progress.proto.value == 25


def test_why_the_advisor_stopped_is_told(show, store):
    run_id = studied(store, **PAIRS)
    config = advised_of(study_config(store.run(run_id)), 30.0, 2.0, 1.0, every=False)
    other = store.create(config, "mine: advisor")
    artifacts = {"advice": {"steps": [], "ended": "The allowance is spent."}}
    store.write(other, store.claim(other), tasks=list("abc"), status="finished", artifacts=artifacts)
    assert "mine: advisor: The allowance is spent." in said(show("verify", study=run_id))


def test_networks_written_out_are_read_as_they_were_named():
    config = StudyConfig(dataset="yeast", observe=True, affinity="lookahead", every=2)
    again = training_of(config, ["a+b", "c, d@0.5"])
    assert names_in(again.networks) == ("a+b", "c, d@0.5")
    assert again.setting == config.setting and again.affinity == "none"


def test_tasks_that_are_not_known_alone_are_to_be_trained_first(show, store, launched):
    run_id = studied(store, status="cancelled", measured=2)
    app = show("verify", study=run_id)
    assert "begins once every task is measured alone. Not measured yet: c@0.5" in said(app)
    button(app, "Train them").click().run()
    assert study_config(store.run(launched[0])).networks == "c@0.5"


def test_a_running_study_says_how_far_it_is_and_can_be_cancelled(show, store, monkeypatch):
    asked = []
    monkeypatch.setattr(Store, "request_cancel", lambda self, run_id: asked.append(run_id))
    run_id = studied(store, status="running", measured=7)
    app = show("verify", study=run_id)
    assert any("training 7 of 10 · 2 min left" in each.proto.text for each in app.get("progress"))
    button(app, "Cancel").click().run()
    assert asked == [run_id]


def test_the_flow_of_a_study_that_goes_on_is_that_of_its_trainings(show, store):
    run_id = studied(store, status="running", measured=7)
    app = show("verify", study=run_id, verify_part="flow")
    frame = shown_table(app, "changed")
    order = [each.order.network.name for each in store.measurements(study_config(store.run(run_id)).setting)]
    assert list(frame.network) == ["every task alone", *order[3:]]
    assert "regret" not in frame.columns and "The true regret is known once" in said(app)


def test_where_not_all_is_measured_the_best_of_those_trained_is_judged(show, store):
    run_id = studied(store, measured=8)
    app = show("verify", study=run_id, verify_part="ways", study_budget="2")
    frame = shown_table(app, "test").set_index("way")
    assert "everything known" not in frame.index and "Regret is known once" in said(app)
    study = study_of(store, run_id)
    trained = score(study, best_known(study, 2.0))
    assert trained in (frame.test.get("best of those trained"), frame.test["advisor"])


def test_an_affinity_that_was_observed_lets_tag_foretell(show, store):
    run_id = studied(store, tasks=tuple("abcde"), observe=True)
    app = show("verify", study=run_id, predictor="tag_mean", verify_part="predicted")
    assert "TAG" in set(shown_table(app, "covered").predictor) and app.query_params["predictor"] == "tag_mean"
    assert "tag_mean" not in predictors(SETTING1) and "early_stopping" not in predictors(SETTING1)


def test_more_tasks_than_can_be_compared_are_told(show, store):
    run_id = studied(store, tasks=tuple(f"t{number}" for number in range(13)), networks="half_singles")
    app = show("verify", study=run_id)
    assert "at most 12" in said(app) and not app.exception and not app.error


def test_an_address_of_a_study_that_there_is_not_says_so(show):
    assert "There is no study 'gone'" in said(show("verify", study="gone"))


def test_the_button_opens_the_launch_form_for_studies(show, gone):
    app = show("verify")
    button(app, "Measure networks").click().run()
    assert gone == ["runs"] and app.session_state["kept:launch-kind"] == "study"


def test_a_fingerprint_changes_with_every_number_that_predictions_depend_on():
    keep = np.ones(36, dtype=bool)
    assert fingerprint(SETTING1.with_known(keep)) == fingerprint(SETTING1)
    keep[7] = False
    others = [SETTING1.with_known(keep), SETTING1.with_known(keep, "early_stopped"), published_studies()[1]]
    assert len({fingerprint(each) for each in (SETTING1, *others)}) == 4


def test_the_grouping_can_be_downloaded_as_a_file_that_train_takes(show):
    app = show("verify", study="setting1", study_budget="2.5")
    assert [each.label for each in app.get("download_button")] == ["Grouping"]


@pytest.mark.parametrize("part", ["advice", "predicted", "ways", "flow"])
def test_every_part_is_in_the_readers_language(show, part):
    app = show("verify", study="setting1", study_budget="2", verify_part=part, language="zh")
    kinds = ("button", "selectbox", "expander", "select_slider", "download_button")
    labels = [each.label for kind in kinds for each in app.get(kind)]
    assert app.title[0].value == "验证" and not app.exception
    assert not english_in(" ".join([said(app), *labels]))


def test_trainings_are_offered_in_the_readers_language(show, store, launched):
    run_id = studied(store, **PAIRS)
    app = show("verify", study=run_id, language="zh")
    assert not english_in(said(app))
    with speaking("zh"):  # in which the test finds what is chosen among the options
        button(app, "训练下一个网络").click().run()
    assert store.run(launched[0]).name == "mine：a+b+c"


def test_every_source_that_the_combination_weighs_has_its_name():
    for language in LANGUAGES:
        assert {f"verify_predicted.part.{name.replace(' ', '_')}" for name in USUAL} <= set(texts(language))


def test_the_points_of_the_scatter_are_in_a_table(show):
    frame = shown_table(show("verify", study="setting1", verify_part="predicted"), "measured")
    assert len(frame) == SETTING1.holds.sum() and (frame.width > 0).all()
