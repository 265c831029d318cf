"""What each way of choosing comes to on the published studies: ``python -m tests.benchmarks.advisor``.

No training is needed. For each setting of Standley et al. 2020, the regret in test loss, mean over the budgets 1 to 5
SNT in half steps, of every way and of the advisor as networks are trained; and how often the advisor's bound held. What
the advisor believes beforehand is learned from the other three settings, so that it has seen nothing of the one it is
judged on.

Options: ``--seeds N`` (8) of the advisor's draws, ``--each`` also with an advisor of its own for every budget.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from engine.predictors.combination import predict, usual_deviations
from engine.runs.published import published_matrices
from engine.runs.studies import published_studies
from engine.studies.replay import Replayed, replay_advisor, replay_at_random, replay_way
from engine.studies.study import Study
from engine.studies.ways import WAYS

BUDGETS = tuple(np.arange(1, 5.5, 0.5).tolist())
SHOWN = (8, 10, 12, 15, 20, 24)  # networks trained
LIKE_HOA = 15  # at no more cost: five of half size and ten full ones

Flows = list[list[Replayed]]


def advised(study: Study, studies: Sequence[Study], seeds: int, each: bool) -> Flows:
    """The advisor's flows, with beliefs learned from the other studies; one for every budget where each has its own."""
    usual = usual_deviations([other for other in studies if other is not study])
    wanted = [(budget,) for budget in BUDGETS] if each else [BUDGETS]
    return [
        replay_advisor(study, budgets, SHOWN[-1], predictor=lambda shown: predict(shown, usual), seed=seed)
        for seed in range(seeds)
        for budgets in wanted
    ]


def affinity_of_others(study: Study) -> Study | None:
    """The study with the affinities that Fifty et al. 2021 published of the same tasks, in another training; None if
    there are none."""
    for entry in published_matrices():
        matrix = entry["matrix"]
        if set(matrix.tasks) == set(study.tasks) and "TAG" in entry["name"]:
            places = [matrix.tasks.index(task) for task in study.tasks]
            return replace(study, affinity=matrix.values[np.ix_(places, places)])
    return None


def tag_like(study: Study) -> float:
    """The mean regret of TAG by a study's affinities."""
    return float(np.mean(replay_way(study, "TAG", BUDGETS).regret))


def at(flow: Sequence[Replayed], networks: int) -> float:
    """The mean regret when so many networks were trained, or at the last step before."""
    return float(np.mean([step for step in flow if step.networks <= networks][-1].regret))


def tell(name: str, cost: float, values: Sequence[float]) -> None:
    """One line: a regret for each study, and their mean."""
    print(f"{name:38}{cost:6.1f}", *(f"{value:9.2f}" for value in (*values, np.mean(values))))


def tell_flows(label: str, found: Sequence[Flows], seeds: int) -> None:
    """What the flows of each study come to as networks are trained."""
    for networks in SHOWN:
        mean = [float(np.mean([at(flow, networks) for flow in of])) for of in found]
        tell(f"{label}, {networks} networks", networks - 2.5, mean)
    by_seed = np.mean([[at(flow, LIKE_HOA) for flow in of] for of in found], axis=0).reshape(seeds, -1).mean(axis=1)
    print(f"    with {LIKE_HOA} networks, by seed: {', '.join(f'{value:.2f}' for value in by_seed)}")


def tell_bound(found: Sequence[Flows]) -> None:
    """How often the bound held, and how the regret that was expected compares with the true one."""
    steps = [step for of in found for flow in of for step in flow]
    held = np.mean([np.mean(step.regret) <= step.bound + 1e-9 for step in steps])
    said, true = np.mean([step.expected for step in steps]), np.mean([np.mean(step.regret) for step in steps])
    print(f"    the bound held in {held:.1%} of {len(steps)} steps; expected regret {said:.2f}, true {true:.2f}")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.advisor")
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--each", action="store_true")
    arguments = parser.parse_args()
    studies = published_studies()
    print("mean regret in test loss over budgets 1 to 5, in percent")
    print(f"{'':38}{'SNT':>6}", *(f"{study.name:>9}" for study in studies), f"{'mean':>9}")
    for name in WAYS:
        found = [replay_way(study, name, BUDGETS) for study in studies]
        if np.isfinite([each.regret for each in found]).all():
            tell(name, found[0].cost, [float(np.mean(each.regret)) for each in found])
    like = [affinity_of_others(study) for study in studies]
    tell("TAG-like: affinities of another run", 3.5, [tag_like(study) for study in like if study is not None])
    seeds = range(arguments.seeds)
    drawn = [[replay_at_random(study, BUDGETS, SHOWN[-1], seed=seed) for seed in seeds] for study in studies]
    tell_flows("random", drawn, arguments.seeds)
    for label, each in (("advisor", False), ("advisor, one for each budget", True))[: 1 + arguments.each]:
        found = [advised(study, studies, arguments.seeds, each) for study in studies]
        tell_flows(label, found, arguments.seeds)
        tell_bound(found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
