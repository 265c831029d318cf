"""The grouping file ``kindred.grouping/1``: a grouping with its problem as JSON, to keep, share and train."""

import json
import math
from dataclasses import asdict
from functools import cache
from importlib.resources import files

from jsonschema import Draft202012Validator, ValidationError

from engine.errors import KindredError
from engine.grouping.candidates import Candidate
from engine.grouping.capacity import FULL, Capacity
from engine.grouping.constraints import Constraints
from engine.grouping.problem import LOWER, GroupingProblem, check_budget
from engine.grouping.solution import Certificate, Network, Prices, Solution, evaluate, relative_gap

FORMAT = "kindred.grouping/1"
ORIENTATION = "source,target"
MOST_BYTES = 4 * 2**20  # of a file
AGREEMENT = 1e-9  # how far, relatively, a value or gap in a file may be from its recomputation


def to_file(solution: Solution, source: dict) -> dict:
    """The grouping file's content, ready for ``json.dumps(…, allow_nan=False)``.

    Args:
        solution: the grouping; its numbers are kept to the last bit.
        source: where the affinities come from, for the reader's information, such as ``{"run": 3, "from": 0,
            "to": 500, "updates": 500}`` or ``{"file": "affinity.csv"}``; anything JSON can hold.

    Raises:
        KindredError: if ``source`` is not such an object.
    """
    problem = solution.problem
    shown = problem.shown
    content = {
        "format": FORMAT,
        "tasks": list(problem.tasks),
        "orientation": ORIENTATION,
        "affinity": None if problem.affinity is None else problem.affinity.tolist(),
        "serving": list(problem.serving),
        "budget": solution.budget,
        "networks": [
            {"tasks": list(network.tasks), "serves": list(network.serves), "cost": network.cost}
            for network in solution.networks
        ],
        "value": shown(solution.value),
        "bound": shown(solution.bound),
        "gap": solution.gap,
        "proved_optimal": solution.proved_optimal,
        "direction": problem.direction,
        "aggregate": problem.aggregate,
        "singleton": dict(problem.singleton) if isinstance(problem.singleton, tuple) else problem.singleton,
        "solver": {"name": solution.solver, "seconds": solution.seconds},
        "source": _plain_source(source),
    }
    if problem.affinity is None:
        del content["orientation"], content["affinity"]
        content["candidates"] = [
            {
                "tasks": list(candidate.tasks),
                "cost": candidate.cost,
                "scores": [shown(score) for score in candidate.scores],
            }
            for candidate in problem.candidates
        ]
    return content | _beyond_the_plain(solution)


def _beyond_the_plain(solution: Solution) -> dict:
    """The fields that only some problems need."""
    problem = solution.problem
    more: dict = {}
    if problem.weights is not None:
        more["weights"] = list(problem.weights)
    if problem.capacities != (FULL,):
        more["capacities"] = [asdict(size) for size in problem.capacities]
    if problem.head_cost:
        more["head_cost"] = problem.head_cost
    if problem.constraints != Constraints():
        conditions = asdict(problem.constraints)
        conditions["pinned"] = [
            {"task": task, "network": list(network)} for task, network in problem.constraints.pinned
        ]
        more["constraints"] = json.loads(json.dumps(conditions))
    if (prices := solution.certificate.prices) is not None:
        more["prices"] = {"task": list(prices.task), "snt": prices.snt}
    return more


def to_json(solution: Solution, source: dict) -> str:
    """The text of the grouping file, plain ASCII, one row of the affinity per line or more; see `to_file`."""
    return json.dumps(to_file(solution, source), allow_nan=False, indent=1) + "\n"


def from_file(content: bytes | str) -> tuple[Solution, dict]:
    """Read a grouping file and check all that it says which can be checked without solving again.

    The JSON, the format's version, the schema that ships beside this module, and what the schema cannot say:
    the problem is well formed, the grouping is feasible within its budget, its value and gap agree with their
    recomputation to 1e-9, the bound is not below the value, and ``proved_optimal`` tells whether they are
    equal. The bound itself is the word of the solver named in the file.

    Args:
        content: the text of the file, or its bytes in UTF-8.

    Returns:
        The solution and the file's ``source``; `to_file` of the two gives the same content again.

    Raises:
        KindredError: naming the first thing that is wrong and where, or that the file has more than ``MOST_BYTES``.
    """
    if len(content) > MOST_BYTES:
        raise KindredError(
            f"The grouping file has {len(content) / 2**20:,.1f} MiB, but at most {MOST_BYTES / 2**20:g} MiB are read; "
            "a grouping with its problem has less, so export it again."
        )
    document = _parse(content)
    _check_version(document)
    if (error := next(_validator().iter_errors(document), None)) is not None:
        raise KindredError(_sentence(error))
    _check_rows(document)
    problem = _problem(document)
    name = document["solver"]["name"]
    rests_on = f"the word of the solver {name!r} in a grouping file; the value was recomputed, the bound was not"
    prices = document.get("prices")
    solution = Solution(
        problem,
        check_budget(document["budget"]),
        tuple(
            Network(tuple(network["tasks"]), tuple(network["serves"]), float(network["cost"]))
            for network in document["networks"]
        ),
        problem.shown(float(document["value"])),
        Certificate(
            problem.shown(float(document["bound"])),
            rests_on,
            prices and Prices(tuple(map(float, prices["task"])), float(prices["snt"])),
        ),
        name,
        float(document["solver"]["seconds"]),
    )
    _check_claims(solution, document)
    return solution, document["source"]


def _problem(document: dict) -> GroupingProblem:
    lower = document["direction"] == LOWER
    conditions = dict(document.get("constraints", {}))
    conditions["pinned"] = tuple((pin["task"], pin["network"]) for pin in conditions.get("pinned", ()))
    return GroupingProblem(
        tuple(document["tasks"]),
        document.get("affinity"),
        tuple(document["serving"]),
        document["aggregate"],
        document["singleton"],
        candidates=tuple(
            Candidate(
                tuple(each["tasks"]),
                tuple(-score if lower else score for score in each["scores"]),
                each["cost"],
            )
            for each in document.get("candidates", ())
        ),
        direction=document["direction"],
        weights=document.get("weights"),
        capacities=tuple(Capacity(**size) for size in document["capacities"]) if "capacities" in document else (FULL,),
        head_cost=document.get("head_cost", 0.0),
        constraints=Constraints(**conditions),
    )


def _parse(content: bytes | str) -> dict:
    if isinstance(content, bytes):
        try:
            content = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise KindredError("The grouping file is not UTF-8 text; save it as UTF-8.") from None
    try:
        document = json.loads(content, parse_float=_finite, parse_int=_finite_integer, parse_constant=_finite)
    except KindredError:
        raise
    except (ValueError, RecursionError) as error:
        raise KindredError(f"The grouping file is not JSON ({error}); export it again.") from None
    if not isinstance(document, dict) or not isinstance(document.get("format"), str):
        raise KindredError(f'This is no grouping file: it must be a JSON object with the field "format": "{FORMAT}".')
    return document


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise KindredError(f"The grouping file holds the number {_short(text)}; every number must be finite.")
    return number


def _finite_integer(text: str) -> int:
    _finite(text)
    return int(text)


def _check_version(document: dict) -> None:
    found = document["format"]
    if found == FORMAT:
        return
    name = FORMAT.split("/")[0]
    if found.startswith(f"{name}/"):
        raise KindredError(
            f"The grouping file has version {_short(found[len(name) + 1 :])} ({_short(found)}); this Kindred "
            f"reads {FORMAT} only, so export it again here, or read it with the Kindred that wrote it."
        )
    raise KindredError(f"The file's format is {_short(found)}; this Kindred reads {FORMAT} only.")


@cache
def _validator() -> Draft202012Validator:
    schema = json.loads(files("engine.grouping").joinpath("grouping.schema.json").read_text(encoding="utf-8"))
    return Draft202012Validator(schema)


def _sentence(error: ValidationError) -> str:
    """A schema violation in one sentence: where, what was found, and what belongs there."""
    where = "/".join(map(str, error.absolute_path))
    place = f"In the grouping file, {where!r}" if where else "The grouping file"
    expected = error.schema["description"]
    if error.validator == "required":
        missing = next(name for name in error.validator_value if name not in error.instance)
        return f"{place} lacks the field {missing!r}; it must be {expected}."
    if error.validator == "additionalProperties":
        extra = next(name for name in error.instance if name not in error.schema["properties"])
        return f"{place} has the unknown field {_short(extra)!r}; it must be {expected}."
    return f"{place} is {_short(json.dumps(error.instance, ensure_ascii=False))}; it must be {expected}."


def _check_rows(document: dict) -> None:
    tasks = len(document["tasks"])
    for field in ("affinity", "orientation"):
        if field not in document and "candidates" not in document:
            raise KindredError(f"The grouping file lacks the field {field!r}; it needs it, or the field 'candidates'.")
    for number, row in enumerate(document.get("affinity", ()), start=1):
        if len(row) != tasks:
            raise KindredError(
                f"In the grouping file, row {number} of the affinity holds {len(row)} numbers for {tasks} "
                "tasks; give one per target task."
            )


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:59]}…"


def _check_claims(solution: Solution, document: dict) -> None:
    shown, lower = solution.problem.shown, solution.problem.direction == LOWER
    value = evaluate(solution.problem, solution.networks, solution.budget)
    if not math.isclose(solution.value, value, rel_tol=AGREEMENT):
        raise KindredError(
            f"The grouping file gives the value {shown(solution.value)!r}, but its networks are worth "
            f"{shown(value)!r}; the file was changed, so export it again."
        )
    if solution.bound < solution.value:
        raise KindredError(
            f"The grouping file gives the bound {shown(solution.bound)!r}, {'above' if lower else 'below'} the value "
            f"{shown(solution.value)!r} that it should bound; the file was changed, so export "
            "it again."
        )
    gap = relative_gap(solution.bound, solution.value)
    if not math.isclose(document["gap"], gap, rel_tol=0, abs_tol=AGREEMENT):
        raise KindredError(
            f"The grouping file gives the gap {document['gap']!r}, but its bound and value make it {gap!r}; "
            "the file was changed, so export it again."
        )
    if document["proved_optimal"] != solution.proved_optimal:
        raise KindredError(
            f"The grouping file gives proved_optimal as {str(document['proved_optimal']).lower()} with the "
            f"gap {gap!r}; it is true where the gap is 0 and false elsewhere, so export the file again."
        )


def _plain_source(source: dict) -> dict:
    if not isinstance(source, dict):
        raise KindredError(f"`source` is {source!r}; give a dict such as {{'file': 'affinity.csv'}}.")
    try:
        return json.loads(json.dumps(source, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise KindredError(f"`source` cannot be written as JSON ({error}); give texts and finite numbers.") from None
