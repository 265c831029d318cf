"""All that is known, weighed: a Gaussian process over networks that learns how far to trust each source of information.

The relative loss of task *t* in the network *S*, ``L_t(S) / reference_t − 1``, is a sum of independent parts, each
normal with mean 0 and a variance of its own: a level of the task; a gain of size; what each partner adds (the first-
order model of Li et al. 2023); the mean over partners (HOA of Standley et al. 2020); sources that are good or bad
company for every task; the number of tasks; likeness of two sets; what is peculiar to a pair, a network, an entry; and,
where they are known, early-stopped losses (ESA), observed affinities (TAG, Fifty et al. 2021) and linearised losses
(Grad-TAG, Li et al. 2024), each times an unknown slope. Tasks differ by a factor in how much they vary at all.

The variances and factors are those of the greatest posterior density: of the likelihood of what was measured, and of a
belief that they are about as usual in published studies, within a factor of 2. So a source of information that does not
bear out what is measured is trusted less, network by network. Method: Rasmussen and Williams, "Gaussian Processes for
Machine Learning", 2006, sections 2.2 and 5.4.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize
from threadpoolctl import threadpool_limits

from engine.errors import KindredError
from engine.studies.estimates import mean_affinity, relative_to_mean
from engine.studies.prediction import Prediction, reference, with_measured
from engine.studies.study import EARLY_STOPPED, VALIDATION, Study

LEVEL = 0.3  # deviation of a task's level, given; all other parts are learned
FACTOR = 0.7  # deviation of the logarithm of a task's factor
DOUBT = 0.7  # deviation of the logarithm of a part's deviation around its usual one
JITTER = 1e-8
STEPS = 60  # of the search for the variances
MOST = 3000  # entries, each a task of a network: their covariance then takes 72 MB

# Deviations of the parts: of the greatest posterior density given all four settings of Standley et al. 2020 together,
# as `usual_deviations` finds them. Of the last two no published study has numbers; they are set like the early losses.
USUAL = {
    "size": 0.043,
    "company": 0.049,
    "partners": 0.046,
    "mean of pairs": 0.024,
    "sources": 0.075,
    "number": 0.030,
    "likeness": 0.025,
    "pair": 0.046,
    "network": 0.016,
    "entry": 0.031,
    "early losses": 0.03,
    "affinity": 0.03,
    "linearised": 0.03,
}


@dataclass(frozen=True, eq=False)
class _Parts:
    """Attributes:
    places: ``(networks, tasks)`` of the n entries that networks hold.
    names: of the parts, after the level.
    kernels: ``[1 + parts, n, n]``, each part's covariance at a variance of 1, the level first.
    """

    places: tuple[np.ndarray, np.ndarray]
    names: tuple[str, ...]
    kernels: np.ndarray


@threadpool_limits.wrap(1, "blas")  # many small factorisations, which threads slow down thirtyfold on a busy machine
def predict(study: Study, usual: Mapping[str, float] | None = None) -> Prediction:
    """The posterior of every loss, with its covariance; ``trust`` is each part's share of the foretold variance.

    Args:
        usual: deviations of the parts as they are believed beforehand; `USUAL` where left out.
    """
    parts, scale = _parts(study), reference(study)
    networks, tasks = parts.places
    relative = study.losses[VALIDATION][parts.places] / scale[tasks] - 1
    seen = np.flatnonzero(np.isfinite(relative))
    if not len(seen):
        nothing = np.full(study.holds.shape, np.nan)
        return with_measured(study, nothing, nothing)
    scale = np.where(np.isfinite(scale), scale, np.nanmean(scale))
    usual = USUAL if usual is None else usual
    believed = np.log([usual[name] for name in parts.names])
    learned = _fit([(parts.kernels[:, seen][:, :, seen], relative[seen], tasks[seen])], believed, len(study.tasks))
    covariance = learned.covariance(parts.kernels, tasks)
    factor = cho_factor(covariance[np.ix_(seen, seen)] + JITTER * np.eye(len(seen)), lower=True)
    gain = cho_solve(factor, covariance[seen]).T
    expected, left = gain @ relative[seen], covariance - gain @ covariance[seen]
    left[seen], left[:, seen] = 0.0, 0.0
    mean, deviation = (np.full(study.holds.shape, np.nan) for _ in range(2))
    mean[parts.places] = (1 + expected) * scale[tasks]
    deviation[parts.places] = np.sqrt(np.diag(left).clip(0)) * np.abs(scale[tasks])
    by = np.abs(scale[tasks])
    trust = learned.shares(parts.names, parts.kernels)
    return with_measured(study, mean, deviation, covariance=left * np.outer(by, by), trust=trust)


@threadpool_limits.wrap(1, "blas")
def usual_deviations(studies: Sequence[Study], doubt: float = 3.0) -> dict[str, float]:
    """The deviations of the parts that explain several fully measured studies together best.

    Args:
        doubt: how loosely `USUAL` is believed beforehand.
    """
    names = [name for name in USUAL if name not in ("early losses", "affinity", "linearised")]
    groups = []
    for study in studies:
        parts = _parts(study, names)
        tasks = parts.places[1]
        relative = study.losses[VALIDATION][parts.places] / reference(study)[tasks] - 1
        groups.append((parts.kernels, relative, tasks))
    learned = _fit(groups, np.log([USUAL[name] for name in names]), len(studies[0].tasks), doubt, steps=200)
    return USUAL | dict(zip(names, np.exp(learned.log_deviations).tolist(), strict=True))


@dataclass(frozen=True, eq=False)
class _Learned:
    """Logarithms of the parts' deviations, and of the factors of the tasks of the first study."""

    log_deviations: np.ndarray
    log_factors: np.ndarray

    def covariance(self, kernels: np.ndarray, tasks: np.ndarray) -> np.ndarray:
        factors = np.exp(self.log_factors)[tasks]
        variances = np.concatenate([[LEVEL**2], np.exp(2 * self.log_deviations)])
        return np.tensordot(variances, kernels, 1) * np.outer(factors, factors)

    def shares(self, names: Sequence[str], kernels: np.ndarray) -> dict[str, float]:
        """Each part's share of the mean variance of an entry, the level's left out."""
        variances = np.exp(2 * self.log_deviations) * np.trace(kernels[1:], axis1=1, axis2=2)
        return dict(zip(names, (variances / variances.sum()).tolist(), strict=True))


def _fit(
    groups: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray]],
    believed: np.ndarray,
    count: int,
    doubt: float = DOUBT,
    steps: int = STEPS,
) -> _Learned:
    """The deviations and factors of the greatest posterior density.

    Args:
        groups: of each study the kernels ``[1 + parts, n, n]``, relative losses ``[n]`` and tasks ``[n]`` that are
        known.
        believed: ``[parts]``, logarithms of the deviations.
        count: of tasks of each study.
    """
    parts = len(believed)

    def negative(theta: np.ndarray) -> tuple[float, np.ndarray]:
        """Minus the logarithm of the posterior density but for a constant, and its gradient."""
        off = (theta[:parts] - believed) / doubt
        value, slope = 0.5 * off @ off, np.concatenate([off / doubt, np.zeros(len(theta) - parts)])
        variances = np.concatenate([[LEVEL**2], np.exp(2 * theta[:parts])])
        for number, (kernels, relative, tasks) in enumerate(groups):
            own = slice(parts + number * count, parts + (number + 1) * count)
            factors = np.exp(theta[own])[tasks]
            by = np.outer(factors, factors)
            made = np.tensordot(variances, kernels, 1) * by
            whole = cho_factor(made + JITTER * np.eye(len(relative)), lower=True)
            pull = cho_solve(whole, relative)
            value += 0.5 * relative @ pull + np.log(np.diag(whole[0])).sum() + 0.5 * np.sum((theta[own] / FACTOR) ** 2)
            weight = cho_solve(whole, np.eye(len(relative))) - np.outer(pull, pull)
            slope[:parts] += variances[1:] * np.einsum("kij,ij->k", kernels[1:], weight * by)
            slope[own] += np.bincount(tasks, (weight * made).sum(axis=1), count) + theta[own] / FACTOR**2
        return value, slope

    start = np.concatenate([believed, np.zeros(count * len(groups))])
    bounds = [(each - 5, each + 3) for each in believed] + [(-3.0, 3.0)] * (count * len(groups))
    found = minimize(negative, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": steps}).x
    return _Learned(found[:parts], found[parts : parts + count])


def _parts(study: Study, only: Sequence[str] | None = None) -> _Parts:
    """The parts whose information the study has."""
    holds = study.holds
    networks, tasks = places = np.nonzero(holds)
    if len(tasks) > MOST:
        raise KindredError(
            f"The {len(holds)} networks of the study {study.name!r} hold {len(tasks)} tasks in all; the combination "
            f"weighs up to {MOST}, so list fewer networks, such as half_singles, pairs, all_in_one and random:20."
        )
    others = holds[networks].astype(float)
    others[np.arange(len(tasks)), tasks] = 0.0
    number = others.sum(axis=1)
    some = (number > 0).astype(float)
    half = (study.costs[networks] < 1).astype(float)
    shared = others @ others.T
    averaged = shared / np.outer(number.clip(1), number.clip(1))
    apart = number[:, None] + number[None] - 2 * shared
    same_task = (tasks[:, None] == tasks[None]).astype(float)
    kernels = {
        "size": np.outer(half, half),
        "company": same_task * np.outer(some, some),
        "partners": same_task * shared,
        "mean of pairs": same_task * averaged,
        "sources": averaged,
        "number": np.outer(number, number) / 4,
        "likeness": np.exp(-apart / 2),
        "pair": np.diag((number == 1).astype(float)),
        "network": (networks[:, None] == networks[None]).astype(float),
        "entry": np.eye(len(tasks)),
    }
    told = {
        "early losses": relative_to_mean(study.losses.get(EARLY_STOPPED)),
        "affinity": mean_affinity(study),
        "linearised": relative_to_mean(study.linearised),
    }
    for name, estimate in told.items():
        if estimate is not None and np.isfinite(estimate).any():
            values = _standardised(estimate, holds)[places]
            kernels[name] = np.outer(values, values) * (1 + same_task) / 2
    chosen = {name: kernel for name, kernel in kernels.items() if only is None or name in only}
    return _Parts(places, tuple(chosen), np.stack([same_task, *chosen.values()]))


def _standardised(estimate: np.ndarray, holds: np.ndarray) -> np.ndarray:
    """Each task's estimates around their mean, in deviations of all; 0 where there is none."""
    there = holds & np.isfinite(estimate)
    centre = np.sum(estimate, axis=0, where=there) / there.sum(axis=0).clip(1)
    off = np.where(there, estimate - centre, 0.0)
    return off / (np.sqrt(np.mean(np.square(off[there]))) or 1.0)
