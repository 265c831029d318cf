"""What studies say of the questions that everyone asks: do relations hold elsewhere, and which way of choosing pays?

Nothing here is known beforehand: each answer is worked out from the studies that are given, good or bad.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.affinity.comparison import Comparison, Correlation, compare
from engine.errors import KindredError
from engine.studies.relations import alike, gains, transfer_gains
from engine.studies.replay import replay_advisor, replay_way
from engine.studies.study import TEST, Study
from engine.studies.ways import WAYS

LARGE, FEW = "-large", "-5-percent"  # what the names of two more settings of a study end with
SHARES = (0.1, 0.25, 0.5)  # of the full search, after which the advisor's choice is told
FEW_DRAWS = 128  # of the advisor's, where many steps are replayed for a page
YES, OPPOSITE, OPEN = "yes", "opposite", "open"
ADVISOR = "advisor"


@dataclass(frozen=True)
class Finding:
    """Attributes:
    question: one of ``QUESTIONS``.
    about: the studies whose tables are compared.
    correlation: Pearson's, over pairs of tasks, with its 95 % interval.
    tasks, pairs: that are compared.
    """

    question: str
    about: tuple[str, ...]
    correlation: Correlation
    tasks: int
    pairs: int

    @property
    def answer(self) -> str:
        """``YES`` where the whole interval is above 0, ``OPPOSITE`` where below, else ``OPEN``."""
        if self.correlation.low > 0:
            return YES
        return OPPOSITE if self.correlation.high < 0 else OPEN


def findings(studies: Sequence[Study]) -> list[Finding]:
    """The questions that these studies answer, question by question."""
    named = {study.name: study for study in studies}
    found = []
    for question, ask in _ASK.items():
        for name, study in named.items():
            for about, comparison in ask(name, study, named).items():
                if comparison is not None and comparison.entries:
                    tasks, pairs = len(comparison.tasks), comparison.entries
                    found.append(Finding(question, about, comparison.pearson, tasks, pairs))
    return found


@dataclass(frozen=True)
class Helped:
    """Of the pairs of one study: how many help and how many hurt, by more than trainings of other seeds differ.

    Attributes:
        study: its name.
        helps, hurts: of the ``pairs``.
        sure: share of the pairs that are either, beyond twice the standard deviation over seeds; NaN with one seed.
    """

    study: str
    helps: int
    hurts: int
    pairs: int
    sure: float


def helped(study: Study) -> Helped:
    """Count the gains of a study's pairs over the task alone at half size, on test."""
    table = gains(study)
    known = np.isfinite(table)
    doubt = gain_deviation(study)
    sure = np.abs(table) > 2 * doubt
    told = np.isfinite(doubt[known]).any()
    share = float(np.mean(sure[known])) if told else float("nan")
    return Helped(study.name, int((table[known] > 0).sum()), int((table[known] < 0).sum()), int(known.sum()), share)


def gain_deviation(study: Study, split: str = TEST) -> np.ndarray:
    """``[source, target]``: by how much gains differ between seeds, in percent: one standard deviation, from those of
    both losses as if they were independent; NaN where there is one seed."""
    losses, spread = study.losses[split], study.spread.get(split)
    count = len(study.tasks)
    found = np.full((count, count), np.nan)
    if spread is None:
        return found
    for source, first in enumerate(study.tasks):
        for target, second in enumerate(study.tasks):
            pair = study.place((first, second)) if source != target else None
            alone = study.place((second,), 0.5)
            if pair is not None and alone is not None:
                ratio = losses[alone, target] / losses[pair, target]
                parts = [spread[row, target] / losses[row, target] for row in (pair, alone)]
                found[source, target] = 100 * ratio * np.hypot(*parts)
    return found


@dataclass(frozen=True)
class Paid:
    """What one way of choosing came to on one study.

    Attributes:
        way: of ``engine.studies.ways``, or ``ADVISOR``.
        cost: of what it trains, as a share of the full search's; NaN where not known.
        regret: in percent, mean over the budgets at which it can choose.
        networks: how many the advisor knew; of other ways None.
    """

    study: str
    way: str
    cost: float
    regret: float
    networks: int | None = None


def paid(study: Study) -> list[Paid]:
    """Every way, and the advisor at a tenth, a quarter and the half of the full search; of a wholly measured study."""
    count = len(study.tasks)
    budgets = tuple(1 + step / 2 for step in range(2 * count - 1))
    whole = float(study.costs.sum())
    found = []
    for name in WAYS:
        each = replay_way(study, name, budgets)
        if np.isfinite(each.regret).any():
            found.append(Paid(study.name, name, each.cost / whole, float(np.nanmean(each.regret))))
    half = int(np.searchsorted(np.cumsum(np.sort(study.costs)), SHARES[-1] * whole, side="right"))
    flow = replay_advisor(study, budgets, half, draws=FEW_DRAWS)
    for share in SHARES:
        last = [each for each in flow if each.cost <= share * whole]
        if last:
            cost, lost = last[-1].cost / whole, float(np.mean(last[-1].regret))
            found.append(Paid(study.name, ADVISOR, cost, lost, last[-1].networks))
    return found


def _affinity(name: str, study: Study, _: Mapping[str, Study]) -> dict[tuple[str, ...], Comparison]:
    if study.affinity is None:
        return {}
    return {(name,): compare(study.tasks, study.affinity, study.tasks, gains(study))}


def _transfer(name: str, study: Study, _: Mapping[str, Study]) -> dict[tuple[str, ...], Comparison]:
    lent = transfer_gains(study)
    return {(name,): compare(study.tasks, lent, study.tasks, gains(study))} if lent is not None else {}


def _other(ending: str) -> Callable[[str, Study, Mapping[str, Study]], dict[tuple[str, ...], Comparison]]:
    def ask(name: str, study: Study, named: Mapping[str, Study]) -> dict[tuple[str, ...], Comparison]:
        other = named.get(f"{name}{ending}")
        return {(name, other.name): alike(study, other)} if other is not None else {}

    return ask


def _settings(name: str, study: Study, named: Mapping[str, Study]) -> dict[tuple[str, ...], Comparison]:
    if not name.startswith("setting"):
        return {}
    later = [other for other in named.values() if other.name.startswith("setting") and other.name > name]
    found = {}
    for other in later:
        try:
            found[name, other.name] = alike(study, other)
        except KindredError:
            continue  # of other tasks
    return found


_ASK = {
    "affinity": _affinity,
    "size": _other(LARGE),
    "data": _other(FEW),
    "transfer": _transfer,
    "settings": _settings,
}
QUESTIONS = tuple(_ASK)
