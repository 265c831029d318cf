"""The best grouping as a 0-1 programme over candidate networks, solved by CBC through PuLP.

Slower than `engine.grouping.exact_subsets` and written without it, so that each can check the other.
"""

import time
from itertools import combinations
from math import fsum

import pulp

from engine.errors import KindredError
from engine.grouping.problem import GroupingProblem, check_budget
from engine.grouping.solution import Certificate, Network, Solution, evaluate

NAME = "integer_program"
MOST_TASKS = 10
PROVED = "CBC's branch and bound ended, to its tolerance of 1e-7 of what the serving tasks lose in one network"
UNPROVED = "every task at its own best network, which no budget can beat; CBC met its time limit"


def solve(problem: GroupingProblem, budget: int, time_limit: float | None = None) -> Solution:
    """The optimal grouping of at most ``budget`` networks, by integer programming.

    The candidate networks N are all sets of tasks. A serving task t loses ``loss[t, N] = max_M score(t, M) −
    score(t, N)`` where N serves it instead of its own best network. With x_N = 1 where N is chosen and
    y_{t,N} = 1 where it serves t, minimise Σ loss[t, N] · y_{t,N} under

    - Σ_N y_{t,N} = 1 for every serving task t: exactly one network serves it,
    - y_{t,N} ≤ x_N: only a chosen network serves,
    - Σ_N x_N ≤ budget.

    One network that serves everyone is always feasible, so a y that alone loses more than the best such network
    is left out, a forbidden singleton among them; and losses are divided by that network's, as CBC's tolerances
    are absolute.

    Args:
        problem: at most 10 tasks, as the candidates double with each.
        budget: the largest number of networks; above the number of serving tasks it no longer matters.
        time_limit: seconds CBC may take. When they pass, the best grouping found so far is returned, or the
            best single network, with a bound that holds but may be loose; ``proved_optimal`` is then false
            unless that is met.

    Raises:
        KindredError: if there are too many tasks, or the budget or time limit is no positive number.

    Source: Fifty et al., NeurIPS 2021, name binary integer programming as a way to select networks, a problem
    they take from Standley et al., ICML 2020. The form is that of uncapacitated facility location: networks
    are the sites, serving tasks the customers.
    """
    started = time.perf_counter()
    budget = check_budget(budget)
    if len(problem.tasks) > MOST_TASKS:
        raise KindredError(
            f"There are {len(problem.tasks)} tasks; the integer programme lists every network and takes at "
            f"most {MOST_TASKS}, so leave tasks out or use the solver exact_subsets."
        )
    if time_limit is not None and not time_limit > 0:
        raise KindredError(f"The time limit is {time_limit!r} seconds; give a positive number, or none.")

    best, loss = _losses(problem)
    together, network_for_all = _best_single_network(problem, loss)
    worthwhile = {pair: lost for pair, lost in loss.items() if lost <= together}
    program, y = _program(problem, budget, worthwhile, unit=together or 1.0)
    # An increment above 0, the default, lets CBC drop a grouping that is better by less than that.
    cbc = pulp.COIN_CMD(
        path=pulp.PULP_CBC_CMD.pulp_cbc_path,  # the one that ships with PuLP
        msg=False,
        timeLimit=time_limit,
        gapRel=0,
        options=["increment 0"],
    )
    program.solve(cbc)
    if program.sol_status in (pulp.LpSolutionOptimal, pulp.LpSolutionIntegerFeasible):
        networks = _read(problem, y)
    else:
        networks = (Network(network_for_all, problem.serving),)
    value = evaluate(problem, networks, budget)
    if program.sol_status == pulp.LpSolutionOptimal:
        certificate = Certificate(value, PROVED)
    else:
        certificate = Certificate(max(value, fsum(best.values()) / len(best)), UNPROVED)
    return Solution(problem, budget, networks, value, certificate, NAME, time.perf_counter() - started)


Pair = tuple[str, tuple[str, ...]]  # a serving task and a network that holds it


def _losses(problem: GroupingProblem) -> tuple[dict[str, float], dict[Pair, float]]:
    """Each serving task's best score, and what it loses in each network that holds it; inf where forbidden."""
    sizes = range(1, len(problem.tasks) + 1)
    networks = [network for size in sizes for network in combinations(problem.tasks, size)]
    score = {(t, n): problem.score(t, n) for n in networks for t in problem.serving if t in n}
    best = {task: max(score[t, n] for t, n in score if t == task) for task in problem.serving}
    return best, {(t, n): best[t] - score[t, n] for t, n in score}


def _best_single_network(problem: GroupingProblem, loss: dict[Pair, float]) -> tuple[float, tuple[str, ...]]:
    """What the serving tasks lose together in the best network that serves them all, and that network."""
    holders = [n for t, n in loss if t == problem.serving[0] and set(problem.serving) <= set(n)]
    return min((fsum(loss[task, network] for task in problem.serving), network) for network in holders)


def _program(
    problem: GroupingProblem, budget: int, loss: dict[Pair, float], unit: float
) -> tuple[pulp.LpProblem, dict[Pair, pulp.LpVariable]]:
    networks = dict.fromkeys(network for _, network in loss)
    program = pulp.LpProblem("grouping", pulp.LpMinimize)
    x = {network: program.add_variable(f"x{number}", cat="Binary") for number, network in enumerate(networks)}
    y = {pair: program.add_variable(f"y{number}", cat="Binary") for number, pair in enumerate(loss)}
    program += pulp.lpSum(loss[pair] / unit * y[pair] for pair in y)
    for task in problem.serving:
        program += pulp.lpSum(y[pair] for pair in y if pair[0] == task) == 1
    for task, network in y:
        program += y[task, network] <= x[network]
    program += pulp.lpSum(x.values()) <= budget
    return program, y


def _read(problem: GroupingProblem, y: dict[Pair, pulp.LpVariable]) -> tuple[Network, ...]:
    """The networks that serve someone, in the order of the first task each one serves."""
    served_by = {task: network for (task, network), variable in y.items() if variable.value() > 0.5}
    return tuple(
        Network(network, tuple(task for task in problem.serving if served_by[task] == network))
        for network in dict.fromkeys(served_by[task] for task in problem.serving)
    )
