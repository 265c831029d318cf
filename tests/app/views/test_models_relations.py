"""The pages of relations, and the list of runs, where runs are of linear models or federated."""

import doctest

import pytest

from app.components import kinds, text
from app.components.kinds import setting
from engine import catalog
from tests.app.looks import look
from tests.app.views.stored import TASKS as OF_NETWORKS
from tests.app.views.stored import trained
from tests.app.views.stored_models import curves, federated, linear, rounds

MAKE = pytest.mark.parametrize("make", [linear, federated])
PAGES = pytest.mark.parametrize("page", ["affinity", "graph"])
CONTENT = {linear: curves, federated: rounds}


def texts(app):
    kinds = (app.caption, app.info, app.error, app.warning, app.markdown, app.subheader)
    return " ".join([look(app), *(str(each.value) for kind in kinds for each in kind)]).replace("\\", "")


def labels(app):
    return [each.label for each in (*app.toggle, *app.tabs, *app.selectbox, *app.metric, *app.expander, *app.button)]


@PAGES
@MAKE
def test_the_first_relation_is_shown_in_its_own_words(show, store, page, make):
    app = show(page, run=make(store, content=CONTENT[make]()))
    assert not app.exception and not app.error
    reading = {linear: "task_covariance", federated: "federated_relation"}[make]
    said = texts(app)
    assert reading in app.query_params["reading"]
    assert catalog.find("reading", reading).summary in said and "−1: opposite; 0: unrelated" in said
    assert "same in both directions" in said
    everything = said + " ".join(labels(app))
    assert not any(word in everything for word in ("affinity", "helps", "hurts", "loss changes", "source", "target is"))


@PAGES
def test_the_slider_s_unit_is_said(show, store, page):
    of_seeds = show(page, run=linear(store, content=curves()))
    assert "over the seeds" in texts(of_seeds) and "seeds 1 to 5" in texts(of_seeds) + " ".join(labels(of_seeds))
    of_rounds = show(page, run=federated(store, content=rounds()))
    assert "over the rounds" in texts(of_rounds) and "rounds 0 to 60" in texts(of_rounds) + " ".join(labels(of_rounds))


def test_a_pair_is_shown_once_with_its_error_between_seeds(show, store):
    run_id = linear(store, content=curves())
    app = show("affinity", run=run_id, pair='["a", "b"]')
    (metric,) = app.metric
    mean = store.series(run_id, "task_covariance").mean()
    assert metric.label == "a and b" and float(metric.value) == pytest.approx(mean.affinity[0, 1], rel=1e-3)
    assert "from 5 seeds" in metric.delta
    assert "Each point is a seed" in texts(app) and "Training page" in texts(app)
    assert "mean of 5 seeds" in texts(app)


@pytest.mark.parametrize(
    ("seeds", "said"), [(1, "no standard error: one seed"), (2, "from 2 seeds"), (5, "from 5 seeds")]
)
def test_the_error_of_a_pair_rests_on_the_seeds_there_are(show, store, seeds, said):
    app = show("affinity", run=linear(store, content=curves(seeds=seeds)), pair='["a", "b"]')
    assert not app.exception and said in app.metric[0].delta
    assert ("One seed only" in texts(app)) == (seeds == 1)
    assert ("over the seeds" in texts(app)) == (seeds > 1)


def test_the_graph_s_table_has_each_pair_once(show, store):
    run_id = federated(store, content=rounds())
    frame = show("graph", run=run_id).dataframe[0].value
    assert list(frame.columns) == ["task", "other task", "federated relation"]
    pairs = {frozenset(pair) for pair in zip(frame["task"], frame["other task"], strict=True)}
    assert len(frame) == len(pairs) == 10
    with_node = show("graph", run=run_id, node="c").dataframe[0].value
    assert len(with_node) == 4


def test_a_reading_of_a_given_graph_has_no_error(show, store):
    app = show("affinity", run=linear(store, content=curves(), names=("regulariser_graph",)))
    assert not app.exception and "Mark unsure" not in labels(app) and "Reliability" not in texts(app)


@PAGES
@pytest.mark.parametrize(
    ("make", "status", "said"),
    [
        (linear, "queued", "as soon as the first seed has been learned from at its largest size"),
        (federated, "running", "as soon as the first rounds have been made"),
        (linear, "cancelled", "stopped before it knew how its models are related"),
        (linear, "finished", "task_covariance, clustered and graph_laplacian"),
        (federated, "finished", "told by the method mocha"),
    ],
)
def test_why_there_is_no_relation_is_said(show, store, page, make, status, said):
    app = show(page, run=make(store, status))
    assert not app.exception and not app.error
    assert said in texts(app) and "affinit" not in texts(app)


@MAKE
@pytest.mark.parametrize("status", ["queued", "finished"])
def test_no_grouping_is_made_of_them_and_why_is_said(show, store, make, status):
    app = show("grouping", run=make(store, status, content=CONTENT[make]()))
    assert not app.exception and not app.error
    assert "has observed no affinity" in texts(app) and "run of networks" in texts(app)
    assert not app.multiselect


def test_a_covariance_is_compared_with_the_affinity_of_networks_on_the_same_tasks(show, store):
    network = trained(store)
    run_id = linear(store, content=curves(tasks=tuple(OF_NETWORKS)), names=("task_covariance",))
    app = show("compare", run=run_id)
    assert not app.exception and not app.error
    assert network in app.query_params["other"]
    said = texts(app)
    assert "seeds 1 to 5" in said and "steps 0 to 120" in said
    frame = app.dataframe[0].value
    left, right = (
        store.series(each, reading).mean().affinity
        for each, reading in ((run_id, "task_covariance"), (network, "affinity"))
    )
    for row in frame.itertuples():
        place = OF_NETWORKS.index(row.source), OF_NETWORKS.index(row.target)
        assert (row.left, row.right) == pytest.approx((left[place], right[place]), rel=1e-5)


def test_readings_of_one_comparison_and_halves_of_its_seeds_are_compared(show, store):
    run_id = linear(store, content=curves())
    app = show("compare", run=run_id)
    assert not app.exception and "Task clusters" in texts(app)
    app = show("compare", run=run_id, other=run_id, other_reading="task_covariance", part="first", other_part="second")
    assert not app.exception and not app.error
    assert "first half, seeds 1 to 2" in texts(app) and "second half, seeds 3 to 5" in texts(app)


def test_the_list_of_runs_tells_kind_and_setting(show, store):
    linear(store, content=curves(), methods="independent,pooled", sizes="10,all", seeds=3)
    federated(store, "running", content=rounds(count=20))
    trained(store)
    app = show("runs")
    assert not app.exception
    said = texts(app)
    assert "linear models: independent, pooled at 10, all samples a task, 3 seeds" in said
    assert "federated: all methods, 60 rounds, 20% drop out" in said
    assert "network: hard_sharing, equal weights" in said
    assert "160 fits in" in said
    assert any("round 20 of 60" in bar.text for bar in app.get("progress"))


def test_runs_are_found_by_their_kind(show, store):
    run_id = federated(store)
    others = [linear(store), trained(store)]
    app = show("runs")
    next(each for each in app.text_input if each.label == "Search").set_value("federated:").run()
    keys = {button.key for button in app.button}
    assert f"open-{run_id}" in keys and not any(f"open-{other}" in keys for other in others)


def test_the_documentations_examples_hold():
    assert doctest.testmod(kinds).failed == 0 and doctest.testmod(text).failed == 0


def test_a_run_without_settings_has_none_to_tell(store):
    assert all(setting(run) == "" for run in store.runs())
