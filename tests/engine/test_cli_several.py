"""``compare`` of several runs on the command line."""

import json

import numpy as np
import pytest

from engine.affinity.matrix import AffinityMatrix
from engine.affinity.several import Matrix, several
from engine.affinity.uncertainty import SeedGroup
from engine.cli import main
from tests.app.views.stored import TASKS, seeds, with_readings


def compared(capsys, *arguments):
    assert main(["compare", *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def of(store, run, reading="affinity"):
    mean = store.series(run, reading).mean()
    return Matrix(run, tuple(TASKS), mean.affinity, mean.standard_error)


def test_several_runs_are_set_against_the_baseline(store, capsys):
    runs = [with_readings(store, seed=seed) for seed in range(3)]
    found = compared(capsys, *runs, "--baseline", runs[1], "--difference", "raw")
    expected = several([of(store, run) for run in runs], runs[1])
    assert found["baseline"] == runs[1] and found["order"] == runs and found["reading"] == "affinity"
    assert [row["run"] for row in found["against"]] == [runs[0], runs[2]]
    for row, each in zip(found["against"], expected.table().to_dict("records"), strict=True):
        assert row == {name: None if value != value else value for name, value in each.items()}
    np.testing.assert_array_equal(np.array(found["spearman"]), expected.correlations("spearman"))
    difference = np.array(found["differences"][runs[2]], dtype=float)
    np.testing.assert_array_equal(difference, expected.difference(2))
    assert runs[1] not in found["differences"] and found["settings"] == {}


def test_the_first_is_the_baseline_and_a_group_is_named_by_its_id(store, capsys):
    ids = seeds(store)
    runs = [with_readings(store, seed=7), with_readings(store, seed=8), f"seeds:{ids[0]}"]
    found = compared(capsys, *runs, "--difference", "raw")
    group = SeedGroup(tuple(store.series(run) for run in ids)).mean()
    expected = several(
        [*(of(store, run) for run in runs[:2]), Matrix(runs[2], tuple(TASKS), group.affinity, group.standard_error)]
    )
    assert found["baseline"] == runs[0]
    assert found["against"][1]["beyond"] == expected.table()["beyond"][1]
    assert found["settings"]["seed"] == {runs[0]: "0", runs[1]: "0", runs[2]: "0, 1, 2"}


def test_two_runs_with_a_baseline_take_the_same_form(store, capsys):
    runs = [with_readings(store, seed=seed) for seed in range(2)]
    found = compared(capsys, *runs, "--baseline", runs[1])
    assert found["scale"] == "standardised" and [row["run"] for row in found["against"]] == [runs[0]]


def test_what_is_left_out_is_said(store, capsys):
    runs = [with_readings(store), with_readings(store, seed=1), with_readings(store, affinity=False)]
    runs.append(store.add_matrix(AffinityMatrix(("x", "y", "z"), np.eye(3)), "strangers"))
    assert main(["compare", *runs]) == 0
    said = capsys.readouterr().out
    assert f"left out: The run '{runs[2]}' has nothing to compare yet" in said
    assert f"left out: {runs[3]} with fewer than 3 tasks" in said
    assert "what changed in the configuration" in said and "≠ none" in said
    found = compared(capsys, *runs)
    assert list(found["left_out"]) == [runs[2]] and found["settings"]["affinity"][runs[3]] is None


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("A", "B", "B"), "given twice"),
        (("A", "B", "C", "--baseline", "D"), "none of the runs"),
        (("A", "B", "nope"), "no run 'nope'"),
        (("A", "B", "C", "--reading2", "affinity"), "leave out --reading2"),
        (("A", "B", "C", "--reading", "mixin"), "Did you mean 'mixing'?"),
        (("A", "B", "C", "--reading", "mixing"), "has no reading 'mixing'"),
        (("NOTHING", "A", "B"), "has nothing to compare yet"),
        (("A", "--baseline", "A"), "from 2 to 8"),
        (("A", "B", "C", "D", "E", "F", "G", "H", "I"), "from 2 to 8"),
    ],
)
def test_bad_input_is_one_sentence(store, capsys, arguments, said):
    names = {name: with_readings(store, seed=place) for place, name in enumerate("ABCDEFGHI")}
    names["NOTHING"] = with_readings(store, affinity=False)
    assert main(["compare", *(names.get(each, each) for each in arguments)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("kindred: ") and said in error and error.count("\n") == 1
