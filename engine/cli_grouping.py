"""``python -m engine solve`` and ``verify``: groupings on the command line."""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from engine import catalog
from engine.affinity.matrix import AffinityMatrix, read_affinity
from engine.errors import KindredError
from engine.grouping.alternatives import alternatives
from engine.grouping.candidates import higher_order, merge
from engine.grouping.capacity import FULL, HALF_SINGLE
from engine.grouping.constraints import Constraints
from engine.grouping.export import from_file, to_file
from engine.grouping.feasibility import refuse
from engine.grouping.frontier import knee, steps
from engine.grouping.losses import LossTable, read_losses
from engine.grouping.observed import observed_part
from engine.grouping.prices import Price, prices
from engine.grouping.problem import LOWER, GroupingProblem, check_budget, parse_singleton
from engine.grouping.solution import Solution
from engine.grouping.solving import AUTO, solve, solve_frontier
from engine.grouping.verify import verify
from engine.runs.run import source_of
from engine.runs.store import Store

MOST_SECONDS = 60.0  # of what goes beyond one grouping, where no other limit is given

Add = Callable[..., argparse.ArgumentParser]


def add_commands(add: Add, add_interval: Callable[[argparse.ArgumentParser], None]) -> None:
    """Add the commands to the command line's parser."""
    command = add("solve", _solve, "the best grouping for a budget, or for every budget, with its proof")
    origin = command.add_mutually_exclusive_group(required=True)
    origin.add_argument("--run", metavar="RUN")
    origin.add_argument("--affinity", dest="affinity_file", metavar="FILE", help=".csv, .json or .npy; rows = source")
    origin.add_argument(
        "--losses", metavar="FILE", help="measured losses: CSV of setting,split,network,cost_snt,task,loss"
    )
    add_interval(command)
    option = command.add_argument
    option("--tasks", metavar="a,b,…", help="task names, for a .npy file")
    option("--setting", metavar="NAME", help="of a losses file; default: the only one")
    option("--split", metavar="NAME", help="losses to choose by; default: validation")
    option("--score", metavar="NAME", help="losses to score the choice by, such as test")
    option("--estimate", choices=["hoa"], help="estimate networks of three and more tasks from those of two")
    option("--serve", metavar="a,b,…", help="tasks that must be served; default: all")
    option("--weights", metavar="a=2,b=1,…", help="what a served task counts; default: 1 each")
    option("--budget", type=float, metavar="SNT", help="in half steps; default: a list for each budget")
    option("--aggregate", default="mean", help="mean (default) or sum over a network's other members")
    option("--singleton", default="forbid", help="forbid (default), diagonal, a number, or a=0.1,b=0.2,…")
    option("--half-size", action="store_true", help="also networks of one task at 0.5 SNT")
    option("--head-cost", type=float, default=0.0, metavar="SNT", help="for each served task beyond a network's first")
    option("--together", action="append", default=[], metavar="a,b", help="one network serves them; repeatable")
    option("--apart", action="append", default=[], metavar="a,b", help="no network holds both; repeatable")
    option("--pin", action="append", default=[], metavar="a=a+b", help="a is served by the network a+b; repeatable")
    option("--exclude", metavar="a,b,…", help="no network holds them")
    option("--max-size", type=int, metavar="N", help="tasks in a network")
    option("--max-auxiliaries", type=int, metavar="N", help="tasks that a network holds without serving them")
    solvers = [entry.name for entry in catalog.entries("solver")]
    option("--solver", default=AUTO, metavar="NAME", help=f"auto (default), {', '.join(solvers)}")
    option("--gap", type=float, default=0.0, metavar="SHARE", help="stop at this gap, such as 0.05; default: 0")
    option("--time-limit", type=float, metavar="SECONDS", help="default: until proved")
    option("--alternatives", type=int, metavar="K", help="the K best groupings for the budget")
    option("--within", type=float, metavar="SHARE", help="with --alternatives: only those so near the best")
    option("--frontier", action="store_true", help="every budget, the knee, and what each half SNT buys")
    option("--price", action="store_true", help="what each condition costs: how much better it would be without it")
    option("--json", action="store_true", help="print the grouping file")
    check = add("verify", _verify, "check a grouping file's value, feasibility and bound independently", store=False)
    check.add_argument("file", metavar="FILE")
    check.add_argument("--time-limit", type=float, default=60.0, metavar="SECONDS", help="default: 60")


def _solve(arguments: argparse.Namespace) -> int:
    if arguments.alternatives is not None and (arguments.budget is None or arguments.frontier):
        raise KindredError("--alternatives are those for one budget; give --budget SNT, and leave out --frontier.")
    if arguments.within is not None and arguments.alternatives is None:
        raise KindredError("--within goes with --alternatives K only; give both.")
    if arguments.price and (arguments.budget is None or arguments.frontier or arguments.alternatives is not None):
        raise KindredError("--price is that of one grouping; give --budget SNT without --frontier or --alternatives.")
    problem, source, table = _problem(arguments)
    if arguments.budget is not None:
        budget = check_budget(arguments.budget)
        if budget != arguments.budget:
            _say(f"the budget {arguments.budget:g} was rounded down to {budget:g} SNT, as budgets go in half steps")

    def content(solution: Solution) -> dict[str, Any]:
        return to_file(solution, source) | _score(arguments, solution, table)

    if arguments.frontier or arguments.budget is None:
        found = solve_frontier(problem, arguments.time_limit)
        solutions = [solution for solution in found if solution is not None]
        if not solutions:
            raise refuse(problem, problem.budgets()[-1])
    elif arguments.alternatives is not None:
        solutions = alternatives(
            problem, budget, arguments.alternatives, arguments.within, arguments.time_limit or MOST_SECONDS
        )
    else:
        solutions = [solve(problem, budget, arguments.time_limit, gap=arguments.gap, solver=arguments.solver)]
    seconds = arguments.time_limit or MOST_SECONDS
    paid = [_price(each, solutions[0].value) for each in prices(solutions[0], seconds)] if arguments.price else []
    if not arguments.json:
        for solution in solutions:
            _print(solution, content(solution))
        if arguments.frontier:
            _print_steps(problem, solutions)
        _print_prices(paid)
    elif arguments.price:
        _print_json({"solution": content(solutions[0]), "prices": paid})
    elif arguments.frontier:
        _print_json(_frontier(problem, solutions, content))
    else:
        one = arguments.budget is not None and arguments.alternatives is None
        _print_json(content(solutions[0]) if one else [content(solution) for solution in solutions])
    return 0


def _problem(arguments: argparse.Namespace) -> tuple[GroupingProblem, dict[str, Any], LossTable | None]:
    common: dict[str, Any] = {
        "serving": _names(arguments.serve) if arguments.serve is not None else None,
        "weights": _numbers("--weights", arguments.weights),
        "head_cost": arguments.head_cost,
        "constraints": Constraints(
            together=tuple(map(_names, arguments.together)),
            apart=tuple(map(_names, arguments.apart)),
            pinned=tuple(map(_pin, arguments.pin)),
            excluded=_names(arguments.exclude) if arguments.exclude is not None else (),
            max_size=arguments.max_size,
            max_auxiliaries=arguments.max_auxiliaries,
        ),
    }
    if arguments.losses is not None:
        return _from_losses(arguments, common)
    for name in ("setting", "split", "score", "estimate"):
        if getattr(arguments, name) is not None:
            raise KindredError(f"--{name} goes with --losses FILE only; leave it out.")
    matrix, source = _matrix(arguments)
    numbers = "=" in arguments.singleton
    singleton = _numbers("--singleton", arguments.singleton) if numbers else parse_singleton(arguments.singleton)
    if arguments.half_size and singleton == "forbid":
        raise KindredError(
            "--half-size adds networks of one task, whose score must be known; give --singleton a number, 'diagonal' "
            "or a=0.1,b=0.2,…"
        )
    problem = GroupingProblem(
        matrix.tasks,
        matrix.values,
        aggregate=arguments.aggregate,
        singleton=singleton,
        capacities=(HALF_SINGLE, FULL) if arguments.half_size else (FULL,),
        **common,
    )
    return problem, source, None


def _from_losses(
    arguments: argparse.Namespace, common: dict[str, Any]
) -> tuple[GroupingProblem, dict[str, Any], LossTable]:
    path = Path(arguments.losses)
    table = read_losses(_read(path), path.name)
    split = arguments.split
    if split is None and "validation" in table.splits:
        split = "validation"
    measured, notes = table.candidates(arguments.setting, split)
    tasks = table.tasks(arguments.setting)
    for note in notes:
        _say(note)
    if arguments.estimate == "hoa":
        few = [candidate for candidate in measured if len(candidate.tasks) <= 2]
        measured = merge(few, higher_order(few, tasks))
    source = {"file": path.name, "setting": arguments.setting, "split": split, "estimate": arguments.estimate}
    source |= {"notes": list(notes)} if notes else {}
    problem = GroupingProblem(tasks, candidates=measured, direction=LOWER, **common)
    return problem, {name: value for name, value in source.items() if value is not None}, table


def _score(arguments: argparse.Namespace, solution: Solution, table: LossTable | None) -> dict[str, float]:
    """The mean loss of the serving tasks under the other split, each in the best of the networks chosen."""
    if table is None or arguments.score is None:
        return {}
    problem = solution.problem
    networks = [
        (network.tasks, problem.capacity_of(len(network.serves), network.cost)) for network in solution.networks
    ]
    return {"score": table.score(networks, problem.serving, arguments.setting, arguments.score)}


def _matrix(arguments: argparse.Namespace) -> tuple[AffinityMatrix, dict[str, Any]]:
    if arguments.affinity_file:
        path = Path(arguments.affinity_file)
        tasks = _names(arguments.tasks) if arguments.tasks is not None else None
        return read_affinity(_read(path), path.name, tasks), {"file": path.name}
    store = Store(arguments.store)
    run = store.run(arguments.run)
    mean = store.series(run.id).mean(arguments.step_from, arguments.step_to)
    serving = _names(arguments.serve) if arguments.serve is not None else None
    tasks, affinity = observed_part(run.tasks, mean.affinity, serving)
    if left_out := [task for task in run.tasks if task not in tasks]:
        _say(f"left out, as some of their pairs were never observed: {', '.join(left_out)}")
    return AffinityMatrix(tasks, affinity), source_of(run, mean)


def _verify(arguments: argparse.Namespace) -> int:
    solution, _ = from_file(_read(Path(arguments.file)))
    verdict = verify(solution, arguments.time_limit)
    shown = solution.problem.shown
    if verdict.feasible:
        print(f"Feasible; value {shown(verdict.value):.9g}. Bound {shown(solution.bound):.9g}: {verdict.bound}.")
    print(verdict.text)
    return 0 if verdict.holds else 2


def _print(solution: Solution, content: dict[str, Any]) -> None:
    problem = solution.problem
    proof = "proved optimal" if solution.proved_optimal else f"gap {solution.gap:.2%}"
    score = f", score {content['score']:.6g}" if "score" in content else ""
    lower = ", lower is better" if problem.direction == LOWER else ""
    print(f"budget {solution.budget:g}: value {content['value']:.6g}{lower} ({proof}){score}")
    for network in solution.networks:
        helpers = [task for task in network.tasks if task not in network.serves]
        cost = "" if network.cost == 1 else f" ({network.cost:g} SNT)"
        print(f"  serves {', '.join(network.serves)}{cost}" + (f"; with {', '.join(helpers)}" if helpers else ""))


def _price(price: Price, value: float) -> dict[str, Any]:
    return {
        "condition": price.condition and price.condition.text,
        "gained": price.gained,
        "percent": 100 * price.gained / abs(value) if value else None,
        "at_most": price.at_most,
        "proved": price.proved,
    }


def _print_prices(paid: Sequence[dict[str, Any]]) -> None:
    for price in paid:
        share = "" if price["percent"] is None else f" ({price['percent']:.2g} %)"
        sure = "proved" if price["proved"] else f"at most {price['at_most']:.4g}"
        print(f"costs {price['gained']:.4g}{share}, {sure}: {price['condition'] or 'all conditions together'}")


def _frontier(
    problem: GroupingProblem, solutions: Sequence[Solution], content: Callable[[Solution], dict[str, Any]]
) -> dict[str, Any]:
    def names(networks: Sequence[Any]) -> list[dict[str, Any]]:
        return [{"tasks": list(network.tasks), "serves": list(network.serves)} for network in networks]

    return {
        "knee": knee(solutions),
        "steps": [
            {
                "budget": step.budget,
                "change": problem.shown(step.gained),
                "per_half_snt": problem.shown(step.per_half),
                "enter": names(step.enter),
                "leave": names(step.leave),
            }
            for step in steps(solutions)
        ],
        "solutions": [content(solution) for solution in solutions],
    }


def _print_steps(problem: GroupingProblem, solutions: Sequence[Solution]) -> None:
    best = knee(solutions)
    for step in steps(solutions):
        here = "  ← knee" if step.budget == best else ""
        print(f"to {step.budget:g} SNT: {problem.shown(step.per_half):+.4g} for half an SNT{here}")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise KindredError(f"The file {str(path)!r} cannot be read ({error.strerror}); check the path.") from None


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(","))


def _numbers(option: str, text: str | None) -> dict[str, float] | None:
    if text is None:
        return None
    numbers = {}
    for part in text.split(","):
        name, _, number = part.rpartition("=")
        try:
            numbers[name.strip()] = float(number)
        except ValueError:
            raise KindredError(f"{option} has {part!r}; write a task and a number, such as depth=2.") from None
    return numbers


def _pin(text: str) -> tuple[str, tuple[str, ...]]:
    task, _, network = text.partition("=")
    return task.strip(), tuple(name.strip() for name in network.split("+"))


def _say(note: str) -> None:
    print(f"kindred: {note}", file=sys.stderr)


def _print_json(content: Any) -> None:
    print(json.dumps(content, indent=2, allow_nan=False))
