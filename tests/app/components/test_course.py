import numpy as np
import pytest

from app.components.course import Course, losses_table, primary_tasks, role, weights_table
from engine.runs.config import RunConfig
from engine.tasks import Evaluation, TaskWeights
from tests.app.views.stored import learned

TASKS = ("a", "b")


def at(step, value, split="validation", metric=np.nan):
    return Evaluation(step, split, np.array([value, 2 * value], np.float32), np.array([metric, metric], np.float32))


def test_the_course_of_a_run_is_what_was_evaluated_in_order_of_the_steps():
    course = Course.of(TASKS, [[at(0, 4, metric=0.5), at(10, 2, metric=0.75), at(5, 3, "train")]], [[]])
    assert course.losses["validation"].steps.tolist() == [0, 10]
    assert course.losses["validation"].values.tolist() == [[4, 8], [2, 4]]
    assert course.metrics["validation"].of(1)[1].tolist() == [0.5, 0.75]
    assert len(course.metrics["train"].of(0)[0]) == 0  # was not measured
    assert course.last("losses", "train").tolist() == [3, 6]
    assert np.isnan(course.last("losses", "test")).all()
    assert not len(course.weights)


def test_of_several_seeds_it_is_their_mean_at_the_steps_that_all_have():
    runs = [[at(0, 4), at(10, 2), at(20, 1)], [at(0, 6), at(10, 4)], []]
    weights = [[TaskWeights(0, 10, np.array([1, 3]))], [TaskWeights(0, 10, np.array([3, 1]))], []]
    course = Course.of(TASKS, runs, weights)
    assert course.losses["validation"].steps.tolist() == [0, 10]
    assert course.losses["validation"].values[:, 0].tolist() == [5, 3]
    assert (course.weights.steps.tolist(), course.weights.values.tolist()) == ([5], [[2, 2]])


def test_a_task_without_labels_in_a_window_is_left_out_there_and_keeps_what_was_last_known():
    some = [Evaluation(step, "train", np.array(losses, np.float32), np.full(2, np.nan)) for step, losses in
            ((5, (4, np.nan)), (10, (np.nan, 3)), (15, (2, np.nan)))]  # fmt: skip
    course = Course.of(TASKS, [some], [[TaskWeights(0, 10, np.array([1, np.nan]))]])
    assert course.losses["train"].of(0)[0].tolist() == [5, 15]
    assert course.last("losses", "train").tolist() == [2, 3]
    assert np.isnan(course.last("metrics", "train")).all()
    assert course.weights.last[0] == 1 and np.isnan(course.weights.last[1])


def test_the_mean_of_seeds_is_over_those_that_know_a_task():
    runs = [[at(0, 4)], [Evaluation(0, "validation", np.array([np.nan, 2], np.float32), np.full(2, np.nan))]]
    assert Course.of(TASKS, runs, [[]]).losses["validation"].values.tolist() == [[4, 5]]


def test_a_seed_that_diverged_is_not_left_out_of_the_mean():
    runs = [[at(0, 4)], [at(0, np.inf)]]
    assert np.isinf(Course.of(TASKS, runs, [[]]).losses["validation"].values).all()


def test_nothing_yet_is_an_empty_course():
    course = Course.of((), [[]], [[]])
    assert not course.losses and not len(course.weights)


def test_roles_follow_the_settings(store):
    run = store.run(learned(store, primary="c, a", auxiliary="none"))
    assert primary_tasks(run) == ("a", "c")
    assert [role(run, task) for task in "abc"] == ["primary", "auxiliary", "primary"]
    every = store.run(learned(store))
    assert primary_tasks(every) == () and role(every, "b") == "primary"
    maxl = store.run(learned(store, tasks=("a", "b", "a (generated)"), primary="a", auxiliary="maxl"))
    assert [role(maxl, task) for task in maxl.tasks] == ["primary", "auxiliary", "generated"]


def test_the_files_hold_every_number_of_every_run(store):
    runs = [store.run(learned(store)), store.run(learned(store))]
    losses = losses_table(runs)
    assert list(losses) == ["run", "split", "step", "task", "metric", "loss", "value"]
    (one,) = losses.query("run == @runs[1].id and split == 'validation' and step == 20 and task == 'b'").itertuples()
    evaluation = next(e for e in store.evaluations(runs[1].id) if (e.split, e.step) == ("validation", 20))
    assert (one.loss, one.value) == (pytest.approx(evaluation.losses[1]), pytest.approx(evaluation.metrics[1]))
    assert one.metric == "accuracy"
    assert losses[losses["split"] == "train"]["value"].isna().all()
    weights = weights_table(runs)
    assert list(weights) == ["run", "step_from", "step_to", *runs[0].tasks]
    assert len(weights) == 2 * len(store.weights(runs[0].id))


def test_a_run_of_an_earlier_kindred_has_no_primary_tasks(store):
    run_id = store.create(RunConfig("yeast"))
    assert primary_tasks(store.run(run_id)) == ()
