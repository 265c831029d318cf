"""The comparison of linear methods: what it draws, chooses and reports, and that a resumed one repeats it."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import t

from engine import catalog
from engine.errors import KindredError
from engine.regularized.choices import CHOICES, choices_of
from engine.regularized.choosing import errors
from engine.regularized.drawing import order_of
from engine.regularized.independent import Independent
from engine.regularized.session import LinearSession
from engine.regularized.summary import mean_errors, mean_of
from engine.runs.configs import LinearConfig
from tests.engine.sinks import Memory, dataset, same_windows, stopped_and_resumed

RELATION = ((1.0, 0.5, 0.2), (0.5, 1.0, 0.3), (0.2, 0.3, 1.0))
CONFIG = LinearConfig("yeast", methods="independent,task_covariance,clustered", sizes="8,16", seeds=3)
EVERY = replace(CONFIG, methods="", relation=RELATION)


def worked_off(config, data):
    sink = Memory()
    session = LinearSession(config, data)
    assert session.run(sink)
    assert [step for step, _ in sink.reported] == list(range(1, session.steps + 1))
    return session, sink


@pytest.mark.parametrize("binary", [False, True])
def test_every_method_size_and_seed_has_its_row(binary):
    _, sink = worked_off(replace(EVERY, seeds=1, seed=4), dataset(binary))
    curves = sink.artifacts["learning curves"]
    methods = [entry.name for entry in catalog.entries("linear")]
    assert curves["loss"] == ("logistic" if binary else "squared") and curves["methods"] == methods
    assert curves["tasks"] == ["task 0", "task 1", "task 2"] and curves["seeds"] == [4]
    assert curves["sizes"] == [8, 16] and curves["counts"] == [[8] * 3, [16] * 3]
    assert curves["available"] == [24, 36, 30]
    places = [(row["method"], row["size"], row["seed"]) for row in curves["rows"]]
    assert places == [(method, size, 4) for size in (8, 16) for method in methods]
    assert all(len(row["errors"]) == 3 and np.isfinite(row["errors"]).all() for row in curves["rows"])
    assert {name: len(found) for name, found in sink.readings.items()} == {
        "task_covariance": 1,
        "task_clusters": 1,
        "regulariser_graph": 1,
    }


def test_a_window_a_seed_holds_the_relation_learned_from_the_largest_size():
    session, sink = worked_off(CONFIG, dataset())
    assert [(w.step_from, w.step_to, w.updates) for w in sink.readings["task_covariance"]] == [
        (0, 1, 1),
        (1, 2, 1),
        (2, 3, 1),
    ]
    row = next(r for r in session.rows if (r["method"], r["size"], r["seed"]) == ("task_covariance", 16, 1))
    make = catalog.load("linear", "task_covariance")
    again = make(loss="squared", **row["settings"]).fit(*session.drawn(1, 16))
    np.testing.assert_allclose(sink.readings["task_covariance"][1].total, again.relation_, rtol=1e-6)
    assert "correlation of two tasks' linear models" in session.quantity and "cluster" in session.quantity


@pytest.mark.parametrize("after", [1, 4, 7])
def test_a_resumed_comparison_equals_an_undisturbed_one_bit_for_bit(after):
    data = dataset(binary=True)
    config = replace(CONFIG, methods="independent,task_covariance", seeds=2)
    _, whole = worked_off(config, data)
    before, later, windows = stopped_and_resumed(lambda: LinearSession(config, data), after)
    assert later.artifacts == whole.artifacts
    assert same_windows(windows, whole.readings)
    assert before.artifacts["learning curves"]["rows"] == whole.artifacts["learning curves"]["rows"][:after]


def test_a_checkpoint_of_another_comparison_is_refused():
    state = LinearSession(CONFIG, dataset()).state()
    with pytest.raises(KindredError, match="checkpoint.npz and resume"):
        LinearSession(replace(CONFIG, sizes="8"), dataset()).load_state(state)


def test_larger_sizes_contain_smaller_ones_and_seeds_differ():
    session = LinearSession(CONFIG, dataset())
    (few, _), (more, _), (other, _) = (session.drawn(0, 8), session.drawn(0, 16), session.drawn(1, 8))
    for small, large, second in zip(few, more, other, strict=True):
        np.testing.assert_array_equal(small, large[:8])
        assert not np.array_equal(small, second)


def test_what_a_task_is_given_does_not_depend_on_the_others():
    alone = LinearSession(replace(CONFIG, tasks="task 1"), dataset()).drawn(2, 10)
    among = LinearSession(CONFIG, dataset()).drawn(2, 10)
    np.testing.assert_array_equal(alone[0][0], among[0][1])


@pytest.mark.parametrize("seed", range(20))
def test_a_rare_label_is_among_the_first_two(seed):
    labels = np.zeros(50)
    labels[13] = 1
    order = order_of(labels, True, seed, "rare")
    assert sorted(order) == list(range(50)) and sorted(labels[order[:2]]) == [0, 1]
    assert not np.array_equal(order, order_of(labels, True, seed, "other"))


def test_the_settings_chosen_are_the_best_on_validation_and_the_first_of_equals():
    session, _ = worked_off(replace(CONFIG, methods="independent", sizes="12", seeds=1), dataset(binary=True))
    found = []
    for settings in choices_of("independent", 3):
        model = Independent(loss="logistic", **settings).fit(*session.drawn(0, 12))
        found.append(
            (errors(model, *session.samples.validation).mean(), settings, errors(model, *session.samples.test))
        )
    best = min(found, key=lambda each: each[0])  # the first of them
    (row,) = session.rows
    assert row["settings"] == best[1] and row["errors"] == best[2].tolist()


@pytest.mark.parametrize("method", [entry.name for entry in catalog.entries("linear")])
@pytest.mark.parametrize("tasks", [1, 2, 3, 14])
def test_every_method_has_equally_many_choices_which_it_takes(method, tasks):
    choices = choices_of(method, tasks)
    assert len(choices) == CHOICES
    make = catalog.load("linear", method)
    for settings in choices:
        make(**settings)
    pulls = [settings["strength"] + settings.get("ridge", 0) for settings in choices]
    assert pulls == sorted(pulls, reverse=True) and (pulls[0], pulls[-1]) == pytest.approx((10, 1e-3))


def test_a_size_that_takes_all_is_fitted_once_and_leaves_no_interval():
    session, sink = worked_off(replace(CONFIG, sizes="8,all"), dataset())
    curves = sink.artifacts["learning curves"]
    assert len(curves["rows"]) == 3 * 2 * 3 and curves["sizes"] == [8, None]
    whole = [row["errors"] for row in curves["rows"] if (row["method"], row["size"]) == ("independent", None)]
    assert whole[0] == whole[1] == whole[2]
    assert len(sink.readings["task_covariance"]) == 1
    means = mean_errors(curves)
    assert means["independent", None].value == pytest.approx(np.mean(whole[0]))
    assert np.isnan(means["independent", None].half_width) and means["independent", 8].half_width > 0


def test_tasks_that_are_alike_gain_from_each_other_at_few_samples():
    data = dataset(samples=(200, 200, 200, 200), features=12, noise=0.1)
    _, sink = worked_off(replace(CONFIG, methods="independent,mean_regularized", sizes="6", seeds=5), data)
    means = mean_errors(sink.artifacts["learning curves"])
    assert means["mean_regularized", 6].value < 0.7 * means["independent", 6].value


def test_a_relation_of_other_tasks_is_refused_before_anything_is_fitted():
    with pytest.raises(KindredError, match="is of 2 tasks, and 3 are learned, task 0, task 1, task 2"):
        LinearSession(replace(EVERY, relation=((1, 1), (1, 1))), dataset())
    with pytest.raises(KindredError, match="no pair of tasks above 0"):
        LinearSession(replace(EVERY, relation=-np.ones((3, 3))), dataset())


def test_the_interval_is_students():
    values = [0.1, 0.4, 0.2, 0.35]
    low, high = t.interval(0.95, 3, np.mean(values), np.std(values, ddof=1) / 2)
    found = mean_of(values)
    assert (found.value - found.half_width, found.value + found.half_width) == pytest.approx((low, high))
    assert np.isnan(mean_of([0.3]).half_width) and str(mean_of([0.3])) == "0.3000" and str(mean_of([])) == "–"
