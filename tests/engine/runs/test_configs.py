import json
from dataclasses import fields

import numpy as np
import pytest

from engine.errors import KindredError
from engine.runs.checkpoint import FORMATS, load_checkpoint, save_checkpoint
from engine.runs.config import RunConfig
from engine.runs.configs import KINDS, FederatedConfig, LinearConfig, config_of, kind_of

SQUARE = [[0.0, 1.5], [1.5, 0.0]]


@pytest.mark.parametrize(
    ("kind", "config"),
    [
        ("network", RunConfig("digits", epochs=3)),
        ("linear", LinearConfig("digit_pairs", sizes="all,5", relation=SQUARE)),
        ("linear", LinearConfig("table", table="t.csv", targets="a,b", tasks="a")),
        ("federated", FederatedConfig("digit_pairs", relation="similarity", matrix=np.array(SQUARE), strength=1)),
        ("federated", FederatedConfig("yeast", clients="processes", loss="hinge", intercept=False)),
    ],
)
def test_json_round_trip(kind, config):
    content = json.loads(json.dumps(config.to_json()))
    assert kind_of(content) == kind and isinstance(config, KINDS[kind].config)
    assert config_of(content) == config


def test_a_run_stored_without_a_kind_is_of_a_network():
    assert config_of(RunConfig("digits").to_json() | {"kind": "network"}) == RunConfig("digits")
    assert "kind" not in RunConfig("digits").to_json()


def test_sizes_go_from_few_to_many_and_methods_keep_their_order():
    config = LinearConfig("yeast", sizes="all, 40,10,40", methods="trace_norm,pooled,trace_norm")
    assert config.sample_sizes == (10, 40, None) and config.chosen == ("trace_norm", "pooled")


def test_all_methods_but_that_which_needs_a_relation():
    every = [entry for entry in LinearConfig("yeast", relation=SQUARE).chosen if entry != "graph_laplacian"]
    assert list(LinearConfig("yeast").chosen) == every and len(every) == 7


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"kind": "linear", "colour": "red"}, "'colour' of a linear run is unknown"),
        ({"kind": "federated", "sizes": "10"}, "'sizes' of a federated run is unknown"),
        ({"kind": "boosted"}, "kind of run 'boosted' is unknown; this Kindred knows network, study, linear, federated"),
        ({"kind": "linear", "dataset": "yeats"}, "Did you mean 'yeast'"),
        ({"kind": "linear", "methods": "lasso"}, "no linear 'lasso'"),
        ({"kind": "linear", "sizes": "ten"}, "A size is 'ten'"),
        ({"kind": "linear", "sizes": "1"}, "at least 2 training samples"),
        ({"kind": "linear", "sizes": ""}, "No size is given"),
        ({"kind": "linear", "seeds": 0}, "Seeds is 0"),
        ({"kind": "linear", "relation": [[1, 2]]}, "no square of finite numbers"),
        ({"kind": "linear", "relation": "mean"}, "no square of finite numbers"),
        ({"kind": "linear", "relation": None}, "no square of finite numbers"),
        ({"kind": "linear", "methods": "graph_laplacian"}, "go together"),
        ({"kind": "linear", "methods": "pooled", "relation": SQUARE}, "go together"),
        ({"kind": "federated", "methods": "mocha,sgd"}, "no federated 'sgd'"),
        ({"kind": "federated", "rounds": 0}, "Rounds is 0"),
        ({"kind": "federated", "clients": "threads"}, "in_process, processes"),
        ({"kind": "federated", "drop": 1.0}, "Drop is 1.0"),
        ({"kind": "federated", "loss": "absolute"}, "squared, logistic, hinge"),
        ({"kind": "federated", "relation": "similarity"}, "needs a matrix"),
        ({"kind": "federated", "matrix": SQUARE}, "takes no matrix"),
        ({"kind": "federated", "relation": "precision", "matrix": [[float("nan")]]}, "no square of finite"),
    ],
)
def test_bad_settings_are_refused_in_one_sentence(settings, said):
    with pytest.raises(KindredError, match=said):
        config_of({"dataset": "yeast", **settings})


def test_a_configuration_without_a_data_set_is_refused():
    with pytest.raises(KindredError, match="names no data set"):
        config_of({"kind": "linear"})


@pytest.mark.parametrize("kind", [LinearConfig, FederatedConfig])
def test_every_number_and_choice_is_checked(kind):
    for field in fields(kind):
        if field.type in (int, float, bool) or field.name in ("dataset", "loss", "relation", "clients", "split"):
            with pytest.raises(KindredError):
                kind(**{"dataset": "yeast", field.name: "@"})


def test_arrays_and_plain_values_come_back_from_a_checkpoint_as_they_were(tmp_path):
    state = {
        "step": 3,
        "rows": [{"errors": [0.1 + 0.2, None], "size": None, "converged": True}],
        "nan": float("nan"),
        "states": {"mocha": {"alpha": np.array([0.1, -0.0, np.inf]), "number": np.asarray(4)}, "none": {}},
        "words": ["ä", np.arange(6, dtype=np.int32).reshape(2, 3)],
    }
    path = tmp_path / "checkpoint.npz"
    save_checkpoint(path, state)
    found = load_checkpoint(path)
    assert (found["step"], found["rows"]) == (state["step"], state["rows"]) and np.isnan(found["nan"])
    assert found["states"]["none"] == {} and found["words"][0] == "ä"
    for name, array in state["states"]["mocha"].items():
        again = found["states"]["mocha"][name]
        assert again.dtype == array.dtype and again.shape == array.shape and again.tobytes() == array.tobytes()
    np.testing.assert_array_equal(found["words"][1], state["words"][1])


def test_a_checkpoint_with_an_object_that_runs_code_is_not_written():
    with pytest.raises(ValueError, match="allow_pickle"):
        FORMATS[".npz"].dump({"bad": np.array([object()], dtype=object)})
