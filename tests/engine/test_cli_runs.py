"""Describing and sweeping on the command line, and networks of the user's own."""

import json
from textwrap import dedent

import numpy as np
import pytest

from engine.cli import main
from engine.runs.sweep import variants
from tests.engine.runs.writing import running, window


def out(capsys):
    return capsys.readouterr().out


def test_describe_tells_what_each_design_costs_without_training(capsys):
    assert main(["describe", "--dataset", "digits", "--width", "16", "--json"]) == 0
    content = json.loads(out(capsys))
    costs = content["architectures"]
    trunk = 64 * 16 + 16 + 16 * 16 + 16
    heads = (10 + 3 + 9) * (16 + 1)
    assert costs["hard_sharing"] == {"parameters": trunk + heads, "shared": trunk, "snt": 1.0, "error": ""}
    assert costs["soft_sharing"]["parameters"] == 11 * trunk + heads
    assert len(content["tasks"]) == 11
    assert main(["describe", "--dataset", "digits", "--depth", "1"]) == 0
    table = out(capsys)
    assert "choose a depth of at least 2" in table and "hard_sharing" in table


def test_what_cannot_be_built_is_refused_in_one_sentence(capsys):
    assert main(["describe", "--dataset", "digits", "--primary", "digits"]) == 2
    assert "no task 'digits' in digits" in capsys.readouterr().err
    assert main(["run", "--dataset", "yeast", "--architecture", "soft_sharing"]) == 2
    assert "or the estimator none" in capsys.readouterr().err


def test_a_network_of_ones_own_is_trained(store, capsys, tmp_path, monkeypatch):
    (tmp_path / "my_parts.py").write_text(
        dedent("""
        from torch import nn

        def stages(input_shape):
            first = nn.Sequential(nn.Conv2d(input_shape[0], 4, 3, padding=1), nn.ReLU())
            return [first, nn.Sequential(nn.MaxPool2d(2), nn.Conv2d(4, 6, 3, padding=1), nn.Tanh())]

        def head(task, shape):
            return nn.Sequential(nn.Flatten(), nn.Linear(shape[0] * shape[1] * shape[2], task.outputs))
        """)
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    own = ["--trunk", "my_parts:stages", "--heads", "my_parts:head"]
    for architecture in ("hard_sharing", "cross_stitch"):
        run = ["run", "--dataset", "digits", "--epochs", "1", "--architecture", architecture, *own]
        assert main([*run, "--affinity", "first_order"]) == 0
        found = store.run(out(capsys).split()[-1])
        assert found.status == "finished" and len(store.series(found.id)) > 0
    assert main(["run", "--dataset", "digits", "--trunk", "my_parts:other", "--affinity", "none"]) == 2
    assert "PYTHONPATH" in store.runs()[0].error


@pytest.fixture
def few(monkeypatch):
    """Sweeps of single-task training and hard sharing only."""
    monkeypatch.setattr("engine.runs.sweep.variants", lambda base: variants(base)[:2])


def test_a_sweep_prints_its_table_and_goes_on_where_it_stopped(store, few, capsys):
    sweep = ["sweep", "--dataset", "digits", "--epochs", "1", "--name", "mine", "--json"]
    assert main([*sweep, "--seeds", "1"]) == 0
    first = json.loads(out(capsys))["variants"]
    assert [row["variant"] for row in first] == ["single_task", "hard_sharing, equal"]
    assert first[0]["delta_m"] == 0 and first[1]["seeds"] == 1 and first[1]["step_ratio"] == 1
    assert main([*sweep, "--seeds", "2"]) == 0
    assert sum(run.sweep == "mine" for run in store.runs()) == 4
    assert [row["seeds"] for row in json.loads(out(capsys))["variants"]] == [2, 2]
    assert main([*sweep, "--show", "--score", "test"]) == 0
    assert json.loads(out(capsys))["split"] == "test"


def test_another_reading_is_printed_as_the_affinity_is(store, capsys):
    run_id, token = running(store)
    mixing = window(0, 10, 3)
    store.write(run_id, token, [window(0, 10, 1)], readings={"mixing": [mixing]})
    assert main(["affinity", run_id, "--reading", "mixing", "--json"]) == 0
    content = json.loads(out(capsys))
    assert content["reading"] == "mixing" and content["orientation"] == "source,target"
    assert np.allclose(content["affinity"], mixing.total / 10)
