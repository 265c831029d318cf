import json
from dataclasses import fields

import pytest

from engine.errors import KindredError
from engine.runs.config import RunConfig


def test_json_round_trip():
    config = RunConfig("digits", epochs=3, dropout=0.5, batch_norm=True)
    assert RunConfig.from_json(json.loads(json.dumps(config.to_json()))) == config


@pytest.mark.parametrize("setting", [field.name for field in fields(RunConfig) if field.name != "primary"])
def test_every_setting_is_checked(setting):
    with pytest.raises(KindredError, match="'@'"):
        RunConfig(**{"dataset": "yeast", setting: "@"})


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"epochs": 0}, "Epochs is 0; it must be a whole number from 1"),
        ({"epochs": 1.5}, "whole number"),
        ({"epochs": True}, "whole number"),
        ({"learning_rate": float("nan")}, "Learning rate is nan"),
        ({"learning_rate": float("inf")}, "Learning rate is inf"),
        ({"dropout": 1.0}, "from 0.0 to 0.95"),
        ({"optimizer": "lion"}, "choose one of sgd, adam"),
        ({"dataset": "digit"}, "Did you mean 'digits'"),
        ({"colour": "red"}, "'colour' is unknown"),
        ({"architecture": "soft_sharing"}, "'auto' needs parameters that tasks share, .* or the estimator none"),
        ({"architecture": "mtan", "weighting": "mgda_ub"}, "choose the architecture hard_sharing, or the weighting"),
        ({"architecture": "adashare", "affinity": "last_layer"}, "needs a last shared layer that every task runs"),
        ({"architecture": "adashare", "affinity": "corrected"}, "estimator 'last_layer' needs"),
        ({"architecture": "mtan", "affinity": "last_layer", "metric": True}, "leave the metric off"),
        ({"trunk": "convolutional"}, "needs images as inputs, which the dataset 'yeast' has not"),
        ({"trunk": "mlp:"}, "write module:function"),
        ({"primary": "a, b, a"}, "name each task once"),
        ({"auxiliary": "maxl"}, "name exactly one"),
    ],
)
def test_bad_settings_are_refused_in_one_sentence(settings, said):
    with pytest.raises(KindredError, match=said):
        RunConfig.from_json({"dataset": "yeast", **settings})
