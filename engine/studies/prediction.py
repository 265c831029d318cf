"""What is foretold of every network of a study, and how far such foretelling was right."""

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from engine.grouping.capacity import FULL
from engine.studies.study import VALIDATION, Study


@dataclass(frozen=True, eq=False)
class Prediction:
    """The validation loss of every task in every network, as far as something is foretold.

    Attributes:
        mean: ``[networks, tasks]``; what is measured stands as measured. NaN where the network has no such task, or
            nothing can be said.
        deviation: ``[networks, tasks]``, one standard deviation; 0 where measured.
        covariance: of all entries that a network holds, in the order of ``np.nonzero(study.holds)``; None where they
            err independently of each other.
        trust: source of information → by how much, in words of the predictor, it counts; empty for most.
    """

    mean: np.ndarray
    deviation: np.ndarray
    covariance: np.ndarray | None = None
    trust: dict[str, float] = field(default_factory=dict)

    def draws(
        self, holds: np.ndarray, count: int, random: np.random.Generator, freedom: float | None = None
    ) -> np.ndarray:
        """``[count, networks, tasks]``: losses as they may well be.

        Args:
            freedom: degrees of freedom of a multivariate t distribution, whose tails are heavy; normal where None.
        """
        places = np.nonzero(holds)
        noise = random.standard_normal((count, len(places[0])))
        if self.covariance is None:
            noise = noise * self.deviation[places]
        else:
            values, vectors = np.linalg.eigh(self.covariance)
            noise = noise @ (vectors * np.sqrt(values.clip(0))).T
        if freedom is not None:
            noise *= np.sqrt(freedom / random.chisquare(freedom, count))[:, None]
        found = np.full((count, *self.mean.shape), np.nan)
        found[:, *places] = self.mean[places] + noise
        return found


class Predictor(Protocol):
    """From the networks whose losses are known to all networks of the study."""

    def __call__(self, study: Study, /) -> Prediction: ...


def reference(study: Study) -> np.ndarray:
    """``[tasks]``: what a task's loss is measured by: its known loss alone at half size, else alone at full size, else
    the mean of all that is known of it; NaN where nothing is."""
    known = study.losses[VALIDATION]
    half = [study.place((task,), 0.5) for task in study.tasks]
    full = [study.place((task,), FULL.cost) for task in study.tasks]
    found = np.full(len(study.tasks), np.nan)
    for number in range(len(study.tasks)):
        column = known[:, number]
        options = [column[place] for place in (half[number], full[number]) if place is not None]
        if np.isfinite(column).any():
            options.append(np.nanmean(column))
        found[number] = next((option for option in options if np.isfinite(option)), np.nan)
    return found


def with_measured(study: Study, mean: np.ndarray, deviation: np.ndarray, **more: object) -> Prediction:
    """A prediction in which what is measured stands as measured, and every other entry is of a task that is held."""
    known = study.losses[VALIDATION]
    measured = np.isfinite(known)
    mean = np.where(study.holds, np.where(measured, known, mean), np.nan)
    deviation = np.where(study.holds & np.isfinite(mean), np.where(measured, 0.0, deviation), np.nan)
    return Prediction(mean, deviation, **more)


@dataclass(frozen=True)
class Calibration:
    """How predictions of networks that were not known compare with what was then measured.

    Attributes:
        count: entries, each a task of a network.
        error: root mean squared relative error: of (predicted − measured) / measured.
        correlation: Pearson's, of predicted and measured changes relative to the task's reference; NaN where they do
            not differ.
        covered: share of entries within the intervals that should hold 90 %.
    """

    count: int
    error: float
    correlation: float
    covered: float


def calibration(predicted: Prediction, measured: np.ndarray, hidden: np.ndarray, scale: np.ndarray) -> Calibration:
    """Compare predictions with losses that the predictor had not seen.

    Args:
        measured: ``[networks, tasks]``.
        hidden: ``[networks]``, those that it had not seen.
        scale: ``[tasks]``, the reference of each task.
    """
    there = np.isfinite(predicted.mean) & np.isfinite(measured) & hidden[:, None]
    mean, truth, deviation = predicted.mean[there], measured[there], predicted.deviation[there]
    by = np.broadcast_to(scale, measured.shape)[there]
    if not len(mean):
        return Calibration(0, np.nan, np.nan, np.nan)
    one, other = mean / by, truth / by
    differ = len(one) > 2 and one.std() > 0 and other.std() > 0
    return Calibration(
        len(mean),
        float(np.sqrt(np.mean(np.square(mean / truth - 1)))),
        float(np.corrcoef(one, other)[0, 1]) if differ else float("nan"),
        float(np.mean(np.abs(mean - truth) <= NINETY * deviation)),
    )


NINETY = 1.6449  # deviations either side that hold 90 % of a normal distribution


def without_each(study: Study, predictor: Predictor) -> Prediction:
    """Every known network as foretold from all the others: what calibration is shown by while nothing is hidden."""
    known = study.known()
    mean, deviation = (np.full(study.holds.shape, np.nan) for _ in range(2))
    for number in np.flatnonzero(known):
        others = known.copy()
        others[number] = False
        found = predictor(study.with_known(others))
        mean[number], deviation[number] = found.mean[number], found.deviation[number]
    return Prediction(mean, deviation)
