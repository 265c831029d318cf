"""``solve`` and ``verify`` on the command line."""

import json
from itertools import pairwise
from pathlib import Path

import pytest

from engine.cli import main

ROOT = Path(__file__).parents[2]
LOSSES = str(ROOT / "data" / "published" / "standley2020_network_losses.csv")
SETTING = ("--losses", LOSSES, "--setting", "setting1")


@pytest.fixture
def matrix(tmp_path):
    """Five tasks in two clusters, {a, b, c} and {d, e}; c helps d a little."""
    path = tmp_path / "m.csv"
    path.write_text(",a,b,c,d,e\na,9,3,2,-1,-1\nb,3,9,2,-1,-1\nc,2,2,9,1,-1\nd,-1,-1,-1,9,4\ne,-1,-1,-1,4,9\n")
    return "--affinity", str(path)


def solved(capsys, *arguments):
    assert main(["solve", *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def serves(file):
    return {tuple(network["serves"]) for network in file["networks"]}


def test_losses_are_chosen_on_validation_and_scored_on_test(capsys):
    file = solved(capsys, *SETTING, "--budget", "2.5", "--split", "validation", "--score", "test")
    assert file["direction"] == "lower is better" and file["proved_optimal"]
    assert file["value"] == file["bound"] == pytest.approx(0.090152)
    assert 5 * file["score"] == pytest.approx(0.44612)  # the authors' curve
    assert sum(network["cost"] for network in file["networks"]) == 2.5


def test_every_budget_of_a_losses_file_is_solved_by_default(capsys):
    files = solved(capsys, *SETTING, "--score", "test")
    assert [file["budget"] for file in files] == [1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5]
    assert all(before["value"] >= after["value"] for before, after in pairwise(files))


def test_a_candidate_with_missing_rows_is_left_out_and_said(capsys):
    arguments = ["solve", "--losses", LOSSES, "--setting", "setting4", "--split", "early_stopped", "--budget", "2"]
    assert main([*arguments, "--json"]) == 0
    output = capsys.readouterr()
    assert "alt_2+alt_3" in output.err and json.loads(output.out)["source"]["notes"]


def test_estimates_from_pairs_choose_as_the_paper_s_hoa(capsys):
    file = solved(capsys, *SETTING, "--budget", "3", "--estimate", "hoa", "--score", "test")
    assert 5 * file["score"] == pytest.approx(0.44875)


def test_a_budget_off_the_grid_is_rounded_down_and_said(matrix, capsys):
    assert main(["solve", *matrix, "--budget", "2.7", "--json"]) == 0
    output = capsys.readouterr()
    assert json.loads(output.out)["budget"] == 2.5 and "rounded down to 2.5" in output.err


def test_conditions_reach_the_grouping(matrix, capsys):
    assert serves(solved(capsys, *matrix, "--budget", "2")) == {("a", "b", "c"), ("d", "e")}
    assert ("c", "d", "e") in serves(solved(capsys, *matrix, "--budget", "2", "--together", "c,d,e"))
    apart = solved(capsys, *matrix, "--budget", "2", "--apart", "a,b")
    assert all(not {"a", "b"} <= set(network["tasks"]) for network in apart["networks"])
    pinned = solved(capsys, *matrix, "--budget", "3", "--pin", "c=c+d")
    assert ["c", "d"] in [network["tasks"] for network in pinned["networks"] if "c" in network["serves"]]
    without = solved(capsys, *matrix, "--budget", "2", "--exclude", "e")
    assert all("e" not in network["tasks"] for network in without["networks"]) and "e" not in without["serving"]
    small = solved(capsys, *matrix, "--budget", "5", "--max-size", "2", "--max-auxiliaries", "1")
    assert max(len(network["tasks"]) for network in small["networks"]) == 2
    alone = solved(capsys, *matrix, "--budget", "5", "--max-auxiliaries", "0", "--singleton", "0")
    assert all(network["tasks"] == network["serves"] for network in alone["networks"])


def test_weights_and_half_size_networks_reach_the_grouping(matrix, capsys):
    plain = solved(capsys, *matrix, "--budget", "2.5", "--half-size", "--singleton", "a=5,b=0,c=0,d=0,e=0")
    assert [0.5, ["a"]] in [[network["cost"], network["tasks"]] for network in plain["networks"]]
    heavy = solved(capsys, *matrix, "--budget", "2", "--weights", "a=3,b=3")
    assert heavy["weights"] == [3, 3, 1, 1, 1]
    heads = solved(capsys, *matrix, "--budget", "2", "--head-cost", "0.25")
    assert sum(network["cost"] for network in heads["networks"]) <= 2 and len(heads["networks"]) == 1


def test_the_frontier_has_the_knee_and_what_each_step_changes(matrix, capsys):
    content = solved(capsys, *matrix, "--frontier")
    assert content["knee"] == 2
    values = [file["value"] for file in content["solutions"]]
    assert [step["change"] for step in content["steps"]] == pytest.approx([b - a for a, b in pairwise(values)])
    assert main(["solve", *matrix, "--frontier"]) == 0
    assert "to 2 SNT" in (text := capsys.readouterr().out) and "← knee" in text


def test_alternatives_come_best_first(matrix, capsys):
    files = solved(capsys, *matrix, "--budget", "2", "--alternatives", "4")
    assert len(files) == 4 and all(a["value"] >= b["value"] for a, b in pairwise(files))
    assert files[0]["value"] == solved(capsys, *matrix, "--budget", "2")["value"]
    near = solved(capsys, *matrix, "--budget", "2", "--alternatives", "99", "--within", "0.5")
    assert all(file["value"] >= 0.5 * files[0]["value"] for file in near)


@pytest.mark.parametrize(
    "solver", ["exact_subsets", "column_generation", "branch_and_bound", "integer_program", "local_search"]
)
def test_any_solver_can_be_named(matrix, capsys, solver):
    file = solved(capsys, *matrix, "--budget", "2", "--solver", solver, "--time-limit", "20", "--gap", "0.0")
    assert file["solver"]["name"] == solver and serves(file) == {("a", "b", "c"), ("d", "e")}


def test_a_file_is_verified_and_a_changed_one_refused(matrix, tmp_path, capsys):
    for solver in ("exact_subsets", "column_generation"):
        file = solved(capsys, *matrix, "--budget", "2", "--solver", solver)
        path = tmp_path / f"{solver}.json"
        path.write_text(json.dumps(file))
        assert main(["verify", str(path)]) == 0
        assert "confirmed" in capsys.readouterr().out.lower()
    lower = file["value"] / 2
    poor = [{"tasks": list("abcde"), "serves": list("abcde"), "cost": 1.0}]
    one = solved(capsys, *matrix, "--budget", "1")
    path.write_text(json.dumps(one | {"budget": 2}))  # the best for 1 SNT is passed off as the best for 2
    assert one["networks"] == poor and one["value"] < lower * 2
    assert main(["verify", str(path)]) == 2
    assert "confirmed" not in capsys.readouterr().out.lower().replace("not confirmed", "")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--together", "a,b", "--apart", "a,b", "--budget", "2"), "keep a, b together; keep a, b apart"),
        (("--budget", "nan"), "The budget is nan"),
        (("--budget=-1",), "half steps from 0.5 SNT on"),
        (("--half-size",), "--half-size adds networks of one task, whose score must be known"),
        (("--weights", "a"), "--weights has 'a'; write a task and a number"),
        (("--weights", "x=1"), "'x'"),
        (("--split", "test"), "--split goes with --losses FILE only"),
        (("--alternatives", "3"), "give --budget SNT"),
        (("--budget", "2", "--within", "0.1"), "--within goes with --alternatives K only"),
        (("--budget", "2", "--solver", "magic"), "no solver 'magic'"),
        (("--budget", "2", "--time-limit", "0"), "time limit is 0.0 seconds"),
        (("--pin", "a=b+c"), "'a' is pinned to the network b, c; pin a serving task to a network that holds it"),
    ],
)
def test_bad_input_is_one_sentence(matrix, capsys, arguments, said):
    assert main(["solve", *matrix, *arguments]) == 2
    error = capsys.readouterr().err
    assert error.startswith("kindred: ") and said in error and error.count("\n") == 1


def test_a_losses_file_with_several_settings_asks_for_one(capsys):
    assert main(["solve", "--losses", LOSSES, "--budget", "2"]) == 2
    assert "choose one of setting1" in capsys.readouterr().err


def test_every_condition_has_its_price(matrix, capsys):
    conditions = ("--together", "a,d", "--max-size", "4", "--max-auxiliaries", "0")
    found = solved(capsys, *matrix, "--budget", "2", *conditions, "--price")
    free = solved(capsys, *matrix, "--budget", "2")
    *each, together = found["prices"]
    names = ["keep a, d together", "at most 4 tasks a network", "no auxiliaries"]
    assert [price["condition"] for price in each] == names
    assert all(price["gained"] >= 0 and price["proved"] for price in found["prices"])
    value = found["solution"]["value"]
    assert together["condition"] is None and together["gained"] == pytest.approx(free["value"] - value)
    assert main(["solve", *matrix, "--budget", "2", *conditions, "--price"]) == 0
    assert "proved: keep a, d together" in capsys.readouterr().out


@pytest.mark.parametrize("also", [(), ("--budget", "2", "--alternatives", "3"), ("--budget", "2", "--frontier")])
def test_prices_are_those_of_one_grouping(matrix, capsys, also):
    assert main(["solve", *matrix, "--price", *also]) == 2
    assert "--price is that of one grouping" in capsys.readouterr().err
