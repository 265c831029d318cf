"""The launch form of linear models, and of federated ones."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app.components.datasets import loaded
from app.components.subject import find
from app.views.runs_models import UNSUITED, relation_of
from engine import catalog
from engine.affinity.matrix import AffinityMatrix
from engine.datasets.linear_samples import linear_samples
from engine.datasets.settings import DataSettings
from engine.errors import KindredError
from engine.runs.configs import FederatedConfig, LinearConfig, config_of
from engine.runs.relations import similarity
from tests.app.views.stored import TASKS, tracked

PAIRS = tuple(task.name for task in loaded(DataSettings("digit_pairs")).tasks)
NETWORK_ONLY = {"Architecture", "Trunk", "Weighting", "Affinity estimator", "Epochs", "Optimiser", "Primary tasks"}


@pytest.fixture
def launched(monkeypatch):
    """Runs that the form launched, without their workers."""
    runs = []
    monkeypatch.setattr("app.components.editing.launch", lambda store, run_ids: runs.extend(run_ids))
    return runs


@pytest.fixture
def form(store, launched, monkeypatch):
    """``form(kind)``: the launch form, turned to a kind, without the process that tells costs of networks."""
    monkeypatch.setattr("app.views.runs_launch._network", lambda: None)

    def opened(kind):
        script = "from app.views import runs_launch\nruns_launch.launch_form()"
        app = AppTest.from_string(script, default_timeout=30).run()
        widget(app, "Train").set_value(kind).run()
        assert not app.exception and not app.error
        return app

    return opened


def widgets(app):
    kinds = (app.text_input, app.number_input, app.selectbox, app.multiselect, app.button, app.get("button_group"))
    return [each for kind in kinds for each in kind]


def widget(app, label):
    return next(each for each in widgets(app) if each.label == label)


def labels(app):
    return {each.label for each in widgets(app)}


def said(app):
    kinds = (app.caption, app.markdown, app.error, app.info)
    return " ".join(each.value for kind in kinds for each in kind).replace("\\", "")


def choose(app, label, value):
    widget(app, label).set_value(value).run()
    assert not app.exception
    return app


def launch(app, store, launched):
    widget(app, "Launch").click().run()
    assert not app.exception and not app.error
    return config_of(store.run(launched[-1]).config)


def network(store, tasks, matrix):
    """A run that has observed this affinity."""
    return store.add_matrix(AffinityMatrix(tuple(tasks), np.asarray(matrix, float)), "observed")


def find_run(store, run_id):
    return find(store, run_id)


def test_the_kinds_are_offered_and_networks_come_first(store, launched, monkeypatch):
    monkeypatch.setattr("app.views.runs_launch._network", lambda: None)
    script = "from app.views import runs_launch\nruns_launch.launch_form()"
    train = widget(AppTest.from_string(script, default_timeout=30).run(), "Train")
    assert train.options == ["Network", "Measure networks", "Linear models", "Federated"] and train.value == "network"


@pytest.mark.parametrize("kind", ["linear", "federated"])
def test_only_what_linear_models_need_is_asked(form, kind):
    app = form(kind)
    assert not labels(app) & (NETWORK_ONLY | {"Training samples at most", "Sampling of the tasks"})


@pytest.mark.parametrize("kind", ["linear", "federated"])
def test_data_sets_that_linear_models_cannot_learn_are_not_offered_and_why(form, kind):
    app = form(kind)
    offered = {option.partition(":")[0] for option in widget(app, "Data set").options}
    left_out = set(sum(UNSUITED.values(), ()))
    assert offered | left_out == {entry.name for entry in catalog.entries("dataset")} and not offered & left_out
    assert all(name in said(app) for name in left_out)


def test_what_is_offered_can_be_learned_and_what_is_not_cannot():
    bundled = {"yeast", "river_flow", "digit_pairs", "digit_slants", "digits", "digit_mix"}
    left_out = set(sum(UNSUITED.values(), ()))
    for name in bundled:
        dataset = loaded(DataSettings(name))
        if name in left_out:
            with pytest.raises(KindredError):
                linear_samples(dataset)
        else:
            assert linear_samples(dataset).names


def test_a_comparison_is_launched_as_it_stands(form, store, launched):
    app = form("linear")
    assert "7 methods × 4 sizes × 5 seeds = 140 fits" in said(app)
    config = launch(app, store, launched)
    every = [entry.name for entry in catalog.entries("linear") if entry.name != "graph_laplacian"]
    assert config == LinearConfig(dataset="yeast", methods=",".join(every))
    assert store.run(launched[0]).config["kind"] == "linear"


def test_the_settings_of_a_comparison_reach_the_run(form, store, launched):
    app = form("linear")
    choose(app, "Data set", "digit_pairs")
    choose(app, "Tasks", list(PAIRS[2::-1]))
    choose(app, "Methods", ["clustered", "independent"])
    widget(app, "Name").set_value("*mine*")
    widget(app, "Training samples a task").set_value("8, 4,all")
    widget(app, "Number of seeds").set_value(3)
    widget(app, "Seed").set_value(7)
    config = launch(app, store, launched)
    assert config == LinearConfig(
        dataset="digit_pairs",
        tasks=",".join(PAIRS[:3]),
        methods="clustered,independent",
        sizes="8, 4,all",
        seeds=3,
        seed=7,
    )
    assert store.run(launched[0]).name == "*mine*"


@pytest.mark.parametrize(
    ("label", "value", "reason"),
    [
        ("Training samples a task", "8,few", "'few'"),
        ("Training samples a task", "1", "at least 2"),
        ("Methods", [], "No"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_cannot_be_launched(form, launched, label, value, reason):
    app = choose(form("linear"), label, value)
    (error,) = app.error
    assert reason in error.value.replace("\\", "") and widget(app, "Launch").disabled and not launched


def test_a_relation_is_that_of_a_run_on_the_same_tasks_in_their_order(form, store, launched):
    matrix = np.arange(9.0).reshape(3, 3) - 2
    turned = [PAIRS[place] for place in (2, 0, 1)]
    run_id = network(store, turned, matrix)
    app = choose(form("linear"), "Data set", "digit_pairs")
    assert "No run of networks on these tasks" in said(app)  # there are ten
    choose(app, "Tasks", list(PAIRS[:3]))
    options = widget(app, "Relation for graph_laplacian").options
    assert len(options) == 2 and run_id in options[1]
    choose(app, "Relation for graph_laplacian", run_id)
    config = launch(app, store, launched)
    assert "graph_laplacian" in config.chosen
    for row, source in enumerate(PAIRS[:3]):
        for column, target in enumerate(PAIRS[:3]):
            expected = 0 if row == column else matrix[turned.index(source), turned.index(target)]
            assert config.relation[row][column] == expected


def test_a_run_on_other_tasks_is_not_offered(form, store):
    network(store, ["x", "y", "z"], np.eye(3))
    app = form("linear")
    assert len(widget(app, "Relation for graph_laplacian").options) == 1


def test_affinities_all_below_zero_are_taken_less_their_median(store):
    matrix = -np.array([[9.0, 1, 2], [1, 9, 3], [2, 3, 9]])
    subject = find_run(store, network(store, "abc", matrix))
    relation, notes = relation_of(subject, ("a", "b", "c"))
    np.testing.assert_allclose(relation, [[0, 1, 0], [1, 0, -1], [0, -1, 0]])
    assert notes == ["less_median"]


def test_pairs_that_were_never_observed_count_as_unrelated(store):
    subject = find_run(store, tracked(store, skipped=True))
    relation, notes = relation_of(subject, tuple(TASKS))
    assert relation[0][2] == relation[2][0] == 0 and notes == ["never_observed"]


def test_a_federated_run_is_launched_as_it_stands(form, store, launched):
    config = launch(form("federated"), store, launched)
    assert config == FederatedConfig(dataset="yeast", methods="mocha,fedavg,local")
    assert store.run(launched[0]).config["kind"] == "federated"


def test_the_settings_of_a_federated_run_reach_it(form, store, launched):
    app = form("federated")
    choose(app, "Data set", "river_flow")
    choose(app, "Relation", "learned")
    choose(app, "Clients run", "processes")
    given = {
        "Rounds": 30, "Strength": 0.5, "Passes a round": 2.0, "Seed": 4, "Tie": 3.0, "Relation every k-th round": 5,
        "Learning rate": 0.01, "Batch size": 0, "Drop out, percent": 20, "Stragglers, percent": 30,
    }  # fmt: skip
    for label, value in given.items():
        widget(app, label).set_value(value)
    assert launch(app, store, launched) == FederatedConfig(
        dataset="river_flow", methods="mocha,fedavg,local", rounds=30, strength=0.5, passes=2.0, seed=4, tie=3.0,
        relation="learned", relation_every=5, learning_rate=0.01, batch=0, drop=0.2, stragglers=0.3,
        clients="processes",
    )  # fmt: skip


def test_what_belongs_to_a_method_is_asked_with_it_only(form):
    app = form("federated")
    assert {"Relation", "Tie", "Learning rate"} <= labels(app) and "Relation every k-th round" not in labels(app)
    choose(app, "Relation", "independent")
    assert "Tie" not in labels(app)
    choose(app, "Methods", ["local"])
    assert not labels(app) & {"Relation", "Tie", "Learning rate", "Batch size"}
    choose(app, "Methods", [])
    assert widget(app, "Launch").disabled and "No method is chosen" in said(app)


def test_a_similarity_comes_from_another_run(form, store, launched):
    run_id = network(store, PAIRS, np.random.default_rng(0).normal(0, 1, (10, 10)))
    app = choose(choose(form("federated"), "Data set", "digit_pairs"), "Relation", "similarity")
    assert "No run is chosen" in said(app) and widget(app, "Launch").disabled
    choose(app, "Similarity", run_id)
    config = launch(app, store, launched)
    assert config.relation == "similarity"
    matrix = np.array(config.matrix)
    np.testing.assert_array_equal(matrix, matrix.T)
    relation, _ = relation_of(find_run(store, run_id), PAIRS)
    np.testing.assert_allclose(matrix, similarity(relation))
