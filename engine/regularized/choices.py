"""The settings that each method may choose from by its validation error: equally many for all, so that none has better
chances than another by that alone.

* Methods of one setting: `CHOICES` strengths.
* Methods that draw tasks to each other and to 0: half as many *pulls*, each with two settings. A pull is what holds a
  task that differs from the others, ridge + strength, and so means the same as the strength of `Independent`. For
  ``mean_regularized`` and ``graph_laplacian`` the ridge is one of `SHARES` of it; for ``clustered`` it is the lesser
  one, with two clusters, or half as many as tasks.

Strong ones come first: of equally good ones that is kept which ties the models most.
"""

import numpy as np

CHOICES = 10
WEAKEST, STRONGEST = 1e-3, 10.0  # strengths, in units of a loss of about 1 and inputs of deviation 1
SHARES = (1 / 3, 1 / 30)

Settings = dict[str, float | int]


def choices_of(method: str, tasks: int) -> list[Settings]:
    """``CHOICES`` settings of a method of the catalog, for so many tasks.

    >>> [len(choices_of(name, tasks=10)) for name in ("pooled", "mean_regularized", "clustered")]
    [10, 10, 10]
    """
    if method in ("mean_regularized", "graph_laplacian"):
        return [_of_pull(pull, share) for pull in _strengths(CHOICES // 2) for share in SHARES]
    if method == "clustered":
        counts = min(2, tasks), min(max(3, -(-tasks // 2)), tasks)
        pulls = _strengths(CHOICES // 2)
        return [{**_of_pull(pull, min(SHARES)), "clusters": count} for pull in pulls for count in counts]
    return [{"strength": strength} for strength in _strengths(CHOICES)]


def _strengths(count: int) -> list[float]:
    return np.geomspace(STRONGEST, WEAKEST, count).tolist()


def _of_pull(pull: float, share: float) -> Settings:
    return {"strength": pull * (1 - share), "ridge": pull * share}
