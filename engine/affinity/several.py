"""Several matrices against one of them, the baseline: what differs beyond its error, and how alike all are."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd

from engine.affinity.comparison import LEAST_TASKS, Comparison, DifferenceScale, compare, product_moment
from engine.affinity.ranking import rank_correlation
from engine.errors import KindredError

MOST = 8  # runs that are compared at once
BEYOND = 2.0  # standard errors, from where on a difference counts as more than noise

CorrelationName = Literal["pearson", "spearman"]


@dataclass(frozen=True, eq=False)
class Matrix:
    """Attributes:
    id: by which it is named.
    tasks: of rows and columns, each once.
    affinity: ``[source, target]``; NaN where unknown.
    standard_error: ``[source, target]``, of the same entries; NaN where unknown. Of several seeds it comes from the
        spread between them.
    """

    id: str
    tasks: tuple[str, ...]
    affinity: np.ndarray
    standard_error: np.ndarray


@dataclass(frozen=True, eq=False)
class Against:
    """One matrix against the baseline, over the tasks that both have.

    Attributes:
        entries: the baseline's on the left, the other's on the right.
        errors: the standard errors of the two; NaN where either is unknown.
    """

    entries: Comparison
    errors: Comparison

    @property
    def tasks(self) -> tuple[str, ...]:
        """That both have, in the baseline's order."""
        return self.entries.tasks

    def error(self, scale: DifferenceScale = "raw") -> np.ndarray:
        """``[source, target]``: the standard error of ``entries.difference(scale)``, the two being independent.

        √(e² + e'²); on the scale ``standardised`` each error is divided by its side's standard deviation, whose own
        error is left out, as is that of the mean. NaN where either error is unknown, and on the scale ``rank``.
        """
        if scale == "rank":
            return np.full(self.entries.left.shape, np.nan)
        sides = ((self.errors.left, self.entries.left), (self.errors.right, self.entries.right))
        parts = [error / (_spread(entries) if scale == "standardised" else 1.0) for error, entries in sides]
        return np.where(self.entries.known, np.hypot(*parts), np.nan)

    @cached_property
    def same_sign(self) -> float:
        """The share of the compared entries whose sign is the same on both sides; NaN without any."""
        return _share(np.sign(self.entries.left) == np.sign(self.entries.right), self.entries.known)

    @cached_property
    def sure_signs(self) -> int:
        """How many compared entries lie beyond 2 standard errors from zero on both sides."""
        return int(np.count_nonzero(self._sure))

    @cached_property
    def same_sure_sign(self) -> float:
        """The share of those whose sign is the same on both sides; NaN without any."""
        return _share(np.sign(self.entries.left) == np.sign(self.entries.right), self._sure)

    def judged(self, scale: DifferenceScale = "raw") -> int:
        """How many differences have an error."""
        return int(np.isfinite(self.error(scale)).sum())

    def beyond(self, scale: DifferenceScale = "raw") -> int:
        """How many of those are larger than 2 standard errors. Were there nothing but noise, it would be about 5 %."""
        return int((np.abs(self.entries.difference(scale)) > BEYOND * self.error(scale)).sum())

    @cached_property
    def _sure(self) -> np.ndarray:
        pairs = ((self.entries.left, self.errors.left), (self.entries.right, self.errors.right))
        return np.logical_and(*(np.abs(entries) > BEYOND * errors for entries, errors in pairs))


@dataclass(frozen=True, eq=False)
class Several:
    """Matrices of which one is the baseline.

    Attributes:
        matrices: all, each with an id of its own.
        baseline: the place of that one.
    """

    matrices: tuple[Matrix, ...]
    baseline: int

    def __post_init__(self) -> None:
        ids = [each.id for each in self.matrices]
        if len(set(ids)) < len(ids):
            raise KindredError(f"A run is given twice: {', '.join(ids)}; name each once.")

    @cached_property
    def against(self) -> tuple[Against | None, ...]:
        """Each against the baseline, which differs from itself by 0; ``None`` with fewer than 3 tasks in common."""
        base = self.matrices[self.baseline]
        return tuple(
            Against(
                compare(base.tasks, base.affinity, each.tasks, each.affinity),
                compare(base.tasks, base.standard_error, each.tasks, each.standard_error),
            )
            if _common(base, each) >= LEAST_TASKS
            else None
            for each in self.matrices
        )

    @cached_property
    def compared(self) -> tuple[int, ...]:
        """The places of those that can be set against the baseline, which is none of them."""
        return tuple(place for place, each in enumerate(self.against) if each and place != self.baseline)

    @cached_property
    def tasks(self) -> tuple[str, ...]:
        """Of the baseline, those that any other has that it is compared with."""
        shared = {task for place in self.compared for task in self.against[place].tasks}
        return tuple(task for task in self.matrices[self.baseline].tasks if task in shared)

    def difference(self, place: int, scale: DifferenceScale = "raw") -> np.ndarray:
        """``[source, target]`` over ``tasks``: that matrix − the baseline; NaN where it is not compared."""
        found = self.against[place]
        whole = np.full((len(self.tasks), len(self.tasks)), np.nan)
        if found is not None:
            kept = [here for here, task in enumerate(found.tasks) if task in set(self.tasks)]
            places = [self.tasks.index(found.tasks[here]) for here in kept]
            whole[np.ix_(places, places)] = found.entries.difference(scale)[np.ix_(kept, kept)]
        return whole

    def correlations(self, name: CorrelationName) -> np.ndarray:
        """``[matrices, matrices]``: of every two over the tasks that both have; NaN with fewer than 3 such tasks, fewer
        than 3 entries known in both, or where all entries of one are equal."""
        correlate = product_moment if name == "pearson" else rank_correlation
        found = np.full((len(self.matrices), len(self.matrices)), np.nan)
        for row, one in enumerate(self.matrices):
            for column, other in enumerate(self.matrices[: row + 1]):
                if _common(one, other) >= LEAST_TASKS:
                    sides = compare(one.tasks, one.affinity, other.tasks, other.affinity)
                    value = correlate(sides.left[sides.known], sides.right[sides.known])
                    found[row, column] = found[column, row] = value
        return found

    def table(self, scale: DifferenceScale = "raw") -> pd.DataFrame:
        """How alike each is to the baseline, one row each but for the baseline, in the order of ``matrices``.

        Columns: ``run``; ``tasks`` that both have, ``pairs`` compared; ``pearson``, ``spearman``, each with its 95 %
        interval ``…_low``, ``…_high``; ``same_sign``, a share; ``same_sure_sign``, that of the ``sure_signs`` pairs;
        ``beyond``, the differences larger than 2 standard errors, of ``judged``. NaN where not known.
        """
        rows = []
        for place in self.compared:
            found = self.against[place]
            pearson, spearman = found.entries.pearson, found.entries.spearman
            rows.append(
                {
                    "run": self.matrices[place].id,
                    "tasks": len(found.tasks),
                    "pairs": found.entries.entries,
                    "pearson": pearson.value,
                    "pearson_low": pearson.low,
                    "pearson_high": pearson.high,
                    "spearman": spearman.value,
                    "spearman_low": spearman.low,
                    "spearman_high": spearman.high,
                    "same_sign": found.same_sign,
                    "sure_signs": found.sure_signs,
                    "same_sure_sign": found.same_sure_sign,
                    "beyond": found.beyond(scale),
                    "judged": found.judged(scale),
                }
            )
        return pd.DataFrame(rows)

    def furthest(self, scale: DifferenceScale = "raw") -> pd.DataFrame:
        """Every compared entry, first those whose difference is the most standard errors, then those without an error,
        the largest difference first.

        Columns: ``run``, ``source``, ``target``, ``baseline`` and ``value``, both as they are, ``difference`` and its
        ``error`` on the scale, and ``errors``, how many of its errors the difference is.
        """
        frames = []
        for place in self.compared:
            found = self.against[place]
            sources, targets = np.nonzero(found.entries.known)
            difference, error = (
                each[sources, targets] for each in (found.entries.difference(scale), found.error(scale))
            )
            with np.errstate(divide="ignore", invalid="ignore"):
                errors = np.abs(difference) / error
            names = np.array(found.tasks, dtype=object)
            frames.append(
                pd.DataFrame(
                    {
                        "run": self.matrices[place].id,
                        "source": names[sources],
                        "target": names[targets],
                        "baseline": found.entries.left[sources, targets],
                        "value": found.entries.right[sources, targets],
                        "difference": difference,
                        "error": error,
                        "errors": np.where(error > 0, errors, np.nan),
                    }
                )
            )
        if not frames:
            return pd.DataFrame()
        whole = pd.concat(frames, ignore_index=True)
        keys = pd.DataFrame({"errors": -whole["errors"], "size": -whole["difference"].abs()})
        return whole.loc[keys.sort_values(["errors", "size"], kind="stable").index].reset_index(drop=True)


def _common(one: Matrix, other: Matrix) -> int:
    return len(set(one.tasks) & set(other.tasks))


def _spread(entries: np.ndarray) -> float:
    known = entries[np.isfinite(entries)]
    return float(known.std()) if len(known) and np.ptp(known) else 1.0


def _share(right: np.ndarray, of: np.ndarray) -> float:
    return float(right[of].mean()) if of.any() else float("nan")


def several(matrices: Sequence[Matrix], baseline: str | None = None) -> Several:
    """Matrices against the one of them that is named; the first where none is.

    Raises:
        KindredError: if there are more than 8 or fewer than 2, one twice, or none of that id.
    """
    if not 2 <= len(matrices) <= MOST:
        raise KindredError(
            f"A comparison takes from 2 to {MOST} matrices, and there are {len(matrices)}; name more runs, or fewer."
        )
    ids = [each.id for each in matrices]
    if baseline is not None and baseline not in ids:
        raise KindredError(f"The baseline {baseline!r} is none of the runs {', '.join(ids)}; choose one of them.")
    return Several(tuple(matrices), 0 if baseline is None else ids.index(baseline))
