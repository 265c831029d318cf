"""What is found, in sentences."""

from collections.abc import Sequence

import numpy as np

from engine.affinity.uncertainty import RELIABLE
from engine.grouping import column_generation, exact_subsets, local_search
from engine.grouping.solution import Network, Solution
from engine.reports.evidence import Movement, Pair
from engine.reports.findings import Findings, Grouping
from engine.texts import text

NAMED = 3  # pairs in a sentence
MOST_NAMES = 12  # tasks in a sentence
MOVING = 0.1  # share of pairs that changed from which on a matrix is said to be moving
BY_CHANCE = 0.05  # share of pairs without any effect, or change, that seem to have one by two standard errors
NOTHING = 1e-9  # of the value: what is less is rounding


def number(value: float, digits: int = 3) -> str:
    """A number with a true minus; a dash where it is unknown.

    >>> number(-0.12345), number(float("nan")), number(12)
    ('−0.123', '–', '12')
    """
    return f"{value:.{digits}g}".replace("-", "−") if np.isfinite(value) else "–"


def percent(share: float) -> str:
    """A share in whole per cent.

    >>> percent(0.724)
    '72 %'
    """
    return f"{100 * share:.0f} %"


def share(value: float) -> str:
    """A number from 0 to 1, rounded down, so that nothing below a threshold is written as it.

    >>> share(0.899), share(1.0)
    ('.89', '1.00')
    """
    return f"{np.floor(100 * value + 1e-9) / 100:.2f}".removeprefix("0")


def listed(names: Sequence[str]) -> str:
    """Names in a sentence, the last of many left out."""
    if len(names) > MOST_NAMES:
        more = text("report.more", count=len(names) - MOST_NAMES)
        return text("words.comma").join([*names[:MOST_NAMES], more])
    before, last = text("words.comma").join(names[:-1]), names[-1:]
    return text("words.and").join(filter(None, [before, *last]))


def braced(network: Network) -> str:
    """A network as ``{a, b, (c)}``, the tasks trained along in parentheses, the last of many left out."""
    names = [*network.serves, *(f"({task})" for task in network.tasks if task not in network.serves)]
    if len(names) > MOST_NAMES:
        names[MOST_NAMES:] = [text("report.more", count=len(names) - MOST_NAMES)]
    return f"{{{text('words.comma').join(names)}}}"


def pair_in_words(pair: Pair) -> str:
    """``a → b (0.12 ± 0.01)``, with the standard error where it is known."""
    error = f" ± {number(pair.error, 2)}" if np.isfinite(pair.error) else ""
    return f"{pair.source} → {pair.target} ({number(pair.value)}{error})"


def summary(found: Findings) -> list[str]:
    """The whole report in a few sentences."""
    said = [*who_helps(found), *how_sure(found)]
    if found.grouping is None:
        return [*said, text("report.no_grouping", why=found.refusal)]
    return [*said, what_is_best(found.grouping.chosen), *how_stable(found.grouping)]


def who_helps(found: Findings) -> list[str]:
    """The strongest pairs at both ends; of those that are sure, where errors are known."""
    pairs = [pair for pair in found.pairs if pair.sure] if found.errors_known else list(found.pairs)
    ends = {
        "helps": [pair for pair in pairs if pair.value > 0][:NAMED],
        "hurts": [pair for pair in reversed(pairs) if pair.value < 0][:NAMED],
    }
    sure = "surely_" if found.errors_known else ""
    return [
        text(f"report.{end}", pairs=text("words.comma").join(map(pair_in_words, shown)))
        if shown
        else text(f"report.nobody_{sure}{end}")
        for end, shown in ends.items()
    ]


def how_sure(found: Findings) -> list[str]:
    """How many pairs are decided, how reliable the ranking is, and whether the matrix still moved."""
    said = []
    if not found.over_time:
        return [text("report.one_matrix")]
    if found.errors_known:
        helps = sum(pair.sure and pair.value > 0 for pair in found.pairs)
        hurts = sum(pair.sure and pair.value < 0 for pair in found.pairs)
        open_ = len(found.pairs) - helps - hurts
        chance = round(BY_CHANCE * len(found.pairs))
        said.append(text("report.decided", pairs=len(found.pairs), helps=helps, hurts=hurts, open=open_, chance=chance))
    if np.isfinite(found.reliability):
        enough = "reliable" if found.reliability >= RELIABLE else "not_reliable"
        said.append(text(f"report.{enough}", value=share(found.reliability), enough=share(RELIABLE)))
    else:
        said.append(text("report.reliability_unknown"))
    if found.movement is not None:
        said.append(_movement(found.movement))
    return said


def _movement(movement: Movement) -> str:
    moving = movement.changed > MOVING * movement.pairs
    return text(
        "report.moving" if moving else "report.still",
        changed=movement.changed,
        pairs=movement.pairs,
        chance=round(BY_CHANCE * movement.pairs),
        correlation=number(movement.correlation, 2),
    )


def what_is_best(solution: Solution) -> str:
    """The grouping with its value and what is proved of it."""
    shown = solution.problem.shown
    return text(
        "report.best_proved" if solution.proved_optimal else "report.best_found",
        budget=f"{solution.budget:g}",
        networks=text("words.comma").join(map(braced, solution.networks)),
        value=number(shown(solution.value), 4),
        bound=number(shown(solution.bound), 4),
        gap=f"{100 * solution.gap:.2g} %",
    )


def how_stable(grouping: Grouping) -> list[str]:
    """How often the same grouping is best when the affinities are drawn anew; nothing where that is unknown."""
    stable = grouping.stability
    if stable is None:
        return []
    return [
        text(
            "report.stable" if stable.exact else "report.stable_searched",
            again=percent(stable.chosen_again),
            replicates=stable.replicates,
            regret=number(stable.regret if stable.regret > NOTHING * abs(grouping.chosen.value) else 0.0, 2),
            low=number(stable.interval[0], 4),
            high=number(stable.interval[1], 4),
        )
    ]


def certificate_in_words(rests_on: str) -> str:
    """Why a bound holds, in the present language where its solver is known."""
    known = {
        exact_subsets.RESTS_ON: "subsets",
        column_generation.RESTS_ON_PRICES: "prices",
        local_search.RESTS_ON: "alone",
    }
    return text(f"report.certificate_{known[rests_on]}") if rests_on in known else rests_on
