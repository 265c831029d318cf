import copy
import json
from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from jsonschema import Draft202012Validator

from engine.errors import KindredError
from engine.grouping.exact_subsets import solve, solve_all_budgets
from engine.grouping.export import FORMAT, from_file, to_file, to_json
from engine.grouping.problem import GroupingProblem
from engine.grouping.solution import Certificate, Network, Solution, evaluate
from tests.engine.grouping.references import random_problem

SOURCE = {"run": 7, "name": "digits", "from": 0, "to": 400, "updates": 400}
FIELDS = [
    *("format", "tasks", "orientation", "affinity", "serving", "budget", "networks", "value", "bound", "gap"),
    *("proved_optimal", "direction", "aggregate", "singleton", "solver", "source"),
]


@pytest.fixture
def document() -> dict:
    affinity = [[9.0, 0.1, 2.0], [1 / 3, 8.0, 4.0], [5.0, 6.0, 7.0]]
    problem = GroupingProblem(("a", "b", "c"), affinity, ("a", "b"))
    return to_file(solve(problem, 2), SOURCE)


def unproved() -> Solution:
    problem = GroupingProblem(("a", "b"), [[1.0, 2.0], [4.0, 1.0]])
    networks = (Network(("a", "b"), ("a", "b")),)
    certificate = Certificate(3.7, "a guess")
    return Solution(problem, 2, networks, evaluate(problem, networks), certificate, "by hand", 0.25)


def test_the_file_has_exactly_the_promised_fields(document):
    assert list(document) == FIELDS
    assert document["format"] == FORMAT == "kindred.grouping/1"
    assert document["orientation"] == "source,target" and document["direction"] == "higher is better"
    assert document["affinity"][1][0] == 1 / 3  # row b, column a
    assert document["serving"] == ["a", "b"] and document["singleton"] == "forbid"
    assert document["networks"] == [
        {"tasks": ["a", "c"], "serves": ["a"], "cost": 1.0},
        {"tasks": ["b", "c"], "serves": ["b"], "cost": 1.0},
    ]
    assert (document["value"], document["bound"], document["gap"]) == (5.5, 5.5, 0.0)
    assert document["proved_optimal"] is True and document["source"] == SOURCE


def test_the_schema_is_one_and_every_file_written_meets_it(document):
    schema = json.loads(files("engine.grouping").joinpath("grouping.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    assert list(schema["properties"])[: len(FIELDS)] == FIELDS
    assert set(schema["required"]) == set(FIELDS) - {"affinity", "orientation"}
    Draft202012Validator(schema).validate(document)
    Draft202012Validator(schema).validate(to_file(unproved(), {}))


@pytest.mark.parametrize("seed", range(80))
def test_reading_what_was_written_gives_the_same_values_and_the_same_file(seed):
    problems = (random_problem(seed + other, 1 + seed % 6) for other in range(0, 10_000, 100))
    solution = next(solution for problem in problems for solution in solve_all_budgets(problem) if solution is not None)
    text = to_json(solution, SOURCE)
    again, source = from_file(text)
    assert (again, source) == (solution, SOURCE)
    assert (again.gap, again.proved_optimal) == (solution.gap, solution.proved_optimal)
    assert to_file(again, source) == json.loads(text) == to_file(solution, SOURCE)
    assert to_json(again, source) == text


def test_a_grouping_that_is_not_proved_keeps_its_bound_and_gap():
    again, _ = from_file(to_json(unproved(), {}))
    assert again == unproved() and again.bound == 3.7 and not again.proved_optimal
    assert again.gap == unproved().gap == pytest.approx(0.7 / 3.7)
    assert "the bound was not" in again.certificate.rests_on


finite = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e300, max_value=1e300)


@settings(max_examples=60)
@given(arrays(np.float64, (3, 3), elements=finite), st.lists(st.text(min_size=1), min_size=3, max_size=3), finite)
def test_every_finite_number_and_every_name_survives_to_the_last_bit(affinity, names, singleton):
    tasks = tuple(f"{number}{name}" for number, name in enumerate(names))
    solution = solve(GroupingProblem(tasks, affinity, singleton=singleton), 2)
    again, _ = from_file(to_json(solution, {}).encode("ascii"))
    assert again.problem.affinity.tobytes() == affinity.tobytes()
    assert again.problem.tasks == tasks and again == solution


def test_markup_in_a_name_is_kept_as_it_is():
    tasks = ("<b>bold</b>", "$x$ & **y**", "</script><script>alert(1)</script>")
    problem = GroupingProblem(tasks, np.arange(9.0).reshape(3, 3))
    again, source = from_file(to_json(solve(problem, 2), {"name": tasks[2]}))
    assert again.problem.tasks == tasks and source == {"name": tasks[2]}


def test_bytes_with_a_byte_order_mark_and_raw_unicode_are_read(document):
    text = json.dumps(document).replace('"a"', '"dépth"')
    assert from_file(b"\xef\xbb\xbf" + text.encode())[0].problem.tasks == ("dépth", "b", "c")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"\xff\xfe\x00", "is not UTF-8 text"),
        (b"", "is not JSON"),
        ("{", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[]", 'must be a JSON object with the field "format": "kindred.grouping/1"'),
        ('{"tasks": ["a"]}', "This is no grouping file"),
        ('{"format": 1}', "This is no grouping file"),
        (
            '{"format": "kindred.grouping/2"}',
            "has version 2 (kindred.grouping/2); this Kindred reads kindred.gro",
        ),
        (
            '{"format": "kindred.run/1"}',
            "The file's format is kindred.run/1; this Kindred reads kindred.grouping/1",
        ),
        (
            '{"format": "kindred.grouping/1", "value": NaN}',
            "holds the number NaN; every number must be finite",
        ),
        ('{"format": "kindred.grouping/1", "value": -Infinity}', "holds the number -Infinity"),
        ('{"format": "kindred.grouping/1", "value": 1e999}', "holds the number 1e999"),
        ('{"format": "kindred.grouping/1", "value": 1' + "0" * 5000 + "}", "every number must be finite"),
        ('{"format": "kindred.grouping/1"}', "The grouping file lacks the field 'tasks'"),
    ],
)
def test_what_is_no_grouping_file_of_this_version_is_refused(content, sentence):
    with pytest.raises(KindredError) as refused:
        from_file(content)
    assert sentence in str(refused.value)


def changed(document: dict, path: str, value: object) -> str:
    result = copy.deepcopy(document)
    *parents, last = [int(step) if step.isdigit() else step for step in path.split("/")]
    place = result
    for step in parents:
        place = place[step]
    place[last] = value
    return json.dumps(result)


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        # what the schema says
        ("surprise", 1, "The grouping file has the unknown field 'surprise'"),
        ("networks/0/note", "x", "In the grouping file, 'networks/0' has the unknown field 'note'"),
        ("tasks", "abc", "'tasks' is \"abc\"; it must be a list of all task names"),
        ("tasks/1", 5, "'tasks/1' is 5; it must be a non-empty text"),
        (
            "tasks",
            ["a", "b", "b"],
            '\'tasks\' is ["a", "b", "b"]; it must be a list of all task names, each diff',
        ),
        ("orientation", "target,source", "'orientation' is \"target,source\"; it must be 'source,target'"),
        ("affinity/1/2", "4", "'affinity/1/2' is \"4\"; it must be a number"),
        ("affinity/1/2", None, "'affinity/1/2' is null; it must be a number"),
        ("affinity/1/2", True, "'affinity/1/2' is true; it must be a number"),
        ("serving", [], "'serving' is []; it must be a list of the tasks that need a prediction"),
        ("budget", 1.25, "'budget' is 1.25; it must be a number of SNT in half steps from 0.5 on"),
        ("budget", 0, "'budget' is 0; it must be a number of SNT"),
        ("networks", [], "'networks' is []; it must be a list of at least one network"),
        ("networks/1", {"tasks": ["a"], "serves": ["a"]}, "'networks/1' lacks the field 'cost'"),
        ("networks/0/tasks", [], "'networks/0/tasks' is []; it must be a list of the tasks trained"),
        ("networks/0/cost", 0, "'networks/0/cost' is 0; it must be a positive number of SNT"),
        ("value", "high", "'value' is \"high\"; it must be a number"),
        ("gap", -0.1, "'gap' is -0.1; it must be (bound - value)"),
        ("proved_optimal", 1, "'proved_optimal' is 1; it must be true or false"),
        ("direction", "upwards", "it must be 'higher is better', or 'lower is better'"),
        ("aggregate", "median", "'aggregate' is \"median\"; it must be 'mean' or 'sum'"),
        ("singleton", "allow", "'singleton' is \"allow\"; it must be 'forbid', 'diagonal', a number, or an object"),
        ("solver/seconds", -1, "'solver/seconds' is -1; it must be a number of seconds, 0 or more"),
        ("source", "mine", "'source' is \"mine\"; it must be an object"),
        # what it cannot say
        ("tasks/1", "  ", "give every task a non-empty text name"),
        ("affinity/1", [1.0], "row 2 of the affinity holds 1 numbers for 3 tasks"),
        ("tasks", ["a", "b", "c", "d"], "row 1 of the affinity holds 3 numbers for 4 tasks"),
        ("serving/0", "x", "The serving task 'x' is not among the tasks"),
        ("networks/0/tasks/1", "x", "Network 1 holds 'x', which is not among the tasks a, b, c"),
        ("networks/0/serves/0", "b", "Network 1 serves 'b' but does not hold it"),
        ("networks/0/serves", [], "'a' is served by no network"),
        (
            "networks/0",
            {"tasks": ["a", "b"], "serves": ["a", "b"], "cost": 1},
            "'b' is served more than once",
        ),
        ("networks/0/tasks", ["a"], "'a' is alone in its network"),
        ("networks/0/serves", ["a", "c"], "Network 1 serves 'c', which is no serving task"),
        ("networks/0/cost", 5, "Network 1 costs 5 SNT, and one that serves 1 tasks costs 1 SNT here"),
        ("budget", 1, "The networks cost 2 SNT, above the budget of 1"),
        ("value", 5.50000001, "gives the value 5.50000001, but its networks are worth 5.5"),
        ("affinity/2/0", 5.001, "but its networks are worth"),
        ("bound", 5.4, "gives the bound 5.4, below the value 5.5"),
        ("bound", 5.6, "gives the gap 0.0, but its bound and value make it"),
        ("gap", 0.1, "gives the gap 0.1, but its bound and value make it 0.0"),
        ("proved_optimal", False, "gives proved_optimal as false with the gap 0.0"),
    ],
)
def test_a_file_that_was_tampered_with_is_refused_by_what_is_wrong(document, path, value, sentence):
    with pytest.raises(KindredError) as refused:
        from_file(changed(document, path, value))
    assert sentence in str(refused.value)


@pytest.mark.parametrize("field", FIELDS[1:])
def test_a_file_without_one_of_its_fields_is_refused_by_its_name(document, field):
    del document[field]
    with pytest.raises(KindredError, match=f"The grouping file lacks the field '{field}'"):
        from_file(json.dumps(document))


def test_a_value_that_differs_by_rounding_only_is_read_and_kept(document):
    nearly = 5.5 * (1 + 1e-12)
    text = json.dumps(document | {"value": nearly, "bound": nearly})
    solution, source = from_file(text)
    assert solution.value == nearly
    assert to_file(solution, source) == json.loads(text)


@pytest.mark.parametrize("source", [{"step": float("nan")}, {"data": {1, 2}}, ["run", 3], None])
def test_a_source_that_is_no_json_object_is_refused(source):
    with pytest.raises(KindredError, match="`source`"):
        to_file(unproved(), source)
