"""One network: when its training stops, which of its states is judged, and what a stopped one repeats."""

from dataclasses import fields, replace

import numpy as np
import pytest
import torch

from engine import catalog
from engine.architectures.cost import multiplications
from engine.datasets.loading import load_dataset
from engine.errors import KindredError
from engine.runs.checkpoint import FORMATS
from engine.runs.config import RunConfig
from engine.runs.study_config import StudyConfig
from engine.studies.measurement import Measurement, Order
from engine.training.crew import Failure, Keeper, Workplace
from engine.training.measuring import Measuring, network_of, session_of
from engine.training.session import blueprint_of
from engine.training.weights import load_weights
from tests.engine.training.studying import dataset, same

CONFIG = StudyConfig("digits", width=12, batch_size=8, learning_rate=0.1, epochs=12, patience=3)
EVERYTHING = Order(("sign", "third", "sum"))


class Silent:
    """Reports nowhere, and stops before an update."""

    def __init__(self, stop_at=None):
        self.stop_at, self.updates, self.saved = stop_at, 0, None
        self.windows, self.evaluations = [], []

    def window(self, window):
        self.windows.append(window)

    def evaluation(self, evaluation):
        self.evaluations.append(evaluation)

    def progress(self, epochs):
        self.updates += 1

    def checkpoint(self, state):
        if self.stop_requested():
            self.saved = FORMATS[".pt"].dump(state())

    def stop_requested(self):
        return self.updates == self.stop_at


def measured(config, order=EVERYTHING, data=None, **more):
    return Measuring(config, data or dataset(), order, **more).run(Silent())


def test_training_stops_and_the_best_epoch_is_judged_as_a_plain_loop_finds_it():
    config, data = replace(CONFIG, epochs=60, early_share=0.05), dataset()
    session = session_of(config, data, EVERYTHING)
    before = session.evaluate("validation").losses
    course, tests = [], []
    while len(course) < 60:
        for _ in range(session.steps_per_epoch):
            session.update()
        course.append(session.evaluate("validation"))
        tests.append(session.evaluate("test"))
        scores = [(each.losses / before).mean() for each in course]
        if len(course) - (np.argmin(scores) + 1) >= config.patience:
            break
    found = measured(config, data=data)
    best = int(np.argmin(scores))
    assert (found.epochs, found.best_epoch) == (len(course), best + 1) and 3 < found.epochs < 60
    assert np.array_equal(found.losses["validation"], course[best].losses)
    assert np.array_equal(found.metrics["validation"], course[best].metrics)
    assert np.array_equal(found.losses["test"], tests[best].losses)
    assert np.array_equal(found.losses["early_stopped"], course[2].losses)  # after ⌈.05 · 60⌉ epochs
    assert found.tasks == ("sign", "third", "sum") and found.parameters == session.cost.parameters


def test_where_training_ends_before_the_short_one_its_last_losses_are_taken():
    found = Measuring(replace(CONFIG, epochs=60, early_share=1.0), dataset(), EVERYTHING)
    reports = Silent()
    measurement = found.run(reports)
    assert measurement.epochs < 60
    assert np.array_equal(measurement.losses["early_stopped"], reports.evaluations[-1].losses)


DESIGNS = [{"architecture": entry.name, "settle": 0.8} for entry in catalog.entries("architecture")]


@pytest.mark.parametrize("variant", [*DESIGNS, {"batch_norm": True, "dropout": 0.3}], ids=str)
def test_the_kept_weights_give_the_stored_losses(variant, tmp_path):
    config, data = replace(CONFIG, **variant, epochs=6), dataset()
    workplace = Workplace(config, data, tmp_path / "training", tmp_path / "networks")
    found = workplace.train(EVERYTHING, Silent())
    session = network_of(config, data, found, load_weights(workplace.weights_file(EVERYTHING)))
    for split in ("validation", "test"):
        assert np.array_equal(session.evaluate(split).losses, found.losses[split])
        assert np.array_equal(session.evaluate(split).metrics, found.metrics[split])


@pytest.mark.parametrize(
    "variant", [{}, {"dropout": 0.4, "batch_norm": True, "optimizer": "adam"}, {"weighting": "gradnorm"}], ids=str
)
@pytest.mark.parametrize("stop_at", [0, 3, 30])
def test_a_training_stopped_within_an_epoch_goes_on_to_the_same_numbers(variant, stop_at):
    config, data = replace(CONFIG, **variant), dataset()
    first = Silent(stop_at)
    assert Measuring(config, data, EVERYTHING).run(first) is None
    torch.rand(7)  # whatever else the process did meanwhile
    again = Measuring(config, data, EVERYTHING)
    again.load_state(FORMATS[".pt"].parse(first.saved))
    assert same(again.run(Silent()), measured(config, data=data))


@pytest.mark.parametrize("weighting", [entry.name for entry in catalog.entries("weighting")])
def test_a_single_task_is_trained_by_every_weighting(weighting):
    found = measured(replace(CONFIG, weighting=weighting, epochs=2), Order(("sum",), 0.5))
    assert np.isfinite(found.losses["test"]).all()


def test_observing_changes_no_number():
    config = replace(CONFIG, observe=True, affinity="lookahead", every=2, epochs=3)
    plain, reports = measured(config), Silent()
    observed = Measuring(config, dataset(), EVERYTHING, observe=True).run(reports)
    assert same(plain, observed) and len(reports.windows) > 0
    assert plain.key == measured(replace(CONFIG, epochs=3)).key


@pytest.mark.parametrize("trunk", ["mlp", "convolutional", "encoder"])
@pytest.mark.parametrize("capacity", [0.5, 0.25, 2.0])
def test_no_other_width_comes_nearer_to_a_capacity(trunk, capacity):
    config, data = replace(CONFIG, trunk=trunk, width=16, epochs=1), dataset()
    found = measured(config, Order(("sign", "sum"), capacity), data)
    session = session_of(config, data, Order(("sign", "sum"), capacity))
    full = blueprint_of(config.training(EVERYTHING), session.dataset)
    costs = {
        width: multiplications(replace(full, settings=replace(full.settings, width=width)))
        for width in range(1, 2 * 16 + 1)
    }
    nearest = min(abs(cost / costs[16] - capacity) for cost in costs.values())
    assert abs(found.snt - capacity) == pytest.approx(nearest) and nearest < 0.06
    assert found.snt == pytest.approx(costs[session.config.width] / costs[16]) and found.cost == capacity


def stages(input_shape):
    return [torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(16, 4), torch.nn.ReLU())]


def test_a_trunk_of_ones_own_has_one_size():
    config = replace(CONFIG, trunk=f"{__name__}:stages")
    assert measured(config, Order(("sign",))).snt == 1
    with pytest.raises(KindredError, match="has one size.*leave the capacity at 1"):
        measured(config, Order(("sign",), 0.5))


def test_keys_tell_what_decides_the_numbers_and_nothing_else():
    key = CONFIG.key(EVERYTHING)
    assert CONFIG.key(Order(("sum", "sign", "third"))) == key
    others = [
        Order(("sign", "third")),
        Order(EVERYTHING.tasks, 0.5),
        Order(EVERYTHING.tasks, seed=1),
        Order(("sum",)),
        Order(("sum",), transfer_from="sign"),
        Order(("sum",), transfer_from="third"),
    ]
    assert len({key, *map(CONFIG.key, others)}) == 1 + len(others)
    undecisive = {
        "workers": 2, "networks": "whole", "tasks": "sum,sign", "seeds": 3, "seed": 5, "window": 3, "allowance": 5.0,
        "budget": 2.0, "bound": 1.0,
    }  # fmt: skip
    for told in (*({name: value} for name, value in undecisive.items()), {"observe": True, "affinity": "lookahead"}):
        other = replace(CONFIG, **told)
        assert (other.key(EVERYTHING), other.setting) == (key, CONFIG.setting), told
    for name, value in {"width": 13, "patience": 4, "early_share": 0.3, "epochs": 13, "samples": 20}.items():
        other = replace(CONFIG, **{name: value})
        assert other.key(EVERYTHING) != key and other.setting != CONFIG.setting, name


def test_no_default_has_changed_under_the_version_that_keys_are_made_of():
    defaults = {field.name: field.default for field in fields(RunConfig) if field.name != "dataset"}
    kept = {
        "folder": "", "images": 1000, "image_size": 64, "table": "", "targets": "", "kinds": "", "leave_out": "",
        "split": "random", "split_by": "", "samples": 0, "sampling": "proportional", "temperature": 2.0,
        "parts_a_step": 0, "architecture": "hard_sharing", "trunk": "mlp", "heads": "", "width": 64, "depth": 2,
        "dropout": 0.0, "batch_norm": False, "tie": "l2", "tie_strength": 0.01, "own_share": 0.9,
        "relation_rate": 0.01, "sparsity": 0.05, "sharing": 0.05, "entropy": 0.1, "warm_up": 0.1, "settle": 0.6,
        "weighting": "equal", "weight_rate": 0.025, "asymmetry": 1.5, "dwa_temperature": 2.0, "focus": 2.0,
        "caution": 0.5, "target_decay": 0.01, "mgda_scale": "none", "optimizer": "sgd", "learning_rate": 0.05,
        "momentum": 0.0, "batch_size": 64, "epochs": 20, "threads": 1, "device": "cpu",
    }  # fmt: skip
    changed = {name for name, value in kept.items() if defaults[name] != value}
    assert not changed, "raise VERSION in engine/runs/study_config.py: keys leave out what is as it is by default"


@pytest.mark.parametrize("variant", [{}, {"batch_norm": True, "dropout": 0.3, "weighting": "gradnorm"}], ids=str)
def test_on_a_lent_trunk_only_the_head_learns(variant, tmp_path):
    config, data = replace(CONFIG, **variant, epochs=3), dataset()
    workplace = Workplace(config, data, tmp_path / "training", tmp_path / "networks")
    order = Order(("sum",), transfer_from="sign")
    assert workplace.train(order.source, Silent()) is not None
    found = workplace.train(order, Silent())
    lent, kept = (load_weights(workplace.weights_file(each)) for each in (order.source, order))
    trunk = [name for name in lent if name.startswith("shared.")]
    assert trunk and all(torch.equal(lent[name], kept[name]) for name in trunk)
    session = session_of(config, data, order)
    head = {name: value for name, value in session.model.state_dict().items() if not name.startswith("shared.")}
    assert all(not torch.equal(value, kept[name]) for name, value in head.items())
    assert found.parameters == sum(value.numel() for value in head.values())
    assert found.losses["validation"][0] < 1.05 * session.evaluate("validation").losses[0]
    assert found.transfer_from == "sign" and found.tasks == ("sum",)


def test_a_lent_trunk_that_is_missing_is_named_with_the_way_out(tmp_path):
    workplace = Workplace(CONFIG, dataset(), tmp_path / "training", tmp_path / "networks")
    failed = workplace.train(Order(("sum",), transfer_from="sign"), Silent())
    assert isinstance(failed, Failure) and "restore that file" in failed.sentence


def test_a_training_that_diverges_fails_with_a_sentence(tmp_path):
    workplace = Workplace(CONFIG, dataset(1e18), tmp_path / "training", tmp_path / "networks")
    failed = workplace.train(EVERYTHING, Silent())
    assert isinstance(failed, Failure) and "lower the learning rate" in failed.sentence
    assert "sign+third+sum, seed 0" in failed.sentence and not workplace.weights_file(EVERYTHING).exists()


def test_what_is_kept_of_a_stopped_training_is_taken_up_by_the_next(tmp_path):
    data = dataset()
    workplace = Workplace(CONFIG, data, tmp_path / "training", tmp_path / "networks")
    state = workplace.state_file(EVERYTHING)
    asked = iter(range(100))
    assert workplace.train(EVERYTHING, Keeper(state, lambda: next(asked) >= 19)) is None  # asked twice an update
    assert FORMATS[".pt"].parse(state.read_bytes())["session"]["step"] == 10
    assert same(workplace.train(EVERYTHING, Silent()), measured(CONFIG, data=data))


def test_a_measurement_is_the_same_after_json():
    found = measured(CONFIG)
    found.metrics["test"][0] = np.nan
    again = Measurement.from_json(found.to_json())
    assert again.order == found.order == EVERYTHING and again.to_json() == found.to_json()
    assert np.isnan(again.metrics["test"][0]) and np.array_equal(again.losses["test"], found.losses["test"])


def test_tasks_with_inputs_of_their_own_are_measured_alone_too():
    config = StudyConfig("digit_pairs", samples=40, batch_size=8, epochs=1, parts_a_step=2, width=8)
    data = load_dataset(config)
    names = tuple(task.name for task in data.tasks[:2])
    assert np.isfinite(measured(config, Order(names[:1]), data).losses["test"]).all()
    assert len(measured(config, Order(names), data).losses["test"]) == 2
