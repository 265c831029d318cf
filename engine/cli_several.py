"""``python -m engine compare A B C …``: several runs against one of them, the baseline."""

import json
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from engine.affinity.comparison import DifferenceScale
from engine.affinity.series import IntervalMean
from engine.affinity.several import BEYOND, Matrix, Several, several
from engine.errors import KindredError
from engine.runs.changes import differing, facts_of, settings_of
from engine.runs.run import Run

GROUP = "seeds:"  # before the id of a group of seeds, as in the dashboard's addresses
_PAIRS = 10  # that are printed, of those that differ most


def compare_several(
    runs: Sequence[str],
    baseline: str,
    reading: str,
    mean: Callable[[str], tuple[tuple[str, ...], IntervalMean]],
    members: Callable[[str], list[Run]],
    scale: DifferenceScale,
    as_json: bool,
) -> int:
    """Print how each run's matrix relates to the baseline's, and all to each other, and what differs in their settings.

    Args:
        runs: the ids, of groups too.
        mean: the tasks and the mean of a run's reading; it raises for a run that has it not, which is left out and
            said, unless it is the baseline.
        members: of a run, itself; of a group, its seeds.
        scale: of the differences.

    Raises:
        KindredError: if the baseline is none of the runs or has no such reading, one is named twice, or fewer than two
            are left.
    """
    if baseline not in runs:
        raise KindredError(f"The baseline {baseline!r} is none of the runs {', '.join(runs)}; name it among them.")
    settings = {run: settings_of(members(run)) | facts_of(members(run)) for run in runs}
    means, without = {baseline: mean(baseline)}, {}
    for run in runs:
        try:
            means[run] = mean(run)
        except KindredError as error:
            without[run] = str(error)
    matrices = [Matrix(run, *_parts(*means[run])) for run in runs if run in means]
    found = several(matrices, baseline)
    changed = differing([settings[baseline], *settings.values()])
    if as_json:
        print(json.dumps(_content(found, reading, scale, means, without, settings, changed), indent=2, allow_nan=False))
        return 0
    of = means[baseline][1]
    print(f"baseline: {reading} of {baseline}, steps {of.step_from}–{of.step_to}")
    for sentence in without.values():
        print(f"left out: {sentence}")
    table = found.table(scale)
    strangers = [each.id for each in matrices if each.id != baseline and each.id not in list(table.get("run", []))]
    if strangers:
        print(f"left out: {', '.join(strangers)} with fewer than 3 tasks in common with the baseline")
    if len(table):
        print(f"\nhow alike each is to the baseline; beyond: differences ({scale}) larger than {BEYOND:g} errors")
        print(_shown(table))
    ids = [each.id for each in matrices]
    print("\nSpearman's correlation of every two runs")
    print(_shown(pd.DataFrame(found.correlations("spearman"), ids, ids), index=True))
    pairs = found.furthest(scale).head(_PAIRS)
    if len(pairs):
        print(f"\nwhere they differ most, run − baseline, {scale}; errors: how many standard errors apart")
        print(_shown(pairs))
    order = [baseline, *(run for run in runs if run != baseline)]
    print("\nwhat changed in the configuration" if changed else "\nno setting differs")
    if changed:
        rows = [[settings[run].get(name, "–") for run in order] for name in changed]
        marked = [[row[0], *(each if each == row[0] else f"≠ {each}" for each in row[1:])] for row in rows]
        print(pd.DataFrame(marked, changed, order).to_string(max_colwidth=40))
    return 0


def _parts(tasks: tuple[str, ...], mean: IntervalMean) -> tuple[tuple[str, ...], np.ndarray, np.ndarray]:
    return tasks, mean.affinity, mean.standard_error


def _shown(frame: pd.DataFrame, index: bool = False) -> str:
    return frame.to_string(index=index, float_format="{:.3g}".format, na_rep="–")


def _content(
    found: Several,
    reading: str,
    scale: DifferenceScale,
    means: dict[str, tuple[tuple[str, ...], IntervalMean]],
    without: dict[str, str],
    settings: dict[str, dict[str, str]],
    changed: list[str],
) -> dict[str, object]:
    """All of it as JSON can hold it: null for what is not known."""
    about = {
        run: {"tasks": tasks, "from": mean.step_from, "to": mean.step_to, "updates": mean.updates}
        for run, (tasks, mean) in means.items()
    }
    return {
        "baseline": found.matrices[found.baseline].id,
        "reading": reading,
        "scale": scale,
        "orientation": "source,target",
        "runs": about,
        "left_out": without,
        "against": _records(found.table(scale)),
        "order": [each.id for each in found.matrices],
        "pearson": _known(found.correlations("pearson")),
        "spearman": _known(found.correlations("spearman")),
        "tasks": found.tasks,
        "differences": {found.matrices[place].id: _known(found.difference(place, scale)) for place in found.compared},
        "settings": {name: {run: each.get(name) for run, each in settings.items()} for name in changed},
    }


def _records(frame: pd.DataFrame) -> list[dict[str, object]]:
    return frame.astype(object).where(frame.notna(), None).to_dict("records")


def _known(matrix: np.ndarray) -> list[list[float | None]]:
    return np.where(np.isfinite(matrix), matrix.astype(object), None).tolist()
